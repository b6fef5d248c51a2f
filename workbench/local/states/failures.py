"""How a state fails, and which names in ``ErrorEquals`` that answers to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from slipway.domain.errors import SlipwayError

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_ERROR: Final = 256
MAX_CAUSE: Final = 32_768

TIMEOUT: Final = "States.Timeout"
HEARTBEAT_TIMEOUT: Final = "States.HeartbeatTimeout"
TASK_FAILED: Final = "States.TaskFailed"
RUNTIME: Final = "States.Runtime"
DATA_LIMIT: Final = "States.DataLimitExceeded"
QUERY: Final = "States.QueryEvaluationError"
NO_CHOICE: Final = "States.NoChoiceMatched"
TOLERANCE: Final = "States.ExceedToleratedFailureThreshold"
INTERRUPTED: Final = "Slipway.Interrupted"

_NEVER_BY_ALL: Final = frozenset({RUNTIME, DATA_LIMIT})


class StateFailedError(SlipwayError):
    """
    A state failed.

    Attributes:
        error: What ``ErrorEquals`` is compared with, at most 256 characters.
        cause: Words or JSON for people, cut at 32,768 characters as in AWS.
        recorded: Whether the history already holds the event of this failure.
    """

    def __init__(self, error: str, cause: str = "", *, recorded: bool = False) -> None:
        super().__init__(f"{error}: {cause}")
        self.error, self.cause, self.recorded = error[:MAX_ERROR], cause[:MAX_CAUSE], recorded

    def output(self) -> dict[str, str]:
        """What a catcher gets as ``$states.errorOutput``."""
        return {"Error": self.error, "Cause": self.cause}


class InvalidDefinitionError(SlipwayError):
    """A state machine's definition can't be run; ``problems`` lists every reason with its place."""

    def __init__(self, problems: Sequence[tuple[str, str, str]]) -> None:
        parts = [f"{code}: {message} at {place or '/'}" for code, message, place in problems]
        super().__init__("Invalid State Machine Definition: '" + "', '".join(parts) + "'")
        self.problems = list(problems)


def matches(error_equals: Sequence[str], error: str) -> bool:
    """
    Whether a retrier or catcher with these names answers to ``error``.

    >>> matches(["States.TaskFailed"], "Lambda.Unknown"), matches(["States.ALL"], "States.Runtime")
    (True, False)
    """
    if error in error_equals:
        return True
    if "States.ALL" in error_equals:
        return error not in _NEVER_BY_ALL
    if error == HEARTBEAT_TIMEOUT and TIMEOUT in error_equals:
        return True
    return TASK_FAILED in error_equals and error not in {TIMEOUT, HEARTBEAT_TIMEOUT, *_NEVER_BY_ALL}
