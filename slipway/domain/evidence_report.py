"""The evidence of one release as ``report.json`` holds it, put together from what the steps left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from slipway.domain.costs import LIST_PRICES, Prices

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slipway.contracts.release import ReleaseDocument
    from slipway.contracts.report import EvidenceReport, Side
    from slipway.domain.verdict import Judgement

SCHEMA_VERSION: Final = 3
"""Of ``report.json``; docs/report.md says what each brought."""


def evidence_report(
    document: ReleaseDocument,
    judgement: Judgement,
    challenger: Side,
    champion: Side | None,
    judged_at: str,
    training_curves: Mapping[str, list[list[float]]],
    prices: Prices = LIST_PRICES,
) -> EvidenceReport:
    """
    The whole report but for ``rows`` and ``numbers``.

    Args:
        document: Of the release, up to its evaluation.
        judgement: The verdict.
        challenger: Its side.
        champion: Likewise; None: there is none.
        judged_at: When.
        training_curves: Metric to ``[seconds, value]``, from the training job's log.
        prices: Of instances.
    """
    plan, training, runs = document["plan"], document["training"], document["evaluation"]
    manifest = plan["manifest"]
    evaluation = manifest["evaluation"]
    return {
        "schema_version": SCHEMA_VERSION,
        "release_id": plan["release_id"],
        "environment": plan["environment"],
        "project": plan["project"],
        "model": plan["model"],
        "version": plan["version"],
        "cause": plan["cause"],
        "planned_at": plan["planned_at"],
        "judged_at": judged_at,
        "accepted": judgement.accepted,
        "summary": judgement.summary,
        "primary_metric": evaluation["primary_metric"],
        "margin": float(evaluation["margin"]),
        "metric_declarations": {
            name: {"direction": declared["direction"], "unit": declared.get("unit", "")}
            for name, declared in evaluation["metrics"].items()
        },
        "gates": list(judgement.outcomes),
        "challenger": challenger,
        "champion": champion,
        "training_data": plan["training_data"],
        "evaluation_data": plan["evaluation_data"],
        "image_uri": plan["image_uri"],
        "image_digest": plan["image_digest"],
        "model_uri": training["model_uri"],
        "hyperparameters": dict(plan["requests"]["training"]["HyperParameters"]),
        "training_job": training["job_name"],
        "training_seconds": float(training["seconds"]),
        "billable_seconds": float(training["billable_seconds"]),
        "training_metrics": dict(training["metrics"]),
        # what was taken from another release was paid for there
        "cost": prices.estimate(
            manifest,
            billable_seconds=0.0 if "cached_from" in training else float(training["billable_seconds"]),
        ),
        "cached_from": _cached_from(document),
        "training_curves": dict(training_curves),
        "source": dict(plan.get("source", {})),
        "evaluation_jobs": [
            run["job_name"] for run in (runs["challenger"], runs["champion"]) if run is not None
        ],
    }


def _cached_from(document: ReleaseDocument) -> dict[str, str]:
    evaluation = document["evaluation"]
    outputs = {
        "training": document["training"],
        "challenger": evaluation["challenger"],
        "champion": evaluation["champion"],
    }
    return {
        step: str(taken["cached_from"]) for step, taken in outputs.items() if taken and "cached_from" in taken
    }
