"""Judge a challenger beside the champion, and write down the evidence."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any, Final, Literal, cast

from slipway.contracts.container import PREDICTIONS_FILE, REPORT_FILE, SERVING_FILE
from slipway.contracts.report import page_uri, quality_uri, report_uri
from slipway.domain.console_links import TRAINING_LOGS
from slipway.domain.costs import LIST_PRICES, Prices
from slipway.domain.evidence import Evidence
from slipway.domain.evidence_report import evidence_report
from slipway.domain.gate_facts import GateFacts, critical_findings
from slipway.domain.headline_numbers import headline_numbers
from slipway.domain.measurement import Measurement
from slipway.domain.metric_curves import curves_of
from slipway.domain.model_quality import model_quality
from slipway.domain.report_page import report_page
from slipway.domain.rows_evidence import RowsEvidence
from slipway.domain.rows_report import rows_report, verdict_of_rows
from slipway.domain.serving_measurement import ServingMeasurement
from slipway.domain.texts import TooLarge
from slipway.domain.timestamps import timestamp
from slipway.domain.verdict import judge
from slipway.usecases.read_evidence import read_plots

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from slipway.contracts.release import ReleaseDocument, Verdict
    from slipway.contracts.report import Side
    from slipway.usecases.look_up_steps import StepCache
    from slipway.usecases.ports import Clock, JobLogs, Reports

_log: Final = logging.getLogger(__name__)


def judge_release(
    document: ReleaseDocument,
    *,
    reports: Reports,
    logs: JobLogs,
    clock: Clock,
    prices: Prices = LIST_PRICES,
) -> Verdict:
    """
    Read both sides' reports, judge, and write ``report.json`` and its page below the artifact prefix.

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
        prices,
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
            prices,
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
        facts=_facts(document, serving, prices),
    )
    # people see the metrics that counted
    challenger_side["metrics"] = dict(judgement.challenger)
    if champion_side is not None:
        champion_side["metrics"] = dict(judgement.champion or {})
    uri = report_uri(plan["artifact_prefix"])
    evidence = evidence_report(
        document,
        judgement,
        challenger_side,
        champion_side,
        timestamp(clock()),
        _training_curves(document, logs),
        prices,
    )
    if rows is not None:
        evidence["rows"] = rows_report(rows, plan["manifest"]["evaluation"]["task"], challenger)
    numbers = evidence["numbers"] = headline_numbers(evidence)
    reports.write(uri, json.dumps(evidence, indent=1, sort_keys=True, allow_nan=False))
    quality = json.dumps(model_quality(cast("dict[str, Any]", evidence)), allow_nan=False)
    reports.write(quality_uri(plan["artifact_prefix"]), quality)
    shown = Evidence(cast("dict[str, Any]", evidence))
    page = report_page(shown, read_plots(uri, shown, reports))
    reports.write(page_uri(plan["artifact_prefix"]), page)
    verdict: Verdict = {
        "accepted": judgement.accepted,
        "summary": judgement.summary,
        "primary_metric": plan["manifest"]["evaluation"]["primary_metric"],
        "challenger": dict(judgement.challenger),
        "champion": None if judgement.champion is None else dict(judgement.champion),
        "gates": list(judgement.outcomes),
        "report_uri": uri,
        "numbers": numbers,
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


def _training_curves(document: ReleaseDocument, logs: JobLogs) -> dict[str, list[list[float]]]:
    """What the training printed of its metrics as it went on; a log that can't be read has no curves."""
    algorithm = document["plan"]["requests"]["training"].get("AlgorithmSpecification") or {}
    definitions = algorithm.get("MetricDefinitions") or []
    if not definitions:
        return {}
    try:
        lines = logs.read(TRAINING_LOGS, document["training"]["job_name"], whole=True).lines
    except Exception:  # noqa: BLE001 - a verdict must not fail for a picture
        _log.exception("training log not read", extra={"job": document["training"]["job_name"]})
        return {}
    return curves_of(lines, definitions, began=lines[0].at) if lines else {}


def _facts(document: ReleaseDocument, serving: ServingMeasurement, prices: Prices) -> GateFacts:
    found, unscanned = critical_findings(document.get("scan"))
    cost, unpriced = serving.cost_per_1000_usd(
        document["plan"]["manifest"]["serving"].get("instance_type", ""), prices
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
    prefix: str,
    version: str,
    digest: str,
    release_id: str,
    document: ReleaseDocument,
    reports: Reports,
    prices: Prices,
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
            prices=prices,
        ),
    }
    return measured, side, serving
