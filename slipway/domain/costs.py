"""What a release cost and its endpoint would cost: an estimate for the person who approves, not a bill."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from slipway.contracts.report import CostEstimate

HOURS_PER_MONTH: Final = 730
SERVERLESS: Final = "serverless"
"""Stands for an instance type; it costs by the request, so that its price is not known before."""

USD_PER_HOUR: Final[Mapping[str, float]] = {
    "ml.t2.medium": 0.056,
    "ml.m5.large": 0.115,
    "ml.m5.xlarge": 0.23,
}
"""On-demand list prices per instance; the same for training, processing and real-time hosting."""

SOURCE: Final = (
    "on-demand list prices of us-east-1 as of 2026-08, from public reports; the AWS Price List is the truth"
)


def instance_usd(instance_type: str, count: float, seconds: float) -> float | None:
    """
    Instances for a time; None: the type's price is not known here.

    >>> instance_usd("ml.m5.large", 2, 3600), instance_usd("ml.unheard.of", 1, 3600)
    (0.23, None)
    """
    price = USD_PER_HOUR.get(instance_type)
    return None if price is None else price * count * seconds / 3600


def usd_per_month(instance_type: str, count: float) -> float | None:
    """
    Instances that run all month long; None: the type's price is not known here.

    >>> round(usd_per_month("ml.m5.large", 2) or 0, 2)
    167.9
    """
    return instance_usd(instance_type, count, HOURS_PER_MONTH * 3600)


def estimate(manifest: Mapping[str, Any], *, billable_seconds: float) -> CostEstimate:
    """
    The training job's bill, and the endpoint at its least number of instances.

    Args:
        manifest: The model manifest's document.
        billable_seconds: Of the training job, per instance.
    """
    training, serving = manifest["training"], manifest["serving"]
    count = int(serving["min_instances"])
    instance_type = serving.get("instance_type", SERVERLESS)
    hour = instance_usd(instance_type, count, 3600)
    return {
        "instance_type": instance_type,
        "instance_count": count,
        "usd_per_hour": hour,
        "usd_per_month": None if hour is None else hour * HOURS_PER_MONTH,
        "training_usd": instance_usd(
            training["instance_type"], int(training["instance_count"]), billable_seconds
        ),
        "source": SOURCE,
    }
