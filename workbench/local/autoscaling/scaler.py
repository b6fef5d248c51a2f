"""Looks at every target again and again, and sets the number that limits, schedules and alarms want."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from workbench.local import alarms, seams
from workbench.local.autoscaling.decisions import clamped, stepped, tracked
from workbench.local.autoscaling.policies import STEPS
from workbench.local.autoscaling.targets import key_of
from workbench.local.autoscaling.tracking import HIGH, LOW
from workbench.local.sagemaker.errors import ServiceError
from workbench.local.sagemaker.store import current_scope
from workbench.local.services import start_thread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbench.local.autoscaling.activities import Activities
    from workbench.local.autoscaling.policies import Policies
    from workbench.local.autoscaling.schedules import Schedules
    from workbench.local.autoscaling.targets import Targets
    from workbench.local.clock import Clock
    from workbench.local.context import ServerContext
    from workbench.local.sagemaker.store import Document

logger = logging.getLogger("slipway.autoscaling")
TURN_SECONDS: Final = 1.0
DEFAULT_COOLDOWN: Final = 300


@dataclass(frozen=True, slots=True)
class Capacity:
    """What a variant has."""

    current: int
    desired: int
    settled: bool
    """Whether its endpoint can be changed now."""
    reason: str = ""
    """Why the endpoint's last change came to nothing."""


class Scaled(Protocol):
    """What is scaled."""

    def look(self, resource_id: str, dimension: str) -> Capacity | None:
        """What a resource has; None when it is not there."""
        ...

    def set(self, resource_id: str, dimension: str, count: int) -> None:
        """Begin to change it; raises ServiceError when that is refused."""
        ...


class Proposal(NamedTuple):
    """A number that a policy wants, and why."""

    wanted: int
    cause: str
    cooldown: float
    scales_in: bool = False


@dataclass(frozen=True, slots=True)
class Cooling:
    """After a change: until when no policy scales the same way again (the clock's seconds)."""

    until: float
    before: int
    """Instances before the change."""


class Scaler:
    """Works in one thread, from the server's start."""

    def __init__(
        self, targets: Targets, policies: Policies, schedules: Schedules, activities: Activities, clock: Clock
    ) -> None:
        self._targets, self._policies, self._schedules = targets, policies, schedules
        self._activities, self._clock = activities, clock
        self.scaled: Scaled | None = None
        self._cooling: dict[tuple[Any, str, bool], Cooling] = {}
        self._begun: dict[str, tuple[Proposal, int]] = {}

    def start(self, server: ServerContext) -> None:
        """Begin to look, in a thread of its own."""
        with seams.RESPONSES.scope(server.account, server.region):
            start_thread("autoscaling", self._loop)

    def _loop(self) -> None:
        while True:
            time.sleep(TURN_SECONDS if self._clock.speed <= 1 else TURN_SECONDS / 4)
            for target in self._targets.records.all():
                try:
                    self.turn(target)
                except Exception:
                    logger.exception("scaling %s", target["ResourceId"])

    def turn(self, target: Document) -> None:
        """Look at one target: finish what was begun, else begin what is due."""
        for action in self._schedules.due(key_of(target), time.time()):
            target = self._limit(target, action)
        if self.scaled is None:
            return
        capacity = self.scaled.look(target["ResourceId"], target["ScalableDimension"])
        if capacity is None or not capacity.settled:
            return
        if activity := self._activities.pending(target):
            self._finish(target, activity, capacity)
            return
        if proposal := self._chosen(target, capacity):
            self._begin(target, proposal, capacity)

    def _limit(self, target: Document, action: Document) -> Document:
        if target["SuspendedState"]["ScheduledScalingSuspended"]:
            return target
        limits = action["ScalableTargetAction"]
        least = limits.get("MinCapacity", target["MinCapacity"])
        most = limits.get("MaxCapacity", target["MaxCapacity"])
        if "MaxCapacity" not in limits:
            most = max(most, least)
        least = min(least, most)
        name = action["ScheduledActionName"]
        return (
            self._targets.records.update(
                key_of(target), MinCapacity=least, MaxCapacity=most, _because=f"scheduled action name {name}"
            )
            or target
        )

    def _chosen(self, target: Document, capacity: Capacity) -> Proposal | None:
        least, most = target["MinCapacity"], target["MaxCapacity"]
        now = clamped(capacity.desired, least, most)
        if now != capacity.desired:
            side, limit = ("minimum", least) if now == least else ("maximum", most)
            because = target.get("_because")
            cause = f"{side} capacity was set to {limit}" + (
                f" and {because} was triggered" if because else ""
            )
            return Proposal(now, cause, 0.0, now < capacity.desired)
        proposals = [
            proposal._replace(wanted=clamped(proposal.wanted, least, most))
            for proposal in self._proposals(target, capacity)
        ]
        out = [one for one in proposals if not one.scales_in and one.wanted > capacity.desired]
        if out:
            return max(out, key=lambda one: one.wanted)
        into = [one for one in proposals if one.scales_in and one.wanted < capacity.desired]
        if not into or self._is_cooling(target, scales_in=True):
            return None
        return max(into, key=lambda one: one.wanted)

    def _proposals(self, target: Document, capacity: Capacity) -> Iterator[Proposal]:
        suspended = target["SuspendedState"]
        cooling = self._cooling.get(self._cooling_key(target, scales_in=False))
        before = cooling.before if cooling and cooling.until > self._clock.now() else capacity.desired
        for policy, alarm, value in self._breaches(target):
            proposal = _proposal(policy, alarm, value, before, capacity.desired)
            if proposal is None:
                continue
            side = "In" if proposal.scales_in else "Out"
            agreed = not proposal.scales_in or policy["PolicyType"] == STEPS or self._all_agree(target)
            if agreed and not suspended[f"DynamicScaling{side}Suspended"]:
                yield proposal

    def _breaches(self, target: Document) -> Iterator[tuple[Document, Document, float]]:
        """Policies whose alarm is in ALARM, with the newest value that it saw."""
        found = list(seams.ALARMS.by_name.values())
        for policy in self._policies.of(key_of(target)):
            for alarm in found:
                if policy["PolicyARN"] not in (alarm.get("AlarmActions") or []):
                    continue
                if alarm["StateValue"] != "ALARM" or not alarm.get("ActionsEnabled", True):
                    continue
                values = alarms.periods_of(alarm, time.time(), self._clock.speed)
                value = next((value for value in values if value is not None), None)
                if value is not None:
                    yield policy, alarm, value

    def _all_agree(self, target: Document) -> bool:
        """Target tracking takes instances away only where each policy that may do so wants to."""
        found = seams.ALARMS.by_name
        lows = [
            found.get(alarm["AlarmName"], {}).get("StateValue")
            for policy in self._policies.of(key_of(target))
            for alarm in policy["Alarms"]
            if f"-{LOW}-" in alarm["AlarmName"]
        ]
        return all(state == "ALARM" for state in lows)

    @staticmethod
    def _cooling_key(target: Document, *, scales_in: bool) -> tuple[Any, str, bool]:
        return current_scope(), key_of(target), scales_in

    def _is_cooling(self, target: Document, *, scales_in: bool) -> bool:
        cooling = self._cooling.get(self._cooling_key(target, scales_in=scales_in))
        return cooling is not None and cooling.until > self._clock.now()

    def _begin(self, target: Document, proposal: Proposal, capacity: Capacity) -> None:
        activity = self._activities.begin(target, proposal.wanted, proposal.cause)
        self._begun[activity["ActivityId"]] = proposal, capacity.desired
        if "_because" in target:
            self._targets.records.update(key_of(target), _because=None)
        try:
            if self.scaled is not None:
                self.scaled.set(target["ResourceId"], target["ScalableDimension"], proposal.wanted)
        except ServiceError as error:
            self._activities.fail(activity, error.message)
            self._cool(target, proposal, capacity.desired)

    def _finish(self, target: Document, activity: Document, capacity: Capacity) -> None:
        proposal, before = self._begun.pop(activity["ActivityId"], (None, 0))
        if capacity.current == activity["_wanted"]:
            self._activities.succeed(activity)
        else:
            self._activities.fail(activity, capacity.reason or "the change was interrupted")
        if proposal is not None:
            self._cool(target, proposal, before)

    def _cool(self, target: Document, done: Proposal, before: int) -> None:
        if not done.scales_in:
            # adding instances ends the time in which none may be taken away
            self._cooling.pop(self._cooling_key(target, scales_in=True), None)
        until = self._clock.now() + done.cooldown
        self._cooling[self._cooling_key(target, scales_in=done.scales_in)] = Cooling(until, before)


def _proposal(policy: Document, alarm: Document, value: float, before: int, desired: int) -> Proposal | None:
    """
    What a policy wants now that its alarm rings.

    ``before`` is what there was when the last instances were added, as long as that is not over: what was
    added counts towards what is wanted now.
    """
    cause = f"monitor alarm {alarm['AlarmName']} in state ALARM triggered policy {policy['PolicyName']}"
    if policy["PolicyType"] == STEPS:
        configuration = policy["StepScalingPolicyConfiguration"]
        count = stepped(before, value - float(alarm["Threshold"]), configuration)
        cooldown = float(configuration.get("Cooldown", DEFAULT_COOLDOWN))
        if count is None or count == desired:
            return None
        return Proposal(count, cause, cooldown, count < desired)
    tracking = policy["TargetTrackingScalingPolicyConfiguration"]
    target = float(tracking["TargetValue"])
    if f"-{HIGH}-" in alarm["AlarmName"]:
        cooldown = float(tracking.get("ScaleOutCooldown", DEFAULT_COOLDOWN))
        return Proposal(tracked(before, value, target), cause, cooldown)
    cooldown = float(tracking.get("ScaleInCooldown", DEFAULT_COOLDOWN))
    return Proposal(tracked(desired, value, target), cause, cooldown, scales_in=True)
