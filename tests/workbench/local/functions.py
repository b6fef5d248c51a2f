"""Makes functions, roles and queues for tests of what calls them."""

from __future__ import annotations

import io
import json
import time
import zipfile
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import EmbeddedAws

RECORDER = """
import json, os, boto3

def handler(event, context):
    boto3.client("sqs").send_message(QueueUrl=os.environ["QUEUE"], MessageBody=json.dumps(event))
    if event.get("fail"):
        raise RuntimeError("as told")
    return {"seen": event}
"""


def trusted_by(service: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


class Workshop:
    """Resources of one test module, under names that begin with its own."""

    def __init__(self, aws: EmbeddedAws, prefix: str) -> None:
        self.aws = aws
        self.prefix = prefix

    def role(self, name: str, service: str, *allowed: tuple[str, str]) -> str:
        """A role that a service assumes and that may do (action, resource)."""
        iam = self.aws.client("iam")
        arn = iam.create_role(RoleName=f"{self.prefix}-{name}", AssumeRolePolicyDocument=trusted_by(service))[
            "Role"
        ]["Arn"]
        statements = [{"Effect": "Allow", "Action": action, "Resource": on} for action, on in allowed]
        if statements:
            iam.put_role_policy(
                RoleName=f"{self.prefix}-{name}",
                PolicyName="p",
                PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": statements}),
            )
        return str(arn)

    def queue(self, name: str, *senders: str) -> tuple[str, str]:
        """URL and ARN of a queue that these services may send to."""
        sqs = self.aws.client("sqs")
        url = sqs.create_queue(QueueName=f"{self.prefix}-{name}")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        statements = [
            {
                "Effect": "Allow",
                "Principal": {"Service": sender},
                "Action": "sqs:SendMessage",
                "Resource": arn,
            }
            for sender in senders
        ]
        if statements:
            policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
            sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
        return url, arn

    def recorder(self, name: str, **settings: Any) -> tuple[str, str]:
        """ARN of a function, and the URL of the queue that tells its events."""
        queue, queue_arn = self.queue(f"{name}-seen")
        role = self.role(f"{name}-role", "lambda.amazonaws.com", ("sqs:SendMessage", queue_arn))
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as file:
            file.writestr("index.py", RECORDER)
        arn = self.aws.client("lambda").create_function(
            FunctionName=f"{self.prefix}-{name}",
            Runtime="python3.13",
            Role=role,
            Handler="index.handler",
            Timeout=20,
            Environment={"Variables": {"QUEUE": queue}},
            Code={"ZipFile": archive.getvalue()},
            **settings,
        )["FunctionArn"]
        return arn, queue

    def messages(self, url: str, count: int = 1, seconds: float = 10) -> list[dict[str, Any]]:
        """At least ``count`` messages, or what came in the time."""
        sqs, got = self.aws.client("sqs"), list[dict[str, Any]]()
        deadline = time.monotonic() + seconds
        while len(got) < count and time.monotonic() < deadline:
            answer = sqs.receive_message(
                QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1, MessageAttributeNames=["All"]
            )
            for message in answer.get("Messages", []):
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                got.append(message)
        return got


def until(look: Callable[[], Any], seconds: float = 10) -> Any:
    """The first true answer, or the last one."""
    deadline = time.monotonic() + seconds
    while not (found := look()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return found
