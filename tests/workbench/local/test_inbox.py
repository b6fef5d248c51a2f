"""Mail that SNS sends lands in the inbox."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from workbench.local.inbox import Inbox
from workbench.local.inbox_page import page

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import EmbeddedAws


class TestInbox:
    def test_mail_outlives_the_server(self, tmp_path: Path) -> None:
        """
        A message is on disk as soon as it is delivered; half a line at the end is left out.
        """
        path = tmp_path / "inbox.jsonl"
        Inbox(path).deliver("a@example.com", "hello", "text", "arn:topic")
        with path.open("a") as file:
            file.write('{"id": "trunc')

        assert [mail["subject"] for mail in Inbox(path).answer({})] == ["hello"]

    def test_only_new_mail_is_asked_for_by_the_last_known_id(self, tmp_path: Path) -> None:
        """
        A follower passes the id it saw last and gets what came after it.
        """
        inbox = Inbox(tmp_path / "inbox.jsonl")
        for number in range(3):
            inbox.deliver("a@example.com", f"mail {number}", "", "arn:topic")
        first = inbox.answer({})[0]["id"]

        assert [mail["subject"] for mail in inbox.answer({"after": first})] == ["mail 1", "mail 2"]


class TestPage:
    def test_mail_is_shown_as_text_with_links(self) -> None:
        """
        What a mail holds is never markup; its addresses can be followed.
        """
        mail = {
            "at": 0.0,
            "to": "<a>",
            "subject": "<script>",
            "body": "see http://127.0.0.1:1/x?a=1&b=2 <img>",
        }
        text = page([mail])

        assert "<script>" not in text
        assert "<img>" not in text
        assert 'href="http://127.0.0.1:1/x?a=1&amp;b=2"' in text


@pytest.mark.embedded
class TestSubscription:
    def test_filter_policy_chooses_who_gets_the_mail(self, embedded_aws: EmbeddedAws) -> None:
        """
        Each approver gets the message that carries their address as an attribute, and no other.
        """
        sns = embedded_aws.client("sns")
        topic = sns.create_topic(Name="inbox-filter")["TopicArn"]
        for address in ("ann@example.com", "bob@example.com"):
            sns.subscribe(
                TopicArn=topic,
                Protocol="email",
                Endpoint=address,
                Attributes={"FilterPolicy": json.dumps({"recipient": [address]})},
            )
        sns.publish(
            TopicArn=topic,
            Subject="for bob alone",
            Message="please",
            MessageAttributes={"recipient": {"DataType": "String", "StringValue": "bob@example.com"}},
        )

        assert [m["to"] for m in embedded_aws.inbox(subject="for bob alone")] == ["bob@example.com"]
        assert len(embedded_aws.inbox(to="ann@example.com", subject="Subscription Confirmation")) == 1
