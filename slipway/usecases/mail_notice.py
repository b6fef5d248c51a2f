"""Tells a project's people of one of the platform's events by e-mail."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

from slipway.domain.errors import SlipwayError
from slipway.domain.notice_mail import notice_subject, notice_text, recipients_of
from slipway.domain.notices import notice_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from slipway.contracts.policy import Policy
    from slipway.usecases.ports import Mailer

_log: Final = logging.getLogger(__name__)


class RecipientsNotToldError(SlipwayError):
    """Some recipients could not be told; Lambda tries the whole notice again."""

    def __init__(self, kind: str, release_id: str, recipients: Sequence[str], cause: str) -> None:
        super().__init__(
            f"{kind} of release {release_id}: {len(recipients)} recipients could not be told: {cause}; "
            "it is tried again, then left in the dead-letter queue"
        )
        self.kind, self.release_id, self.recipients = kind, release_id, tuple(recipients)


def mail_notice(
    kind: str, detail: Mapping[str, Any], *, region: str, mailer: Mailer, policy: Policy
) -> list[str]:
    """
    Send one message per recipient.

    Args:
        kind: The event's ``detail-type``.
        detail: The event's ``detail``.
        region: The event's ``region``.
        mailer: Sends.
        policy: Who is told, by project.

    Returns:
        Who was told.

    Raises:
        RecipientsNotToldError: After all have been tried, if any could not be.
    """
    notice = notice_of(kind, detail, region=region)
    if notice is None:
        return []
    told, failed, cause = [], [], ""
    usual = recipients_of(policy, kind, str(detail.get("project", "")))
    # a second list may have been asked as well
    for recipient in dict.fromkeys((*usual, *map(str, detail.get("asked", ())))):
        try:
            mailer.send(recipient, notice_subject(notice), notice_text(notice))
            told.append(recipient)
        except Exception as error:  # noqa: BLE001 - the others are told all the same; raised below
            _log.exception("recipient not told", extra={"kind": kind, "release_id": notice.release_id})
            failed.append(recipient)
            cause = f"{type(error).__name__}: {error}"
    if failed:
        raise RecipientsNotToldError(kind, notice.release_id, failed, cause)
    return told
