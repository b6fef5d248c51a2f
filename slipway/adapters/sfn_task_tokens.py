"""Executions that wait with a task token."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_NOBODY_WAITS: Final = ("TaskTimedOut", "TaskDoesNotExist", "InvalidToken")


class StepFunctionsTaskTokens:
    """Port ``TaskTokens``."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def succeed(self, token: str, output: Mapping[str, Any]) -> bool:
        if not token:
            return False
        try:
            self._client.send_task_success(taskToken=token, output=json.dumps(output))
        except Exception as error:
            response: Any = getattr(error, "response", {})
            if response.get("Error", {}).get("Code") in _NOBODY_WAITS:
                return False
            raise
        return True
