"""A button in Slack decides by the same rules and leaves the same record as a link."""

from __future__ import annotations

import json
from typing import Any

import pytest

from slipway.contracts.events import APPROVAL_REQUESTED
from slipway.domain.notice_blocks import slack_message
from slipway.domain.notices import notice_of
from slipway.domain.slack_click import click_of
from slipway.usecases.decide_in_slack import decide_in_slack
from tests.fakes.approval_room import ANA, BEN, FOLDER, RELEASE, ApprovalRoom

PEOPLE = {"UANA": ANA, "UBEN": BEN, "UEVE": "eve@example.com"}


def message(room: ApprovalRoom) -> Any:
    """The newest request for approval as it stands in the channel."""
    details = [detail for kind, detail in room.events.emitted if kind == APPROVAL_REQUESTED]
    return slack_message(notice_of(APPROVAL_REQUESTED, details[-1], region="r"), buttons=True)


def payload(posted: Any, user: str, decision: str, reason: str = "") -> Any:
    """What Slack sends when somebody presses a button of it."""
    (actions,) = [block for block in posted["blocks"] if block["type"] == "actions"]
    (field,) = [block for block in posted["blocks"] if block["type"] == "input"]
    button = next(one for one in actions["elements"] if one["action_id"].endswith(decision))
    typed = {field["element"]["action_id"]: {"type": "plain_text_input", "value": reason or None}}
    return {
        "type": "block_actions",
        "user": {"id": user, "username": "ana"},
        "actions": [{"action_id": button["action_id"], "value": button["value"], "type": "button"}],
        "state": {"values": {field["block_id"]: typed}},
        "response_url": "https://hooks.slack.com/actions/T0/1/x",
    }


def press(
    room: ApprovalRoom, user: str = "UANA", decision: str = "approved", reason: str = "", posted: Any = None
) -> str:
    click = click_of(payload(posted or message(room), user, decision, reason))
    assert click is not None
    return decide_in_slack(
        click,
        people=PEOPLE,
        ledger=room.ledger,
        approvers=room.approvers,
        rules=room.rules,
        reports=room.reports,
        tokens=room.tokens,
        registry=room.packages,  # type: ignore[arg-type] - the part that is used
        events=room.events,
        now=room.now,
        source_ip="192.0.2.7",
    )


@pytest.fixture
def room() -> ApprovalRoom:
    room = ApprovalRoom()
    room.ask()
    return room


class TestDecideInSlack:
    def test_one_click_decides(self, room):
        """
        The execution goes on; the record names person, way and evidence.
        """
        assert press(room, reason="fine").startswith(f"{ANA} approved this release on")

        record = room.ledger.approvals[RELEASE]
        assert (record["status"], record["decided_by"], record["decision_reason"]) == (
            "approved",
            ANA,
            "fine",
        )
        assert record["user_agent"] == "Slack (UANA)"
        assert record["decisions"][0]["report_digest"] == record["report_digest"]
        assert room.tokens.outputs[-1][1]["decision"] == "approved"

    def test_a_rejection_needs_its_reason(self, room):
        """
        As on the page.
        """
        assert "Say why" in press(room, decision="rejected")
        assert room.ledger.approvals[RELEASE]["status"] == "pending"

        press(room, decision="rejected", reason="too slow in Ulm")
        assert room.ledger.approvals[RELEASE]["decision_reason"] == "too slow in Ulm"

    @pytest.mark.parametrize(
        ("user", "said"), [("UNEW", "Slack calls you UNEW"), ("UEVE", "You were not asked")]
    )
    def test_others_in_the_channel_decide_nothing(self, room, user, said):
        """
        Slack says who they are; the settings say who may.
        """
        assert said in press(room, user)
        assert room.ledger.approvals[RELEASE]["status"] == "pending"

    def test_who_may_not_any_more(self, room):
        """
        By today's settings, as with a link.
        """
        room.approvers = {"*": [BEN]}

        assert "may not decide" in press(room)

    def test_two_people_one_by_link_and_one_in_slack(self):
        """
        Both ways count together, and one person counts once.
        """
        room = ApprovalRoom(rules={"*": {"persons": 2}})
        room.ask()

        assert "1 of 2" in press(room)
        assert "already" in press(room)
        assert room.post(room.link(ANA)).status == 409
        assert room.post(room.link(BEN)).status == 200
        assert room.ledger.approvals[RELEASE]["status"] == "approved"

    def test_second_click_changes_nothing(self, room):
        """
        It says who decided.
        """
        press(room)

        assert "Nothing was changed" in press(room, "UBEN", "rejected", "no")
        assert room.ledger.approvals[RELEASE]["decided_by"] == ANA

    def test_message_about_a_report_that_was_changed(self, room):
        """
        The old message decides nothing; a new one is posted, and it does.
        """
        old = message(room)
        room.reports.files[f"{FOLDER}/report.json"] += " "
        assert "was changed" in press(room, posted=old)

        room.sweep()
        assert "was changed" in press(room, posted=old)
        assert press(room).startswith(f"{ANA} approved")

    def test_too_late(self, room):
        """
        Expired means expired, whichever way.
        """
        room.later(days=4)

        assert "has passed" in press(room)


class TestMessage:
    def test_has_buttons_only_where_clicks_are_taken(self, room):
        """
        Without a signing secret nobody could verify them.
        """
        detail = next(detail for kind, detail in room.events.emitted if kind == APPROVAL_REQUESTED)
        plain = slack_message(notice_of(APPROVAL_REQUESTED, detail, region="r"))

        assert "actions" not in {block["type"] for block in plain["blocks"]}
        assert "slipway-approved" in json.dumps(message(room))

    def test_is_within_slack_s_limits(self, room):
        """
        75 characters on a button, 2,000 of its value, and each asks back.
        """
        (actions,) = [block for block in message(room)["blocks"] if block["type"] == "actions"]

        for button in actions["elements"]:
            assert len(button["text"]["text"]) <= 75
            assert len(button["value"]) <= 2000
            assert button["confirm"]["text"]["text"]


class TestClickOf:
    @pytest.mark.parametrize(
        "payload",
        [
            {},
            {"actions": "x"},
            {"actions": [{"action_id": "slipway-approved", "value": "[]"}]},
            {"actions": [{"action_id": "other", "value": '{"request": "9f2c41d07b3a55e1"}'}]},
            {"actions": [{"action_id": "slipway-approved", "value": '{"request": "../x"}'}]},
            {"actions": [{"action_id": "slipway-approved", "value": "no json"}]},
        ],
    )
    def test_other_payloads_are_no_clicks_of_ours(self, payload):
        """
        An app may have other buttons.
        """
        assert click_of(payload) is None
