"""Metric gates: thresholds that a model must meet before anybody is asked to approve it."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from slipway.contracts.release import GateOutcome
    from slipway.domain.measurement import Measurement

_HOLDS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}


@dataclass(frozen=True, slots=True)
class MetricGate:
    """
    A threshold that one metric must meet.

    >>> from slipway.domain.measurement import Measurement
    >>> MetricGate("mae", "<=", 40).check(Measurement({"mae": 31.2}))["reason"]
    'mae is 31.2, meets <= 40'
    """

    metric: str
    comparison: str
    threshold: float

    @classmethod
    def from_manifest(cls, gate: Mapping[str, Any]) -> MetricGate:
        return cls(gate["metric"], gate["comparison"], float(gate["threshold"]))

    def __str__(self) -> str:
        return f"{self.metric} {self.comparison} {number(self.threshold)}"

    def check(self, measured: Measurement) -> GateOutcome:
        """A metric without a finite value fails, and the reason says why it has none."""
        value = measured.metrics.get(self.metric)
        if value is None:
            return {"gate": str(self), "passed": False, "reason": measured.lack(self.metric)}
        passed = _HOLDS[self.comparison](value, self.threshold)
        word = "meets" if passed else "needs"
        reason = f"{self.metric} is {number(value)}, {word} {self.comparison} {number(self.threshold)}"
        return {"gate": str(self), "passed": passed, "reason": reason}


def number(value: float) -> str:
    """
    Six significant digits, without trailing zeros.

    >>> number(31.204567), number(60.0)
    ('31.2046', '60')
    """
    return f"{value:.6g}"
