"""What people are told of each of the platform's events: one notice, written once for e-mail and chat."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from slipway.contracts import events
from slipway.domain.notices import approvals, endpoints, releases, trials
from slipway.domain.notices.notice import Notice, Tone

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["Notice", "Tone", "notice_of"]


def notice_of(kind: str, detail: Mapping[str, Any], *, region: str) -> Notice | None:
    """
    The notice of one event; None for a kind that nobody is told of.

    Args:
        kind: The event's ``detail-type``: one of ``contracts.events.KINDS``.
        detail: At least ``contracts.events.NoticeDetail``.
        region: Where the event comes from; commands and links name it.
    """
    write = _WRITERS.get(kind)
    return write(detail, region) if write is not None else None


_WRITERS: Final[Mapping[str, Callable[[Mapping[str, Any], str], Notice]]] = {
    events.RELEASE_REFUSED: releases.refused,
    events.RELEASE_STARTED: releases.started,
    events.RELEASE_JUDGED: releases.judged,
    events.APPROVAL_REQUESTED: approvals.requested,
    events.APPROVAL_GIVEN: approvals.given,
    events.APPROVAL_DECIDED: approvals.decided,
    events.ENDPOINT_IN_SERVICE: endpoints.in_service,
    events.ENDPOINT_CHANGED: endpoints.changed,
    events.RELEASE_FAILED: releases.failed,
    events.PACKAGE_SET_BACK: releases.set_back,
    events.VERSION_WITHDRAWN: releases.withdrawn,
    events.ENDPOINT_IDLE: endpoints.idle,
    events.ENDPOINT_ALARM: endpoints.alarm,
    events.TRIAL_STARTED: trials.trial_started,
    events.TRIAL_ENDED: trials.trial_ended,
}
