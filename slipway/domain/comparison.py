"""The challenger's metrics beside the champion's, ready to be shown by page, e-mail and Slack alike."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Effect = Literal["better", "worse", "same", "unclear", "unknown"]

_SIGNIFICANT: Final = 4
_MAX_DECIMALS: Final = 6
_PLAIN_BELOW: Final = 1e9
_PLAIN_FROM: Final = 1e-4


@dataclass(frozen=True, slots=True)
class MetricRow:
    """
    One metric of both sides.

    Attributes:
        metric: The manifest's name of it.
        challenger: As measured; None where it was not reported.
        champion: Likewise; None where there is no champion.
        direction: ``minimize``, ``maximize``, or empty where the manifest is silent.
        declared_unit: As the manifest has it; may be empty.
        primary: Whether the verdict compares by it.
        bounds: Between which the difference lies, lower first; None: nobody knows.
    """

    metric: str
    challenger: float | None
    champion: float | None
    direction: str
    declared_unit: str
    primary: bool
    bounds: tuple[float, float] | None = None

    @property
    def difference(self) -> float | None:
        """Challenger less champion; None where either is missing."""
        if self.challenger is None or self.champion is None:
            return None
        return self.challenger - self.champion

    @property
    def effect(self) -> Effect:
        """
        What the difference means by the metric's direction; unclear where it may as well be none.

        >>> MetricRow("mae", 1.0, 2.0, "minimize", "", True, bounds=(-2.1, 0.1)).effect
        'unclear'
        """
        difference = self.difference
        if difference is None or not math.isfinite(difference):
            return "unknown"
        if difference == 0:
            return "same"
        if not self.direction:
            return "unknown"
        if self.bounds is not None and self.bounds[0] <= 0 <= self.bounds[1]:
            return "unclear"
        return "better" if (difference < 0) == (self.direction == "minimize") else "worse"

    @property
    def label(self) -> str:
        """
        The metric with its unit.

        >>> MetricRow("mae", 1.0, None, "minimize", "EUR", True).label
        'mae (EUR)'
        """
        return f"{self.metric} ({self.unit})" if self.unit else self.metric

    @property
    def unit(self) -> str:
        """The unit where there is one: ``1`` is how a manifest says that a metric has none."""
        return "" if self.declared_unit == "1" else self.declared_unit

    @property
    def aim(self) -> str:
        """Its direction in words, empty where unknown."""
        return {"minimize": "lower is better", "maximize": "higher is better"}.get(self.direction, "")

    def cells(self) -> tuple[str, str, str]:
        """
        Challenger, champion and difference with the same number of decimals; a dash for what is missing.

        >>> MetricRow("mae", 31.2046, 33.04, "minimize", "EUR", True).cells()
        ('31.20', '33.04', '-1.84')
        """
        decimals = _decimals(self.challenger, self.champion, self.difference)
        return (
            number(self.challenger, decimals),
            number(self.champion, decimals),
            number(self.difference, decimals, signed=True),
        )

    @property
    def relative(self) -> str:
        """The difference in per cent of the champion, such as ``-5.6 %``; empty where it says nothing."""
        difference = self.difference
        if difference is None or not self.champion or not math.isfinite(difference):
            return ""
        share = 100 * difference / abs(self.champion)
        return f"{share:+.1f} %" if math.isfinite(share) else ""


def _decimals(challenger: float | None, champion: float | None, difference: float | None) -> int:
    values = [abs(float(v)) for v in (challenger, champion) if v is not None and math.isfinite(v)]
    if not values or all(v.is_integer() for v in values):
        return 0
    largest = max(values)
    decimals = _SIGNIFICANT - 1 - (math.floor(math.log10(largest)) if largest else 0)
    if difference and math.isfinite(difference):
        # A difference that is shown as 0.00 would read as "the same".
        decimals = max(decimals, 1 - math.floor(math.log10(abs(difference))))
    return min(max(decimals, 0), _MAX_DECIMALS)


def number(value: float | None, decimals: int | None = None, *, signed: bool = False) -> str:
    """
    A number for people: grouped thousands, few decimals, exponents only where it is very large or small.

    >>> number(336776), number(0.91234), number(None), number(1.5e-07)
    ('336,776', '0.9123', '-', '1.5e-07')
    """
    if value is None:
        return "-"
    if not math.isfinite(value):
        return str(value)
    sign = "+" if signed and value else ""
    if value and not _PLAIN_FROM <= abs(value) < _PLAIN_BELOW:
        return f"{value:{sign}.3g}"
    return f"{value:{sign},.{_decimals(value, None, None) if decimals is None else decimals}f}"


def compare(
    primary: str,
    challenger: Mapping[str, Any],
    champion: Mapping[str, Any],
    declarations: Mapping[str, Any],
    bounds: Mapping[str, tuple[float, float]] | None = None,
) -> list[MetricRow]:
    """
    Both sides' metrics row by row, the primary metric first, the others by name.

    Args:
        primary: Name of the metric that the verdict compares by.
        challenger: Value by metric.
        champion: Likewise; empty where there is no champion.
        declarations: ``direction`` and ``unit`` by metric, as the manifest declares them.
        bounds: Between which a metric's difference lies, where that is known.
    """
    names = sorted({*challenger, *champion, *([primary] if primary else [])})
    return [
        MetricRow(
            metric=name,
            challenger=_real(challenger.get(name)),
            champion=_real(champion.get(name)),
            direction=str(_declared(declarations, name).get("direction", "")),
            declared_unit=str(_declared(declarations, name).get("unit", "")),
            primary=name == primary,
            bounds=(bounds or {}).get(name),
        )
        for name in sorted(names, key=lambda name: name != primary)
    ]


def _declared(declarations: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    declared = declarations.get(name)
    return declared if isinstance(declared, dict) else {}


def _real(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
