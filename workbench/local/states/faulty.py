"""What executions meet of the faults that somebody asked for."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from workbench.local.states.failures import TASK_FAILED, StateFailedError

if TYPE_CHECKING:
    from workbench.local.faults import Fault
    from workbench.local.states.definition import State
    from workbench.local.states.interpreter import Interpreter


async def stall(run: Interpreter, state: State) -> None:
    """
    Stand still where that is asked for, until the execution is stopped or the server ends.

    Nothing is written meanwhile: a server that is started again enters the state anew, and goes on.
    """
    if _met("stall", run, state) is None:
        return
    with run.services.faults.keeping(run.execution.start.arn, state.name):
        await asyncio.Event().wait()


def fail_task(run: Interpreter, state: State) -> None:
    """
    Fail a task where that is asked for.

    Raises:
        StateFailedError: In place of what the task would have done.
    """
    if (fault := _met("fail-task", run, state)) is not None:
        raise StateFailedError(fault.error or TASK_FAILED, fault.cause or "a fault was asked for")


def _met(kind: str, run: Interpreter, state: State) -> Fault | None:
    start = run.execution.start
    return run.services.faults.meet(kind, machine=start.machine_name, execution=start.arn, state=state.name)
