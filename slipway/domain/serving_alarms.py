"""
The alarms that roll a deployment back: complete PutMetricAlarm requests.

They look at the new fleet alone (the dimension EndpointConfigName), so that an old
one in trouble stops no way out of it; a minute without requests is a good one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from slipway.contracts import names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slipway.contracts.report import PredictionRange
    from slipway.domain.serving import AlarmLimits

PERIOD_SECONDS: Final = 60
_MICROSECONDS: Final = 1000
"""Of a millisecond: SageMaker measures ModelLatency in them."""
_SAGEMAKER: Final = "AWS/SageMaker"
PREDICTION_MINUTES: Final = 2
"""
In a row. With one request a minute, a minute's mean is one prediction, and 1 of 100 good ones lies outside
the range: two in a row are 1 of 10,000.
"""


def alarms_of(
    endpoint_name: str,
    config_name: str,
    *,
    variant: str,
    model_name: str,
    limits: AlarmLimits,
    predictions: PredictionRange | None,
) -> list[dict[str, Any]]:
    """
    What watches one variant of one endpoint config.

    Args:
        endpoint_name: The endpoint.
        config_name: The config that is to serve.
        variant: Its variant.
        model_name: The variant's SageMaker model: the metric of predictions is the model's own.
        limits: From the manifest.
        predictions: Where predictions on the evaluation data lay; None: nobody knows.
    """
    dimensions = [
        {"Name": "EndpointName", "Value": endpoint_name},
        {"Name": "VariantName", "Value": variant},
        {"Name": "EndpointConfigName", "Value": config_name},
    ]

    def alarm(subject: str, says: str, **metric: Any) -> dict[str, Any]:
        return {
            "AlarmName": names.alarm(endpoint_name, config_name, subject, variant),
            "AlarmDescription": f"{says} (variant {variant} of endpoint {endpoint_name}, config "
            f"{config_name}); "
            "while it is being deployed, SageMaker goes back to what served before",
            "ComparisonOperator": "GreaterThanThreshold",
            "EvaluationPeriods": 1,
            "Period": PERIOD_SECONDS,
            "TreatMissingData": "notBreaching",
        } | metric

    def of_requests(metric: str) -> dict[str, Any]:
        """The metric is 1 for a request with an error and 0 for any other: its average is their share."""
        return {
            "Namespace": _SAGEMAKER,
            "MetricName": metric,
            "Statistic": "Average",
            "Dimensions": dimensions,
        }

    found = []
    if limits.error_share < 1:
        share = limits.error_share
        found.append(
            alarm(
                "5xx",
                f"More than {share:.2%} of a minute's requests were answered 5XX",
                **of_requests("Invocation5XXErrors"),
                Threshold=share,
            )
        )
    if limits.model_error_share < 1:
        share = limits.model_error_share
        found.append(
            alarm(
                "model-errors",
                f"The container failed more than {share:.2%} of a minute's requests",
                **of_requests("InvocationModelErrors"),
                Threshold=share,
            )
        )
    if limits.latency_p99_ms is not None:
        found.append(
            alarm(
                "latency-p99",
                f"One of 100 requests took the container more than {limits.latency_p99_ms} ms in a minute",
                Namespace=_SAGEMAKER,
                MetricName="ModelLatency",
                ExtendedStatistic="p99",
                Dimensions=dimensions,
                Threshold=float(limits.latency_p99_ms * _MICROSECONDS),
            )
        )
    if limits.prediction and predictions is not None:
        of_model = {
            "EvaluationPeriods": PREDICTION_MINUTES,
            "DatapointsToAlarm": PREDICTION_MINUTES,
            "Namespace": names.PREDICTION_NAMESPACE,
            "MetricName": names.PREDICTION_METRIC,
            "Statistic": "Average",
            "Dimensions": [{"Name": "ModelName", "Value": model_name}],
        }
        low, high = predictions["low"], predictions["high"]
        found += [
            alarm(
                "prediction-low",
                f"The mean prediction of two minutes in a row lay below {low:g}: 99.5 % of those on the "
                "evaluation data lay above",
                **of_model,
                Threshold=low,
                ComparisonOperator="LessThanThreshold",
            ),
            alarm(
                "prediction-high",
                f"The mean prediction of two minutes in a row lay above {high:g}: 99.5 % of those on the "
                "evaluation data lay below",
                **of_model,
                Threshold=high,
            ),
        ]
    return found


def names_of(alarms: Sequence[dict[str, Any]], variant: str) -> list[str]:
    """Names of a variant's alarms: the last part of others' is another variant."""
    last = "" if variant == names.VARIANT else f"/{variant}"
    return [
        name
        for alarm in alarms
        if (name := str(alarm["AlarmName"])).endswith(
            tuple(f"/{subject}{last}" for subject in names.ALARM_SUBJECTS)
        )
    ]
