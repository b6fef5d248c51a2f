"""CloudWatch alarms that look at their own dimensions, missing data and M of N, and tell EventBridge."""

from __future__ import annotations

import logging
import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from workbench.local import seams
from workbench.local.clock import WATCHED_UP_TO
from workbench.local.services import put_aws_event

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from workbench.local.context import ServerContext

logger = logging.getLogger("slipway.alarms")

EVALUATE_SECONDS: Final = 2.0
OFTEN_SECONDS: Final = 0.25
"""Between evaluations when the clock runs fast."""
HASTENED: Final = frozenset({"AWS/SageMaker", "/aws/sagemaker/Endpoints", "Slipway/Predictions"})
"""Namespaces whose alarms' periods pass by SageMaker's clock: they watch endpoints while those bake."""
SHORTEST_SECONDS: Final = 60.0 / WATCHED_UP_TO
"""Of a period, however fast the clock runs: metrics come a few times a second at most."""
LATE_SECONDS: Final = 120.0
"""Datapoints are kept as they come; none comes later than this after a newer one."""
COMPARISONS: Final = {
    "GreaterThanOrEqualToThreshold": lambda value, threshold: value >= threshold,
    "GreaterThanThreshold": lambda value, threshold: value > threshold,
    "LessThanThreshold": lambda value, threshold: value < threshold,
    "LessThanOrEqualToThreshold": lambda value, threshold: value <= threshold,
}


def state_of(alarm: Mapping[str, Any], values: Sequence[float | None]) -> tuple[str, str]:
    """
    State and reason of a metric alarm.

    Args:
        alarm: As PutMetricAlarm takes it, with its present ``StateValue``.
        values: The statistic of each evaluation period, newest first; None: no data.

    >>> alarm = {"ComparisonOperator": "GreaterThanThreshold", "Threshold": 1, "StateValue": "OK"}
    >>> state_of(alarm, [2.0])[0]
    'ALARM'
    >>> state_of(alarm, [None])[0]
    'INSUFFICIENT_DATA'
    """
    missing = alarm.get("TreatMissingData") or "missing"
    compare = COMPARISONS.get(str(alarm.get("ComparisonOperator")))
    threshold = float(alarm.get("Threshold") or 0)
    if compare is None:
        return str(alarm["StateValue"]), "this comparison is not evaluated here"
    breaching = sum(compare(value, threshold) for value in values if value is not None)
    absent = sum(value is None for value in values)
    needed = int(alarm.get("DatapointsToAlarm") or len(values))
    if absent == len(values) and missing in {"missing", "ignore"}:
        state = str(alarm["StateValue"]) if missing == "ignore" else "INSUFFICIENT_DATA"
        return state, "Insufficient Data: no datapoints were received"
    if missing == "breaching":
        breaching += absent
    seen = [value for value in values if value is not None]
    told = f"{breaching} of the last {len(values)} datapoints {seen} breach {threshold}"
    return ("ALARM" if breaching >= needed else "OK"), f"Threshold Crossed: {told}"


def recent(points: Sequence[dict[str, Any]], since: float) -> list[dict[str, Any]]:
    """The datapoints after a moment; only the last ones are looked at, as there may be very many."""
    found = []
    for point in reversed(points):
        if point["Timestamp"] > since:
            found.append(point)
        elif point["Timestamp"] < since - LATE_SECONDS:
            break
    return found


def periods_of(alarm: Mapping[str, Any], now: float, speed: float = 1.0) -> list[float | None]:
    """
    The statistic of each evaluation period of an alarm, newest first.

    Args:
        alarm: As PutMetricAlarm takes it.
        now: Where the newest period ends, seconds since the epoch.
        speed: That of SageMaker's clock; periods of alarms that watch endpoints are shorter by it.
    """
    dimensions = alarm.get("Dimensions") or {}
    if isinstance(dimensions, list):
        dimensions = {item["Name"]: item["Value"] for item in dimensions}
    key = (alarm["Namespace"], alarm["MetricName"], seams.CLOUDWATCH.dimensions_key(dimensions))
    seconds = float(alarm.get("Period") or 60)
    if alarm["Namespace"] in HASTENED and speed > 1:
        seconds = max(seconds / speed, SHORTEST_SECONDS)
    number_of_periods = int(alarm.get("EvaluationPeriods") or 1)
    points = recent(seams.CLOUDWATCH.metrics.get(key, []), now - number_of_periods * seconds)
    statistic = alarm.get("ExtendedStatistic") or alarm.get("Statistic") or "Average"
    values: list[float | None] = []
    for number in range(number_of_periods):
        newest = now - number * seconds
        window = [point for point in points if newest - seconds < point["Timestamp"] <= newest]
        values.append(
            seams.CLOUDWATCH.statistic(seams.CLOUDWATCH.statistics(window), statistic, window)
            if window
            else None
        )
    return values


def evaluate(alarm: dict[str, Any], speed: float = 1.0) -> None:
    """Bring one alarm to its state; act and tell where it changes."""
    if not alarm.get("MetricName"):
        return
    now = time.time()
    before = alarm["StateValue"]
    state, reason = state_of(alarm, periods_of(alarm, now, speed))
    if state == before:
        return
    alarm.update(StateValue=state, StateReason=reason, StateUpdatedTimestamp=int(now))
    seams.CLOUDWATCH.record_history(alarm["AlarmName"], before, state, reason)
    seams.CLOUDWATCH.act(alarm, before, state, reason)
    seams.CLOUDWATCH.evaluate_parents(alarm)


def tell(alarm: Mapping[str, Any], before: str, state: str, reason: str) -> None:
    """Put CloudWatch's event of a state change."""
    region, account = seams.RESPONSES.get_region(), seams.RESPONSES.get_account_id()
    arn = alarm.get("AlarmArn") or f"arn:aws:cloudwatch:{region}:{account}:alarm:{alarm['AlarmName']}"
    at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")
    detail = {
        "alarmName": alarm["AlarmName"],
        "state": {"value": state, "reason": reason, "timestamp": at},
        "previousState": {"value": before},
        "configuration": {"description": alarm.get("AlarmDescription", ""), "metrics": []},
    }
    put_aws_event("aws.cloudwatch", "CloudWatch Alarm State Change", detail, resources=[arn])


def install(server: ServerContext) -> None:
    """Evaluate alarms by these rules, regularly, and tell of their changes."""
    act = seams.CLOUDWATCH.act

    def act_and_tell(alarm: dict[str, Any], before: str, state: str, reason: str) -> None:
        if server.state.replaying:
            return  # it was done when the state changed
        act(alarm, before, state, reason)
        tell(alarm, before, state, reason)

    seams.CLOUDWATCH.replace("evaluate", lambda alarm: evaluate(alarm, server.clock.speed))
    seams.CLOUDWATCH.replace("act", act_and_tell)

    def loop() -> None:
        while True:
            time.sleep(max(server.clock.real(EVALUATE_SECONDS), OFTEN_SECONDS))
            with seams.RESPONSES.scope(server.account, server.region):
                try:
                    for alarm in list(seams.CLOUDWATCH.alarms.values()):
                        evaluate(alarm, server.clock.speed)
                except Exception:
                    logger.exception("alarms")

    server.on_start.append(lambda: threading.Thread(target=loop, name="alarms", daemon=True).start())
