"""
The judge: are all gates met, and is the challenger not worse than the champion?

A metric that is missing, NaN or infinite rejects: what was not measured can't be good enough.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from slipway.domain.gates import MetricGate, number
from slipway.domain.measurement import listed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from slipway.contracts.release import GateOutcome
    from slipway.domain.measurement import Measurement

_LACKS: Final = 5
"""As many missing metrics does a reason name."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """Accepted exactly when every outcome passed."""

    outcomes: tuple[GateOutcome, ...]
    summary: str

    @property
    def accepted(self) -> bool:
        return all(outcome["passed"] for outcome in self.outcomes)


def judge(
    manifest: Mapping[str, Any],
    challenger: Measurement,
    champion: Measurement | None,
    *,
    champion_version: str = "",
) -> Judgement:
    """
    Judge a challenger by the manifest that it was built with.

    Args:
        manifest: The model manifest's document; its ``evaluation`` and ``gates`` count.
        challenger: What the new version measured.
        champion: What the version in production measured on the same data; None: there is none.
        champion_version: For the words.
    """
    evaluation = manifest["evaluation"]
    primary = evaluation["primary_metric"]
    outcomes = [_all_reported(challenger, evaluation["metrics"])]
    outcomes += [MetricGate.from_manifest(gate).check(challenger) for gate in manifest["gates"]]
    if champion is not None:
        outcomes.append(_not_worse(evaluation, challenger, champion, champion_version))
    # two checks may fail for one reason: it is told once
    failed = list(dict.fromkeys(outcome["reason"] for outcome in outcomes if not outcome["passed"]))
    if failed:
        return Judgement(tuple(outcomes), "not accepted: " + "; ".join(failed))
    unit = evaluation["metrics"].get(primary, {}).get("unit", "")
    value = f"{primary} {number(challenger.metrics[primary])}{f' {unit}' if unit else ''}"
    beside = (
        f"the champion {champion_version} has {number(champion.metrics[primary])}"
        if champion is not None
        else "there is no champion yet"
    )
    return Judgement(tuple(outcomes), f"accepted: {value}; {beside}; all {len(outcomes)} checks passed")


def _all_reported(challenger: Measurement, declared: Mapping[str, Any]) -> GateOutcome:
    gate = "every declared metric is a finite number"
    if challenger.problem:
        return {"gate": gate, "passed": False, "reason": challenger.problem}
    missing = challenger.missing(list(declared))
    if missing:
        more = f"; and {len(missing) - _LACKS:,} more" if len(missing) > _LACKS else ""
        reason = "; ".join(challenger.lack(name) for name in missing[:_LACKS]) + more
        return {"gate": gate, "passed": False, "reason": reason}
    return {"gate": gate, "passed": True, "reason": f"reported: {listed(challenger.metrics)}"}


def _not_worse(
    evaluation: Mapping[str, Any], challenger: Measurement, champion: Measurement, version: str
) -> GateOutcome:
    primary, margin = evaluation["primary_metric"], float(evaluation["margin"])
    gate = f"{primary} is not worse than the champion's"
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
