"""Tells a chat channel of one of the platform's events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from slipway.domain.notice_blocks import slack_message
from slipway.domain.notices import notice_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slipway.usecases.ports import ChatChannel


def slack_notice(
    kind: str, detail: Mapping[str, Any], *, region: str, chat: ChatChannel, buttons: bool = False
) -> bool:
    """
    Post one message; with ``buttons``, one that asks for a decision has those.

    Returns:
        False when no channel is configured, or nobody is told of this kind.

    Raises:
        ChatNotReachedError: Lambda tries again.
    """
    notice = notice_of(kind, detail, region=region)
    return notice is not None and chat.post(slack_message(notice, buttons=buttons))
