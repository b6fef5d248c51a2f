"""Looks for what promotions left behind, and removes what nothing needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from slipway.contracts import names
from slipway.domain.leftovers import Found, Leftover, leftovers
from slipway.usecases.tidy_endpoint import KEPT_CONFIGS, LOOKED_BACK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from slipway.usecases.ports import Ledger

NAME_PARTS = 3
"""Of a promotion's alarm: endpoint, config, what it watches."""


class LeftoverSearch:
    """
    Args:
        client: Makes a boto3 client for a service.
        ledger: What the platform believes.
        resource_prefix: Every name of the environment begins with it.
        promote_machine_arn: Whose running executions make what is not in service yet.
    """

    def __init__(
        self, client: Callable[[str], Any], ledger: Ledger, *, resource_prefix: str, promote_machine_arn: str
    ) -> None:
        self._client, self._ledger = client, ledger
        self._prefix, self._machine = f"{resource_prefix}-", promote_machine_arn

    def leftovers(self) -> list[Leftover]:
        """What nothing needs, in the order in which it can be removed."""
        # Asked first: what begins while the rest is read is younger than all that is found.
        busy_since = self._busy_since()
        # a batch's model has the name of its job
        batches = {name for name, _ in self._running_batches()}
        described = [
            self._client("sagemaker").describe_endpoint(EndpointName=name)
            for name in self._names("list_endpoints", "Endpoints", "EndpointName")
        ]
        configs = dict(self._configs())
        endpoints = {one["EndpointName"]: frozenset(_variants(one)) for one in described}
        serving = {one["EndpointName"]: frozenset(_configs_of(one)) for one in described}
        configs_of = dict(serving)
        for name in {*endpoints, *self._ever()}:
            configs_of[name] = configs_of.get(name, frozenset()) | self._believed(name)
        return leftovers(
            Found(
                endpoints=endpoints,
                serving=serving,
                configs_of=configs_of,
                configs=configs,
                models={name: at for name, at in self._models() if name not in batches},
                alarms=frozenset(self._alarms()),
                targets=frozenset(self._targets()),
                dashboards=dict(self._dashboards()),
                known=frozenset(name for name in endpoints if self._ledger.endpoint_state(name) is not None),
                busy_since=busy_since,
            )
        )

    def _busy_since(self) -> datetime | None:
        pages = (
            self._client("stepfunctions")
            .get_paginator("list_executions")
            .paginate(stateMachineArn=self._machine, statusFilter="RUNNING")
        )
        return min((one["startDate"] for page in pages for one in page["executions"]), default=None)

    def _made(self, operation: str, member: str, name: str) -> Iterator[tuple[str, datetime]]:
        pages = self._client("sagemaker").get_paginator(operation).paginate(NameContains=self._prefix)
        for page in pages:
            for one in page[member]:
                if one[name].startswith(self._prefix):
                    yield one[name], one["CreationTime"]

    def _models(self) -> Iterator[tuple[str, datetime]]:
        yield from self._made("list_models", "Models", "ModelName")

    def _running_batches(self) -> Iterator[tuple[str, datetime]]:
        pages = self._client("sagemaker").get_paginator("list_transform_jobs")
        for page in pages.paginate(NameContains=self._prefix, StatusEquals="InProgress"):
            for job in page["TransformJobSummaries"]:
                yield job["TransformJobName"], job["CreationTime"]

    def _names(self, operation: str, member: str, name: str) -> list[str]:
        return [one for one, _ in self._made(operation, member, name)]

    def _configs(self) -> Iterator[tuple[str, tuple[frozenset[str], datetime]]]:
        for name, made_at in self._made("list_endpoint_configs", "EndpointConfigs", "EndpointConfigName"):
            config = self._client("sagemaker").describe_endpoint_config(EndpointConfigName=name)
            variants = [*config["ProductionVariants"], *config.get("ShadowProductionVariants", ())]
            yield name, (frozenset(one["ModelName"] for one in variants if "ModelName" in one), made_at)

    def _ever(self) -> set[str]:
        """Every model's endpoint, whether it is there or not: a stopped one goes back to what it served."""
        prefix = self._prefix.removesuffix("-")
        return {
            names.endpoint(prefix, one["project"], one["model"]) for one in self._ledger.listed_versions()
        }

    def _believed(self, endpoint: str) -> frozenset[str]:
        """What tidying keeps: the configs that served last, and before that."""
        history = self._ledger.endpoint_history(endpoint, limit=LOOKED_BACK)
        served = dict.fromkeys(state["config_name"] for state in history if state["config_name"])
        return frozenset([*served][:KEPT_CONFIGS])

    def _alarms(self) -> Iterator[str]:
        pages = (
            self._client("cloudwatch").get_paginator("describe_alarms").paginate(AlarmNamePrefix=self._prefix)
        )
        for page in pages:
            for alarm in page["MetricAlarms"]:
                name = alarm["AlarmName"]
                of_promotion = len(name.split("/", NAME_PARTS - 1)) == NAME_PARTS
                if of_promotion or name.endswith(names.old_scaling_alarm("")):
                    yield name

    def _targets(self) -> Iterator[str]:
        pages = (
            self._client("application-autoscaling")
            .get_paginator("describe_scalable_targets")
            .paginate(ServiceNamespace="sagemaker")
        )
        for page in pages:
            for target in page["ScalableTargets"]:
                if target["ResourceId"].startswith(f"endpoint/{self._prefix}"):
                    yield target["ResourceId"]

    def _dashboards(self) -> Iterator[tuple[str, str]]:
        pages = (
            self._client("cloudwatch")
            .get_paginator("list_dashboards")
            .paginate(DashboardNamePrefix=self._prefix)
        )
        for page in pages:
            for one in page["DashboardEntries"]:
                yield one["DashboardName"], one["DashboardName"]

    def remove(self, leftover: Leftover) -> None:
        """Remove one that is removable; what is gone already is no error."""
        sagemaker, name = self._client("sagemaker"), leftover.name
        if leftover.kind == "endpoint config":
            sagemaker.delete_endpoint_config(EndpointConfigName=name)
        elif leftover.kind == "model":
            sagemaker.delete_model(ModelName=name)
        elif leftover.kind == "alarm":
            self._client("cloudwatch").delete_alarms(AlarmNames=[name])
        elif leftover.kind == "dashboard":
            self._client("cloudwatch").delete_dashboards(DashboardNames=[name])
        elif leftover.kind == "scalable target":
            self._deregister(name)

    def _deregister(self, resource: str) -> None:
        autoscaling = self._client("application-autoscaling")
        targets = autoscaling.describe_scalable_targets(ServiceNamespace="sagemaker", ResourceIds=[resource])
        for target in targets["ScalableTargets"]:
            autoscaling.deregister_scalable_target(
                ServiceNamespace="sagemaker",
                ResourceId=resource,
                ScalableDimension=target["ScalableDimension"],
            )


def _variants(described: dict[str, Any]) -> Iterator[str]:
    for member in ("ProductionVariants", "ShadowProductionVariants"):
        for one in described.get(member) or ():
            yield one["VariantName"]


def _configs_of(described: dict[str, Any]) -> Iterator[str]:
    yield described["EndpointConfigName"]
    pending = described.get("PendingDeploymentSummary") or {}
    if pending.get("EndpointConfigName"):
        yield pending["EndpointConfigName"]
