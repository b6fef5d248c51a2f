"""Presses buttons as Slack does: a signed form, posted to the platform."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from slipway.domain.slack_click import decision_blocks
from slipway.domain.slack_signature import signature
from tests.usecases.test_decide_in_slack import payload

if TYPE_CHECKING:
    from tests.endtoend.laptop import Laptop

SIGNING_SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
APPROVER = "UAPPROVER"
"""The settings of the complete laptop know approver@example.com by this."""
NOWHERE = "https://hooks.slack.com.invalid/answers"


def message_of(record: Any) -> dict[str, Any]:
    """The part of the channel's message about a request that has the buttons."""
    blocks = decision_blocks(record["release_id"], record["version"], record.get("report_digest", ""))
    return {"blocks": blocks}


def press(
    laptop: Laptop,
    posted: Any,
    decision: str,
    *,
    reason: str = "",
    answer_at: str = NOWHERE,
    secret: str = SIGNING_SECRET,
) -> int:
    """The status that Slack gets."""
    document = {**payload(posted, APPROVER, decision, reason), "response_url": answer_at}
    body = urlencode({"payload": json.dumps(document)}).encode()
    sent = str(int(time.time()))
    request = urllib.request.Request(
        f"{laptop.workspace.platform()['approval_url']}/slack/decisions",
        body,
        {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Slack-Request-Timestamp": sent,
            "X-Slack-Signature": signature(secret, sent, body),
        },
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
