"""Retry and Catch around what Task, Parallel and Map states do."""

from __future__ import annotations

import asyncio
import random
import time
from typing import TYPE_CHECKING, Any

from workbench.local.states import jsonpath
from workbench.local.states.failures import QUERY, StateFailedError, matches

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from workbench.local.states.definition import Catcher, Retrier, State
    from workbench.local.states.frames import Frame
    from workbench.local.states.interpreter import Interpreter

    Work = Callable[[Interpreter, State, Frame], Awaitable[Any]]
    Left = tuple[str | None, Any, dict[str, Any]]
    """The next state, its input, and the variables assigned."""


async def attempts(run: Interpreter, state: State, frame: Frame, work: Work) -> Left:
    """
    Work until it succeeds, is caught, or fails for good.

    Raises:
        StateFailedError: Nothing caught it.
    """
    while True:
        if frame.phase == "backoff":
            await asyncio.sleep(max(0.0, (frame.until or 0) - time.time()))
            frame.phase, frame.until = "ready", None
        try:
            result = await work(run, state, frame)
            return _succeeded(run, state, frame, result)
        except StateFailedError as failure:
            _note(run, state, frame, failure)
            run.execution.drop((*frame.path, state.name)) if _leaves(state, frame, failure) else None
            delay = retry_delay(state.retriers, frame, failure.error)
            if delay is not None:
                frame.retry_count += 1
                frame.nonce, frame.request, frame.submitted, frame.deadline = "", None, None, None
                frame.phase, frame.until = "backoff", time.time() + delay
                run.execution.save(frame)
                continue
            for catcher in state.catchers:
                if matches(catcher.errors, failure.error):
                    return _caught(run, state, frame, catcher, failure)
            raise


def retry_delay(retriers: list[Retrier], frame: Frame, error: str) -> float | None:
    """
    Seconds until the next attempt; None: no retrier answers, or the one that does is exhausted.

    Counts the answer in ``frame.attempts``.
    """
    for index, retrier in enumerate(retriers):
        if not matches(retrier.errors, error):
            continue
        if not frame.attempts:
            frame.attempts = [0] * len(retriers)
        made = frame.attempts[index]
        if made >= retrier.max_attempts:
            return None
        frame.attempts[index] = made + 1
        delay = retrier.interval * retrier.backoff**made
        if retrier.max_delay is not None:
            delay = min(delay, retrier.max_delay)
        return random.uniform(0, delay) if retrier.jitter else delay  # noqa: S311 - a delay is no secret
    return None


def _leaves(state: State, frame: Frame, failure: StateFailedError) -> bool:
    """Whether the children's positions are no longer wanted: a retry or catch follows."""
    if not state.graphs:
        return False
    retried = any(
        matches(each.errors, failure.error)
        and (frame.attempts[index] if frame.attempts else 0) < each.max_attempts
        for index, each in enumerate(state.retriers)
    )
    return retried or any(matches(each.errors, failure.error) for each in state.catchers)


def _succeeded(run: Interpreter, state: State, frame: Frame, result: Any) -> Left:
    if not state.jsonata:
        return state.next, jsonpath.effective_output(state.raw, frame.input, result, run.context(frame)), {}
    document, assigned = run.leave(state.output, state.assign, frame, default=result, result=result)
    return state.next, document, assigned


def _caught(
    run: Interpreter, state: State, frame: Frame, catcher: Catcher, failure: StateFailedError
) -> Left:
    error = failure.output()
    if not state.jsonata:
        return catcher.next, jsonpath.caught(catcher.result_path, frame.input, error), {}
    document, assigned = run.leave(catcher.output, catcher.assign, frame, default=error, errorOutput=error)
    return catcher.next, document, assigned


def _note(run: Interpreter, state: State, frame: Frame, failure: StateFailedError) -> None:
    """The history's event of a failure that the work itself has not written."""
    if failure.recorded:
        return
    if failure.error == QUERY:
        run.execution.record(
            "EvaluationFailed",
            {"state": state.name, "error": failure.error, "cause": failure.cause},
            frame=frame,
        )
    failure.recorded = True
