"""The ledger's record of a version: all that production needs, from the release that made it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from slipway.domain.costs import LIST_PRICES, Prices

if TYPE_CHECKING:
    from collections.abc import Iterable

    from slipway.contracts.ledger import ArtifactDigests, VersionRecord
    from slipway.contracts.release import PinnedDataSet, ReleaseDocument

MAX_CARD: Final = 2000


def version_record(
    document: ReleaseDocument,
    *,
    package_arn: str,
    artifact: ArtifactDigests,
    registered_at: str,
    prices: Prices = LIST_PRICES,
) -> VersionRecord:
    """A version that waits for its approval."""
    plan, training, verdict = document["plan"], document["training"], document["verdict"]
    record: VersionRecord = {
        "project": plan["project"],
        "model": plan["model"],
        "version": plan["version"],
        "release_id": plan["release_id"],
        "image_uri": plan["image_uri"],
        "image_digest": plan["image_digest"],
        "model_uri": training["model_uri"],
        "package_arn": package_arn,
        "manifest": plan["manifest"],
        "training_data": cast("list[dict[str, Any]]", plan["training_data"]),
        "evaluation_data": cast("list[dict[str, Any]]", plan["evaluation_data"]),
        "metrics": verdict["challenger"],
        "report_uri": verdict["report_uri"],
        "approval": "pending",
        "registered_at": registered_at,
        "artifact": artifact,
        "hyperparameters": dict(plan["requests"]["training"].get("HyperParameters") or {}),
        "verdict": verdict["summary"],
        "data_sets": data_set_terms([*plan["training_data"], *plan["evaluation_data"]]),
        "card": card(
            str(plan["manifest"]["model"].get("description", "")),
            str(plan["manifest"]["evaluation"].get("task", "")),
            verdict["summary"],
        ),
    }
    if "predictions" in verdict:
        record["predictions"] = verdict["predictions"]
    source = plan.get("source")
    if source:  # an image may say nothing of itself
        record["source"] = cast("dict[str, Any]", source)
    cost = prices.estimate(plan["manifest"], billable_seconds=training["billable_seconds"])["training_usd"]
    if cost is not None:
        record["cost_usd"] = cost
    return record


def data_set_terms(pinned: Iterable[PinnedDataSet]) -> list[str]:
    """
    What a search for data looks at: names with versions, and digests, each once.

    >>> one = {"data_set": "rates", "version": "1.0.0", "digest": "sha256:ab"}
    >>> data_set_terms([one, one])
    ['rates:1.0.0', 'sha256:ab']
    """
    return sorted({term for one in pinned for term in (f"{one['data_set']}:{one['version']}", one["digest"])})


def card(description: str, task: str, verdict: str) -> str:
    """
    Free text for people: what the model is and for which task, then how it was judged; at most ``MAX_CARD``
    characters.

    >>> card("Rates of hotels", "regression", "accepted: mae 31.2").splitlines()
    ['Rates of hotels', '', 'task: regression', '', 'accepted: mae 31.2']
    """
    parts = (description.strip(), f"task: {task}" if task else "", verdict.strip())
    text = "\n\n".join(part for part in parts if part)
    return text if len(text) <= MAX_CARD else f"{text[: MAX_CARD - 1].rstrip()}…"
