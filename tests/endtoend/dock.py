"""One embedded AWS whose promotions are killed where they stand, and what has to fit together afterwards."""

from __future__ import annotations

import json
import signal
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from slipway.contracts.names import SCALING_ALARMS
from workbench.cli import endpoint_async
from workbench.cli.promotions import promotion_request
from workbench.leftovers import LeftoverSearch
from workbench.releases import Executions

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from tests.conftest import EmbeddedAws
    from tests.endtoend.laptop import Laptop

PATIENCE_SECONDS: Final = 1.5
"""So long the others may take to stand still too; then whatever they do is killed in the middle."""
ROUND_SECONDS: Final = 400.0
PREDICTIONS: Final = {"1.0.0": [12.0], "1.1.0": [11.0]}
"""By which its answer tells a version."""
ROUTES: Final = ("Choice", "Pass", "Succeed", "Fail")
"""
States that keep nothing: a server that is killed in one goes on where the last task, wait or map before it
was left, just as one that is killed on entry to the next.
"""


def states_of(definition: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Name and type of every state, those of iterations too."""
    for name, state in definition["States"].items():
        yield name, state["Type"]
        if "ItemProcessor" in state:
            yield from states_of(state["ItemProcessor"])


@dataclass
class Dock:
    """
    Models in projects of their own, each with an endpoint, and the promotions that work on them.

    Attributes:
        killed: Every state at which an execution stood when the server was killed.
        entered: Every state that an execution came by.
        on_stand: What is done when a project's execution stands at a state, before the server is killed.
    """

    laptop: Laptop
    home: Path
    process: subprocess.Popen[bytes]
    start: Callable[..., tuple[EmbeddedAws, subprocess.Popen[bytes]]]
    killed: list[str] = field(default_factory=list)
    entered: set[str] = field(default_factory=set)
    on_stand: dict[tuple[str, str], Callable[[], None]] = field(default_factory=dict)
    _projects: dict[str, str] = field(default_factory=dict)

    @property
    def machine_arn(self) -> str:
        return str(self.laptop.workspace.platform()["promote_machine_arn"])

    @property
    def machine(self) -> str:
        return self.machine_arn.rpartition(":")[2]

    def definition(self) -> dict[str, Any]:
        """The promote machine's, as it was deployed."""
        found = self.client("stepfunctions").describe_state_machine(stateMachineArn=self.machine_arn)
        return dict(json.loads(found["definition"]))

    def client(self, service: str) -> Any:
        return self.laptop.aws.client(service)

    def endpoint(self, project: str) -> str:
        return f"{self.laptop.workspace.platform()['resource_prefix']}-{project}-tiny"

    def fault(self, kind: str, **asked: Any) -> None:
        self.laptop.aws.post("faults", kind=kind, **asked)

    def clear(self, kind: str) -> None:
        """Whatever is left of a kind of fault is over."""
        for one in self.laptop.aws.get("faults"):
            if one["kind"] == kind:
                self.laptop.aws.post("faults/clear", id=one["id"])

    def restart(self) -> None:
        """Kill the server with everything that it is about to do, and start it again."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        port = int(self.laptop.aws.endpoint_url.rpartition(":")[2])
        self.laptop.aws, self.process = self.start(self.home, port=port)
        self.laptop.__post_init__()

    # promotions

    def name(self, execution: str) -> str:
        """The ARN of an execution of the promote machine that will bear a name."""
        return f"{self.machine_arn.replace(':stateMachine:', ':execution:')}:{execution}"

    def promote(self, execution: str, project: str, version: str, **more: Any) -> str:
        """Start what ``slipway promote``, ``rollback`` and ``endpoint stop`` start, under a name."""
        record = self.laptop.ledger.version(project, "tiny", version)
        assert record is not None
        request: Any = promotion_request(record, actor="ann@example.com", reason="a test")
        return str(
            self.client("stepfunctions").start_execution(
                stateMachineArn=self.machine_arn,
                name=execution,
                input=json.dumps({"request": request | more}),
            )["executionArn"]
        )

    def running(self) -> list[str]:
        pages = self.client("stepfunctions").list_executions(
            stateMachineArn=self.machine_arn, statusFilter="RUNNING"
        )
        return [one["executionArn"] for one in pages["executions"]]

    def project_of(self, execution: str) -> str:
        """Whose endpoint it works on."""
        if execution not in self._projects:
            told = self.client("stepfunctions").describe_execution(executionArn=execution)["input"]
            self._projects[execution] = json.loads(told)["request"]["project"]
        return self._projects[execution]

    def status(self, execution: str) -> str:
        """How it ended: its error's name, or ``SUCCEEDED``, or ``ABORTED``."""
        found = self.client("stepfunctions").describe_execution(executionArn=execution)
        return str(found.get("error") or found["status"])

    def kill_until_ended(self) -> None:
        """Kill the server whenever all promotions stand still, or one does for long; until none runs."""
        deadline, seen = time.monotonic() + ROUND_SECONDS, set[str]()
        since: float | None = None
        while running := self.running():
            seen |= set(running)
            standing = self.laptop.aws.get("faults/standing")
            since = (since or time.monotonic()) if standing else None
            still = {one["execution"] for one in standing} >= set(running)
            if since is not None and (still or time.monotonic() - since > PATIENCE_SECONDS):
                for one in standing:
                    done = self.on_stand.pop((self.project_of(one["execution"]), one["state"]), None)
                    if done:
                        done()
                self.killed += [one["state"] for one in standing]
                self.restart()
                since = None
            assert time.monotonic() < deadline, f"these run on and on: {running}, standing: {standing}"
            time.sleep(0.05)
        for execution in seen:
            self._note(execution)

    def _note(self, execution: str) -> None:
        pages = self.client("stepfunctions").get_paginator("get_execution_history")
        for page in pages.paginate(executionArn=execution):
            entered = [one.get("stateEnteredEventDetails") for one in page["events"]]
            self.entered |= {one["name"] for one in entered if one}

    def stand(self, execution: str, state: str) -> None:
        """Wait until an execution stands at a state."""
        wanted = {"execution": execution, "state": state}
        self.laptop.wait_for(
            lambda: wanted in self.laptop.aws.get("faults/standing"), f"{execution} to stand at {state}"
        )

    def ended(self, execution: str) -> str:
        """Wait for an execution's end; how it ended."""
        executions = Executions(self.client("stepfunctions"))
        self.laptop.wait_for(
            lambda: executions.status(execution)["status"] != "RUNNING", f"{execution} to end"
        )
        return self.status(execution)

    # what has to fit together

    def problems(self, project: str) -> list[str]:
        """What ledger, endpoint, alarms and scaling of a project's endpoint disagree about."""
        name, ledger = self.endpoint(project), self.laptop.ledger
        self.laptop.wait_for(lambda: ledger.lease(name) is None, f"the lease of {name} to be free", 15)
        state = ledger.endpoint_state(name)
        described = self._described(name)
        alarms = {one.split("/")[1] for one in self.alarms(f"{name}/")} - {SCALING_ALARMS}
        tracking = self.alarms(f"TargetTracking-endpoint/{name}/")
        targets = self._targets(name)
        if state is None or state["status"] == "stopped":
            left = (described and described["EndpointStatus"], alarms, targets, tracking)
            return [f"{name} serves nothing, but there are {left}"] if any(left) else []
        champion = state["layout"][0]["version"]
        alias = ledger.alias(project, "tiny", "champion")
        believed = {
            "status": "InService",
            "config": state["config_name"],
            "alarms": {state["config_name"]},
            "targets": 1,
            "alarms of scaling": 2,
            "champion": champion,
            "answer": PREDICTIONS[champion],
        }
        found = {
            "status": described and described["EndpointStatus"],
            "config": described and described["EndpointConfigName"],
            "alarms": alarms,
            "targets": len(targets),
            "alarms of scaling": len(tracking),
            "champion": alias and alias["version"],
            "answer": self._answer(name, described),
        }
        return [
            f"{name}: {key} is {found[key]}, not {believed[key]}"
            for key in believed
            if found[key] != believed[key]
        ]

    def _described(self, name: str) -> dict[str, Any] | None:
        sagemaker = self.client("sagemaker")
        if name not in [one["EndpointName"] for one in sagemaker.list_endpoints()["Endpoints"]]:
            return None
        return dict(sagemaker.describe_endpoint(EndpointName=name))

    def _answer(self, name: str, described: dict[str, Any] | None) -> Any:
        """What it predicts, once it answers: after a kill its programs start anew."""
        if described is None:
            return None
        body = b'{"instances": [[1]]}'

        def ask() -> Any:
            config = self.client("sagemaker").describe_endpoint_config(
                EndpointConfigName=described["EndpointConfigName"]
            )
            if "AsyncInferenceConfig" in config:
                asked = endpoint_async.ask(
                    self.laptop.workspace, name, body, "application/json", "application/json", None
                )
                return json.loads(endpoint_async.result(self.laptop.workspace, asked, 30)["body"])
            answer = self.client("sagemaker-runtime").invoke_endpoint(
                EndpointName=name, Body=body, ContentType="application/json"
            )
            return json.loads(answer["Body"].read())

        return self.laptop.wait_for(lambda: _if_it_answers(ask), f"an answer of {name}")["predictions"]

    def alarms(self, prefix: str) -> list[str]:
        """Names of the alarms whose names begin so."""
        pages = self.client("cloudwatch").get_paginator("describe_alarms")
        return [
            one["AlarmName"]
            for page in pages.paginate(AlarmNamePrefix=prefix)
            for one in page["MetricAlarms"]
        ]

    def _targets(self, name: str) -> list[str]:
        found = self.client("application-autoscaling").describe_scalable_targets(
            ServiceNamespace="sagemaker", ResourceIds=[f"endpoint/{name}/variant/AllTraffic"]
        )
        return [one["ResourceId"] for one in found["ScalableTargets"]]

    def leftovers(self) -> list[str]:
        """What ``slipway doctor`` says is left over, endpoints that serve nothing aside."""
        platform = self.laptop.workspace.platform()
        search = LeftoverSearch(
            self.laptop.workspace.client,
            self.laptop.ledger,
            resource_prefix=platform["resource_prefix"],
            promote_machine_arn=platform["promote_machine_arn"],
        )
        return [f"{one.kind} {one.name}: {one.why}" for one in search.leftovers()]


def _if_it_answers(ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except Exception:  # noqa: BLE001 - whatever a caller sees while nobody answers
        return None
