"""
From nodes of our graph to OpenLineage run events (spec 2-0-2).

Whatever acted (a job, a release, an approval, a promotion) is a run with the artifacts that it read and made;
an artifact that came of artifacts is a run of its own. Our facts go along in facets of ours, whose schema
stands in ``docs/open-lineage-facets.json``.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final

from slipway.contracts.lineage import ROLES, NodeKind, kind_of
from slipway.domain.timestamps import moment_of, timestamp

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from slipway.contracts.lineage import NodeFacts

PRODUCER: Final = "urn:slipway"
SCHEMA: Final = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
FACETS: Final = "urn:slipway:open-lineage-facets:1"
"""``$id`` of our facets' schema."""
RUNS: Final = uuid.uuid5(uuid.NAMESPACE_URL, PRODUCER)
"""Namespace of run ids: a node has the same one in every export."""

_BEGAN: Final = ("started_at", "planned_at", "requested_at")
_ENDED: Final = ("ended_at", "decided_at")
_FAILED: Final = ("failed", "refused")
_ABORTED: Final = ("stopped", "expired")


def run_id(node: str) -> str:
    """
    The run id of what acted.

    >>> run_id("release:9f2c41d07b3a55e1") == run_id("release:9f2c41d07b3a55e1")
    True
    """
    return str(uuid.uuid5(RUNS, node))


def events_of(nodes: Iterable[NodeFacts], *, namespace: str, exported_at: str) -> list[dict[str, Any]]:
    """
    The run events, in the order of their times.

    Args:
        nodes: Each once; edges to others name them without facts.
        namespace: Of our jobs, and of what lies in no bucket, such as ``slipway/prod``.
        exported_at: Time of events whose node knows none.
    """
    known = {node["id"]: node for node in nodes}
    made: dict[str, list[str]] = {}
    for node in known.values():
        for edge in node["inputs"]:
            made.setdefault(edge["source"], []).append(node["id"])
    found = [
        event
        for node in known.values()
        if not _is_artifact(node["id"]) or any(_is_artifact(edge["source"]) for edge in node["inputs"])
        for event in _events(node, known, made.get(node["id"], []), namespace, exported_at)
    ]
    return sorted(
        found, key=lambda event: (event["eventTime"], event["run"]["runId"], event["eventType"] != "START")
    )


def _is_artifact(node: str) -> bool:
    return ROLES[kind_of(node)] != "action"


def _events(
    node: NodeFacts, known: Mapping[str, NodeFacts], made: Sequence[str], namespace: str, exported_at: str
) -> list[dict[str, Any]]:
    """Start and end of a run, or the one that is known of it."""
    facts, acts = node["facts"], not _is_artifact(node["id"])
    if acts:
        sources = [edge["source"] for edge in node["inputs"] if _is_artifact(edge["source"])]
        targets = [one for one in made if _is_artifact(one)]
    elif kind_of(node["id"]) == "endpoint":
        return []  # its promotions have it as their output
    else:
        sources, targets = (
            [edge["source"] for edge in node["inputs"] if _is_artifact(edge["source"])],
            [node["id"]],
        )
    event = {
        "run": {"runId": run_id(node["id"]), "facets": _run_facets(node, known, namespace)},
        "job": {
            "namespace": namespace,
            "name": _job(node, acts=acts),
            "facets": _job_facets(node["kind"], acts=acts),
        },
        "inputs": [_dataset(one, known, namespace) for one in sorted(sources)],
        "outputs": [_dataset(one, known, namespace) for one in sorted(targets)],
        "producer": PRODUCER,
        "schemaURL": SCHEMA,
    }
    began, ended = _time(facts, _BEGAN), _time(facts, _ENDED)
    if not began and not ended:
        at = _time({"as_of": node["as_of"]}, ("as_of",)) or exported_at
        return [{"eventType": "OTHER" if acts else "COMPLETE", "eventTime": at, **event}]
    start = [{"eventType": "START", "eventTime": began, **event}] if began else []
    return start + ([{"eventType": _ending(facts), "eventTime": ended, **event}] if ended else [])


def _ending(facts: Mapping[str, Any]) -> str:
    status = str(facts.get("status", "")).lower()
    return "FAIL" if status in _FAILED else "ABORT" if status in _ABORTED else "COMPLETE"


def _time(facts: Mapping[str, Any], names: Iterable[str]) -> str:
    for name in names:
        try:
            return timestamp(moment_of(str(facts[name])))
        except (KeyError, ValueError):
            continue
    return ""


def _job(node: NodeFacts, *, acts: bool) -> str:
    """What runs again and again: a model's training, a model's promotion."""
    facts = node["facts"]
    of = "/".join(str(facts[key]) for key in ("project", "model") if facts.get(key))
    return f"{of or node['name'].partition(':')[0]}.{node['kind'] if acts else 'register-' + node['kind']}"


def _facet(name: str, /, **said: Any) -> dict[str, Any]:
    return {"_producer": PRODUCER, "_schemaURL": f"{FACETS}#/$defs/{name}", **said}


def _standard(facet: str, revision: str, /, **said: Any) -> dict[str, Any]:
    url = f"https://openlineage.io/spec/facets/{revision}/{facet}.json#/$defs/{facet}"
    return {"_producer": PRODUCER, "_schemaURL": url, **said}


def _run_facets(node: NodeFacts, known: Mapping[str, NodeFacts], namespace: str) -> dict[str, Any]:
    facets = {"slipway": _facet("SlipwayRunFacet", node=node["id"], kind=node["kind"], facts=node["facts"])}
    parents = [edge["source"] for edge in node["inputs"] if kind_of(edge["source"]) == "release"]
    if parents:
        parent = known.get(parents[0])
        name = _job(parent, acts=True) if parent is not None else f"{parents[0]}.release"
        facets["parent"] = _standard(
            "ParentRunFacet", "1-0-1",
            run={"runId": run_id(parents[0])}, job={"namespace": namespace, "name": name},
        )  # fmt: skip
    failure = node["facts"].get("failure")
    if failure:
        message = failure if isinstance(failure, str) else f"{failure.get('error')}: {failure.get('cause')}"
        facets["errorMessage"] = _standard(
            "ErrorMessageRunFacet", "1-0-1", message=message, programmingLanguage="Python"
        )
    return facets


def _job_facets(kind: NodeKind, *, acts: bool) -> dict[str, Any]:
    said = {"processingType": "BATCH", "integration": "SLIPWAY"}
    return {
        "jobType": _standard(
            "JobTypeJobFacet", "2-0-3", **said, jobType=(kind if acts else "registration").upper()
        )
    }


def _dataset(name: str, known: Mapping[str, NodeFacts], namespace: str) -> dict[str, Any]:
    """By OpenLineage's naming: what lies in a bucket by bucket and path, anything else in our namespace."""
    node = known.get(name)
    facts: Mapping[str, Any] = node["facts"] if node is not None else {}
    where, called, version = _identity(name, facts, namespace)
    facets: dict[str, Any] = {
        "slipway": _facet("SlipwayDatasetFacet", node=name, kind=kind_of(name), facts=facts)
    }
    if version:
        facets["version"] = _standard("DatasetVersionDatasetFacet", "1-0-1", datasetVersion=version)
    uri = str(facts.get("uri") or facts.get("arn") or "")
    if uri:
        facets["dataSource"] = _standard("DatasourceDatasetFacet", "1-0-1", name=where, uri=uri)
    return {"namespace": where, "name": called, "facets": facets}


def _identity(name: str, facts: Mapping[str, Any], namespace: str) -> tuple[str, str, str]:
    """Namespace, name and version of an artifact."""
    kind, rest = kind_of(name), name.partition(":")[2]
    uri = str(facts.get("uri") or (rest if rest.startswith("s3://") else ""))
    if kind == "data-set" and facts.get("data_set") and uri.startswith("s3://"):
        bucket = uri.removeprefix("s3://").partition("/")[0]
        return f"s3://{bucket}", f"{facts.get('project')}/{facts['data_set']}", str(facts.get("version", ""))
    if uri.startswith("s3://"):
        bucket, _, path = uri.removeprefix("s3://").partition("/")
        digests = facts.get("digests") or {}
        return f"s3://{bucket}", path.strip("/") or "/", str(digests.get("sha256", ""))
    if kind == "image":
        repository, _, digest = rest.partition("@")
        return namespace, f"image/{repository}", digest
    return namespace, f"{kind}/{rest}", str(facts.get("version", ""))
