"""When a Wait state ends."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from workbench.local.states import jsonpath
from workbench.local.states.documents import from_iso, to_text
from workbench.local.states.failures import QUERY, RUNTIME, StateFailedError

if TYPE_CHECKING:
    from workbench.local.states.definition import State
    from workbench.local.states.frames import Frame
    from workbench.local.states.interpreter import Interpreter


def wait_end(run: Interpreter, state: State, frame: Frame) -> float:
    """
    Seconds since the epoch.

    Raises:
        StateFailedError: The state's time is no time.
    """
    wrong = QUERY if state.jsonata else RUNTIME
    seconds = number_field(run, state, frame, "Seconds")
    if seconds is not None:
        if not float(seconds).is_integer() or seconds < 0:
            raise StateFailedError(wrong, f"Seconds must be a whole number, 0 or above, but was: {seconds}")
        return time.time() + seconds
    stamp = value_of(run, state, frame, "Timestamp")
    try:
        return from_iso(stamp)
    except (TypeError, ValueError):
        raise StateFailedError(
            wrong, f"The Timestamp field is no ISO-8601 extended offset date-time: {to_text(stamp)}"
        ) from None


def number_field(run: Interpreter, state: State, frame: Frame, name: str) -> float | None:
    """
    A field that is a number, an expression or (with ``Path``) a path; None: the state has none.

    Raises:
        StateFailedError: It is no number.
    """
    value = value_of(run, state, frame, name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise StateFailedError(
            QUERY if state.jsonata else RUNTIME,
            f"The {name} field must be a number but was: {to_text(value)}",
        )
    return value


def value_of(run: Interpreter, state: State, frame: Frame, name: str) -> Any:
    """A field's value, evaluated in the state's query language; None: the state has no such field."""
    path = state.raw.get(f"{name}Path")
    if path is not None and not state.jsonata:
        return jsonpath.at(path, frame.input, run.context(frame))
    template = state.field(name)
    if template is None:
        return None
    return template.evaluate(run.bindings(frame)) if state.jsonata else state.raw[name]
