"""
The alarms that stand for as long as a model serves.

A promotion is rolled back by alarms on its own config. When it has come to serve, what they watch stays
watched: the same metrics and thresholds, on the variant whatever its config, and more patiently.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from slipway.contracts import names

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from slipway.domain.watched import WatchedEndpoint, WatchedVariant

PERIODS: Final = 5
BREACHING_PERIODS: Final = 3
"""Of the last five minutes: one bad minute wakes nobody."""
HEADING: Final = "an-endpoints-alarm"
"""The runbook's heading that says what to do."""

_WORDS: Final[Mapping[str, str]] = {
    "5xx": "too many requests end in a server error",
    "latency-p99": "the slowest requests take too long",
    "prediction-low": "predictions are lower than those on the evaluation data",
    "prediction-high": "predictions are higher than those on the evaluation data",
}
"""What an alarm says, by its subject; other subjects guard a promotion alone."""


def standing_alarms(
    watched: WatchedEndpoint, of_promotion: Sequence[Mapping[str, Any]], *, topic_arn: str
) -> Iterator[dict[str, Any]]:
    """
    Complete PutMetricAlarm requests.

    Args:
        watched: What serves.
        of_promotion: The alarms of the config that serves, as DescribeAlarms tells them.
        topic_arn: Where they ring.
    """
    by_name = {alarm["AlarmName"]: alarm for alarm in of_promotion}
    config = next((name.split("/")[1] for name in by_name), "")
    for variant in watched.variants:
        for subject, words in _WORDS.items():
            alarm = by_name.get(names.alarm(watched.endpoint, config, subject, variant.variant))
            if alarm is not None:
                yield _standing(watched, variant, alarm, subject=subject, words=words, topic_arn=topic_arn)


def _standing(
    watched: WatchedEndpoint,
    variant: WatchedVariant,
    alarm: Mapping[str, Any],
    *,
    subject: str,
    words: str,
    topic_arn: str,
) -> dict[str, Any]:
    statistic = {key: alarm[key] for key in ("Statistic", "ExtendedStatistic") if alarm.get(key)}
    return {
        "AlarmName": names.standing_alarm(watched.endpoint, subject, variant.variant),
        # tell_alarm reads whose alarm it is from the words before the colon
        "AlarmDescription": f"{watched.project}/{watched.model} {variant.version}: {words}. "
        f"What to do: {watched.runbook}#{HEADING}",
        "Namespace": alarm["Namespace"],
        "MetricName": alarm["MetricName"],
        "Dimensions": [one for one in alarm["Dimensions"] if one["Name"] != "EndpointConfigName"],
        **statistic,
        "Period": alarm["Period"],
        "EvaluationPeriods": PERIODS,
        "DatapointsToAlarm": BREACHING_PERIODS,
        "ComparisonOperator": alarm["ComparisonOperator"],
        "Threshold": alarm["Threshold"],
        "TreatMissingData": "notBreaching",
        "AlarmActions": [topic_arn],
        "OKActions": [topic_arn],
    }
