"""What SageMaker refuses of a DeploymentConfig before anything is touched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from workbench.local import seams
from workbench.local.sagemaker.deployment_plan import LONGEST_SECONDS
from workbench.local.sagemaker.errors import invalid

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbench.local.sagemaker.store import Document

MOST_PERCENT: Final = 50
LEAST_PERCENT: Final = {"CanarySize": 1, "LinearStepSize": 10, "MaximumBatchSize": 5}
SIZES: Final = {"CANARY": "CanarySize", "LINEAR": "LinearStepSize"}


def check_deployment(deployment: Document | None, config: Document) -> None:
    """
    Check a deployment of a configuration.

    Args:
        deployment: DeploymentConfig as the request gives it.
        config: The endpoint configuration with the counts that it will be deployed with.

    Raises:
        ServiceError: ValidationException.
    """
    if not deployment:
        return
    blue_green, rolling = deployment.get("BlueGreenUpdatePolicy"), deployment.get("RollingUpdatePolicy")
    if blue_green and rolling:
        raise invalid("BlueGreenUpdatePolicy and RollingUpdatePolicy cannot both be given")
    for alarm in (deployment.get("AutoRollbackConfiguration") or {}).get("Alarms", []):
        if seams.ALARMS.by_name.get(alarm["AlarmName"]) is None:
            raise invalid(f"Alarm {alarm['AlarmName']} given in AutoRollbackConfiguration does not exist")
    variants = config["ProductionVariants"]
    if any("ServerlessConfig" in variant for variant in variants) and (blue_green or rolling):
        raise invalid("Deployment guardrails are not supported for serverless endpoints")
    if blue_green:
        _check_blue_green(blue_green, variants)
    if rolling:
        _check_rolling(rolling, variants)


def _check_blue_green(policy: Document, variants: list[Document]) -> None:
    routing = policy["TrafficRoutingConfiguration"]
    needed = SIZES.get(routing["Type"])
    for member in SIZES.values():
        if (member in routing) != (member == needed):
            verb = "needs" if member == needed else "cannot have"
            raise invalid(f"TrafficRoutingConfiguration of type {routing['Type']} {verb} {member}")
    if needed:
        _check_size(needed, routing[needed], variants)
    waits = routing["WaitIntervalInSeconds"] + policy.get("TerminationWaitInSeconds", 0)
    if waits >= policy.get("MaximumExecutionTimeoutInSeconds", LONGEST_SECONDS):
        raise invalid("MaximumExecutionTimeoutInSeconds must be greater than the sum of the waiting times")


def _check_rolling(policy: Document, variants: list[Document]) -> None:
    if len(variants) > 1:
        raise invalid("RollingUpdatePolicy is not supported for endpoints with several production variants")
    _check_size("MaximumBatchSize", policy["MaximumBatchSize"], variants)
    if policy["WaitIntervalInSeconds"] >= policy.get("MaximumExecutionTimeoutInSeconds", LONGEST_SECONDS):
        raise invalid("MaximumExecutionTimeoutInSeconds must be greater than the sum of the waiting times")


def _check_size(member: str, capacity: Mapping[str, Any], variants: list[Document]) -> None:
    """A part of the fleet: within the member's bounds, and of a fleet that can be parted at all."""
    least, value = LEAST_PERCENT[member], capacity["Value"]
    for variant in variants:
        name, count = variant["VariantName"], variant["InitialInstanceCount"]
        by_count = capacity["Type"] == "INSTANCE_COUNT"
        percent = value * 100 / count if by_count and count else value
        # one instance is the least that can be taken, however small a part of the fleet it should be
        too_small = percent < least and not (by_count and value == 1)
        if count < 2 or percent > MOST_PERCENT or too_small:  # noqa: PLR2004 - half of one instance is none
            raise invalid(
                f"{member} must be from {least} to {MOST_PERCENT} percent of the instances of variant {name} "
                f"(it has {count}), not {value} by {capacity['Type']}"
            )
