"""What one side measured: the ``evaluation.json`` of a model image, read with suspicion."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeGuard

from slipway.domain.texts import TooLarge

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

MAX_METRICS: Final = 200
"""Both sides' metrics travel in the release's document, which Step Functions limits to 256 KiB."""
MAX_METRIC_NAME: Final = 255
"""UTF-8 bytes."""
_NAMED: Final = 8
"""As many names does a reason list."""
_SHOWN: Final = 64
"""As many characters of each."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """
    One side's report.

    Attributes:
        metrics: Finite ones only.
        not_finite: Names of metrics that were NaN, infinite, or no number at all.
        problem: Why there is no report; empty when there is one.
    """

    metrics: Mapping[str, float] = field(default_factory=dict)
    not_finite: tuple[str, ...] = ()
    rows: int = 0
    slices: Mapping[str, Mapping[str, Mapping[str, float]]] = field(default_factory=dict)
    plots: tuple[str, ...] = ()
    seconds: float | None = None
    problem: str = ""

    @classmethod
    def read(cls, text: str | TooLarge | None, uri: str) -> Measurement:
        """
        A report's text as a measurement; a report that can't be used becomes one with a ``problem``.

        >>> Measurement.read('{"metrics": {"mae": 31.2, "r2": NaN}, "rows": 12}', "s3://b/evaluation.json").not_finite
        ('r2',)
        """
        if text is None:
            return cls(problem=f"evaluate wrote no {uri}")
        if isinstance(text, TooLarge):
            return cls(problem=f"{uri} is too large: {text}")
        try:
            document = json.loads(text)
        except ValueError as error:
            return cls(problem=f"{uri} is not JSON: {error}")
        if not isinstance(document, dict) or not isinstance(document.get("metrics"), dict):
            return cls(problem=f"{uri} holds no object 'metrics'")
        reported = document["metrics"]
        problem = _too_much(reported, uri)
        if problem:
            return cls(problem=problem)
        finite = {name: float(value) for name, value in reported.items() if _is_finite(value)}
        seconds = document.get("seconds")
        rows = document.get("rows")
        return cls(
            metrics=finite,
            not_finite=tuple(name for name in reported if name not in finite),
            rows=rows if isinstance(rows, int) else 0,
            slices=_slices(document.get("slices")),
            plots=_names(document.get("plots")),
            seconds=float(seconds) if _is_finite(seconds) else None,
        )

    def missing(self, wanted: Collection[str]) -> list[str]:
        """Wanted metrics that were not reported, and reported ones that are no numbers."""
        absent = [name for name in wanted if name not in self.metrics and name not in self.not_finite]
        return [*self.not_finite, *absent]

    def lack(self, metric: str) -> str:
        """
        Why a metric has no value.

        >>> Measurement({"loss": 0.1, "f1": 0.8}).lack("auc")
        'auc was not reported; reported: f1, loss'
        """
        if self.problem:
            return self.problem
        if metric in self.not_finite:
            return f"{metric} is not a finite number"
        return f"{metric} was not reported; reported: {listed(self.metrics) or 'nothing'}"


def number(value: float) -> str:
    """
    Six significant digits, without trailing zeros.

    >>> number(31.204567), number(60.0)
    ('31.2046', '60')
    """
    return f"{value:.6g}"


def listed(names: Collection[str]) -> str:
    """
    Names in a sentence: the first few in their order, and how many more there are.

    >>> listed([f"m{n}" for n in range(11)])
    'm0, m1, m10, m2, m3, m4, m5, m6 and 3 more'
    """
    shown = [name if len(name) <= _SHOWN else f"{name[: _SHOWN - 1]}…" for name in sorted(names)[:_NAMED]]
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return ", ".join(shown) + more


def _too_much(reported: Mapping[str, Any], uri: str) -> str:
    """Why a report has more in its metrics than a release can carry; empty: it has not."""
    if len(reported) > MAX_METRICS:
        return (
            f"{uri} holds {len(reported):,} metrics, and at most {MAX_METRICS} are allowed: report those "
            "that gates and people look at, and put others into slices or plots"
        )
    for name in reported:
        length = len(name.encode("utf-8", "replace"))
        if length > MAX_METRIC_NAME:
            return (
                f"{uri} holds a metric whose name has {length:,} bytes, and at most {MAX_METRIC_NAME} are "
                f"allowed: {listed([name])}"
            )
    return ""


def _is_finite(value: Any) -> TypeGuard[float]:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number that no float can hold
        return False


def _names(document: Any) -> tuple[str, ...]:
    return tuple(str(name) for name in document) if isinstance(document, list) else ()


def _slices(document: Any) -> dict[str, dict[str, dict[str, float]]]:
    if not isinstance(document, dict):
        return {}
    return {
        str(column): {
            str(value): {str(name): float(number) for name, number in metrics.items() if _is_finite(number)}
            for value, metrics in values.items()
            if isinstance(metrics, dict)
        }
        for column, values in document.items()
        if isinstance(values, dict)
    }
