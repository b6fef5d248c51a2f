"""A server of its own for these tests."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAM = Path(__file__).with_name("embedded.py")
ROOT = PROGRAM.parents[4]


class Server:
    """A server process with one home; ``kill`` and ``start`` again keep the home and the port."""

    def __init__(self, home: Path) -> None:
        self.home = home
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.process: subprocess.Popen[bytes] | None = None
        self._clients: dict[str, Any] = {}
        self.start()

    def start(self) -> None:
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        environment["PYTHONPATH"] = str(ROOT)
        command = [sys.executable, str(PROGRAM), "--port", str(self.port), "--home", str(self.home)]
        self.process = subprocess.Popen(command, env=environment, cwd=ROOT)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise TimeoutError("the server does not answer")

    def end(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)
        self.process.wait(30)

    def own(self, name: str, **posted: Any) -> Any:
        """The JSON behind ``/_slipway/<name>``; something posted, where there is something."""
        body = json.dumps(posted).encode() if posted else None
        url = f"http://127.0.0.1:{self.port}/_slipway/{name}"
        request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def client(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = boto3.client(
                service,
                endpoint_url=f"http://127.0.0.1:{self.port}",
                region_name="us-east-1",
                aws_access_key_id="test",
                aws_secret_access_key="test",
                config=Config(retries={"total_max_attempts": 5}),
            )
        return self._clients[service]


class Machines:
    """What a test of state machines says and asks."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.states = server.client("stepfunctions")
        self.roles: list[dict[str, Any]] = []

    def role(self, *actions: str, name: str | None = None) -> str:
        """A role that Step Functions may assume and that may do these things."""
        iam, name = self.server.client("iam"), name or f"role-{uuid.uuid4().hex[:8]}"
        trust = {
            "Effect": "Allow",
            "Principal": {"Service": "states.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
        role = {"RoleName": name, "AssumeRolePolicyDocument": json.dumps(_policy(trust))}
        made = iam.create_role(**role)
        policy = None
        if actions:
            granted = _policy({"Effect": "Allow", "Action": list(actions), "Resource": "*"})
            policy = {"RoleName": name, "PolicyName": "p", "PolicyDocument": json.dumps(granted)}
            iam.put_role_policy(**policy)
        self.roles.append({"role": role, "policy": policy})
        (self.server.home / "roles.json").write_text(json.dumps(self.roles))
        return str(made["Role"]["Arn"])

    def create(self, definition: dict[str, Any], *actions: str, name: str | None = None) -> str:
        """A machine in JSONata unless its definition says otherwise."""
        definition = {"QueryLanguage": "JSONata", **definition}
        made = self.states.create_state_machine(
            name=name or f"m-{uuid.uuid4().hex[:8]}",
            definition=json.dumps(definition),
            roleArn=self.role(*actions),
        )
        return str(made["stateMachineArn"])

    def start(self, machine: str, document: Any = None, name: str | None = None) -> str:
        started = self.states.start_execution(
            stateMachineArn=machine, name=name or uuid.uuid4().hex, input=json.dumps(document or {})
        )
        return str(started["executionArn"])

    def wait(self, execution: str, seconds: float = 20) -> dict[str, Any]:
        """DescribeExecution once it has ended; ``output`` is parsed."""
        deadline = time.monotonic() + seconds
        while True:
            found: dict[str, Any] = self.states.describe_execution(executionArn=execution)
            if found["status"] != "RUNNING":
                break
            assert time.monotonic() < deadline, f"still running: {self.types(execution)}"
            time.sleep(0.03)
        if "output" in found:
            found["output"] = json.loads(found["output"])
        return found

    def run(self, states: dict[str, Any], document: Any = None, *actions: str, **more: Any) -> dict[str, Any]:
        """Create a machine of these states, the first being where it starts, and run it to its end."""
        definition = {"StartAt": next(iter(states)), "States": states, **more}
        return self.wait(self.start(self.create(definition, *actions), document))

    def history(self, execution: str) -> list[dict[str, Any]]:
        pages = self.states.get_paginator("get_execution_history").paginate(executionArn=execution)
        return [event for page in pages for event in page["events"]]

    def types(self, execution: str) -> list[str]:
        return [event["type"] for event in self.history(execution)]

    def until(self, execution: str, kind: str, count: int = 1) -> None:
        """Wait until the history holds so many events of a type."""
        deadline = time.monotonic() + 20
        while self.types(execution).count(kind) < count:
            assert time.monotonic() < deadline, f"no {kind}: {self.types(execution)}"
            time.sleep(0.03)

    def queue(self) -> str:
        return str(self.server.client("sqs").create_queue(QueueName=f"q-{uuid.uuid4().hex[:8]}")["QueueUrl"])

    def subscribed(self, machine: str) -> str:
        """A queue that gets the status events of a machine."""
        sqs, events, queue = self.server.client("sqs"), self.server.client("events"), self.queue()
        arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        pattern = {"source": ["aws.states"], "detail": {"stateMachineArn": [machine]}}
        name = machine.rpartition(":")[2]
        events.put_rule(Name=name, EventPattern=json.dumps(pattern))
        events.put_targets(Rule=name, Targets=[{"Id": "q", "Arn": arn}])
        principal = {"Service": "events.amazonaws.com"}
        allow = {"Effect": "Allow", "Principal": principal, "Action": "sqs:SendMessage", "Resource": arn}
        sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": json.dumps(_policy(allow))})
        return queue

    def message(self, queue: str) -> Any:
        """The next message's body."""
        sqs = self.server.client("sqs")
        for _ in range(20):
            got = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1).get("Messages")
            if got:
                sqs.delete_message(QueueUrl=queue, ReceiptHandle=got[0]["ReceiptHandle"])
                return json.loads(got[0]["Body"])
        raise AssertionError("no message")


def _policy(statement: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [statement]}


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("states"))
    yield server
    server.end(signal.SIGKILL)


@pytest.fixture(scope="session")
def machines(server: Server) -> Machines:
    return Machines(server)


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[Machines]:
    """Machines on a server that the test kills."""
    server = Server(tmp_path)
    yield Machines(server)
    server.end(signal.SIGKILL)
