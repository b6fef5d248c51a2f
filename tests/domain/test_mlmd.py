"""Lineage from ML Metadata's shape and back: nothing is lost, and nothing goes round in a circle."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings

from slipway.domain.lineage_text import plain
from slipway.domain.mlmd_export import document_of
from slipway.domain.mlmd_nodes import nodes_of
from tests.domain.mlmd_documents import documents
from tests.domain.release_graph import APPROVAL, ARTIFACT, ENDPOINT, JOB, PACKAGE, RELEASE, release_graph
from tests.fakes.lineage import FakeLineage

if TYPE_CHECKING:
    from slipway.domain.mlmd import MlmdDocument

KEPT = ("artifacts", "executions", "contexts", "events", "attributions", "associations", "parent_contexts")


def same(one: list[dict[str, Any]], other: list[dict[str, Any]]) -> bool:
    return sorted(json.dumps(plain(x), sort_keys=True) for x in one) == sorted(
        json.dumps(plain(x), sort_keys=True) for x in other
    )


@settings(max_examples=150, deadline=None)
@given(documents())
def test_what_is_taken_in_is_given_out_the_same(document: MlmdDocument) -> None:
    lineage = FakeLineage()
    imported = nodes_of(document, "old")
    lineage.put_nodes(imported.nodes)  # refuses circles, kinds that there are not, what is no JSON
    stored = [lineage.node(name) for name in lineage.told]
    assert all(node["as_of"] for node in stored), "every node that is named is there"
    out: Any = document_of(stored)
    for part in KEPT:
        assert same(out[part], document[part]), part  # type: ignore[literal-required]


@settings(max_examples=50, deadline=None)
@given(documents())
def test_a_source_comes_before_what_came_of_it(document: MlmdDocument) -> None:
    written: set[str] = set()
    for node in nodes_of(document, "old").nodes:
        assert {edge["source"] for edge in node["inputs"]} <= written
        assert node["id"] not in written
        written.add(node["id"])


@settings(max_examples=50, deadline=None)
@given(documents(), documents())
def test_two_stores_are_given_out_together_without_mixing_their_numbers(
    one: MlmdDocument, other: MlmdDocument
) -> None:
    out: Any = document_of([*nodes_of(one, "one").nodes, *nodes_of(other, "other").nodes])
    for part in KEPT:
        assert len(out[part]) == len(one[part]) + len(other[part])  # type: ignore[literal-required]
    for part in ("artifacts", "executions", "contexts"):
        numbers = [item["id"] for item in out[part]]
        assert len(set(numbers)) == len(numbers)


class TestOurs:
    """What MLMD's tools see of a release."""

    def document(self) -> Any:
        return document_of(release_graph())

    def item(self, part: str, name: str) -> Any:
        return next(one for one in self.document()[part] if one["name"] == name)

    def test_artifacts_and_jobs_are_artifacts_and_executions(self) -> None:
        job, artifact = self.item("executions", JOB), self.item("artifacts", ARTIFACT)
        assert job["last_known_state"] == "COMPLETE"
        assert job["properties"]["cost_usd"] == {"double_value": 0.25}
        assert job["properties"]["metrics"] == {"struct_value": {"mae": 31.25}}
        assert artifact["uri"] == "s3://artifacts/pricing/hotel-rates/model.tar.gz"
        assert {
            "artifact_id": artifact["id"],
            "execution_id": job["id"],
            "type": "OUTPUT",
        } in self.document()["events"]

    def test_every_property_is_declared_by_its_type(self) -> None:
        document = self.document()
        fields = {"INT": "int_value", "DOUBLE": "double_value", "STRING": "string_value",
                  "BOOLEAN": "bool_value", "STRUCT": "struct_value"}  # fmt: skip
        for kinds, items in (("artifact_types", "artifacts"), ("execution_types", "executions")):
            declared = {kind["id"]: kind.get("properties", {}) for kind in document[kinds]}
            for item in document[items]:
                for name, value in item.get("properties", {}).items():
                    assert list(value) == [fields[declared[item["type_id"]][name]]]

    def test_a_release_holds_its_jobs_and_its_data_together(self) -> None:
        document = self.document()
        release = self.item("contexts", RELEASE)["id"]
        jobs = {one["id"] for one in document["executions"]}
        held = [one["execution_id"] for one in document["associations"] if one["context_id"] == release]
        assert len(held) == 2
        assert set(held) <= jobs
        assert len([one for one in document["attributions"] if one["context_id"] == release]) == 2

    def test_a_derivation_stands_between_artifacts(self) -> None:
        package = self.item("artifacts", PACKAGE)
        derivation = self.item("executions", f"derivation of {PACKAGE}")
        events = [one for one in self.document()["events"] if one["execution_id"] == derivation["id"]]
        assert sorted(one["type"] for one in events) == ["INPUT", "INPUT", "INPUT", "OUTPUT"]
        assert [one["artifact_id"] for one in events if one["type"] == "OUTPUT"] == [package["id"]]

    def test_an_edge_without_a_place_is_kept_as_a_property(self) -> None:
        promotion = next(one for one in self.document()["executions"] if one["name"].startswith("promotion:"))
        kept = promotion["custom_properties"]["slipway_inputs"]["struct_value"]["edges"]
        assert kept == [{"relation": "ContributedTo", "source": APPROVAL}]
        endpoint = self.item("contexts", ENDPOINT)
        assert {"context_id": endpoint["id"], "execution_id": promotion["id"]} in self.document()[
            "associations"
        ]

    def test_the_same_nodes_give_the_same_text_in_any_order(self) -> None:
        assert json.dumps(document_of(release_graph())) == json.dumps(document_of(reversed(release_graph())))
