"""What a metric is: a name, a direction, a unit, the columns that it reads, and its value from rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from slipway.domain.judging.statistic import WHOLE

if TYPE_CHECKING:
    from collections.abc import Callable

    from slipway.domain.judging.difference import Direction, Unit
    from slipway.domain.judging.rows import Side, Task
    from slipway.domain.judging.statistic import Segments, Statistic


@dataclass(frozen=True, slots=True)
class MetricValue:
    """A metric's value, or why it has none."""

    value: float | None
    reason: str = ""


def _nothing(_side: Side) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Metric:
    """
    One metric of one kind of model.

    Attributes:
        name: As a manifest writes it, such as ``f1(0.3)``.
        direction: Which way is better.
        unit: Of its values.
        needs: Columns of a side of which it reads one, the first that is there.
        prepare: From one side's rows to the statistic of any draw of them.
        lack: Why rows that have the column don't define it; empty if they do.
    """

    name: str
    task: Task
    direction: Direction
    unit: Unit
    needs: tuple[str, ...]
    prepare: Callable[[Side, Segments], Statistic]
    lack: Callable[[Side], str] = _nothing

    def missing(self, side: Side) -> str:
        """Why the metric can't be computed from a side's rows; empty if it can."""
        if side.task != self.task:
            return f"{self.name} is a metric of {self.task} models, and the rows are of {side.task}"
        if not any(side.has(column) for column in self.needs):
            columns = " or ".join(name.replace("class_scores", "score:<class>") for name in self.needs)
            return f"{self.name} needs the column {columns}"
        problem = self.lack(side)
        return f"{self.name} is not defined: {problem}" if problem else ""

    def of(self, side: Side) -> MetricValue:
        """The value over all rows."""
        problem = self.missing(side)
        if problem:
            return MetricValue(None, problem)
        once = np.ones((1, len(side)), dtype=np.uint8)
        value = float(self.prepare(side, WHOLE).values(once)[0, 0])
        if not np.isfinite(value):
            return MetricValue(None, f"{self.name} is not defined on these rows")
        return MetricValue(value)

    @property
    def sign(self) -> int:
        """What turns a difference into a gain: 1 where more is better, else -1."""
        return 1 if self.direction == "maximize" else -1
