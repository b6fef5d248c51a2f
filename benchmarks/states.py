"""
Step Functions of the embedded AWS beside stock ministack, in one run.

``run()`` starts both servers, alternates between them and returns medians:
milliseconds from StartExecution's answer to the first state, per transition, and
until 100 executions of 10 states that were started at once have all ended.
"""

from __future__ import annotations

import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

ROOT = Path(__file__).resolve().parents[1]
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}
AT_ONCE = 100
STATES = 10
LONG = 400
WAITING = 200


class Server:
    """One server process and a client of its Step Functions."""

    def __init__(self, name: str, command: list[str], environment: dict[str, str], home: str) -> None:
        self.name = name
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        inherited = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        given = {k: v.format(port=port, home=home) for k, v in environment.items()}
        self.process = subprocess.Popen(
            [part.format(port=port, home=home) for part in command],
            env=inherited | given | {"PYTHONPATH": str(ROOT), "LOG_LEVEL": "ERROR"},
            cwd=home,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.states = self._client("stepfunctions", port)
        self.iam = self._client("iam", port)
        self._until_answers(port)
        role = self.iam.create_role(RoleName="bench", AssumeRolePolicyDocument=json.dumps(TRUST))
        self.role = role["Role"]["Arn"]

    def _client(self, service: str, port: int) -> Any:
        return boto3.client(
            service,
            endpoint_url=f"http://127.0.0.1:{port}",
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",  # noqa: S106 - the embedded AWS's root
            config=Config(max_pool_connections=32),
        )

    def _until_answers(self, port: int) -> None:
        deadline = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
            except OSError:
                if time.monotonic() > deadline or self.process.poll() is not None:
                    raise
                time.sleep(0.05)
            else:
                return

    def machine(self, name: str, states: dict[str, Any]) -> str:
        """Create a JSONata machine that starts at its first state."""
        definition = {"QueryLanguage": "JSONata", "StartAt": next(iter(states)), "States": states}
        made = self.states.create_state_machine(
            name=name, definition=json.dumps(definition), roleArn=self.role
        )
        return str(made["stateMachineArn"])

    def start(self, machine: str, name: str) -> str:
        started = self.states.start_execution(stateMachineArn=machine, name=name, input='{"n": 1}')
        return str(started["executionArn"])

    def ended(self, execution: str) -> None:
        """Until it has."""
        while True:
            found = self.states.describe_execution(executionArn=execution)
            if found["status"] != "RUNNING":
                assert found["status"] == "SUCCEEDED", found
                return
            time.sleep(0.002)


def chain(length: int) -> dict[str, Any]:
    """Pass and Choice states in turn, each with an expression."""
    states: dict[str, Any] = {}
    for index in range(length):
        following = f"S{index + 1}"
        if index == length - 1:
            states[f"S{index}"] = {"Type": "Pass", "Output": "{% $states.input %}", "End": True}
        elif index % 2:
            rule = {"Condition": "{% $states.input.n >= 0 %}", "Next": following}
            states[f"S{index}"] = {"Type": "Choice", "Choices": [rule], "Default": following}
        else:
            output = "{% $merge([$states.input, {'n': $states.input.n + 1}]) %}"
            states[f"S{index}"] = {"Type": "Pass", "Output": output, "Next": following}
    return states


def start_delay(server: Server, machine: str, name: str) -> float:
    """Milliseconds from the execution's start to its first state, by the history."""
    execution = server.start(machine, name)
    server.ended(execution)
    events = server.states.get_execution_history(executionArn=execution)["events"]
    entered = next(event for event in events if event["type"].endswith("StateEntered"))
    return (entered["timestamp"] - events[0]["timestamp"]).total_seconds() * 1000


def per_transition(server: Server, machine: str, name: str) -> float:
    """Milliseconds for one of many transitions, by the history."""
    execution = server.start(machine, name)
    server.ended(execution)
    last = server.states.get_execution_history(executionArn=execution, reverseOrder=True, maxResults=1)[
        "events"
    ][0]
    first = server.states.get_execution_history(executionArn=execution, maxResults=2)["events"][1]
    return (last["timestamp"] - first["timestamp"]).total_seconds() * 1000 / LONG


def at_once(server: Server, machine: str, name: str) -> float:
    """Milliseconds from the start of the first of 100 executions to the end of the last, by their dates."""
    with ThreadPoolExecutor(8) as pool:
        started = set(pool.map(lambda n: server.start(machine, f"{name}-{n}"), range(AT_ONCE)))
    while server.states.list_executions(stateMachineArn=machine, statusFilter="RUNNING", maxResults=1)[
        "executions"
    ]:
        time.sleep(0.01)
    pages = server.states.get_paginator("list_executions").paginate(stateMachineArn=machine)
    found = [each for page in pages for each in page["executions"] if each["executionArn"] in started]
    assert {each["status"] for each in found} == {"SUCCEEDED"}
    first = min(each["startDate"] for each in found)
    return float((max(each["stopDate"] for each in found) - first).total_seconds() * 1000)


def threads_while_waiting(server: Server) -> int:
    """OS threads of the server while 200 executions wait."""
    machine = server.machine("wait", {"A": {"Type": "Wait", "Seconds": 5, "End": True}})
    for number in range(WAITING):
        server.start(machine, f"w{number}")
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(status.partition("Threads:")[2].split()[0])


def run(rounds: int = 5) -> dict[str, Any]:
    """Both servers, alternating; all times in milliseconds."""
    found: dict[str, dict[str, list[float]]] = {}
    result: dict[str, Any] = {"unit": "ms", "rounds": rounds, "states": STATES, "executions_at_once": AT_ONCE}
    with tempfile.TemporaryDirectory() as ours, tempfile.TemporaryDirectory() as theirs:
        servers = [
            Server(
                "slipway",
                [sys.executable, "-m", "workbench.local.server", "--port", "{port}", "--home", "{home}"],
                {},
                ours,
            ),
            Server(
                "ministack",
                [sys.executable, "-m", "ministack.app"],
                {
                    "GATEWAY_PORT": "{port}",
                    "BIND_HOST": "127.0.0.1",
                    "IOT_MTLS_ENABLED": "0",
                    "SFTP_ENABLED": "0",
                },
                theirs,
            ),
        ]
        try:
            machines = {
                each.name: (each.machine("long", chain(LONG)), each.machine("short", chain(STATES)))
                for each in servers
            }
            for number in range(rounds):
                for server in servers:
                    long, short = machines[server.name]
                    values = found.setdefault(server.name, {})
                    values.setdefault("start_delay", []).append(start_delay(server, short, f"d{number}"))
                    values.setdefault("per_transition", []).append(per_transition(server, long, f"l{number}"))
                    values.setdefault("hundred_at_once", []).append(at_once(server, short, f"s{number}"))
            for server in servers:
                medians = {
                    name: round(statistics.median(each), 3) for name, each in found[server.name].items()
                }
                result[server.name] = medians | {"threads_while_200_wait": threads_while_waiting(server)}
        finally:
            for server in servers:
                server.process.kill()
                server.process.wait()
    return result


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))
