"""Parallel and Map: children that run side by side, each with its own frame."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.local.states import jsonpath
from workbench.local.states.documents import to_text
from workbench.local.states.failures import QUERY, RUNTIME, TOLERANCE, StateFailedError
from workbench.local.states.frames import Frame
from workbench.local.states.waiting import number_field

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workbench.local.states.definition import Graph, State
    from workbench.local.states.interpreter import Interpreter


@dataclass(frozen=True, slots=True)
class Child:
    """What one branch or iteration begins with."""

    graph: Graph
    input: Any
    item: dict[str, Any] | None = None


async def fan_out(run: Interpreter, state: State, frame: Frame) -> list[Any]:
    """
    Run all children; the results in their order.

    Children that have ended keep their results, and those under way go on where they
    stand: after a restart and after a redrive alike.

    Raises:
        StateFailedError: A child's failure, or States.ExceedToleratedFailureThreshold.
    """
    children = _branches(run, state, frame) if state.type == "Parallel" else _iterations(run, state, frame)
    started = {"length": len(children)} if state.type == "Map" else None
    if frame.phase != "forked":
        run.execution.record(f"{state.type}StateStarted", started, frame=frame)
        frame.phase = "forked"
        run.execution.save(frame)
    frames = [_frame(run, state, frame, index, child) for index, child in enumerate(children)]
    limit = number_field(run, state, frame, "MaxConcurrency") if state.type == "Map" else None
    tolerated = _tolerated(run, state, frame, len(children))
    try:
        results = await _run_all(run, state, children, frames, limit=int(limit or 0), tolerated=tolerated)
    except StateFailedError:
        run.execution.record(f"{state.type}StateFailed", None, frame=frame)
        raise
    frame.last_event = max([frame.last_event, *(each.last_event for each in frames)])
    run.execution.drop((*frame.path, state.name))
    run.execution.record(f"{state.type}StateSucceeded", None, frame=frame)
    return results


def _branches(run: Interpreter, state: State, frame: Frame) -> list[Child]:
    if not state.jsonata:
        document = jsonpath.effective_input(state.raw, frame.input, run.context(frame))
    elif state.arguments is None:
        document = frame.input
    else:
        document = state.arguments.evaluate(run.bindings(frame))
    return [Child(graph, document) for graph in state.graphs]


def _iterations(run: Interpreter, state: State, frame: Frame) -> list[Child]:
    items = _items(run, state, frame)
    selector = state.field("ItemSelector") or state.field("Parameters")
    children = []
    for index, value in enumerate(items):
        item = {"Index": index, "Value": value}
        document = value
        if selector is not None:
            seen = run.context(frame) | {"Map": {"Item": item}}
            if state.jsonata:
                bindings = run.bindings(frame)
                bindings["states"] = bindings["states"] | {"context": seen}
                document = selector.evaluate(bindings)
            else:
                raw = state.raw.get("ItemSelector") or state.raw["Parameters"]
                document = jsonpath.filled(raw, frame.input, seen)
        children.append(Child(state.graphs[0], document, item))
    return children


def _items(run: Interpreter, state: State, frame: Frame) -> list[Any]:
    if state.jsonata:
        template = state.field("Items")
        items = frame.input if template is None else template.evaluate(run.bindings(frame))
    else:
        context = run.context(frame)
        document = jsonpath.only_input_path(state.raw, frame.input, context)
        items = jsonpath.at(state.raw.get("ItemsPath", "$"), document, context)
    if not isinstance(items, list):
        wrong = QUERY if state.jsonata else RUNTIME
        raise StateFailedError(
            wrong, f"Map state '{state.name}' needs an array but got: {to_text(items)[:200]}"
        )
    return items


def _frame(run: Interpreter, state: State, frame: Frame, index: int, child: Child) -> Frame:
    path = (*frame.path, state.name, str(index))
    found = run.execution.frames.get(path)
    if found is None:
        found = Frame(
            path,
            child.graph.start_at,
            child.input,
            variables=dict(frame.variables),
            item=child.item or frame.item,
            last_event=frame.last_event,
        )
        run.execution.frames[path] = found
    return found


def _tolerated(run: Interpreter, state: State, frame: Frame, length: int) -> int:
    if state.type == "Parallel":
        return 0
    count = number_field(run, state, frame, "ToleratedFailureCount")
    share = number_field(run, state, frame, "ToleratedFailurePercentage")
    return max(int(count or 0), math.floor(length * (share or 0) / 100))


async def _run_all(
    run: Interpreter,
    state: State,
    children: Sequence[Child],
    frames: Sequence[Frame],
    *,
    limit: int,
    tolerated: int,
) -> list[Any]:
    gate = asyncio.Semaphore(limit) if 0 < limit < len(children) else None
    tasks = {
        asyncio.create_task(_run_child(run, state, child, frame, gate)): index
        for index, (child, frame) in enumerate(zip(children, frames, strict=True))
        if frame.phase != "done"
    }
    failures = 0
    pending = set(tasks)
    try:
        while pending:
            done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            for task in sorted(done, key=tasks.__getitem__):
                failure = task.exception()
                if failure is None:
                    continue
                failures += 1
                if failures > tolerated or not isinstance(failure, StateFailedError):
                    raise _over(failure, tolerated)
    finally:
        for task in pending:
            task.cancel()
        if pending:
            await asyncio.gather(*pending, return_exceptions=True)
    return [frame.output for frame in frames if frame.phase == "done"]


def _over(failure: BaseException, tolerated: int) -> BaseException:
    if tolerated and isinstance(failure, StateFailedError):
        return StateFailedError(
            TOLERANCE,
            f"More than {tolerated} iterations failed; the last with {failure.error}: {failure.cause}",
            recorded=True,
        )
    return failure


async def _run_child(
    run: Interpreter, state: State, child: Child, frame: Frame, gate: asyncio.Semaphore | None
) -> None:
    if gate is not None:
        async with gate:
            await _run_child(run, state, child, frame, None)
        return
    if state.type != "Map":
        await run.run(child.graph, frame)
        run.execution.save(frame)
        return
    about = {"name": state.name, "index": int(frame.path[-1])}
    if frame.phase == "enter" and frame.state == child.graph.start_at:
        run.execution.record("MapIterationStarted", about, frame=frame)
    try:
        await run.run(child.graph, frame)
    except StateFailedError:
        run.execution.record("MapIterationFailed", about, frame=frame)
        raise
    except asyncio.CancelledError:
        run.execution.record("MapIterationAborted", about, frame=frame)
        raise
    run.execution.record("MapIterationSucceeded", about, frame=frame)
    run.execution.save(frame)
