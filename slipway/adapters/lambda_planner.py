"""Asks the function ``plan_release``, which answers to nobody but its own log."""

from __future__ import annotations

import json
from typing import Any


class LambdaPlanner:
    """Port ``ReleasePlanner``."""

    def __init__(self, client: Any, function_arn: str) -> None:
        self._client = client
        self._function_arn = function_arn

    def ask(self, repository: str, tag: str, *, cause: str) -> None:
        request = json.dumps({"cause": cause, "repository": repository, "tag": tag})
        self._client.invoke(FunctionName=self._function_arn, InvocationType="Event", Payload=request.encode())
