"""E-mail through one SNS topic whose subscriptions each filter on their own address."""

from __future__ import annotations

from typing import Any, Final

RECIPIENT: Final = "recipient"
"""The message attribute that every subscription's filter policy looks at."""


class SnsMailer:
    """Port ``Mailer``: one message per recipient, so that each can get an own link."""

    def __init__(self, client: Any, topic_arn: str) -> None:
        self._client = client
        self._topic_arn = topic_arn

    def send(self, recipient: str, subject: str, text: str) -> None:
        self._client.publish(
            TopicArn=self._topic_arn,
            Subject=subject,
            Message=text,
            MessageAttributes={RECIPIENT: {"DataType": "String", "StringValue": recipient}},
        )
