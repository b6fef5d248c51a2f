"""What tells people and machines what happened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping


class Mailer(Protocol):
    """Plain-text e-mail to subscribed addresses."""

    def send(self, recipient: str, subject: str, text: str) -> None: ...


class ChatChannel(Protocol):
    """One chat channel."""

    def post(self, message: Mapping[str, Any]) -> bool:
        """False when no channel is configured; ChatNotReachedError when it did not take the message."""


class ChatReplies(Protocol):
    """Answers to who pressed a button in chat."""

    def reply(self, url: str, text: str) -> bool:
        """Seen by that person alone; False when the URL is not chat's own."""


class EventBus(Protocol):
    """Where the platform's own events go."""

    def emit(self, kind: str, detail: Mapping[str, Any]) -> None:
        """Raises EventNotAcceptedError."""
