"""All that production needs of a version, on one page."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from slipway.domain.aliases import spans

if TYPE_CHECKING:
    from collections.abc import Iterator

    from slipway.contracts.ledger import VersionRecord
    from slipway.usecases.ports import Lineage, Versions

_WIDTH = 16


def document_of(record: VersionRecord, ledger: Versions, lineage: Lineage) -> dict[str, Any]:
    """
    The whole record, with what points to it and serves it now, and what did.

    ``aliases`` and ``serving`` are as of now; ``history`` holds the times of all its aliases, oldest first,
    and ``promotions`` those that were asked for by hand, newest first.
    """
    project, model, version = record["project"], record["model"], record["version"]
    tips = ledger.aliases(project, model)
    times = [
        span
        for tip in tips
        for span in spans(reversed(ledger.alias_history(project, model, tip["alias"])))
        if span.version == version
    ]
    return {
        **record,
        "aliases": sorted(span.alias for span in times if not span.until),
        "serving": [
            {
                "endpoint": one["endpoint"],
                "status": one["status"],
                "variant": variant["variant"],
                "share": variant["share"],
            }
            for one in lineage.serving()
            if (one["project"], one["model"]) == (project, model)
            for variant in one["variants"]
            if variant["version"] == version
        ],
        "history": [
            dataclasses.asdict(span) for span in sorted(times, key=lambda span: (span.since, span.alias))
        ],
        "promotions": [one for one in ledger.promotions(project, model) if one["version"] == version],
    }


def lines_of(document: dict[str, Any]) -> Iterator[str]:
    """For a terminal; what is not known has no line."""
    for name, value in _facts(document).items():
        texts = value if isinstance(value, list) else [value]
        for place, text in enumerate(text for text in texts if text):
            yield f"{'' if place else name:{_WIDTH}} {text}"
    if document.get("card"):
        yield ""
        yield from document["card"].splitlines()


def _facts(one: dict[str, Any]) -> dict[str, str | list[str]]:
    artifact, source = one.get("artifact") or {}, one.get("source") or {}
    return {
        "version": f"{one['project']}/{one['model']}:{one['version']}",
        "approval": _approval(one),
        "reason": one.get("decision_reason", ""),
        "stage": one.get("stage", ""),
        "aliases": ", ".join(one["aliases"]),
        "serves on": [
            f"{s['endpoint']} ({s['variant']}, {s['share']:.0%}, {s['status']})" for s in one["serving"]
        ],
        "image": one["image_uri"],
        "artifact": [
            one["model_uri"]
            + (f" (removed {one['artifact_removed_at']})" if "artifact_removed_at" in one else ""),
            artifact.get("sha256", ""),
            f"content {artifact['content']}, {artifact['bytes']:,} bytes" if artifact else "",
        ],
        "package": one["package_arn"],
        "training data": _data(one["training_data"]),
        "evaluated on": _data(one["evaluation_data"]),
        "parameters": _pairs(one.get("hyperparameters", {})),
        "metrics": ", ".join(f"{name} {float(value):g}" for name, value in sorted(one["metrics"].items())),
        "verdict": one.get("verdict", ""),
        "report": one["report_uri"],
        "cost": f"{one['cost_usd']:.4f} USD of training" if "cost_usd" in one else "",
        "source": ", ".join(
            f"{label} {source[key]}"
            for key, label in (("git_commit", "commit"), ("base_image", "base"), ("python", "Python"))
            if key in source
        ),
        "libraries": _pairs(source.get("libraries", {})),
        "tags": _pairs(one.get("tags", {})),
        "release": one["release_id"],
        "registered": one["registered_at"],
        "history": [_span(span) for span in one["history"]],
        "by hand": [
            f"{p['ended_at']} {p['cause']} by {p['actor']}: {p['status']}" for p in one["promotions"]
        ],
    }


def _approval(one: dict[str, Any]) -> str:
    if one["approval"] == "pending":
        return "waits for its approval (`slipway approval open`)"
    by, at = one.get("approver", ""), one.get("decided_at", "")
    return str(one["approval"]) + (f" by {by}" if by else "") + (f" at {at}" if at else "")


def _data(pinned: list[dict[str, Any]]) -> list[str]:
    return [f"{one['channel']} = {one['data_set']}:{one['version']} ({one['digest']})" for one in pinned]


def _pairs(values: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in sorted(values.items()))


def _span(span: dict[str, Any]) -> str:
    until = f"to {span['until']}" if span["until"] else "until now"
    after = f", then {span['ended_by']}" if span["ended_by"] else ""
    return f"{span['alias']} from {span['since']} {until}{after}; by {span['actor']}: {span['reason']}"
