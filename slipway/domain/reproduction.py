"""
Whether a version was reproduced: its artifact and its metrics, as recorded and as made again.

Pure; ``workbench/reproduction.py`` runs the jobs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slipway.contracts.ledger import ArtifactDigests
    from slipway.contracts.release import Plan

Likeness = Literal["bytes", "content", "differs", "unknown"]
"""Of two artifacts: the same bytes; the same files, packed at another time; others; one is not known."""

SEEDS: Final = ("seed", "random_state", "random-state")


@dataclass(frozen=True, slots=True)
class MetricPair:
    """One metric as it was and as it is; None: there is none."""

    name: str
    recorded: float | None
    again: float | None

    @property
    def difference(self) -> float:
        """
        Relative to the larger of both; infinite where one is missing.

        >>> MetricPair("mae", 20.0, 20.0).difference, MetricPair("mae", 20.0, 19.0).difference
        (0.0, 0.05)
        """
        if self.recorded is None or self.again is None:
            return math.inf
        if self.recorded == self.again or (math.isnan(self.recorded) and math.isnan(self.again)):
            return 0.0
        if not (math.isfinite(self.recorded) and math.isfinite(self.again)):
            return math.inf
        larger = max(abs(self.recorded), abs(self.again))
        apart = abs(self.recorded - self.again)
        return apart / larger if math.isfinite(apart) else abs(self.recorded / larger - self.again / larger)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was measured of one training: the recorded one's, or the new one's."""

    artifact: ArtifactDigests | None
    training: Mapping[str, float]
    evaluation: Mapping[str, float] | None
    """None: it was not evaluated."""


ROUNDING: Final = 1e-12
"""Relative: sums of doubles differ by as much when threads add them in another order."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Both outcomes side by side."""

    artifact: Likeness
    training: tuple[MetricPair, ...]
    evaluation: tuple[MetricPair, ...]
    tolerance: float
    """Relative; 0 asks for the same content, and the same numbers but for rounding."""

    @property
    def needed_tolerance(self) -> float:
        """The smallest tolerance within which all metrics agree; infinite: one is missing."""
        return max((pair.difference for pair in (*self.training, *self.evaluation)), default=0.0)

    @property
    def named_tolerance(self) -> str:
        """It in two digits, rounded up so that it will do; empty: none will."""
        needed = self.needed_tolerance
        if math.isinf(needed):
            return ""
        said = f"{needed:.1e}"
        return f"{float(said if float(said) >= needed else f'{needed + 10.0 ** (_power(needed) - 1):.1e}'):g}"

    @property
    def reproduced(self) -> bool:
        """Metrics agree within the tolerance; without one, the artifact has the same content as well."""
        alike = self.artifact in ("bytes", "content") or self.tolerance > 0
        return alike and self.needed_tolerance <= max(self.tolerance, ROUNDING)

    @property
    def summary(self) -> str:
        """In a sentence."""
        artifact = {
            "bytes": "the artifact has the very same bytes",
            "content": "the artifact's files are the same (it was packed at another time)",
            "differs": "the artifact's files differ",
            "unknown": "the recorded artifact is not known, so that artifacts can't be compared",
        }[self.artifact]
        needed = self.needed_tolerance
        if not (self.training or self.evaluation):
            metrics = "there are no metrics to compare"
        elif needed == 0:
            metrics = "all metrics are exactly equal"
        elif math.isinf(needed):
            metrics = "a metric is missing on one side, or not finite"
        elif needed <= ROUNDING:
            metrics = f"all metrics are equal but for rounding ({self.named_tolerance}, relative)"
        else:
            metrics = f"metrics agree within {self.named_tolerance} (relative)"
        return f"{'reproduced' if self.reproduced else 'not reproduced'}: {artifact}; {metrics}"

    def document(self) -> dict[str, Any]:
        """As JSON; what is infinite is None."""
        needed = self.needed_tolerance
        return {
            "reproduced": self.reproduced,
            "summary": self.summary,
            "artifact": self.artifact,
            "tolerance": self.tolerance,
            "needed_tolerance": None if math.isinf(needed) else needed,
            "metrics": [
                {
                    "of": of,
                    "name": pair.name,
                    "recorded": pair.recorded,
                    "again": pair.again,
                    "difference": None if math.isinf(pair.difference) else pair.difference,
                }
                for of, pairs in (("training", self.training), ("evaluation", self.evaluation))
                for pair in pairs
            ],
        }


def _power(value: float) -> int:
    return int(f"{value:e}".partition("e")[2])


def compare(recorded: Outcome, again: Outcome, *, tolerance: float = 0.0) -> Comparison:
    """Put both side by side; evaluations only where both have one."""
    evaluated = recorded.evaluation is not None and again.evaluation is not None
    return Comparison(
        artifact=_likeness(recorded.artifact, again.artifact),
        training=_pairs(recorded.training, again.training),
        evaluation=_pairs(recorded.evaluation or {}, again.evaluation or {}) if evaluated else (),
        tolerance=tolerance,
    )


def _likeness(recorded: ArtifactDigests | None, again: ArtifactDigests | None) -> Likeness:
    if recorded is None or again is None:
        return "unknown"
    if recorded["sha256"] == again["sha256"]:
        return "bytes"
    return "content" if recorded["content"] == again["content"] else "differs"


def _pairs(recorded: Mapping[str, float], again: Mapping[str, float]) -> tuple[MetricPair, ...]:
    return tuple(
        MetricPair(name, recorded.get(name), again.get(name)) for name in sorted({*recorded, *again})
    )


def not_pinned(plan: Plan) -> list[str]:
    """What a release's record does not fix, so that the same request may end otherwise."""
    request = plan["requests"]["training"]
    resources = request["ResourceConfig"]
    names = list(request["HyperParameters"])
    found = [
        f"the machine behind {resources['InstanceType']}: another processor may round otherwise",
        "what the program fetches over the network while it trains: the image's digest pins what is within",
    ]
    if not any(seed in name.lower() for name in names for seed in SEEDS):
        said = f" ({', '.join(sorted(names))})" if names else ""
        found.append(f"random numbers: no seed is among the hyperparameters{said}")
    if request.get("EnableManagedSpotTraining"):
        found.append("spot interruptions: a training that was interrupted went on from a checkpoint")
    if int(resources["InstanceCount"]) > 1:
        found.append(f"the order in which {resources['InstanceCount']} instances add up their results")
    if request.get("CheckpointConfig"):
        found.append("checkpoints: it begins without any, and has a folder of its own")
    if not (plan.get("source") or {}).get("libraries"):
        found.append("which libraries the image holds is not recorded; its digest pins them all the same")
    return found
