"""From a job's log to the curves of its metrics, by the regular expressions of its own request."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

MAX_POINTS: Final = 200
"""Of one curve."""
MAX_POINTS_IN_ALL: Final = 4000
"""Of a job's curves together: a node is at most 300 KB."""
LAST_LINES: Final = 20
MAX_LINE: Final = 500
"""Characters of a line that are kept."""


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of a log: milliseconds since 1970, and its text."""

    at: int
    text: str


@dataclass(frozen=True, slots=True)
class JobLog:
    """
    What a job wrote.

    Attributes:
        lines: In order; of a very long log only the first ones.
        last: Its very last lines.
    """

    lines: tuple[LogLine, ...] = ()
    last: tuple[LogLine, ...] = ()

    def ending(self) -> list[str]:
        """The last lines that say something."""
        said = [line.text.rstrip()[:MAX_LINE] for line in self.last if line.text.strip()]
        return said[-LAST_LINES:]


def curves_of(
    lines: Iterable[LogLine], definitions: Sequence[Mapping[str, Any]], *, began: int
) -> dict[str, list[list[float]]]:
    """
    Metric to ``[seconds since the job began, value]``, at most 200 points each.

    Args:
        lines: Of the job's log.
        definitions: ``MetricDefinitions`` of its request; SageMaker looks at each line in the same way.
        began: Milliseconds since 1970.
    """
    expressions = [(one["Name"], compiled) for one in definitions if (compiled := _compiled(one["Regex"]))]
    found: dict[str, list[list[float]]] = {}
    for line in lines:
        for name, expression in expressions:
            for match in expression.finditer(line.text):
                value = _number(match)
                if value is not None:
                    found.setdefault(name, []).append([max(line.at - began, 0) / 1000, value])
    most = min(MAX_POINTS, MAX_POINTS_IN_ALL // max(len(found), 1))
    return {name: thinned(points, most) for name, points in sorted(found.items())}


def thinned(points: list[list[float]], most: int = MAX_POINTS) -> list[list[float]]:
    """
    At most so many of them, evenly spread; the first and the last are kept.

    >>> thinned([[0, 1.0], [1, 2.0], [2, 3.0], [3, 4.0], [4, 5.0]], 3)
    [[0, 1.0], [2, 3.0], [4, 5.0]]
    """
    if len(points) <= most:
        return points
    step = (len(points) - 1) / (most - 1)
    return [points[round(index * step)] for index in range(most)]


def _compiled(expression: str) -> re.Pattern[str] | None:
    try:
        return re.compile(expression)
    except re.error:  # SageMaker's dialect is another one; a curve is lost, not the node
        return None


def _number(match: re.Match[str]) -> float | None:
    try:
        value = float(match.group(1))
    except (IndexError, TypeError, ValueError):
        return None
    return value if math.isfinite(value) else None  # JSON knows no NaN
