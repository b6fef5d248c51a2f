from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from slipway.adapters.slack_webhook import ChatNotReachedError, SlackReplies, SlackWebhook
from slipway.contracts import events
from slipway.usecases.slack_notice import slack_notice

if TYPE_CHECKING:
    from collections.abc import Iterator

DETAIL = {
    "environment": "prod",
    "release_id": "9f2c41d07b3a55e1",
    "project": "pricing",
    "model": "hotel-rates",
    "version": "1.1.0",
    "decision": "approved",
    "approver": "ana@example.com",
    "reason": "good",
}


class Slack:
    """An incoming webhook over real HTTP; answers what it is told to, in order, then 200."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, dict[str, str], str]] = []
        self.posts: list[tuple[str, dict[str, str], Any]] = []
        slack = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                slack.posts.append((self.path, dict(self.headers), json.loads(body)))
                status, headers, text = slack.answers.pop(0) if slack.answers else (200, {}, "ok")
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_: object) -> None:
                """Nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/services/T0/B0/secret?x=1"


class NotFoundError(Exception):
    response = {"Error": {"Code": "ResourceNotFoundException"}}  # noqa: RUF012 - as botocore has it


class Secrets:
    """The part of Secrets Manager's client that is used."""

    def __init__(self, value: str | Exception) -> None:
        self.value = value
        self.reads = 0

    def get_secret_value(self, SecretId: str) -> dict[str, str]:  # noqa: N803 - boto3's name
        self.reads += 1
        if isinstance(self.value, Exception):
            raise self.value
        return {"SecretString": self.value}


@pytest.fixture
def slack() -> Iterator[Slack]:
    listener = Slack()
    yield listener
    listener.server.shutdown()
    listener.server.server_close()


def webhook(value: str | Exception, **options: Any) -> tuple[SlackWebhook, Secrets, list[float]]:
    slept: list[float] = []
    secrets = Secrets(value)
    return SlackWebhook(secrets, "arn:secret", sleep=slept.append, **options), secrets, slept


class TestSlackWebhook:
    def test_a_notice_arrives_as_blocks(self, slack):
        """
        The message is posted as JSON to the URL that the secret holds.
        """
        chat, _, _ = webhook(slack.url)

        assert slack_notice(events.APPROVAL_DECIDED, DETAIL, region="us-east-1", chat=chat) is True

        [(path, headers, message)] = slack.posts
        assert path == "/services/T0/B0/secret?x=1"
        assert headers["content-type"] == "application/json; charset=utf-8"
        assert message["text"] == "[prod] pricing/hotel-rates 1.1.0: approved by ana@example.com"
        assert message["blocks"][0]["type"] == "header"

    def test_the_secret_is_read_once_in_a_while(self, slack):
        """
        A warm function does not ask for the secret each time, but sees a new one within minutes.
        """
        time = [0.0]
        chat, secrets, _ = webhook(slack.url, clock=lambda: time[0])
        for _ in range(3):
            chat.post({})
        assert secrets.reads == 1

        time[0] = 301.0
        chat.post({})

        assert secrets.reads == 2

    @pytest.mark.parametrize(
        "value", ["", "  ", "to be filled in", "http://example.com/plain", NotFoundError()]
    )
    def test_without_a_webhook_nothing_is_sent(self, value, caplog):
        """
        Slack is optional: an absent or empty secret is said in the log, and is no error.
        """
        chat, _, _ = webhook(value)

        assert chat.post({"text": "x"}) is False
        assert "no Slack webhook is configured" in caplog.text

    def test_without_a_secret_nothing_is_asked(self):
        """
        An environment without Slack names no secret.
        """
        assert SlackWebhook(None, "").post({"text": "x"}) is False

    def test_too_many_messages_wait_as_long_as_slack_asks(self, slack):
        """
        429 with Retry-After: the message is sent again after that pause.
        """
        slack.answers = [(429, {"Retry-After": "3"}, "rate_limited")]
        chat, _, slept = webhook(slack.url)

        assert chat.post({"text": "x"}) is True
        assert slept == [3.0]
        assert len(slack.posts) == 2

    def test_a_long_pause_is_left_to_lambda(self, slack):
        """
        A function does not sleep for minutes: it fails, and is tried again later.
        """
        slack.answers = [(429, {"Retry-After": "120"}, "rate_limited")]
        chat, _, slept = webhook(slack.url)

        with pytest.raises(ChatNotReachedError, match="asks to wait 120 s"):
            chat.post({"text": "x"})
        assert slept == []

    @pytest.mark.parametrize(
        ("status", "text"), [(404, "no_service"), (403, "invalid_token"), (500, ""), (302, "")]
    )
    def test_a_refusal_is_raised_without_the_secret(self, slack, status, text):
        """
        Lambda tries again; the error never holds the webhook's URL.
        """
        slack.answers = [(status, {"Location": "http://127.0.0.1:1/"}, text)]
        chat, _, _ = webhook(slack.url)

        with pytest.raises(ChatNotReachedError) as raised:
            chat.post({"text": "x"})

        assert raised.value.status == status
        assert "secret?x=1" not in str(raised.value)
        assert len(slack.posts) == 1

    def test_nobody_listening_is_raised(self, slack):
        """
        A refused connection is an error to be tried again.
        """
        chat, _, _ = webhook("http://127.0.0.1:1/services/secret")

        with pytest.raises(ChatNotReachedError, match="answered nothing"):
            chat.post({"text": "x"})

    def test_other_trouble_with_the_secret_is_raised(self):
        """
        A denied permission must be seen, not taken for "no Slack".
        """
        chat, _, _ = webhook(PermissionError("denied"))

        with pytest.raises(PermissionError):
            chat.post({"text": "x"})


class TestReplies:
    def test_only_the_person_sees_it(self, slack: Slack) -> None:
        """The message with the buttons stays as it is."""
        assert SlackReplies().reply(slack.url, "recorded") is True

        ((_, _, message),) = slack.posts
        assert message == {"response_type": "ephemeral", "replace_original": False, "text": "recorded"}

    @pytest.mark.parametrize(
        "url", ["", "https://evil.example/hooks.slack.com", "http://hooks.slack.com/x", "file:///etc/passwd"]
    )
    def test_nothing_is_sent_elsewhere(self, url: str) -> None:
        """A click comes with an address of Slack's own."""
        assert SlackReplies().reply(url, "recorded") is False
