"""
The inbox: every e-mail that SNS would send, kept on disk and served at ``/_slipway/inbox``.

A new e-mail subscription gets a confirmation mail, as on AWS, and stays pending
until its link is opened. The inbox opens the link itself unless it is told not
to: nobody else reads this mail, and nobody would click.
"""

from __future__ import annotations

import json
import threading
import time
import urllib.parse
import uuid
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from workbench.local import seams
from workbench.local.inbox_page import page

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from workbench.local.context import ServerContext
    from workbench.local.gateway import Gateway

EMAIL_PROTOCOLS = ("email", "email-json")


@dataclass(frozen=True, slots=True)
class Mail:
    """One message to one address; ``at`` is in seconds since the epoch."""

    id: str
    to: str
    subject: str
    body: str
    topic: str
    at: float


class Inbox:
    """All mail of one home; appended to a file at once, so that a killed server loses none."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._mails: list[Mail] = []
        if path.exists():
            for line in path.read_text().splitlines():
                try:
                    self._mails.append(Mail(**json.loads(line)))
                except (ValueError, TypeError):
                    continue  # the line that was being written when the server was killed

    def deliver(self, to: str, subject: str, body: str, topic: str) -> None:
        """Keep one message."""
        mail = Mail(uuid.uuid4().hex, to, subject or "AWS Notification Message", body, topic, time.time())
        with self._lock:
            self._mails.append(mail)
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a") as file:
                file.write(json.dumps(asdict(mail)) + "\n")

    def answer(self, query: Mapping[str, str]) -> list[dict[str, Any]]:
        """Mail in the order of arrival; ``to`` and ``subject`` narrow it, ``after`` begins behind an id."""
        with self._lock:
            mails = list(self._mails)
        if known := query.get("after"):
            ids = [mail.id for mail in mails]
            mails = mails[ids.index(known) + 1 :] if known in ids else mails
        return [
            asdict(mail)
            for mail in mails
            if query.get("to", "") in mail.to and query.get("subject", "") in mail.subject
        ]


def install(server: ServerContext, inbox: Inbox, gateway: Gateway) -> None:
    """Deliver what SNS fans out to e-mail subscriptions."""
    gateway.answers["inbox"] = inbox.answer
    gateway.pages["inbox"] = page
    fan_out, subscribe = seams.SNS.fan_out, seams.SNS.subscribe
    handlers = seams.CLOUDFORMATION.resource_handlers["AWS::SNS::Subscription"]
    create = handlers["create"]

    def fan_out_with_mail(
        topic_arn: str,
        msg_id: str,
        message: str,
        subject: str,
        message_structure: str = "",
        message_attributes: dict[str, Any] | None = None,
        message_group_id: str = "",
        message_dedup_id: str = "",
    ) -> None:
        topic = seams.SNS.topic_by_arn(topic_arn)
        for subscription in (topic or {}).get("subscriptions", []):
            if subscription["protocol"] not in EMAIL_PROTOCOLS or not subscription.get("confirmed"):
                continue
            text = seams.SNS.message_for(message, message_structure, subscription["protocol"])
            if seams.SNS.matches_filter(subscription, message_attributes or {}, text):
                inbox.deliver(subscription["endpoint"], subject, text, topic_arn)
        fan_out(
            topic_arn,
            msg_id,
            message,
            subject,
            message_structure,
            message_attributes,
            message_group_id=message_group_id,
            message_dedup_id=message_dedup_id,
        )

    def subscribe_with_confirmation(parameters: Any) -> Any:
        answer = subscribe(parameters)
        ask_new(seams.SNS.parameter(parameters, "TopicArn"))
        return answer

    def create_with_confirmation(logical_id: str, properties: dict[str, Any], stack: str) -> Any:
        made = create(logical_id, properties, stack)
        ask_new(properties.get("TopicArn", ""))
        return made

    def ask_new(topic_arn: str) -> None:
        topic = seams.SNS.topic_by_arn(topic_arn)
        for subscription in (topic or {}).get("subscriptions", []):
            if subscription["protocol"] in EMAIL_PROTOCOLS and "slipway:asked" not in subscription:
                ask_for_confirmation(server, inbox, topic_arn, subscription)

    seams.SNS.replace("fan_out", fan_out_with_mail)
    seams.SNS.replace("subscribe", subscribe_with_confirmation)
    handlers["create"] = create_with_confirmation


def ask_for_confirmation(
    server: ServerContext, inbox: Inbox, topic_arn: str, subscription: dict[str, Any]
) -> None:
    """Send the confirmation mail; answer it at once where the inbox answers for everybody."""
    token = uuid.uuid4().hex
    query = urllib.parse.urlencode(
        {"Action": "ConfirmSubscription", "TopicArn": topic_arn, "Token": token, "Version": "2010-03-31"}
    )
    subscription["slipway:asked"] = True
    if not server.confirm_email:
        subscription.update(confirmed=False, token=token)
        subscription["attributes"]["PendingConfirmation"] = "true"
    inbox.deliver(
        subscription["endpoint"],
        "AWS Notification - Subscription Confirmation",
        f"You have chosen to subscribe to the topic:\n{topic_arn}\n\n"
        f"To confirm this subscription, click or visit the link below:\n{server.endpoint_url}/?{query}\n",
        topic_arn,
    )
