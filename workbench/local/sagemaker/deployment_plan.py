"""How an update goes: which part of the traffic moves when, and how long it is watched then."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from workbench.local.sagemaker.store import Document

LONGEST_SECONDS: Final = 28800
_WHOLE: Final = {"Type": "CAPACITY_PERCENT", "Value": 100}


@dataclass(frozen=True, slots=True)
class Stage:
    """A part of the new fleet takes traffic, and is watched."""

    activated: Mapping[str, int]
    """By variant: instances of the new fleet that take traffic from now on."""
    wait_seconds: float
    """By SageMaker's clock, until the next stage."""


@dataclass(frozen=True, slots=True)
class Plan:
    """
    The stages of one update.

    >>> capacity = {"Type": "CAPACITY_PERCENT", "Value": 25}
    >>> policy = {"Type": "CANARY", "CanarySize": capacity, "WaitIntervalInSeconds": 300}
    >>> plan = plan_of(
    ...     {"BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": policy}},
    ...     {"AllTraffic": 4},
    ... )
    >>> [(dict(stage.activated), stage.wait_seconds) for stage in plan.stages]
    [({'AllTraffic': 1}, 300), ({'AllTraffic': 4}, 0)]
    """

    counts: Mapping[str, int]
    """By variant: the instances of the new fleet in the end."""
    stages: tuple[Stage, ...]
    rolling: bool
    """The new fleet grows and the old one shrinks from stage to stage; else the new one is there at once."""
    rollback: Document
    """How much of the old fleet is brought back at once, when it was shrunk."""
    longest_seconds: float
    alarms: tuple[str, ...]

    def share(self, stage: Stage, variant: str) -> float:
        """The part of a variant's requests that the new fleet gets in a stage, 0 to 1."""
        count = self.counts[variant]
        return stage.activated[variant] / count if count else 1.0


def size_of(capacity: Mapping[str, Any], count: int) -> int:
    """
    How many of ``count`` instances a CapacitySize means: whole ones, at least one.

    >>> [size_of({"Type": "CAPACITY_PERCENT", "Value": percent}, 4) for percent in (10, 25, 30, 100)]
    [1, 1, 2, 4]
    """
    if capacity["Type"] == "INSTANCE_COUNT":
        return min(int(capacity["Value"]), max(count, 1))
    return max(math.ceil(count * int(capacity["Value"]) / 100), 1)


def step_of(capacity: Mapping[str, Any], count: int) -> int:
    """
    How many instances a step of traffic means: never more than half, however percents are rounded.

    >>> step_of({"Type": "CAPACITY_PERCENT", "Value": 50}, 3)
    1
    """
    return min(size_of(capacity, count), max(count // 2, 1))


def plan_of(deployment: Document | None, counts: Mapping[str, int]) -> Plan:
    """
    The plan that a DeploymentConfig means; none: all at once.

    Args:
        deployment: As UpdateEndpoint takes it, checked.
        counts: The new fleet's instances by variant.
    """
    given = deployment or {}
    alarms = tuple(
        entry["AlarmName"] for entry in (given.get("AutoRollbackConfiguration") or {}).get("Alarms", [])
    )
    if rolling := given.get("RollingUpdatePolicy"):
        wait = rolling["WaitIntervalInSeconds"]
        stages = tuple(Stage(part, wait) for part in _parts(counts, rolling["MaximumBatchSize"]))
        return Plan(
            counts,
            stages,
            rolling=True,
            rollback=rolling.get("RollbackMaximumBatchSize", _WHOLE),
            longest_seconds=rolling.get("MaximumExecutionTimeoutInSeconds", LONGEST_SECONDS),
            alarms=alarms,
        )
    policy = given.get("BlueGreenUpdatePolicy") or {}
    routing = policy.get("TrafficRoutingConfiguration") or {"Type": "ALL_AT_ONCE"}
    wait = routing.get("WaitIntervalInSeconds", 0)
    if routing["Type"] == "CANARY":
        first = {name: step_of(routing["CanarySize"], count) for name, count in counts.items()}
        before = [Stage(first, wait)]
    elif routing["Type"] == "LINEAR":
        before = [Stage(part, wait) for part in _parts(counts, routing["LinearStepSize"])][:-1]
    else:
        before = []
    return Plan(
        counts,
        (*before, Stage(dict(counts), policy.get("TerminationWaitInSeconds", 0))),
        rolling=False,
        rollback=_WHOLE,
        longest_seconds=policy.get("MaximumExecutionTimeoutInSeconds", LONGEST_SECONDS),
        alarms=alarms,
    )


def _parts(counts: Mapping[str, int], step: Mapping[str, Any]) -> Iterator[dict[str, int]]:
    """The instances that are reached step by step; the last is all of them."""
    reached = dict.fromkeys(counts, 0)
    while True:
        reached = {name: min(reached[name] + step_of(step, count), count) for name, count in counts.items()}
        yield reached
        if reached == dict(counts):
            return
