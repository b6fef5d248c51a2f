"""Where the settings name a Slack secret, the channel hears of everything that people are told of."""

from __future__ import annotations

import json

import pytest

from tests.endtoend.slack_clicks import press

pytestmark = pytest.mark.endtoend

PROJECT = "chatting"


def headlines(slack, version):
    """Of the messages about a version, in the order of their arrival."""
    shown = [
        message["blocks"][0]["text"]["text"] for _, _, message in list(slack.posts) if "blocks" in message
    ]
    start = f"[local] {PROJECT}/tiny {version}: "
    return [headline.removeprefix(start) for headline in shown if headline.startswith(start)]


@pytest.fixture(scope="module")
def told(complete_laptop, slack):
    """1.0.0 is approved and serves; 1.1.0 fails when it trains. Waits for a message of each kind."""
    laptop = complete_laptop
    laptop.put_numbers(PROJECT)
    first = laptop.deployed(laptop.model(PROJECT), "1.0.0")
    failing = laptop.model(PROJECT)
    (failing / "train").write_text("#!/bin/sh\necho no rooms left >&2\nexit 3\n")
    laptop.push(failing, "1.1.0")
    second = laptop.reach(laptop.release(f"{PROJECT}/tiny:1.1.0"), "failed")
    laptop.wait_for(lambda: "in service" in headlines(slack, "1.0.0"), "the last message of 1.0.0")
    laptop.wait_for(
        lambda: [one for one in headlines(slack, "1.1.0") if one.startswith("failed")], "a failure's message"
    )
    return first, second


class TestSlack:
    @pytest.mark.parametrize(
        "headline",
        [
            "accepted, waits for approval",
            "approval wanted",
            "approved by approver@example.com",
            "in service",
        ],
    )
    def test_each_turn_of_a_release_is_posted(self, slack, told, headline):
        """
        Judged, approval wanted, decided, in service: one message each.
        """
        assert headlines(slack, "1.0.0").count(headline) == 1

    def test_a_failure_says_step_cause_and_next_action(self, slack, told):
        """
        Who reads the channel knows what to do without looking elsewhere.
        """
        _, release = told
        (message,) = [
            message
            for _, _, message in slack.posts
            if message["blocks"][0]["text"]["text"].startswith(
                f"[local] {PROJECT}/tiny 1.1.0: failed at Train"
            )
        ]
        blocks = json.dumps(message["blocks"])

        assert "exit code 3" in blocks.lower()
        assert "What to do next" in blocks
        assert release["release_id"] in blocks

    def test_messages_are_slack_s(self, slack, told):
        """
        Each has a text for notifications and blocks, and is posted as JSON to the secret's URL.
        """
        for path, headers, message in slack.posts:
            assert path == "/services/T0/B0/secret?x=1"
            assert headers["content-type"].startswith("application/json")
            assert message["text"]
            assert 2 <= len(message["blocks"]) <= 50
            assert message["blocks"][0]["type"] == "header"

    def test_the_channel_never_sees_a_link_that_decides(self, slack, told):
        """
        Approval links are personal: they go by mail, to one approver each.
        """
        assert "/approvals/" not in json.dumps([message for _, _, message in slack.posts])

    def test_the_webhook_s_url_is_in_no_log(self, complete_laptop, slack, told):
        """
        The URL is the secret.
        """
        logs = complete_laptop.aws.client("logs")
        lines = [
            event["message"]
            for page in logs.get_paginator("describe_log_groups").paginate()
            for group in page["logGroups"]
            if "SlackNotice" in group["logGroupName"]
            for event in logs.filter_log_events(logGroupName=group["logGroupName"])["events"]
        ]

        assert lines
        assert not [line for line in lines if "T0/B0" in line]


class TestButtons:
    def test_a_release_is_decided_in_the_channel(self, complete_laptop, slack, told):
        """
        A forged click is refused, a rejection without a reason asks for one, and then it counts once.
        """
        laptop = complete_laptop
        laptop.push(laptop.model(PROJECT), "1.2.0")
        release = laptop.reach(laptop.release(f"{PROJECT}/tiny:1.2.0"), "awaiting-approval")
        laptop.wait_for(lambda: "approval wanted" in headlines(slack, "1.2.0"), "the message with buttons")
        (posted,) = [
            message
            for _, _, message in list(slack.posts)
            if "blocks" in message
            and message["blocks"][0]["text"]["text"].endswith("tiny 1.2.0: approval wanted")
        ]

        assert press(laptop, posted, "approved", secret="guessed") == 401
        assert press(laptop, posted, "rejected", answer_at=slack.url) == 200
        assert laptop.ledger.get_approval(release["release_id"])["status"] == "pending"
        assert press(laptop, posted, "rejected", reason="not in Ulm", answer_at=slack.url) == 200

        laptop.reach(release, "rejected")
        record = laptop.ledger.get_approval(release["release_id"])
        assert (record["decided_by"], record["user_agent"]) == ("approver@example.com", "Slack (UAPPROVER)")
        answers = [message["text"] for _, _, message in list(slack.posts) if "blocks" not in message]
        assert "Say why" in answers[0]
        assert answers[1].startswith("approver@example.com rejected this release")
