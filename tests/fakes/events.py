"""An event bus that keeps what it is told."""

from __future__ import annotations

from typing import Any


class FakeEvents:
    """Port ``EventBus``."""

    def __init__(self) -> None:
        self.emitted: list[tuple[str, dict[str, Any]]] = []
        self.trouble: Exception | None = None
        """Raised instead of taking an event, until it is None again."""

    def emit(self, kind: Any, detail: Any) -> Any:
        if self.trouble is not None:
            raise self.trouble
        self.emitted.append((kind, dict(detail)))

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The details of one kind."""
        return [detail for emitted, detail in self.emitted if emitted == kind]


class FakePlanner:
    """Port ``ReleasePlanner``."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, str]] = []

    def ask(self, repository: Any, tag: Any, *, cause: Any) -> Any:
        self.asked.append((repository, tag, cause))
