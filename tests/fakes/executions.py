"""State machines in memory: they start, and end when a test says so."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from typing import Any

from slipway.domain.execution import Execution, ExecutionSummary, StartedExecution
from slipway.domain.timestamps import timestamp


class FakeExecutions:
    """Port ``Executions``."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.by_arn: dict[str, Execution] = {}
        self.histories: dict[str, list[dict[str, Any]]] = {}
        self.starts = 0
        self.failing: Exception | None = None
        """Raised by the next start."""

    def start(self, machine_arn: Any, name: Any, document: Any) -> Any:
        with self.lock:
            if self.failing is not None:
                error, self.failing = self.failing, None
                raise error
            arn = f"{machine_arn.replace(':stateMachine:', ':execution:')}:{name}"
            already = arn in self.by_arn
            if not already:
                self.starts += 1
                self.by_arn[arn] = Execution(
                    arn,
                    name,
                    machine_arn,
                    "RUNNING",
                    json.loads(document),
                    "2026-11-22T03:00:00.000Z",
                    "",
                    {},
                    "",
                    "",
                )
            return StartedExecution(arn, already=already)

    def end(self, arn: str, status: Any, *, at: str = "2026-11-22T04:00:00.000Z", **values: Any) -> None:
        """Let an execution end."""
        self.by_arn[arn] = replace(self.by_arn[arn], status=status, ended_at=at, **values)

    def redrive(self, arn: str, *, at: str) -> None:
        """Let an ended execution run again."""
        self.by_arn[arn] = replace(self.by_arn[arn], status="RUNNING", ended_at="", redriven_at=at)

    def describe(self, execution_arn: Any) -> Any:
        return self.by_arn.get(execution_arn)

    def history(self, execution_arn: Any) -> Any:
        return self.histories.get(execution_arn, [])

    def whole_history(self, execution_arn: Any) -> Any:
        return self.history(execution_arn)[::-1]

    def since(self, machine_arn: Any, moment: Any) -> Any:
        begun = sorted(
            (one for one in self.by_arn.values() if one.machine_arn == machine_arn),
            key=lambda one: one.started_at,
            reverse=True,
        )
        return iter(
            ExecutionSummary(one.arn, one.name, one.status, one.started_at, one.ended_at, one.redriven_at)
            for one in begun
            if one.started_at > timestamp(moment)
        )
