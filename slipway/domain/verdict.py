"""
The judge: are all gates met, and is the challenger not worse than the champion?

Metrics that the platform can compute count as computed from the rows, whatever was reported. A metric
that is missing, NaN or infinite rejects: what was not measured can't be good enough.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from slipway.domain.gate_facts import NOTHING_KNOWN
from slipway.domain.judging.gates import GateEvidence, check_gate, gates_of
from slipway.domain.measurement import listed, number

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from slipway.contracts.release import GateOutcome
    from slipway.domain.gate_facts import GateFacts
    from slipway.domain.measurement import Measurement
    from slipway.domain.rows_evidence import RowsEvidence

_LACKS: Final = 5
"""As many missing metrics does a reason name."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """
    Accepted exactly when every outcome passed.

    Attributes:
        challenger: Metrics as they count: computed from rows where the platform can, else reported.
        champion: Likewise; None: there is none.
    """

    outcomes: tuple[GateOutcome, ...]
    summary: str
    challenger: Mapping[str, float]
    champion: Mapping[str, float] | None

    @property
    def accepted(self) -> bool:
        return all(outcome["passed"] for outcome in self.outcomes)


def judge(
    manifest: Mapping[str, Any],
    challenger: Measurement,
    champion: Measurement | None,
    *,
    champion_version: str = "",
    rows: RowsEvidence | None = None,
    environment_gates: Iterable[str] = (),
    facts: GateFacts = NOTHING_KNOWN,
) -> Judgement:
    """
    Judge a challenger by the manifest that it was built with.

    Args:
        manifest: The model manifest's document; its ``evaluation`` and ``gates`` count.
        challenger: What the new version measured itself.
        champion: What the version in production measured on the same data; None: there is none.
        champion_version: For the words.
        rows: What both sides' predictions say; None: the manifest names no task.
        environment_gates: What the environment asks for beside the manifest.
        facts: What is known beside metrics.
    """
    evaluation = manifest["evaluation"]
    outcomes = []
    if rows is not None:
        outcomes.append(_rows_can_be_judged(rows, challenger))
        challenger = _with_rows(challenger, rows.challenger)
        champion = champion and _with_rows(champion, rows.champion or {})
    outcomes.append(_all_known(challenger, evaluation["metrics"], rows))
    evidence = replace(_evidence(evaluation, challenger, champion, rows), facts=facts)
    outcomes += [check_gate(gate, evidence) for gate in gates_of(manifest["gates"], environment_gates)]
    if champion is not None:
        outcomes.append(_not_worse(evaluation, challenger, champion, champion_version, rows))
    # two checks may fail for one reason: it is told once
    failed = list(dict.fromkeys(outcome["reason"] for outcome in outcomes if not outcome["passed"]))
    if failed:
        summary = "not accepted: " + "; ".join(failed)
    else:
        said = _words(evaluation, challenger, champion, champion_version, rows)
        summary = f"accepted: {said}; all {len(outcomes)} checks passed"
    return Judgement(
        tuple(outcomes), summary, challenger.metrics, None if champion is None else champion.metrics
    )


def _with_rows(measured: Measurement, computed: Mapping[str, float]) -> Measurement:
    if measured.problem:
        return measured  # the side counts as not measured, so that nobody keeps it for later releases
    return replace(measured, metrics={**measured.metrics, **computed})


def _evidence(
    evaluation: Mapping[str, Any],
    challenger: Measurement,
    champion: Measurement | None,
    rows: RowsEvidence | None,
) -> GateEvidence:
    names = [*evaluation["metrics"], *challenger.not_finite]
    lacks = {name: challenger.lack(name) for name in names if name not in challenger.metrics}
    return GateEvidence(
        metrics=challenger.metrics,
        champion=None if champion is None else champion.metrics,
        reasons=lacks | dict(rows.reasons if rows else {}),
        slices=rows.slices if rows else {},
        champion_slices=rows.champion_slices if rows else {},
        small_slices=rows.small_slices if rows else {},
        units={name: declared.get("unit", "") for name, declared in evaluation["metrics"].items()},
        margin=float(evaluation["margin"]),
    )


def _rows_can_be_judged(rows: RowsEvidence, reported: Measurement) -> GateOutcome:
    gate = "the rows can be judged, and the report agrees with them"
    problems = [rows.problem or rows.champion_problem, *rows.misdeclared, *rows.contradictions(reported)]
    problems = [problem for problem in problems if problem]
    if problems:
        more = f"; and {len(problems) - _LACKS:,} more" if len(problems) > _LACKS else ""
        return {"gate": gate, "passed": False, "reason": "; ".join(problems[:_LACKS]) + more}
    return {
        "gate": gate,
        "passed": True,
        "reason": f"computed from {rows.rows:,} rows: {listed(rows.challenger) or 'nothing'}",
    }


def _all_known(
    challenger: Measurement, declared: Mapping[str, Any], rows: RowsEvidence | None
) -> GateOutcome:
    gate = "every declared metric is a finite number"
    if challenger.problem:
        return {"gate": gate, "passed": False, "reason": challenger.problem}
    missing = challenger.missing(list(declared))
    if missing:
        more = f"; and {len(missing) - _LACKS:,} more" if len(missing) > _LACKS else ""
        reasons = rows.reasons if rows else {}
        told = [reasons.get(name) or challenger.lack(name) for name in missing[:_LACKS]]
        return {"gate": gate, "passed": False, "reason": "; ".join(told) + more}
    return {"gate": gate, "passed": True, "reason": f"known: {listed(challenger.metrics)}"}


def _not_worse(
    evaluation: Mapping[str, Any],
    challenger: Measurement,
    champion: Measurement,
    version: str,
    rows: RowsEvidence | None,
) -> GateOutcome:
    primary, margin = evaluation["primary_metric"], float(evaluation["margin"])
    gate = f"{primary} is not worse than the champion's"
    if rows is not None and rows.conclusion is not None:
        kind = rows.conclusion.kind
        passed = kind != "worse" and (kind != "undecided" or evaluation["undecided"] == "ask")
        return {"gate": gate, "passed": passed, "reason": rows.conclusion.in_words()}
    ours, theirs = challenger.metrics.get(primary), champion.metrics.get(primary)
    if ours is None:
        return {"gate": gate, "passed": False, "reason": challenger.lack(primary)}
    if theirs is None:
        reason = f"the champion {version} could not be compared: {champion.lack(primary)}"
        return {"gate": gate, "passed": False, "reason": reason}
    worse_by = ours - theirs if evaluation["metrics"][primary]["direction"] == "minimize" else theirs - ours
    allowed = f" (up to {number(margin)} worse is allowed)" if margin else ""
    passed = worse_by <= margin
    relation = "not worse than" if passed else "worse than"
    reason = f"{primary} is {number(ours)}, {relation} the champion {version} with {number(theirs)}{allowed}"
    return {"gate": gate, "passed": passed, "reason": reason}


def _words(
    evaluation: Mapping[str, Any],
    challenger: Measurement,
    champion: Measurement | None,
    version: str,
    rows: RowsEvidence | None,
) -> str:
    """What was found of a challenger that is accepted."""
    if rows is not None and rows.conclusion is not None:
        asks = "; a person has to decide" if rows.conclusion.kind == "undecided" else ""
        return rows.conclusion.in_words() + asks + _worst_slice(rows)
    primary = evaluation["primary_metric"]
    unit = evaluation["metrics"].get(primary, {}).get("unit", "")
    value = f"{primary} {number(challenger.metrics[primary])}{f' {unit}' if unit not in ('', '1') else ''}"
    if champion is None:
        beside = "there is no champion yet"
    else:
        beside = f"the champion {version} has {number(champion.metrics[primary])}"
    if rows is None:
        return f"{value}; {beside}; as reported, nothing was computed from rows"
    if champion is None:
        return f"{value}, computed from {rows.rows:,} rows; {beside}"
    why = rows.not_compared or "the champion wrote no predictions"
    return f"{value}; {beside}; not compared row by row: {why}"


def _worst_slice(rows: RowsEvidence) -> str:
    worst = rows.slice_report.worst if rows.slice_report else None
    if worst is None:
        return ""
    shown = "shown to be worse" if worst.worse else "not shown to be worse"
    return (
        f"; worst slice {worst.column} {worst.value} ({worst.rows:,} rows): gain {worst.gain:+.3g}, interval "
        f"{worst.lower:+.3g} to {worst.upper:+.3g}, {shown}"
    )
