"""SageMaker's deployment guardrails: how traffic moves to a new fleet, and when it moves back."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slipway.domain.serving import Strategy

MODEL_DOWNLOAD_SECONDS: Final = 600
MIN_DEPLOYMENT_SECONDS: Final = 600  # SageMaker
MAX_DEPLOYMENT_SECONDS: Final = 28_800  # SageMaker
MAX_ALARMS: Final = 10  # SageMaker
_SLACK_SECONDS: Final = 900
"""Instances have to be found and the image pulled before the container may start."""


def deployment_config(
    strategy: Strategy, startup_timeout_seconds: int, alarms: Sequence[str] = ()
) -> dict[str, Any]:
    """
    DeploymentConfig of UpdateEndpoint; back to the old fleet when the new one fails, or an alarm goes off.

    Args:
        strategy: After a trial the champion's place is taken all at once.
        startup_timeout_seconds: How long a container may take until it is healthy.
        alarms: Their names; they must exist. SageMaker refuses an empty list.
    """
    limit = {
        "MaximumExecutionTimeoutInSeconds": min(
            max(deployment_seconds(strategy, startup_timeout_seconds), MIN_DEPLOYMENT_SECONDS),
            MAX_DEPLOYMENT_SECONDS,
        )
    }
    wait = (strategy.interval_minutes or 0) * 60
    config: dict[str, Any]
    if strategy.kind == "rolling":
        config = {
            "RollingUpdatePolicy": {
                "MaximumBatchSize": _percent(strategy.batch),
                "WaitIntervalInSeconds": wait,
                **limit,
            }
        }
    else:
        config = {
            "BlueGreenUpdatePolicy": {
                "TrafficRoutingConfiguration": _routing(strategy, wait),
                "TerminationWaitInSeconds": (strategy.bake_minutes or 0) * 60,
                **limit,
            }
        }
    if alarms:
        config["AutoRollbackConfiguration"] = {
            "Alarms": [{"AlarmName": name} for name in list(alarms)[:MAX_ALARMS]]
        }
    return config


def steps_of(strategy: Strategy) -> int:
    """
    In how many steps traffic moves.

    >>> from slipway.domain.serving import Strategy
    >>> [steps_of(Strategy.of({"kind": kind})) for kind in ("all-at-once", "canary", "linear", "rolling")]
    [1, 2, 5, 4]
    """
    match strategy.kind:
        case "canary":
            return 2
        case "linear":
            return math.ceil(1 / (strategy.step or 1))
        case "rolling":
            return math.ceil(1 / (strategy.batch or 1))
    return 1


def deployment_seconds(strategy: Strategy, startup_timeout_seconds: int) -> int:
    """
    The longest that a deployment takes when all goes well: every start and every wait.

    A rolling one starts instances batch by batch, all others once.
    """
    start = startup_timeout_seconds + MODEL_DOWNLOAD_SECONDS
    starts = steps_of(strategy) if strategy.kind == "rolling" else 1
    waits = steps_of(strategy) * (strategy.interval_minutes or 0) + (strategy.bake_minutes or 0)
    return start * starts + waits * 60 + _SLACK_SECONDS


def _routing(strategy: Strategy, wait: int) -> dict[str, Any]:
    match strategy.kind:
        case "canary":
            return {
                "Type": "CANARY",
                "WaitIntervalInSeconds": wait,
                "CanarySize": _percent(strategy.share),
            }
        case "linear":
            return {
                "Type": "LINEAR",
                "WaitIntervalInSeconds": wait,
                "LinearStepSize": _percent(strategy.step),
            }
    # the wait interval is demanded here too
    return {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0}


def _percent(share: float | None) -> dict[str, Any]:
    return {"Type": "CAPACITY_PERCENT", "Value": max(1, round((share or 0) * 100))}
