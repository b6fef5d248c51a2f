"""Calls of endpoints, in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime


class FakeTraffic:
    """Port ``Traffic``."""

    def __init__(self) -> None:
        self.calls: dict[str, datetime] = {}
        """Endpoint to its last call."""

    def called_at(self, endpoint: Any, variants: Any, since: Any, until: Any) -> Any:
        last = self.calls.get(endpoint)
        return last if last is not None and variants and since <= last <= until else None
