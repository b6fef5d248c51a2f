"""Random ML Metadata stores, as JSON."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from slipway.domain.mlmd import INPUTS, OUTPUTS, MlmdDocument, empty

TIMES = st.integers(0, 4_000_000_000_000)
VALUES = st.one_of(
    st.builds(lambda n: {"int_value": n}, st.integers(-(2**63), 2**63 - 1)),
    st.builds(lambda n: {"double_value": n}, st.floats(-1e100, 1e100).filter(lambda n: abs(n) > 1e-100)),
    st.builds(lambda t: {"string_value": t}, st.text(max_size=5)),
    st.builds(lambda b: {"bool_value": b}, st.booleans()),
)
NAMES = {
    "artifact": ["Examples", "Model", "Words", "ModelEvaluation"],
    "execution": ["Trainer", "Evaluator", "Pusher", "Other"],
    "context": ["pipeline", "run"],
}


@st.composite
def documents(draw: st.DrawFn) -> MlmdDocument:
    """Any artifacts, executions and contexts, related in any way: circles too."""
    document: Any = empty()
    number = 0
    for side, names in NAMES.items():
        for name in names:
            number += 1
            document[f"{side}_types"].append({"id": number, "name": name})
        for item in range(draw(st.integers(0, 5))):
            kind = draw(st.sampled_from(document[f"{side}_types"]))
            document[f"{side}s"].append(_item(draw, side, item + 1, kind))
    pairs = [(a["id"], e["id"]) for a in document["artifacts"] for e in document["executions"]]
    kinds = st.sampled_from((*INPUTS, *OUTPUTS, "UNKNOWN"))
    for artifact, execution in draw(_some(pairs)):
        for kind in draw(st.lists(kinds, max_size=2, unique=True)):
            event = {"artifact_id": artifact, "execution_id": execution, "type": kind}
            document["events"].append({**event, "milliseconds_since_epoch": draw(TIMES)})
    contexts = [one["id"] for one in document["contexts"]]
    document["attributions"] = [
        {"context_id": c, "artifact_id": a}
        for c, a in draw(_some([(c, one["id"]) for c in contexts for one in document["artifacts"]]))
    ]
    document["associations"] = [
        {"context_id": c, "execution_id": e}
        for c, e in draw(_some([(c, one["id"]) for c in contexts for one in document["executions"]]))
    ]
    document["parent_contexts"] = [
        {"child_id": child, "parent_id": parent}
        for child, parent in draw(_some([(a, b) for a in contexts for b in contexts if b < a]))
    ]
    return document


def _some(pairs: list[tuple[int, int]]) -> st.SearchStrategy[list[tuple[int, int]]]:
    return st.lists(st.sampled_from(pairs), unique=True, max_size=8) if pairs else st.just([])


def _item(draw: st.DrawFn, side: str, number: int, kind: dict[str, Any]) -> dict[str, Any]:
    created = draw(TIMES)
    item = {
        "id": number,
        "type_id": kind["id"],
        "type": kind["name"],
        "create_time_since_epoch": created,
        "last_update_time_since_epoch": created + draw(st.integers(0, 1000)),
    }
    if side == "context" or draw(st.booleans()):
        item["name"] = f"{draw(st.text('ab#/', max_size=3))}{number}"
    if side == "artifact" and draw(st.booleans()):
        item["uri"] = draw(st.sampled_from(["s3://b/x", "s3://b/y", "x" * 2000]))
    if draw(st.booleans()):
        item["properties"] = draw(
            st.dictionaries(st.sampled_from(["rows", "b"]), VALUES, min_size=1, max_size=2)
        )
    return item
