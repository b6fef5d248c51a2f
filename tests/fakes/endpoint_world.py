"""
One endpoint with all that belongs to it, in memory: what the promote machine's tasks do to it.

It plans by itself, in few words: a version is ``{"type": instance type, "scaled": most instances or 0,
"good": whether it answers}``. Whoever asks ``problems`` hears of everything that does not fit together.
"""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.state_machine import Run, task_states
from workbench.local.states.failures import StateFailedError

ENDPOINT = "slipway-dev-pricing-hotel-rates"
DIMENSION = "sagemaker:variant:DesiredInstanceCount"
RESOURCE = f"endpoint/{ENDPOINT}/variant/AllTraffic"
REFUSED = "DynamoDB.ConditionalCheckFailedException"


def invalid(text: str) -> StateFailedError:
    """SageMaker has one name for all that it does not like."""
    return StateFailedError("SageMaker.SageMakerException", text)


def config_of(version: str) -> str:
    return f"config-{version}"


@dataclass
class EndpointWorld:
    """
    AWS and the ledger, as far as one endpoint is concerned.

    Attributes:
        versions: What is registered.
        outcomes: How the next updates end: ``taken``, ``rolled back``, ``no capacity``, ``dead``; then
            ``taken``.
        looks: How often an endpoint that changes is seen changing.
    """

    versions: dict[str, dict[str, Any]] = field(default_factory=dict)
    outcomes: list[str] = field(default_factory=list)
    looks: int = 1
    models: dict[str, Any] = field(default_factory=dict)
    configs: dict[str, Any] = field(default_factory=dict)
    alarms: dict[str, Any] = field(default_factory=dict)
    targets: dict[str, Any] = field(default_factory=dict)
    endpoint: dict[str, Any] | None = None
    lease: dict[str, Any] = field(default_factory=dict)
    believed: str | None = None
    recorded_by: str = ""
    """The execution that wrote last what the ledger believes."""
    stopped: bool = False
    marked: str = ""
    """The version whose stage is Production."""
    tags: list[dict[str, str]] = field(default_factory=list)
    """The endpoint's."""
    history: list[str] = field(default_factory=list)
    told: list[dict[str, Any]] = field(default_factory=list)
    writes: list[tuple[str, str]] = field(default_factory=list)
    """Every write to the endpoint with the config that it asked for."""
    tasks: dict[str, Any] = field(default_factory=dict)
    """Instead of what it would do, by the state's name."""

    def run(self, definition: dict[str, Any], execution: str = "arn:one") -> Run:
        """An execution in this world."""
        return Run(
            definition,
            {name: self._task(name, state["Resource"]) for name, state in task_states(definition)},
            execution=execution,
        )

    def _task(self, name: str, resource: str) -> Any:
        service, action = resource.split(":")[-2:]

        def perform(arguments: dict[str, Any]) -> Any:
            given = copy.deepcopy(arguments)
            return self.tasks[name](given) if name in self.tasks else self.perform(service, action, given)

        return perform

    def perform(self, service: str, action: str, arguments: dict[str, Any]) -> Any:
        """What a task does."""
        if action == "invoke":
            return {"Payload": getattr(self, arguments["FunctionName"].strip("${}"))(arguments["Payload"])}
        return getattr(self, f"_{service}_{action}".replace("-", "_"))(arguments)

    def end_lease(self) -> None:
        """As record_outcome does where an execution was ended from outside."""
        self.lease.pop("owner", None)

    # the platform's functions

    def plan_promotion(self, document: dict[str, Any]) -> dict[str, Any]:
        request = document["request"]
        action, version = request.get("action", "serve"), request["version"]
        common = {
            "endpoint_name": ENDPOINT,
            "action": action,
            "kind": "real-time",
            "believed_config": None if self.stopped else self.believed,
            "previous": {"version": "before"} if self.believed else None,
            "poll_seconds": 15,
            "identity": {"version": version},
            "tags": [{"Key": "slipway:version", "Value": version}],
            "scaling_removals": [{"resource_id": RESOURCE, "dimension": DIMENSION}],
        }
        if action == "stop":
            parts = ("layout", "model_requests", "alarms", "scaling_targets", "alias_moves")
            empty: dict[str, Any] = {name: [] for name in parts}
            return common | empty | {"endpoint_config_name": self.believed or ""}
        return common | self.parts(version)

    def parts(self, version: str) -> dict[str, Any]:
        """Of a promotion of a version that serves alone."""
        config, wish = config_of(version), self.versions[version]
        alarms = [f"{ENDPOINT}/{config}/{what}" for what in ("5xx", "latency-p99")]
        target = {
            "resource_id": RESOURCE,
            "dimension": DIMENSION,
            "min_capacity": 1,
            "max_capacity": wish["scaled"],
            "policies": [{"PolicyName": f"requests-{version}", "PolicyType": "TargetTrackingScaling"}],
            "schedules": [{"ScheduledActionName": "night", "Schedule": "cron(0 20 * * ? *)"}],
            "step_alarms": [],
        }
        variant = {
            "VariantName": "AllTraffic",
            "ModelName": f"model-{version}",
            "InstanceType": wish["type"],
            "InitialInstanceCount": 1,
        }
        return {
            "endpoint_config_name": config,
            "layout": [{"variant": "AllTraffic", "version": version, "share": 1.0, "role": "champion"}],
            "model_requests": [{"ModelName": f"model-{version}"}],
            "endpoint_config_request": {"EndpointConfigName": config, "ProductionVariants": [variant]},
            "deployment_config": {"BlueGreenUpdatePolicy": {}},
            "retain_variant_properties": True,
            "fewest_retained": 1,
            "exclude_retained": [{"VariantPropertyType": "DesiredWeight"}],
            "alarms": [{"AlarmName": name} for name in alarms],
            "scaling_targets": [target] if wish["scaled"] else [],
        }

    def smoke_endpoint(self, _document: dict[str, Any]) -> dict[str, Any]:
        assert self.endpoint is not None
        version = self.endpoint["config"].removeprefix("config-")
        if not self.versions[version]["good"]:
            raise StateFailedError("SmokeTestFailedError", '{"errorMessage": "500"}')
        return {"status": "passed", "milliseconds": 12.5}

    def move_alias(self, document: dict[str, Any]) -> dict[str, Any]:
        lease = document["lease"]
        if (self.lease.get("owner"), self.lease["fence"]) != (lease["owner"], lease["fence"]):
            raise StateFailedError("LeaseLostError", "{}")
        self.recorded_by = lease["owner"]
        self.stopped = document["promotion"]["action"] == "stop"
        if not self.stopped:
            self.believed = document["promotion"]["endpoint_config_name"]
            if self.history[-1:] != [self.believed]:
                self.history.append(self.believed)
        return {}

    def mark_stages(self, document: dict[str, Any]) -> None:
        """Unless another promotion has come between."""
        if document["promotion"]["endpoint_config_name"] == self.believed:
            self.marked = document["promotion"]["identity"]["version"]

    def tidy_endpoint(self, event: dict[str, Any]) -> dict[str, Any]:
        """Nothing of a config stays that does not serve, but what is needed to go back."""
        there = self.endpoint or {"status": "", "config": ""}
        serving = there["config"] if there["status"] == "InService" else ""
        kept = {there["config"], *self.history[-2:]}
        if event["outcome"] == "changed":
            self.alarms = {name: one for name, one in self.alarms.items() if name.split("/")[1] == serving}
        else:
            gone = {*event["asked"]} - {serving}
            self.alarms = {name: one for name, one in self.alarms.items() if name.split("/")[1] not in gone}
        self.configs = {name: one for name, one in self.configs.items() if name in kept}
        return {}

    # the ledger's lease

    def _dynamodb_updateItem(self, arguments: dict[str, Any]) -> Any:  # noqa: N802 - AWS's name
        values, before = arguments["ExpressionAttributeValues"], self.lease
        me, owner = values[":me"]["S"], before.get("owner")
        condition = arguments["ConditionExpression"]
        if "fence" in condition:
            holds = owner == me and before["fence"] == int(values[":fence"]["N"])
        else:
            holds = owner == me or ("attribute_not_exists" in condition and owner is None)
        if not holds:
            raise StateFailedError(REFUSED, "The conditional request failed")
        expression = arguments["UpdateExpression"]
        if "ADD fence" in expression:
            self.lease |= {"owner": me, "fence": before.get("fence", 0) + 1}
        if "ADD asked" in expression:
            self.lease["asked"] = sorted({*before.get("asked", ()), *values[":config"]["SS"]})
            self.lease["scaled"] = values[":scaled"]["S"]
        if expression.startswith("REMOVE"):
            for name in expression.removeprefix("REMOVE ").replace("#", "").split(", "):
                self.lease.pop(name, None)
        attributes = {"fence": {"N": str(self.lease["fence"])}}
        if "asked" in self.lease:
            attributes["asked"] = {"SS": self.lease["asked"]}
        if "scaled" in self.lease:
            attributes["scaled"] = {"S": self.lease["scaled"]}
        return {"Attributes": attributes}

    def _dynamodb_getItem(self, arguments: dict[str, Any]) -> Any:  # noqa: N802
        assert arguments["Key"] == {"pk": {"S": f"ENDPOINT#{ENDPOINT}"}, "sk": {"S": "STATE"}}
        return {"Item": {"execution_arn": {"S": self.recorded_by}}} if self.recorded_by else {}

    def _events_putEvents(self, arguments: dict[str, Any]) -> Any:  # noqa: N802
        self.told.append(arguments["Entries"][0])
        return {}

    # SageMaker

    def _sagemaker_createModel(self, arguments: dict[str, Any]) -> Any:  # noqa: N802
        if arguments["ModelName"] in self.models:
            raise invalid("Cannot create already existing model")
        self.models[arguments["ModelName"]] = arguments
        return {}

    def _sagemaker_createEndpointConfig(self, arguments: dict[str, Any]) -> Any:  # noqa: N802
        if arguments["EndpointConfigName"] in self.configs:
            raise invalid("Cannot create already existing endpoint configuration")
        self.configs[arguments["EndpointConfigName"]] = arguments
        return {}

    def _sagemaker_describeEndpointConfig(self, arguments: dict[str, Any]) -> Any:  # noqa: N802
        return self._config(arguments["EndpointConfigName"])

    def _config(self, name: str) -> dict[str, Any]:
        if name not in self.configs:
            raise invalid("Could not find endpoint configuration")
        return dict(self.configs[name])

    def _there(self) -> dict[str, Any]:
        if self.endpoint is None:
            raise invalid("Could not find endpoint")
        return self.endpoint

    def _sagemaker_createEndpoint(self, arguments: dict[str, Any]) -> Any:  # noqa: N802
        self._config(arguments["EndpointConfigName"])
        if self.endpoint is not None:
            raise invalid("Cannot create already existing endpoint")
        self.endpoint = {"status": "Creating", "config": arguments["EndpointConfigName"], "left": self.looks}
        self.endpoint["next"] = self.outcomes.pop(0) if self.outcomes else "taken"
        self.writes.append(("create", arguments["EndpointConfigName"]))
        return {}

    def _sagemaker_updateEndpoint(self, arguments: dict[str, Any]) -> Any:  # noqa: N802
        wanted, there = self._config(arguments["EndpointConfigName"]), self._there()
        if there["status"] != "InService":
            raise invalid("Cannot update in-progress endpoint")
        before = self.configs.get(there["config"], wanted)
        types = [one["ProductionVariants"][0]["InstanceType"] for one in (before, wanted)]
        if types[0] != types[1] and RESOURCE in self.targets:
            raise invalid("Variant AllTraffic is a registered scalable target")
        there |= {"status": "Updating", "pending": arguments["EndpointConfigName"], "left": self.looks}
        there["next"] = self.outcomes.pop(0) if self.outcomes else "taken"
        there.pop("reason", None)
        self.writes.append(("update", arguments["EndpointConfigName"]))
        return {}

    def _sagemaker_deleteEndpoint(self, _arguments: dict[str, Any]) -> Any:  # noqa: N802
        there = self._there()
        if there["status"] in ("Creating", "Updating", "RollingBack"):
            raise invalid("Cannot delete in-progress endpoint")
        there |= {"status": "Deleting", "left": self.looks}
        self.writes.append(("delete", there["config"]))
        return {}

    def _sagemaker_describeEndpoint(self, _arguments: dict[str, Any]) -> Any:  # noqa: N802
        there = self._there()
        if there.get("left", 0) > 0:
            there["left"] -= 1
        elif there["status"] in ("Creating", "Updating", "RollingBack", "Deleting"):
            self._settle(there)
        there = self._there()
        counts = 0 if there["status"] in ("Failed", "OutOfService") else 1
        return {
            "EndpointArn": "arn:endpoint",
            "EndpointStatus": there["status"],
            "EndpointConfigName": there["config"],
            "ProductionVariants": [{"VariantName": "AllTraffic", "CurrentInstanceCount": counts}],
            **({"FailureReason": there["reason"]} if "reason" in there else {}),
        }

    def _settle(self, there: dict[str, Any]) -> None:
        status, outcome = there["status"], there.get("next", "taken")
        if status == "Deleting":
            self.endpoint = None
        elif status == "RollingBack":
            there["status"] = "InService"
        elif outcome == "taken":
            there |= {"status": "InService", "config": there.get("pending", there["config"])}
        elif outcome == "dead" or status == "Creating":
            there |= {"status": "Failed", "reason": _REASONS[outcome]}
        elif outcome == "rolled back":
            there |= {"status": "RollingBack", "reason": _REASONS[outcome], "left": self.looks}
            for name, alarm in self.alarms.items():
                if name.split("/")[1:] == [there["pending"], "5xx"]:
                    alarm |= {"StateValue": "ALARM", "StateReason": "Threshold Crossed: 0.4 > 0.05"}
        else:
            there |= {"status": "InService", "reason": _REASONS[outcome]}

    def _sagemaker_addTags(self, arguments: dict[str, Any]) -> Any:  # noqa: N802
        assert arguments["ResourceArn"] == "arn:endpoint"
        self.tags = arguments["Tags"]
        return {}

    # alarms and scaling

    def _cloudwatch_putMetricAlarm(self, arguments: dict[str, Any]) -> Any:  # noqa: N802
        self.alarms[arguments["AlarmName"]] = {"StateValue": "OK", "StateReason": "", **arguments}
        return {}

    def _cloudwatch_describeAlarms(self, arguments: dict[str, Any]) -> Any:  # noqa: N802
        assert arguments["AlarmNames"], "that would be every alarm of the account"
        found = [self.alarms[name] for name in arguments["AlarmNames"] if name in self.alarms]
        return {"MetricAlarms": copy.deepcopy(found)}

    def _cloudwatch_describeAlarmHistory(self, arguments: dict[str, Any]) -> Any:  # noqa: N802
        alarm = self.alarms.get(arguments["AlarmName"], {})
        if alarm.get("StateValue") != "ALARM":
            return {"AlarmHistoryItems": []}
        told = {"newState": {"stateValue": "ALARM", "stateReason": alarm["StateReason"]}}
        item = {"HistorySummary": "Alarm updated from OK to ALARM", "HistoryData": json.dumps(told)}
        return {"AlarmHistoryItems": [item]}

    def _applicationautoscaling_describeScalableTargets(self, arguments: dict[str, Any]) -> Any:  # noqa: N802
        found = [
            {
                "ResourceId": resource,
                "ScalableDimension": DIMENSION,
                "MinCapacity": one["min"],
                "MaxCapacity": one["max"],
                "SuspendedState": {"ScheduledScalingSuspended": False},
            }
            for resource, one in self.targets.items()
            if resource in arguments["ResourceIds"]
        ]
        return {"ScalableTargets": found}

    def _target(self, arguments: dict[str, Any]) -> dict[str, Any]:
        assert arguments["ServiceNamespace"] == "sagemaker"
        assert arguments["ScalableDimension"] == DIMENSION
        if arguments["ResourceId"] not in self.targets:
            raise StateFailedError(
                "ApplicationAutoScaling.ObjectNotFoundException", "No scalable target found"
            )
        return dict(self.targets[arguments["ResourceId"]])

    def _applicationautoscaling_describeScalingPolicies(self, arguments: dict[str, Any]) -> Any:  # noqa: N802
        return {"ScalingPolicies": list(self._target(arguments)["policies"].values())}

    def _applicationautoscaling_describeScheduledActions(self, arguments: dict[str, Any]) -> Any:  # noqa: N802
        return {"ScheduledActions": list(self._target(arguments)["schedules"].values())}

    def _applicationautoscaling_registerScalableTarget(self, arguments: dict[str, Any]) -> Any:  # noqa: N802
        there = self.targets.setdefault(arguments["ResourceId"], {"policies": {}, "schedules": {}})
        there |= {"min": arguments["MinCapacity"], "max": arguments["MaxCapacity"]}
        return {}

    def _applicationautoscaling_deregisterScalableTarget(self, arguments: dict[str, Any]) -> Any:  # noqa: N802
        self._target(arguments)
        del self.targets[arguments["ResourceId"]]
        return {}

    def _applicationautoscaling_putScalingPolicy(self, arguments: dict[str, Any]) -> Any:  # noqa: N802
        kept = {name: arguments[name] for name in ("PolicyName", "PolicyType")}
        self._target(arguments)["policies"][arguments["PolicyName"]] = kept
        return {"PolicyArn": f"arn:{arguments['PolicyName']}"}

    def _applicationautoscaling_putScheduledAction(self, arguments: dict[str, Any]) -> Any:  # noqa: N802
        kept = {name: arguments[name] for name in ("ScheduledActionName", "Schedule")}
        self._target(arguments)["schedules"][arguments["ScheduledActionName"]] = kept
        return {}

    # what has to fit together

    def serve(self, version: str) -> None:
        """The version serves, as a promotion leaves it."""
        parts, config = self.parts(version), config_of(version)
        self.models[f"model-{version}"] = parts["model_requests"][0]
        self.configs[config] = parts["endpoint_config_request"]
        self.alarms |= {one["AlarmName"]: {"StateValue": "OK", **one} for one in parts["alarms"]}
        self.targets = self.scaled_as(version)
        self.endpoint = {"status": "InService", "config": config}
        self.believed, self.history = config, [config]

    def scaled_as(self, version: str) -> dict[str, Any]:
        """The targets that a version's promotion leaves."""
        return {
            one["resource_id"]: {
                "min": one["min_capacity"],
                "max": one["max_capacity"],
                "policies": {each["PolicyName"]: each for each in one["policies"]},
                "schedules": {each["ScheduledActionName"]: each for each in one["schedules"]},
            }
            for one in self.parts(version)["scaling_targets"]
        }

    def problems(self) -> list[str]:
        """What ledger, endpoint, scaling and alarms disagree about; empty: nothing."""
        found = []
        failed = self.endpoint is not None and self.endpoint["status"] == "Failed"
        serving = self.endpoint["config"] if self.endpoint and not failed else None
        wanted = None if self.stopped else self.believed
        if serving != wanted:
            found.append(f"{serving} serves, the ledger believes {wanted}")
        if self.endpoint and self.endpoint["status"] not in ("InService", "Failed"):
            found.append(f"the endpoint is {self.endpoint['status']}")
        scaled = self.scaled_as(serving.removeprefix("config-")) if serving else {}
        if self.targets != scaled:
            found.append(f"scaled as {json.dumps(self.targets)}, not {json.dumps(scaled)}")
        found += [f"alarm {name} is left" for name in self.alarms if name.split("/")[1] != serving]
        if serving and not any(name.split("/")[1] == serving for name in self.alarms):
            found.append("nothing watches what serves")
        if serving and serving not in self.configs:
            found.append("the config that serves was deleted")
        left = {name for name in self.lease if name in ("owner", "scaled")}
        return found + [f"the lease keeps its {name}" for name in sorted(left)]


_REASONS = {
    "rolled back": "One or more alarms rang",
    "no capacity": "Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity.",
    "dead": "The primary container did not pass the ping health check.",
}
