"""``slack_notice`` with a real secret and a real listener."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest

from functions import _ports, slack_notice
from slipway.adapters import clients
from slipway.contracts import environment as variables
from slipway.contracts import events
from tests.adapters.test_slack_webhook import DETAIL, Slack
from tests.functions.test_approval_functions import Context

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import EmbeddedAws

EVENT = {"detail-type": events.APPROVAL_DECIDED, "detail": DETAIL, "region": "us-east-1"}


@pytest.fixture(autouse=True)
def cold_start() -> Iterator[None]:
    clients.client.cache_clear()
    _ports.chat.cache_clear()
    yield
    clients.client.cache_clear()
    _ports.chat.cache_clear()


class TestSlackNotice:
    @pytest.mark.embedded
    def test_an_event_becomes_a_message(
        self, embedded_aws: EmbeddedAws, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """
        The webhook's URL comes from Secrets Manager; the message arrives over HTTP.
        """
        slack = Slack()
        secret = embedded_aws.client("secretsmanager").create_secret(
            Name=f"slack-{uuid.uuid4().hex[:8]}", SecretString=f"{slack.url}\n"
        )
        for name, value in {
            "AWS_ENDPOINT_URL": embedded_aws.endpoint_url,
            "AWS_DEFAULT_REGION": embedded_aws.region,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            variables.SLACK_SECRET_ARN: secret["ARN"],
        }.items():
            monkeypatch.setenv(name, value)

        assert slack_notice.handler(EVENT, Context()) == {"posted": True}

        [(_, _, message)] = slack.posts
        assert message["blocks"][0]["text"]["text"] == (
            "[prod] pricing/hotel-rates 1.1.0: approved by ana@example.com"
        )
        slack.server.shutdown()
        slack.server.server_close()

    def test_without_a_secret_it_does_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """
        An environment without Slack has no variable, no client, no error.
        """
        monkeypatch.delenv(variables.SLACK_SECRET_ARN, raising=False)

        assert slack_notice.handler(EVENT, Context()) == {"posted": False}
