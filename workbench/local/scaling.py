"""
Application Auto Scaling: targets and policies are kept and checked; nothing scales.

An endpoint here is one process whatever its instance count says, so that a
policy has nothing to act on. ``docs/fidelity.md`` says so.
"""

from __future__ import annotations

import json
import time
import uuid
from typing import TYPE_CHECKING, Any

from slipway.domain.errors import SlipwayError
from workbench.local import seams

if TYPE_CHECKING:
    from collections.abc import Callable

IDENTITY = ("ServiceNamespace", "ResourceId", "ScalableDimension")


class ScalingError(SlipwayError):
    """A refusal of Application Auto Scaling, by its exception's name."""

    def __init__(self, exception: str, message: str) -> None:
        super().__init__(message)
        self.exception = exception


class ScalingApi:
    """The service's operations; each takes and gives JSON documents."""

    def __init__(self) -> None:
        self.targets: Any = seams.RESPONSES.ScopedDict()
        self.policies: Any = seams.RESPONSES.ScopedDict()
        self._operations: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "RegisterScalableTarget": self.register_target,
            "DeregisterScalableTarget": self.deregister_target,
            "DescribeScalableTargets": self.describe_targets,
            "PutScalingPolicy": self.put_policy,
            "DeleteScalingPolicy": self.delete_policy,
            "DescribeScalingPolicies": self.describe_policies,
            "DescribeScalingActivities": lambda _wish: {"ScalingActivities": []},
            "ListTagsForResource": lambda _wish: {"Tags": {}},
            "TagResource": lambda _wish: {},
        }

    # -- what ministack asks of a service ------------------------------------------------------------

    async def handle_request(
        self, _method: str, _path: str, headers: dict[str, str], body: bytes, _query: Any
    ) -> Any:
        name = headers.get("x-amz-target", "").rpartition(".")[2]
        operation = self._operations.get(name)
        if operation is None:
            return seams.RESPONSES.error("UnknownOperationException", f"{name} is not served here", 400)
        try:
            return seams.RESPONSES.json(operation(json.loads(body or b"{}")))
        except ScalingError as error:
            return seams.RESPONSES.error(error.exception, str(error), 400)
        except KeyError as error:
            return seams.RESPONSES.error("ValidationException", f"{error.args[0]} is required", 400)

    def get_state(self) -> dict[str, Any]:
        return {"targets": self.targets, "policies": self.policies}

    def load_persisted_state(self, state: dict[str, Any]) -> None:
        self.targets.update(state.get("targets", {}))
        self.policies.update(state.get("policies", {}))

    def reset(self) -> None:
        self.targets.clear()
        self.policies.clear()

    # -- targets ---------------------------------------------------------------------------------------

    def register_target(self, wish: dict[str, Any]) -> dict[str, Any]:
        key = self._key(wish)
        known = self.targets.get(key) or {
            **{name: wish[name] for name in IDENTITY},
            "CreationTime": time.time(),
            "RoleARN": wish.get("RoleARN") or self._service_role(wish["ServiceNamespace"]),
            "ScalableTargetARN": self._arn(f"scalable-target/{uuid.uuid4().hex}"),
        }
        if "MinCapacity" not in wish | known or "MaxCapacity" not in wish | known:
            raise ScalingError("ValidationException", "MinCapacity and MaxCapacity are required")
        known |= {name: int(wish[name]) for name in ("MinCapacity", "MaxCapacity") if name in wish}
        if known["MinCapacity"] > known["MaxCapacity"]:
            raise ScalingError("ValidationException", "Maximum capacity cannot be less than minimum capacity")
        self.targets[key] = known
        return {"ScalableTargetARN": known["ScalableTargetARN"]}

    def deregister_target(self, wish: dict[str, Any]) -> dict[str, Any]:
        """Its policies go with it."""
        key = self._key(wish)
        self._known(wish)
        del self.targets[key]
        for name, policy in list(self.policies.items()):
            if self._key(policy) == key:
                del self.policies[name]
        return {}

    def describe_targets(self, wish: dict[str, Any]) -> dict[str, Any]:
        ids = wish.get("ResourceIds")
        found = [
            target
            for target in self.targets.values()
            if target["ServiceNamespace"] == wish["ServiceNamespace"]
            and (not ids or target["ResourceId"] in ids)
            and wish.get("ScalableDimension", target["ScalableDimension"]) == target["ScalableDimension"]
        ]
        return {"ScalableTargets": found}

    # -- policies --------------------------------------------------------------------------------------

    def put_policy(self, wish: dict[str, Any]) -> dict[str, Any]:
        self._known(wish)
        key = f"{self._key(wish)}|{wish['PolicyName']}"
        known = self.policies.get(key) or {
            "PolicyARN": self._arn(f"scaling-policy/{uuid.uuid4().hex}"),
            "CreationTime": time.time(),
            "Alarms": [],
        }
        self.policies[key] = known | wish
        return {"PolicyARN": known["PolicyARN"], "Alarms": known["Alarms"]}

    def delete_policy(self, wish: dict[str, Any]) -> dict[str, Any]:
        if self.policies.pop(f"{self._key(wish)}|{wish['PolicyName']}", None) is None:
            raise ScalingError("ObjectNotFoundException", f"No scaling policy found for {wish['ResourceId']}")
        return {}

    def describe_policies(self, wish: dict[str, Any]) -> dict[str, Any]:
        found = [
            policy
            for policy in self.policies.values()
            if policy["ServiceNamespace"] == wish["ServiceNamespace"]
            and wish.get("ResourceId", policy["ResourceId"]) == policy["ResourceId"]
            and (not wish.get("PolicyNames") or policy["PolicyName"] in wish["PolicyNames"])
        ]
        return {"ScalingPolicies": found}

    def _known(self, wish: dict[str, Any]) -> None:
        if self._key(wish) not in self.targets:
            named = ", ".join(f"{name}: {wish[name]}" for name in IDENTITY)
            raise ScalingError("ObjectNotFoundException", f"No scalable target found for {named}")

    def _key(self, wish: dict[str, Any]) -> str:
        return "|".join(wish[name] for name in IDENTITY)

    def _arn(self, resource: str) -> str:
        region, account = seams.RESPONSES.get_region(), seams.RESPONSES.get_account_id()
        return f"arn:aws:application-autoscaling:{region}:{account}:{resource}"

    def _service_role(self, namespace: str) -> str:
        account = seams.RESPONSES.get_account_id()
        service = f"{namespace}.application-autoscaling.amazonaws.com"
        return (
            f"arn:aws:iam::{account}:role/aws-service-role/{service}/AWSServiceRoleForApplicationAutoScaling"
        )
