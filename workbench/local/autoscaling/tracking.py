"""Target tracking: the metric that a policy holds at its target, and the two alarms on it."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from workbench.local.autoscaling.targets import INSTANCES, PROVISIONED, refused, variant_of

if TYPE_CHECKING:
    from workbench.local.sagemaker.store import Document

LOW_SHARE: Final = 0.9
"""Instances are taken away below this share of the target."""
HIGH, LOW = "AlarmHigh", "AlarmLow"


class Metric(NamedTuple):
    """What an alarm looks at, and for how long: ``high`` periods until too much, ``low`` until too little."""

    namespace: str
    name: str
    statistic: str
    dimensions: tuple[tuple[str, str], ...] = ()
    unit: str | None = None
    period: int = 60
    high: int = 3
    low: int = 15


METRICS: Final = {
    "SageMakerVariantInvocationsPerInstance": (
        INSTANCES,
        Metric("AWS/SageMaker", "InvocationsPerInstance", "Sum"),
    ),
    "SageMakerVariantConcurrentRequestsPerModelHighResolution": (
        INSTANCES,
        Metric("AWS/SageMaker", "ConcurrentRequestsPerModel", "Average", period=10, high=3, low=90),
    ),
    "SageMakerVariantProvisionedConcurrencyUtilization": (
        PROVISIONED,
        Metric("AWS/SageMaker", "ServerlessProvisionedConcurrencyUtilization", "Maximum"),
    ),
}
"""Predefined metrics of variants, with the dimension that they scale."""


def metric_of(policy: Document) -> Metric:
    """
    What a target tracking policy tracks.

    Raises:
        ServiceError: ValidationException for what is no metric, or not served here.
    """
    tracking = policy["TargetTrackingScalingPolicyConfiguration"]
    predefined, customized = (
        tracking.get(f"{kind}MetricSpecification") for kind in ("Predefined", "Customized")
    )
    if (predefined is None) == (customized is None):
        raise refused("Either PredefinedMetricSpecification or CustomizedMetricSpecification must be given")
    if customized is not None:
        return _customized(customized)
    kind = predefined["PredefinedMetricType"]
    dimension, metric = METRICS.get(kind, (None, None))
    variant = variant_of(policy["ResourceId"])
    if metric is None or variant is None or dimension != policy["ScalableDimension"]:
        raise refused(f"{kind} cannot scale {policy['ScalableDimension']}, or is not served here")
    return metric._replace(dimensions=(("EndpointName", variant[0]), ("VariantName", variant[1])))


def _customized(given: Document) -> Metric:
    if "Metrics" in given:
        raise refused("Metric math in a CustomizedMetricSpecification is not served here")
    if not {"MetricName", "Namespace", "Statistic"} <= given.keys():
        raise refused("CustomizedMetricSpecification needs MetricName, Namespace and Statistic")
    dimensions = sorted((one["Name"], one["Value"]) for one in given.get("Dimensions", []))
    return Metric(
        given["Namespace"], given["MetricName"], given["Statistic"], tuple(dimensions), given.get("Unit")
    )


def alarms_of(policy: Document) -> list[dict[str, Any]]:
    """The PutMetricAlarm requests of a policy: one for too much, one for too little unless switched off."""
    tracking, metric = policy["TargetTrackingScalingPolicyConfiguration"], metric_of(policy)
    target = float(tracking["TargetValue"])
    wanted = [(HIGH, "GreaterThanThreshold", target, metric.high)]
    if not tracking.get("DisableScaleIn", False):
        wanted.append((LOW, "LessThanThreshold", target * LOW_SHARE, metric.low))
    described = f"DO NOT EDIT OR DELETE. For TargetTrackingScaling policy {policy['PolicyARN']}"
    return [
        {
            "AlarmName": f"TargetTracking-{policy['ResourceId']}-{side}-{uuid.uuid4()}",
            "AlarmDescription": described,
            "Namespace": metric.namespace,
            "MetricName": metric.name,
            "Statistic": metric.statistic,
            "Period": metric.period,
            "EvaluationPeriods": periods,
            "Threshold": threshold,
            "ComparisonOperator": comparison,
            "Dimensions": [{"Name": name, "Value": value} for name, value in metric.dimensions],
            "AlarmActions": [policy["PolicyARN"]],
            **({"Unit": metric.unit} if metric.unit else {}),
        }
        for side, comparison, threshold, periods in wanted
    ]
