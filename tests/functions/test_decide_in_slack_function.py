"""The function behind ``POST /slack/decisions``: what is not signed by Slack goes no further."""

from __future__ import annotations

import base64
import json
import time
from typing import Any
from urllib.parse import urlencode

import pytest

from functions import _ports, decide_in_slack
from slipway.domain.slack_signature import signature
from tests.functions.test_approval_functions import Context

SECRET = "not-a-real-one"
CLICK = {
    "type": "block_actions",
    "user": {"id": "UANA"},
    "actions": [
        {"action_id": "slipway-approved", "value": json.dumps({"request": "9f2c41d07b3a55e1", "report": ""})}
    ],
    "response_url": "https://hooks.slack.com/actions/x",
}


class Chat:
    """Secret, people and replies."""

    def __init__(self) -> None:
        self.secret, self.replies = SECRET, []

    def text(self) -> str:
        return self.secret

    def reply(self, url: str, text: str) -> bool:
        self.replies.append((url, text))
        return True


@pytest.fixture
def chat(monkeypatch: pytest.MonkeyPatch) -> Chat:
    chat = Chat()
    monkeypatch.setattr(_ports, "slack_signing_secret", lambda: chat)
    monkeypatch.setattr(_ports, "slack_replies", lambda: chat)
    monkeypatch.setattr(_ports, "slack_people", lambda: (_ for _ in ()).throw(ConnectionError("no ledger")))
    return chat


def call(payload: Any = None, *, encoded: bool = True, **headers: str) -> Any:
    body = urlencode({"payload": json.dumps(payload or CLICK)}).encode()
    sent = str(int(time.time()))
    signed = signature(SECRET, sent, body)
    return decide_in_slack.handler(
        {
            "headers": {"X-Slack-Request-Timestamp": sent, "X-Slack-Signature": signed, **headers},
            "body": base64.b64encode(body).decode() if encoded else body.decode(),
            "isBase64Encoded": encoded,
        },
        Context(),
    )


class TestHandler:
    @pytest.mark.parametrize("encoded", [True, False])
    def test_genuine_click_is_taken_on(self, chat: Chat, encoded: Any) -> None:
        """API Gateway may hand a form on encoded; here the ledger is away, and the person hears of it."""
        assert call(encoded=encoded)["statusCode"] == 200

        ((url, text),) = chat.replies
        assert url == CLICK["response_url"]
        assert "could not be recorded" in text

    @pytest.mark.parametrize(
        "headers",
        [{"X-Slack-Signature": "v0=00"}, {"X-Slack-Request-Timestamp": "1"}, {"X-Slack-Signature": ""}],
    )
    def test_what_slack_did_not_sign_is_refused(self, chat: Chat, headers: Any) -> None:
        """Nobody is answered, and nothing is looked up."""
        assert call(**headers)["statusCode"] == 401
        assert chat.replies == []

    def test_without_a_secret_everything_is_refused(self, chat: Chat) -> None:
        """The secret was named in the settings, and not made yet."""
        chat.secret = ""

        assert call()["statusCode"] == 401

    def test_click_on_something_else_is_let_pass(self, chat: Chat) -> None:
        """Slack would show an error for anything but 200."""
        assert call({"type": "block_actions", "actions": []})["statusCode"] == 200
        assert chat.replies == []
