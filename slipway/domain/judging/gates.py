"""
Do the gates let a challenger through? Each gate answers with what was measured and what it needs.

What is missing never passes: an unknown metric, NaN, a latency that nobody measured, a scan that has
not ended.
"""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeGuard

from slipway.domain.gate_facts import NOTHING_KNOWN
from slipway.domain.judging.gate_language import parse_gate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from slipway.contracts.release import GateOutcome
    from slipway.domain.gate_facts import GateFacts
    from slipway.domain.judging.gate_language import GateRule

_HOLDS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
    "==": operator.eq,
}
_NAMED: Final = 3
"""As many slices does a reason name."""
_MILLISECONDS: Final = {"ms": 1.0, "": 1.0, "s": 1000.0}


@dataclass(frozen=True, slots=True)
class GateEvidence:
    """
    What gates are held against.

    Attributes:
        metrics: The challenger's; a metric without a value is None or NaN.
        champion: The champion's; None: there is no champion.
        reasons: Why a metric has no value, by its name.
        slices: Slice column to value to the challenger's metrics; only slices that may be judged.
        champion_slices: Likewise of the champion.
        small_slices: Slice column to the values that have too few rows to be judged.
        units: Of metrics, as the manifest declares them.
        margin: The manifest's.
        facts: What is known beside metrics.
    """

    metrics: Mapping[str, float | None]
    champion: Mapping[str, float | None] | None = None
    reasons: Mapping[str, str] = field(default_factory=dict)
    slices: Mapping[str, Mapping[str, Mapping[str, float | None]]] = field(default_factory=dict)
    champion_slices: Mapping[str, Mapping[str, Mapping[str, float | None]]] = field(default_factory=dict)
    small_slices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    margin: float = 0.0
    facts: GateFacts = NOTHING_KNOWN


def gates_of(manifest: Iterable[str], environment: Iterable[str] = ()) -> tuple[GateRule, ...]:
    """
    The manifest's gates and those that the environment adds; none can be taken away.

    Raises:
        GateSyntaxError: One of them can't be read.
    """
    return tuple(dict.fromkeys(parse_gate(text) for text in (*manifest, *environment)))


def check_gate(gate: GateRule, evidence: GateEvidence) -> GateOutcome:
    """
    Hold one gate against the evidence.

    >>> check_gate(parse_gate("auc >= 0.8"), GateEvidence({"auc": 0.83}))["reason"]
    'auc is 0.83, meets >= 0.8'
    """
    if gate.subject != "metric":
        return _measured(gate, evidence)
    problem = _unit_problem(gate, evidence)
    if problem:
        return _outcome(gate, problem)
    if gate.bound.champion and evidence.champion is None:
        return _outcome(gate, "there is no champion yet", passed=True)
    return _in_slices(gate, evidence) if gate.column else _in_all_rows(gate, evidence)


def _outcome(gate: GateRule, reason: str, *, passed: bool = False) -> GateOutcome:
    return {"gate": str(gate), "passed": passed, "reason": reason}


def _holds(gate: GateRule, value: float, bound: float) -> bool:
    return _HOLDS[gate.comparison](value, bound)


def _measured(gate: GateRule, evidence: GateEvidence) -> GateOutcome:
    """Gates on what is no metric: latency, cost, findings."""
    facts = evidence.facts
    value, unit, lack = {
        "latency": (facts.latency_ms.get(gate.name), " ms", f"latency {gate.name} was not measured"),
        "cost": (facts.cost_per_1000_usd, " USD", "the cost of predictions is not known"),
        "findings": (facts.critical_findings, "", "the image's scan has no result yet"),
    }[gate.subject]
    if not _finite(value):
        why = facts.lacks.get(gate.subject, "")
        return _outcome(gate, f"{lack}: {why}" if why else lack)
    bound = gate.bound.number * (_MILLISECONDS[gate.bound.unit] if gate.subject == "latency" else 1)
    passed = _holds(gate, value, bound)
    word = "meets" if passed else "needs"
    reason = f"{gate.subject_in_words} is {value:.6g}{unit}, {word} {gate.comparison} {bound:.6g}{unit}"
    return _outcome(gate, reason, passed=passed)


def _unit_problem(gate: GateRule, evidence: GateEvidence) -> str:
    written, declared = gate.bound.unit, evidence.units.get(gate.name, "")
    if not written or written == declared:
        return ""
    has = f"is in {declared}" if declared not in ("", "1") else "has no unit"
    return f"the gate is in {written}, and {gate.name} {has}"


def _in_all_rows(gate: GateRule, evidence: GateEvidence) -> GateOutcome:
    value = evidence.metrics.get(gate.name)
    if not _finite(value):
        return _outcome(gate, _lack(gate.name, evidence))
    champion = (evidence.champion or {}).get(gate.name)
    if gate.bound.champion and not _finite(champion):
        return _outcome(gate, f"the champion has no {gate.name} to compare with")
    bound = _bound(gate, evidence.margin, champion)
    passed = _holds(gate, value, bound)
    word = "meets" if passed else "needs"
    beside = f" (the champion's {champion:.6g})" if gate.bound.champion and champion is not None else ""
    return _outcome(
        gate, f"{gate.name} is {value:.6g}, {word} {gate.comparison} {bound:.6g}{beside}", passed=passed
    )


def _bound(gate: GateRule, margin: float, champion: float | None) -> float:
    bound = gate.bound
    if not bound.champion or champion is None:
        return bound.number
    return champion + (bound.margin * margin if bound.margin else bound.number)


def _lack(metric: str, evidence: GateEvidence) -> str:
    if metric in evidence.reasons:
        return evidence.reasons[metric]
    if metric in evidence.metrics:
        return f"{metric} is not a finite number"
    known = ", ".join(sorted(evidence.metrics)) or "none"
    return f"{metric} is not known; known: {known}"


def _in_slices(gate: GateRule, evidence: GateEvidence) -> GateOutcome:
    """Every slice with enough rows must meet the gate; one without a value does not."""
    small = evidence.small_slices.get(gate.column, ())
    slices = evidence.slices.get(gate.column, {})
    if not slices:
        known = ", ".join(sorted({*evidence.slices, *evidence.small_slices})) or "none"
        lack = (
            f"no slice of {gate.column} has enough rows to be judged"
            if small
            else f"there is no slice column {gate.column}; known: {known}"
        )
        return _outcome(gate, lack)
    theirs = evidence.champion_slices.get(gate.column, {})
    failed: list[str] = []
    for value, metrics in slices.items():
        measured, champion = metrics.get(gate.name), theirs.get(value, {}).get(gate.name)
        if not _finite(measured):
            failed.append(f"{value} has no {gate.name}")
        elif gate.bound.champion and not _finite(champion):
            failed.append(f"the champion has no {gate.name} in {value}")
        else:
            bound = _bound(gate, evidence.margin, champion)
            if not _holds(gate, measured, bound):
                failed.append(f"{value} has {measured:.6g}, needs {gate.comparison} {bound:.6g}")
    aside = f"; {_listed(list(small))} with too few rows not judged" if small else ""
    if failed:
        return _outcome(
            gate, f"{len(failed)} of {len(slices)} slices of {gate.column}: {_listed(failed, '; ')}{aside}"
        )
    return _outcome(gate, f"all {len(slices)} slices of {gate.column} meet it{aside}", passed=True)


def _listed(texts: list[str], between: str = ", ") -> str:
    more = f"{between}and {len(texts) - _NAMED:,} more" if len(texts) > _NAMED else ""
    return between.join(texts[:_NAMED]) + more


def _finite(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
