"""
How long a new version takes to answer, and an old one to answer again; what each strategy costs.

The model is the smallest that there can be, so that what is measured is the platform: AWS adds the minutes
that instances take to start. ``rollback`` is measured as a person sees it: from starting the command to the
first answer of the version before. Waiting times of SageMaker pass ``SPEED`` times faster: transitions and
requests are counted, and on AWS looks at a changing endpoint come on top of them.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any, Final

from benchmarks._aws_cost import USD, transitions
from benchmarks._platform import load, platform
from workbench import approvals
from workbench.releases import Executions

if TYPE_CHECKING:
    from pathlib import Path

    from tests.endtoend.laptop import Laptop

PROJECT: Final = "moving"
MODEL: Final = f"{PROJECT}/tiny"
VERSIONS: Final = ("1.1.0", "1.2.0", "1.3.0")
ROLLBACKS: Final = 5
SPEED: Final = 60
PATIENCE_SECONDS: Final = 60
LOOK_SECONDS: Final = 0.01
WARM_UP_SECONDS: Final = 6.0
STRATEGIES: Final = ("all-at-once", "canary", "linear", "rolling")
LOOK_TRANSITIONS: Final = 3
"""Of each look at an endpoint that still changes: wait, look, choose."""


def run() -> dict[str, Any]:
    """
    Measure promotions one by one.

    Returns:
        ``approval_to_answer`` and ``rollback_to_answer``: medians with ``each``, in seconds; of a roll-back
        also the promote machine's own part. ``strategies``: state transitions of a promotion by each, those
        that are no looks at the endpoint, and their price in US dollars.
    """
    with platform() as laptop:
        laptop.put_numbers(PROJECT)
        laptop.slipway("local", "speed", str(SPEED))
        time.sleep(WARM_UP_SECONDS)
        model = _with_two_instances(laptop.model(PROJECT))
        _release(laptop, model, "1.0.0")
        approved = [_release(laptop, model, version) for version in VERSIONS]
        back = [_rolled_back(laptop) for _ in range(ROLLBACKS)]
        return {
            "approval_to_answer": _median(approved),
            "rollback_to_answer": _median([one["answer"] for one in back])
            | {"machine": round(statistics.median(one["machine"] for one in back), 3)},
            "strategies": {kind: _by(laptop, kind) for kind in STRATEGIES},
            "speed": SPEED,
        }


def _median(seconds: list[float]) -> dict[str, Any]:
    return {"median": round(statistics.median(seconds), 3), "each": [round(one, 3) for one in seconds]}


def _with_two_instances(model: Path) -> Path:
    """SageMaker moves a canary's or a step's share by whole instances."""
    manifest = model / "slipway.toml"
    text = manifest.read_text(encoding="utf-8")
    assert "instance_count = 1\n" in text
    wanted = "instance_count = 2\nmin_instances = 2\nmax_instances = 2\n"
    before, serving, after = text.partition("[serving]")
    after = after.replace("instance_count = 1\n", wanted, 1)
    manifest.write_text(before + serving + after, encoding="utf-8")
    return model


def _release(laptop: Laptop, model: Path, version: str) -> float:
    """Seconds from the approver's form to the version's first answer."""
    load(laptop, model, version).send()
    release = laptop.reach(
        laptop.release(f"{MODEL}:{version}"), "awaiting-approval", seconds=PATIENCE_SECONDS
    )
    link = laptop.wait_for(lambda: approvals.link_of(laptop.aws.inbox(), release["release_id"]), "the mail")
    posted = time.perf_counter()
    answer = approvals.decide(link, decision="approved", reason="seen", version=version)
    assert answer.recorded, answer
    _await_answer(laptop, version)
    seconds = time.perf_counter() - posted
    laptop.reach(release, "deployed", seconds=PATIENCE_SECONDS)
    return seconds


def _await_answer(laptop: Laptop, version: str) -> None:
    runtime = laptop.aws.client("sagemaker-runtime")
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        try:
            if laptop.invoke(PROJECT)["identity"].get("version") == version:
                return
        except runtime.exceptions.ClientError:
            pass  # there is no endpoint yet
        time.sleep(LOOK_SECONDS)
    raise AssertionError(f"{version} never answered")


def _champion(laptop: Laptop) -> str:
    alias = laptop.ledger.alias(PROJECT, "tiny", "champion")
    assert alias is not None
    return alias["version"]


def _rolled_back(laptop: Laptop) -> dict[str, float]:
    """Back to the first version; then, not measured, the newest serves again."""
    began = time.perf_counter()
    command = _command(laptop, "rollback", MODEL, "--to", "1.0.0", "--reason", "measured", "--yes", "--json")
    _await_answer(laptop, "1.0.0")
    answer = time.perf_counter() - began
    out, _ = command.communicate(timeout=PATIENCE_SECONDS)
    assert command.returncode == 0, out
    execution = json.loads(out)["execution_arn"]
    described = laptop.aws.client("stepfunctions").describe_execution(executionArn=execution)
    _promote(laptop, "all-at-once")
    return {"answer": answer, "machine": (described["stopDate"] - described["startDate"]).total_seconds()}


def _command(laptop: Laptop, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "workbench.cli", *arguments],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"SLIPWAY_HOME": str(laptop.aws.home)},
    )


def _promote(laptop: Laptop, strategy: str) -> str:
    """Another version than the one that serves; the execution's ARN."""
    version = next(one for one in reversed(VERSIONS) if one != _champion(laptop))
    wish = ("promote", f"{MODEL}:{version}", "--strategy", strategy, "--reason", "measured")
    command = _command(laptop, *wish, "--yes", "--json")
    out, _ = command.communicate(timeout=600)
    assert command.returncode == 0, out
    return str(json.loads(out)["execution_arn"])


def _by(laptop: Laptop, strategy: str) -> dict[str, Any]:
    events = Executions(laptop.aws.client("stepfunctions")).events(_promote(laptop, strategy))
    looks = sum(event["type"] == "WaitStateEntered" for event in events)
    counted = transitions(events)
    without_looks = counted - looks * LOOK_TRANSITIONS
    return {
        "transitions_here": counted,
        "transitions_without_looks": without_looks,
        "usd_without_looks": round(without_looks * USD["state transition"], 6),
    }
