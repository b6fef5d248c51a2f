"""Scheduled actions: new limits of a target at set times."""

from __future__ import annotations

import time
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from workbench.local import seams
from workbench.local.autoscaling.schedule_times import Schedule, read
from workbench.local.autoscaling.targets import fits, key_of, missing, paged, refused
from workbench.local.sagemaker.service_model import timestamp

if TYPE_CHECKING:
    from workbench.local.autoscaling.targets import Targets
    from workbench.local.sagemaker.store import Document, Records


class Schedules:
    """The scheduled actions of an account."""

    def __init__(self, records: Records, targets: Targets) -> None:
        self._records, self._targets = records, targets

    def put(self, request: Document) -> Document:
        self._targets.of(request)
        name, now = _name(request), time.time()
        known = self._records.get(name)
        if known is None and not {"Schedule", "ScalableTargetAction"} <= request.keys():
            raise refused("Schedule and ScalableTargetAction are needed for a new scheduled action")
        account, region = seams.RESPONSES.get_account_id(), seams.RESPONSES.get_region()
        action: Document = {
            "ScheduledActionARN": f"arn:aws:autoscaling:{region}:{account}:scheduledAction:{uuid.uuid4()}:"
            f"resource/{request['ServiceNamespace']}/{request['ResourceId']}:"
            f"scheduledActionName/{request['ScheduledActionName']}",
            "CreationTime": now,
            **(known or {}),
            **request,
        }
        for member in ("StartTime", "EndTime"):
            if member in request:
                action[member] = timestamp(request[member])
        wanted = action["ScalableTargetAction"]
        if not wanted:
            raise refused("ScalableTargetAction needs MinCapacity, MaxCapacity or both")
        if wanted.get("MinCapacity", 0) > wanted.get("MaxCapacity", wanted.get("MinCapacity", 0)):
            raise refused("MinCapacity cannot be greater than MaxCapacity")
        if action.get("EndTime", float("inf")) <= action.get("StartTime", 0.0):
            raise refused("EndTime must be after StartTime")
        action["_due"] = next_due(action, now)
        if known is None and action["_due"] is None:
            raise refused(f"Schedule {action['Schedule']!r} is never due: it lies in the past")
        self._records.put(name, {member: value for member, value in action.items() if value is not None})
        return {}

    def delete(self, request: Document) -> Document:
        if self._records.remove(_name(request)) is None:
            raise missing("scheduled action")
        return {}

    def describe(self, request: Document) -> Document:
        found = [
            action
            for action in self._records.all()
            if fits(action, request)
            and action["ScheduledActionName"]
            in request.get("ScheduledActionNames", [action["ScheduledActionName"]])
        ]
        return paged("ScheduledActions", found, request)

    def forget_all(self, key: str) -> None:
        """The target is gone."""
        for action in self._of(key):
            self._records.remove(_name(action))

    def _of(self, key: str) -> list[Document]:
        return [action for action in self._records.all() if key_of(action) == key]

    def due(self, key: str, now: float) -> list[Document]:
        """
        A target's actions whose time has come, the latest at the end; each is due anew at its next time.

        One whose time passed more than once while nobody looked is due once.
        """
        found = [action for action in self._of(key) if action.get("_due", float("inf")) <= now]
        for action in found:
            self._records.update(_name(action), _due=next_due(action, now))
        return sorted(found, key=lambda action: action["_due"])


def next_due(action: Document, now: float) -> float | None:
    """The first time after ``now`` at which an action is due, between its start and its end."""
    since = max(now, float(action.get("StartTime", 0.0)) - 0.001)
    due = _schedule(action).next_after(datetime.fromtimestamp(since, UTC))
    if due is None or due.timestamp() > action.get("EndTime", float("inf")):
        return None
    return due.timestamp()


def _name(action: Document) -> str:
    return f"{key_of(action)}|{action['ScheduledActionName']}"


def _schedule(action: Document) -> Schedule:
    start = datetime.fromtimestamp(
        action["StartTime"] if "StartTime" in action else action["CreationTime"], UTC
    )
    return read(action["Schedule"], action.get("Timezone", "UTC"), start)
