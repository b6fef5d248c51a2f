"""Judge a challenger beside the champion, and write down the evidence."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, Literal

from slipway.contracts.container import PREDICTIONS_FILE, REPORT_FILE, SERVING_FILE
from slipway.contracts.report import report_uri
from slipway.domain.costs import estimate
from slipway.domain.gate_facts import GateFacts, critical_findings
from slipway.domain.measurement import Measurement
from slipway.domain.rows_evidence import RowsEvidence
from slipway.domain.rows_report import rows_report, verdict_of_rows
from slipway.domain.serving_measurement import ServingMeasurement
from slipway.domain.texts import TooLarge
from slipway.domain.timestamps import timestamp
from slipway.domain.verdict import Judgement, judge

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from slipway.contracts.release import ReleaseDocument, Verdict
    from slipway.contracts.report import EvidenceReport, Side
    from slipway.usecases.look_up_steps import StepCache
    from slipway.usecases.ports import Clock, Reports

SCHEMA_VERSION: Final = 2
"""Of ``report.json``."""


def judge_release(document: ReleaseDocument, *, reports: Reports, clock: Clock) -> Verdict:
    """
    Read both sides' reports, judge, and write ``<artifact prefix>/report.json``.

    A report that is missing or can't be read is a reason not to accept, never an error.
    """
    plan, evaluation = document["plan"], document["evaluation"]
    challenger, challenger_side, serving = _side(
        evaluation["challenger"]["report_prefix"],
        plan["version"],
        plan["image_digest"],
        plan["release_id"],
        document,
        reports,
    )
    champion, champion_side, champion_prefix = None, None, ""
    planned, run = plan["champion"], evaluation.get("champion")
    if planned is not None:
        # without a run, its report is not there: that rejects too
        champion_prefix = run["report_prefix"] if run else f"{plan['artifact_prefix']}/evaluation/champion"
        champion, champion_side, _ = _side(
            champion_prefix,
            planned["version"],
            planned["image_digest"],
            planned["release_id"],
            document,
            reports,
        )
    environment_gates = plan.get("environment_gates", [])
    rows = rows_of(
        plan["manifest"],
        evaluation["challenger"]["report_prefix"],
        champion_prefix,
        reports=reports,
        environment_gates=environment_gates,
    )
    judgement = judge(
        plan["manifest"],
        challenger,
        champion,
        champion_version=planned["version"] if planned else "",
        rows=rows,
        environment_gates=environment_gates,
        facts=_facts(document, serving),
    )
    # people see the metrics that counted
    challenger_side["metrics"] = dict(judgement.challenger)
    if champion_side is not None:
        champion_side["metrics"] = dict(judgement.champion or {})
    uri = report_uri(plan["artifact_prefix"])
    evidence = _evidence(document, judgement, challenger_side, champion_side, timestamp(clock()))
    if rows is not None:
        evidence["rows"] = rows_report(rows, plan["manifest"]["evaluation"]["task"], challenger)
    reports.write(uri, json.dumps(evidence, indent=1, sort_keys=True, allow_nan=False))
    verdict: Verdict = {
        "accepted": judgement.accepted,
        "summary": judgement.summary,
        "primary_metric": plan["manifest"]["evaluation"]["primary_metric"],
        "challenger": dict(judgement.challenger),
        "champion": None if judgement.champion is None else dict(judgement.champion),
        "gates": list(judgement.outcomes),
        "report_uri": uri,
    }
    return verdict_of_rows(verdict, rows)


def rows_of(
    manifest: Mapping[str, Any],
    challenger_prefix: str,
    champion_prefix: str,
    *,
    reports: Reports,
    environment_gates: Sequence[str] = (),
) -> RowsEvidence | None:
    """
    What both sides' predictions say; None where the manifest names no task.

    Args:
        manifest: Its document.
        challenger_prefix: Beside whose report the predictions lie.
        champion_prefix: Likewise; empty: there is no champion.
        reports: Where they are read from.
        environment_gates: Beside the manifest's: they may look at slices too.
    """
    evaluation = manifest["evaluation"]
    if "task" not in evaluation:
        return None
    uri = f"{challenger_prefix.rstrip('/')}/{PREDICTIONS_FILE}"
    ours = reports.read_bytes(uri)
    if not isinstance(ours, bytes):
        why = f"{uri} is too large: {ours}" if isinstance(ours, TooLarge) else f"evaluate wrote no {uri}"
        return RowsEvidence(problem=why)
    uri = f"{champion_prefix.rstrip('/')}/{PREDICTIONS_FILE}"
    theirs = reports.read_bytes(uri) if champion_prefix else None
    # numpy takes a tenth of a second to load, and models without a task don't need it
    from slipway.domain.judging.release_rows import evidence_of_rows  # noqa: PLC0415 - see above

    if isinstance(theirs, TooLarge):
        return RowsEvidence(problem=f"{uri} is too large: {theirs}")
    return evidence_of_rows(evaluation, [*manifest["gates"], *environment_gates], ours, theirs)


def _facts(document: ReleaseDocument, serving: ServingMeasurement) -> GateFacts:
    found, unscanned = critical_findings(document.get("scan"))
    cost, unpriced = serving.cost_per_1000_usd(
        document["plan"]["manifest"]["serving"].get("instance_type", "")
    )
    return GateFacts(
        latency_ms=serving.latency_ms,
        cost_per_1000_usd=cost,
        critical_findings=found,
        lacks={"latency": serving.problem, "cost": unpriced, "findings": unscanned},
    )


def keep_evaluations(document: ReleaseDocument, verdict: Verdict, *, cache: StepCache) -> list[str]:
    """Keep for others what this release measured itself and could be read; the sides that were kept."""
    sides: tuple[Literal["challenger", "champion"], ...] = ("challenger", "champion")
    runs = {side: document["evaluation"].get(side) for side in sides}
    return [
        side
        for side in sides
        if verdict[side] and runs[side] and cache.keep_step(document, side, dict(runs[side] or {}))
    ]


def _side(
    prefix: str, version: str, digest: str, release_id: str, document: ReleaseDocument, reports: Reports
) -> tuple[Measurement, Side, ServingMeasurement]:
    manifest = document["plan"]["manifest"]
    prefix = prefix.rstrip("/")
    uri = f"{prefix}/{REPORT_FILE}"
    measured = Measurement.read(reports.read(uri), uri)
    serving = ServingMeasurement.read(reports.read(f"{prefix}/{SERVING_FILE}"))
    side: Side = {
        "version": version,
        "image_digest": digest,
        "release_id": release_id,
        "rows": measured.rows,
        "metrics": dict(measured.metrics),
        "missing_metrics": measured.missing(list(manifest["evaluation"]["metrics"])),
        "slices": {
            column: {value: dict(metrics) for value, metrics in values.items()}
            for column, values in measured.slices.items()
        },
        "plots": [f"{prefix}/plots/{name}" for name in measured.plots],
        "seconds": measured.seconds,
        "problem": measured.problem,
        "serving": serving.document(
            measured_on=manifest["evaluation"]["instance_type"],
            priced_for=manifest["serving"].get("instance_type", ""),
        ),
    }
    return measured, side, serving


def _evidence(
    document: ReleaseDocument,
    judgement: Judgement,
    challenger: Side,
    champion: Side | None,
    judged_at: str,
) -> EvidenceReport:
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
        "cost": estimate(
            manifest,
            billable_seconds=0.0 if "cached_from" in training else float(training["billable_seconds"]),
        ),
        "cached_from": _cached_from(document),
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
