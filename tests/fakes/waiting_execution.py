"""An execution on the embedded AWS that waits for a task token."""

from __future__ import annotations

import json
import time
import uuid
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.conftest import EmbeddedAws


def waiting(aws: EmbeddedAws) -> tuple[str, str]:
    """A token, and the ARN of the execution that waits for it."""
    mark = uuid.uuid4().hex[:8]
    queue = aws.client("sqs").create_queue(QueueName=f"tokens-{mark}")["QueueUrl"]
    definition = {
        "StartAt": "Ask",
        "States": {
            "Ask": {
                "Type": "Task",
                "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
                "Parameters": {"QueueUrl": queue, "MessageBody": {"token.$": "$$.Task.Token"}},
                "End": True,
            }
        },
    }
    trust = {"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "states.amazonaws.com"},
    }]}  # fmt: skip
    may = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}
    ]}  # fmt: skip
    iam = aws.client("iam")
    role = iam.create_role(RoleName=f"tokens-{mark}", AssumeRolePolicyDocument=json.dumps(trust))["Role"][
        "Arn"
    ]
    iam.put_role_policy(RoleName=f"tokens-{mark}", PolicyName="send", PolicyDocument=json.dumps(may))
    states = aws.client("stepfunctions")
    machine = states.create_state_machine(
        name=f"tokens-{mark}", definition=json.dumps(definition), roleArn=role
    )["stateMachineArn"]
    execution = states.start_execution(stateMachineArn=machine)["executionArn"]
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        got = aws.client("sqs").receive_message(QueueUrl=queue, WaitTimeSeconds=1).get("Messages")
        if got:
            return json.loads(got[0]["Body"])["token"], execution
    raise AssertionError(states.describe_execution(executionArn=execution))


def ended(aws: EmbeddedAws, execution: str) -> dict[str, Any]:
    """How an execution ended."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        described = aws.client("stepfunctions").describe_execution(executionArn=execution)
        if described["status"] != "RUNNING":
            return dict(described)
        time.sleep(0.1)
    raise AssertionError("the execution still runs")
