"""
ML Metadata's words: the JSON of its protos, and which kind of our nodes is closest to which of its types.

A document has the shape of ``ml_metadata.LineageGraph`` with the proto's own field names, so that protobuf's
``json_format.ParseDict`` reads it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, Literal, TypedDict

if TYPE_CHECKING:
    from slipway.contracts.lineage import NodeKind

Side = Literal["artifact", "execution", "context"]
SIDES: Final[tuple[Side, ...]] = ("artifact", "execution", "context")

INPUTS: Final = ("DECLARED_INPUT", "INPUT", "INTERNAL_INPUT")
OUTPUTS: Final = ("DECLARED_OUTPUT", "OUTPUT", "INTERNAL_OUTPUT", "PENDING_OUTPUT")


class MlmdDocument(TypedDict):
    """``ml_metadata.LineageGraph`` as JSON."""

    artifact_types: list[dict[str, Any]]
    execution_types: list[dict[str, Any]]
    context_types: list[dict[str, Any]]
    artifacts: list[dict[str, Any]]
    executions: list[dict[str, Any]]
    contexts: list[dict[str, Any]]
    events: list[dict[str, Any]]
    attributions: list[dict[str, Any]]
    associations: list[dict[str, Any]]
    parent_contexts: list[dict[str, Any]]


def empty() -> MlmdDocument:
    """A document of nothing."""
    return {
        "artifact_types": [],
        "execution_types": [],
        "context_types": [],
        "artifacts": [],
        "executions": [],
        "contexts": [],
        "events": [],
        "attributions": [],
        "associations": [],
        "parent_contexts": [],
    }


def types(document: MlmdDocument, side: Side) -> list[dict[str, Any]]:
    """The types of artifacts, executions or contexts."""
    return {
        "artifact": document["artifact_types"],
        "execution": document["execution_types"],
        "context": document["context_types"],
    }[side]


def items(document: MlmdDocument, side: Side) -> list[dict[str, Any]]:
    """The artifacts, executions or contexts."""
    return {
        "artifact": document["artifacts"],
        "execution": document["executions"],
        "context": document["contexts"],
    }[side]


_BASES: Final[dict[str, NodeKind]] = {
    "DATASET": "data-set",
    "MODEL": "model-artifact",
    "METRICS": "report",
    "STATISTICS": "report",
    "TRAIN": "training-job",
    "EVALUATE": "evaluation-job",
    "DEPLOY": "promotion",
}
_ARTIFACT_WORDS: Final[tuple[tuple[str, NodeKind], ...]] = (
    ("evaluation|metric|statistic|report|blessing|anomal", "report"),
    ("model", "model-artifact"),
    ("data|example", "data-set"),
)
_EXECUTION_WORDS: Final[tuple[tuple[str, NodeKind], ...]] = (
    ("evaluat", "evaluation-job"),
    ("deploy|pusher", "promotion"),
    ("train|tun", "training-job"),
)


def kind_for(side: Side, kind: dict[str, Any]) -> tuple[NodeKind, bool]:
    """
    The closest kind of node, and whether the type says so itself: False, it is only the nearest there is.

    A context is a release: what ran together. What made something of something is a training job.

    >>> kind_for("artifact", {"name": "Examples", "base_type": "DATASET"})
    ('data-set', True)
    >>> kind_for("artifact", {"name": "ModelEvaluation"})
    ('report', True)
    >>> kind_for("execution", {"name": "CsvExampleGen"})
    ('training-job', False)
    """
    if side == "context":
        return "release", True
    base = str(kind.get("base_type", ""))
    if base in _BASES:
        return _BASES[base], True
    words = _ARTIFACT_WORDS if side == "artifact" else _EXECUTION_WORDS
    for pattern, found in words:
        if re.search(pattern, str(kind["name"]), re.IGNORECASE):
            return found, True
    return ("data-set" if side == "artifact" else "training-job"), False
