"""Scaling activities: what was scaled, why, and what became of it."""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING, Final

from workbench.local.autoscaling.targets import PROVISIONED, fits, key_of, paged

if TYPE_CHECKING:
    from workbench.local.sagemaker.store import Document, Records

KEPT_SECONDS: Final = 6 * 7 * 86400
"""Activities are told for six weeks."""


def noun(dimension: str) -> str:
    """What a dimension counts, as the texts of activities name it."""
    return "provisioned concurrency" if dimension == PROVISIONED else "instance count"


class Activities:
    """The scaling activities of an account."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def describe(self, request: Document) -> Document:
        found = [one for one in self._records.all() if fits(one, request)]
        return paged("ScalingActivities", sorted(found, key=lambda one: -one["StartTime"]), request)

    def begin(self, target: Document, wanted: int, cause: str) -> Document:
        """One that is InProgress."""
        now = time.time()
        for old in self._records.all():
            if old["StartTime"] < now - KEPT_SECONDS:
                self._records.remove(old["ActivityId"])
        activity = {
            "ActivityId": str(uuid.uuid4()),
            "ServiceNamespace": target["ServiceNamespace"],
            "ResourceId": target["ResourceId"],
            "ScalableDimension": target["ScalableDimension"],
            "Description": f"Setting desired {noun(target['ScalableDimension'])} to {wanted}.",
            "Cause": cause,
            "StartTime": now,
            "StatusCode": "InProgress",
            "StatusMessage": f"Successfully set desired {noun(target['ScalableDimension'])} to {wanted}. "
            "Waiting for change to be fulfilled by sagemaker.",
            "_wanted": wanted,
        }
        return self._records.put(activity["ActivityId"], activity)

    def succeed(self, activity: Document) -> None:
        """The change is there."""
        told = f"Successfully set desired {noun(activity['ScalableDimension'])} to {activity['_wanted']}. "
        self._end(activity, "Successful", told + "Change successfully fulfilled by sagemaker.")

    def fail(self, activity: Document, reason: str) -> None:
        """The change is not to be had."""
        told = f"Failed to set desired {noun(activity['ScalableDimension'])} to {activity['_wanted']}. "
        self._end(activity, "Failed", f"{told}Reason: {reason}")

    def _end(self, activity: Document, status: str, message: str) -> None:
        self._records.update(
            activity["ActivityId"], StatusCode=status, StatusMessage=message, EndTime=time.time()
        )

    def pending(self, target: Document) -> Document | None:
        """The target's activity that has not ended."""
        return next(
            (
                one
                for one in self._records.all()
                if one["StatusCode"] == "InProgress" and key_of(one) == key_of(target)
            ),
            None,
        )
