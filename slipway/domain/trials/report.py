"""The evidence of a trial's proposal: ``report.json``, read by the same page as a release's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from slipway.domain.measurement import Measurement
from slipway.domain.rows_report import rows_report

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slipway.contracts.ledger import TrialRecord, VersionRecord
    from slipway.domain.rows_evidence import RowsEvidence


def trial_report(
    record: TrialRecord,
    version: VersionRecord | None,
    rows: RowsEvidence | None,
    *,
    environment: str,
    judged_at: str,
) -> dict[str, Any]:
    """
    Everything that an approver needs to decide; in the shape of contracts.report.EvidenceReport.

    Args:
        record: With the analysis that concluded it.
        version: The challenger's.
        rows: Of mirrored requests whose outcome is known; None: there are none.
        environment: Where.
        judged_at: When.
    """
    state, settings = record["state"], record["settings"]
    metrics = _metrics(record, rows)
    primary, declared = _declared(record, version, rows)
    report: dict[str, Any] = {
        "release_id": record["release_id"],
        "environment": environment,
        "project": record["project"],
        "model": record["model"],
        "version": record["challenger"],
        "judged_at": judged_at,
        "accepted": state["word"] not in ("worse", "mismatched"),
        "summary": summary_of(record),
        "primary_metric": primary,
        "metric_declarations": declared,
        "gates": [],
        "challenger": {"version": record["challenger"], "metrics": metrics["challenger"]},
        "champion": {"version": record["champion"], "metrics": metrics["champion"]},
        "trial": {
            "trial_id": record["trial_id"],
            "kind": record["kind"],
            "word": state["word"],
            "settings": dict(settings),
            "begun_at": state["begun_at"],
            "effect": state["effect"],
            "weights": state["weights"],
            "tally": state["tally"],
            "loads": state["loads"],
        },
    }
    if rows is not None and version is not None:
        task = version["manifest"]["evaluation"]["task"]
        report["rows"] = rows_report(rows, task, Measurement())
    return report


def summary_of(record: TrialRecord) -> str:
    """What came of the trial, in a sentence."""
    state, word = record["state"], record["state"]["word"]
    kind = "A/B test" if record["kind"] == "ab" else "shadow run"
    outcome = record["settings"].get("outcome", "")
    subject = f"{record['challenger']} beside {record['champion']}" + (f", by {outcome}" if outcome else "")
    return f"{kind} of {subject}: {word}; {state['reason']}"


def _metrics(record: TrialRecord, rows: RowsEvidence | None) -> dict[str, dict[str, float]]:
    state = record["state"]
    found: dict[str, dict[str, float]] = {"champion": {}, "challenger": {}}
    if rows is not None and not rows.problem:
        found["challenger"] |= dict(rows.challenger)
        found["champion"] |= dict(rows.champion or {})
    for arm, side in enumerate(("champion", "challenger")):
        if record["kind"] == "ab":
            outcomes = state["tally"]["outcomes"][arm]
            if outcomes["count"]:
                found[side][record["settings"].get("outcome") or "outcome"] = float(outcomes["mean"])
            found[side]["outcomes"] = float(outcomes["count"])
        found[side]["requests"] = float(state["tally"]["requests"][arm])
        load: Mapping[str, Any] = state["loads"].get(side, {})
        if load.get("invocations"):
            found[side]["error share"] = float(load["errors"]) / float(load["invocations"])
        for name in ("latency_p50_ms", "latency_p99_ms"):
            if load.get(name) is not None:
                found[side][name.removesuffix("_ms").replace("_", " ")] = float(load[name])
    return found


def _declared(
    record: TrialRecord, version: VersionRecord | None, rows: RowsEvidence | None
) -> tuple[str, dict[str, dict[str, str]]]:
    """The metric that counts, and how to read each."""
    declared: dict[str, dict[str, str]] = {
        "error share": {"direction": "minimize", "unit": ""},
        "latency p50": {"direction": "minimize", "unit": "ms"},
        "latency p99": {"direction": "minimize", "unit": "ms"},
    }
    if record["kind"] == "ab":
        outcome = record["settings"].get("outcome") or "outcome"
        return outcome, {outcome: {"direction": record["settings"]["direction"], "unit": ""}, **declared}
    evaluation = version["manifest"]["evaluation"] if version is not None and rows is not None else {}
    own = {
        name: {"direction": one["direction"], "unit": one.get("unit", "")}
        for name, one in evaluation.get("metrics", {}).items()
    }
    return str(evaluation.get("primary_metric", "latency p99")), own | declared
