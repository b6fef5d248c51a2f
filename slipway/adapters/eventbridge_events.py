"""The platform's own events on EventBridge's default bus."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from slipway.contracts.events import SOURCE
from slipway.domain.errors import EventNotAcceptedError

if TYPE_CHECKING:
    from collections.abc import Mapping


class EventBridgeEvents:
    """Port ``EventBus``; every detail gets the environment's name."""

    def __init__(self, client: Any, environment: str) -> None:
        self._client = client
        self._environment = environment

    def emit(self, kind: str, detail: Mapping[str, Any]) -> None:
        document = json.dumps({"environment": self._environment, **detail}, separators=(",", ":"))
        answer = self._client.put_events(Entries=[{"Source": SOURCE, "DetailType": kind, "Detail": document}])
        # PutEvents answers 200 and tells of each entry apart
        for entry in answer["Entries"]:
            if "ErrorCode" in entry:
                raise EventNotAcceptedError(kind, entry["ErrorCode"], entry.get("ErrorMessage", ""))
