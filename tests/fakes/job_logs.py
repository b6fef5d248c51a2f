"""What training jobs wrote, in memory."""

from __future__ import annotations

from typing import Any

from slipway.domain.metric_curves import JobLog, LogLine


class FakeJobLogs:
    """Port ``JobLogs``: a second between two lines; ``trouble`` is raised instead."""

    def __init__(self, *lines: str, trouble: Exception | None = None) -> None:
        self.lines, self.trouble = lines, trouble
        self.asked: list[tuple[str, str]] = []

    def read(self, group: Any, job: Any, *, whole: Any) -> Any:
        self.asked.append((group, job))
        if self.trouble is not None:
            raise self.trouble
        lines = tuple(LogLine(index * 1000, text) for index, text in enumerate(self.lines))
        return JobLog(lines if whole else (), lines[-1:])
