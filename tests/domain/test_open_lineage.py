"""What other tools read of our lineage as OpenLineage events."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from slipway.domain.open_lineage import FACETS, events_of, run_id
from tests.domain.open_lineage_schema import RUN_EVENT
from tests.domain.release_graph import (
    ARTIFACT,
    ENDPOINT,
    EVALUATION,
    JOB,
    PACKAGE,
    PROMOTION,
    RELEASE,
    node,
    release_graph,
)
from workbench.synthesis import repository_root

NOW = "2026-11-24T00:00:00.000Z"


def exported(nodes: Any) -> list[dict[str, Any]]:
    return events_of(nodes, namespace="slipway/prod", exported_at=NOW)


def of(events: list[dict[str, Any]], name: str, kind: str = "COMPLETE") -> dict[str, Any]:
    return next(one for one in events if one["run"]["runId"] == run_id(name) and one["eventType"] == kind)


def names(datasets: list[dict[str, Any]]) -> list[str]:
    return [f"{one['namespace']} {one['name']}" for one in datasets]


@pytest.mark.parametrize("failed", [False, True])
def test_every_event_is_one_by_the_spec(*, failed: bool) -> None:
    validator = Draft202012Validator(RUN_EVENT, format_checker=Draft202012Validator.FORMAT_CHECKER)
    events = exported(release_graph(failed=failed))
    assert len(events) >= 10
    for event in events:
        validator.validate(event)


def test_the_written_out_spec_refuses_what_the_spec_refuses() -> None:
    event = exported(release_graph())[0]
    validator = Draft202012Validator(RUN_EVENT)
    for broken in (
        {**event, "eventType": "DONE"},
        {**event, "run": {"runId": "9f2c"}},
        {**event, "job": {"namespace": "slipway"}},
        {**event, "inputs": [{"namespace": "n", "name": "d", "facets": {"own": {"no": "producer"}}}]},
        {key: value for key, value in event.items() if key != "schemaURL"},
    ):
        assert not validator.is_valid(broken)


def test_our_facets_keep_to_the_schema_that_they_name() -> None:
    schema = json.loads((repository_root() / "docs" / "open-lineage-facets.json").read_text())
    assert schema["$id"] == FACETS
    registry: Any = Registry().with_resource(FACETS, Resource.from_contents(schema))
    seen = set()
    for event in exported(release_graph()):
        facets = [event["run"]["facets"], *(one["facets"] for one in event["inputs"] + event["outputs"])]
        for facet in (held["slipway"] for held in facets):
            Draft202012Validator({"$ref": facet["_schemaURL"]}, registry=registry).validate(facet)
            seen.add(facet["_schemaURL"])
    assert len(seen) == 2


def test_a_training_names_what_it_read_and_made_and_the_release_that_asked_for_it() -> None:
    events = exported(release_graph())
    start, end = of(events, JOB, "START"), of(events, JOB)
    assert start["eventTime"] < end["eventTime"]
    assert names(end["inputs"]) == [
        "s3://data pricing/hotel-rates",
        "slipway/prod image/models/pricing/hotel-rates",
    ]
    assert [one["facets"]["version"]["datasetVersion"] for one in end["inputs"]] == ["1.1.0", "sha256:9f"]
    assert names(end["outputs"]) == ["s3://artifacts pricing/hotel-rates/model.tar.gz"]
    assert end["run"]["facets"]["parent"]["run"]["runId"] == run_id(RELEASE)
    assert end["run"]["facets"]["slipway"]["facts"]["metrics"] == {"mae": 31.25}


def test_a_training_begins_before_it_ends_in_the_list() -> None:
    times = [(event["eventTime"], event["eventType"]) for event in exported(release_graph())]
    assert [time for time, _ in times] == sorted(time for time, _ in times)


def test_an_artifact_that_came_of_artifacts_has_a_run_of_its_own() -> None:
    event = of(exported(release_graph()), PACKAGE)
    assert event["job"]["name"] == "pricing/hotel-rates.register-model-package"
    assert "s3://artifacts pricing/hotel-rates/model.tar.gz" in names(event["inputs"])
    assert [one["facets"]["slipway"]["node"] for one in event["outputs"]] == [PACKAGE]


def test_what_serves_is_the_output_of_its_promotion() -> None:
    event = of(exported(release_graph()), PROMOTION)
    assert [one["facets"]["slipway"]["node"] for one in event["outputs"]] == [ENDPOINT]


def test_a_failure_is_an_event_with_its_message() -> None:
    event = of(exported(release_graph(failed=True)), RELEASE, "FAIL")
    assert event["run"]["facets"]["errorMessage"]["message"] == "AlgorithmError: exit code 1"


def test_the_same_nodes_give_the_same_events_in_any_order() -> None:
    assert exported(release_graph()) == exported(reversed(release_graph()))


def test_what_is_only_named_is_told_without_facts_or_time() -> None:
    events = exported([node(EVALUATION, (ARTIFACT,), as_of="")])
    assert [(one["eventType"], one["eventTime"]) for one in events] == [("OTHER", NOW)]
    assert names(events[0]["inputs"]) == ["s3://artifacts pricing/hotel-rates/model.tar.gz"]
