"""The operations of Application Auto Scaling, each request checked against botocore's model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from workbench.local import seams
from workbench.local.autoscaling.activities import Activities
from workbench.local.autoscaling.policies import Policies
from workbench.local.autoscaling.scaler import Scaler
from workbench.local.autoscaling.schedules import Schedules
from workbench.local.autoscaling.targets import (
    INSTANCES,
    PROVISIONED,
    Targets,
    key_of,
    missing,
    refused,
    variant_of,
)
from workbench.local.sagemaker.errors import ServiceError
from workbench.local.sagemaker.service_model import answer, validate

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.local.clock import Clock
    from workbench.local.context import ServerContext
    from workbench.local.sagemaker.store import Document, Store

NAME: Final = "application-autoscaling"
SAGEMAKER: Final = "sagemaker"


class Autoscaling:
    """Targets, policies, scheduled actions and activities of an account, and what scales by them."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._targets = Targets(store.records("scalable-target"))
        self._policies = Policies(store.records("scaling-policy"), self._targets)
        self._schedules = Schedules(store.records("scheduled-action"), self._targets)
        activities = Activities(store.records("scaling-activity"))
        self.scaler = Scaler(self._targets, self._policies, self._schedules, activities, clock)
        self.is_target = self._targets.is_target
        self.operations: dict[str, Callable[[Document], Document]] = {
            "RegisterScalableTarget": self._targets.register,
            "DeregisterScalableTarget": self._deregister,
            "DescribeScalableTargets": self._targets.describe,
            "PutScalingPolicy": self._policies.put,
            "DeleteScalingPolicy": self._policies.delete,
            "DescribeScalingPolicies": self._policies.describe,
            "PutScheduledAction": self._schedules.put,
            "DeleteScheduledAction": self._schedules.delete,
            "DescribeScheduledActions": self._schedules.describe,
            "DescribeScalingActivities": activities.describe,
        }

    def start(self, server: ServerContext) -> None:
        """Go on after a start of the server, and look after the targets."""
        with seams.RESPONSES.scope(server.account, server.region):
            self._policies.mend_alarms()
        self.scaler.start(server)

    def _deregister(self, request: Document) -> Document:
        """The target goes with its policies, alarms and scheduled actions; the variant stays as it is."""
        if self._targets.records.remove(key_of(request)) is None:
            raise missing("scalable target")
        self._policies.forget_all(key_of(request))
        self._schedules.forget_all(key_of(request))
        return {}

    def do(self, operation: str, request: Document) -> Document:
        """
        Check and do one operation.

        Raises:
            ServiceError: It is refused.
        """
        done = self.operations.get(operation)
        if done is None:
            raise ServiceError("UnknownOperationException", f"{NAME}:{operation} is not served here")
        check(operation, request)
        return answer(operation, done(request), NAME)


def check(operation: str, request: Document) -> None:
    """
    What the model's shapes do not say of SageMaker's targets.

    Raises:
        ServiceError: ValidationException.
    """
    validate(operation, request, NAME)
    if request.get("ServiceNamespace") != SAGEMAKER:
        return
    dimension = request.get("ScalableDimension", INSTANCES)
    resource = request.get("ResourceId", "endpoint/x/variant/y")
    if dimension in (INSTANCES, PROVISIONED) and variant_of(resource) is None:
        raise refused(f"ResourceId {resource} is no endpoint/NAME/variant/NAME")
