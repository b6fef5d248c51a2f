from __future__ import annotations

from typing import Any

import pytest

from slipway.contracts import events
from slipway.usecases.mail_notice import RecipientsNotToldError, mail_notice
from tests.fakes.approval_room import ANA, BEN, FakeMailer

POLICY: Any = {"recipients": {"*": ["team@example.com"]}, "approvers": {"*": [ANA, BEN]}}
DETAIL = {
    "environment": "prod",
    "release_id": "9f2c41d07b3a55e1",
    "project": "pricing",
    "model": "hotel-rates",
    "version": "1.1.0",
    "decision": "approved",
    "approver": ANA,
    "reason": "good",
}


def tell(mailer: FakeMailer, kind: str = events.APPROVAL_DECIDED) -> list[str]:
    return mail_notice(kind, DETAIL, region="us-east-1", mailer=mailer, policy=POLICY)


class TestMailNotice:
    def test_everybody_gets_one_message(self):
        """
        Recipients and approvers of the project, each by an own message.
        """
        mailer = FakeMailer()

        assert tell(mailer) == ["team@example.com", ANA, BEN]
        assert [recipient for recipient, _, _ in mailer.sent] == ["team@example.com", ANA, BEN]

    def test_one_unreachable_address_does_not_keep_the_others_waiting(self):
        """
        All are tried; then the trouble is raised, so that Lambda tries again.
        """
        mailer = FakeMailer()
        mailer.broken = {"team@example.com"}

        with pytest.raises(RecipientsNotToldError) as raised:
            tell(mailer)

        assert raised.value.recipients == ("team@example.com",)
        assert [recipient for recipient, _, _ in mailer.sent] == [ANA, BEN]

    def test_unknown_kinds_are_passed_over(self):
        """
        The rule may bring events that nobody is told of.
        """
        assert tell(FakeMailer(), "Something Else") == []
