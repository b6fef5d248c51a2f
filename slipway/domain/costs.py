"""What a release cost and its endpoint would cost: an estimate for the person who approves, not a bill."""

from __future__ import annotations

from dataclasses import dataclass, field
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
    "ml.t3.medium": 0.05,
    "ml.t3.large": 0.1,
    "ml.t3.xlarge": 0.2,
    "ml.m5.large": 0.115,
    "ml.m5.xlarge": 0.23,
    "ml.m5.2xlarge": 0.461,
    "ml.m5.4xlarge": 0.922,
    "ml.c5.large": 0.102,
    "ml.c5.xlarge": 0.204,
    "ml.c5.2xlarge": 0.408,
    "ml.g4dn.xlarge": 0.7364,
    "ml.g4dn.2xlarge": 0.94,
    "ml.g4dn.12xlarge": 4.89,
    "ml.g5.xlarge": 1.408,
    "ml.g5.2xlarge": 1.515,
    "ml.g5.4xlarge": 2.03,
    "ml.g5.12xlarge": 7.09,
    "ml.g5.24xlarge": 10.18,
    "ml.g5.48xlarge": 20.36,
}
"""
On-demand list prices per instance of us-east-1, each as at least two public tables had it in 2026-11.

One of these says that it was read from the AWS Price List (us-west-2, effective 2026-09-01). Prices of
training, processing and hosting are taken for the same.
"""

SOURCE: Final = (
    "on-demand list prices of us-east-1 as of 2026-09, from public reports; the AWS Price List is the truth"
)
STATED: Final = "the prices in the environment's settings"


@dataclass(frozen=True, slots=True)
class Prices:
    """Of instances, in USD per hour; what the settings state counts before the list."""

    stated: Mapping[str, float] = field(default_factory=dict)

    def usd_per_hour(self, instance_type: str) -> float | None:
        """Of one instance; None: the type's price is not known here."""
        return self.stated.get(instance_type, USD_PER_HOUR.get(instance_type))

    def instance_usd(self, instance_type: str, count: float, seconds: float) -> float | None:
        """
        Instances for a time; None: the type's price is not known here.

        >>> Prices().instance_usd("ml.m5.large", 2, 3600), Prices().instance_usd("ml.unheard.of", 1, 3600)
        (0.23, None)
        >>> Prices({"ml.m5.large": 0.128}).instance_usd("ml.m5.large", 1, 3600)
        0.128
        """
        price = self.usd_per_hour(instance_type)
        return None if price is None else price * count * seconds / 3600

    def usd_per_month(self, instance_type: str, count: float) -> float | None:
        """
        Instances that run all month long; None: the type's price is not known here.

        >>> round(Prices().usd_per_month("ml.m5.large", 2) or 0, 2)
        167.9
        """
        return self.instance_usd(instance_type, count, HOURS_PER_MONTH * 3600)

    def estimate(self, manifest: Mapping[str, Any], *, billable_seconds: float) -> CostEstimate:
        """
        The training job's bill, and the endpoint at its least number of instances.

        Args:
            manifest: The model manifest's document.
            billable_seconds: Of the training job, per instance.
        """
        training, serving = manifest["training"], manifest["serving"]
        count = int(serving["min_instances"])
        instance_type = serving.get("instance_type", SERVERLESS)
        hour = self.instance_usd(instance_type, count, 3600)
        return {
            "instance_type": instance_type,
            "instance_count": count,
            "usd_per_hour": hour,
            "usd_per_month": None if hour is None else hour * HOURS_PER_MONTH,
            "training_usd": self.instance_usd(
                training["instance_type"], int(training["instance_count"]), billable_seconds
            ),
            "source": self._source(instance_type, training["instance_type"]),
        }

    def _source(self, *instance_types: str) -> str:
        """
        Where the prices of these types come from.

        >>> Prices({"ml.m5.large": 0.128})._source("ml.m5.large", "ml.m5.large")
        "the prices in the environment's settings"
        """
        stated = {one in self.stated for one in instance_types if self.usd_per_hour(one) is not None}
        return {frozenset({True}): STATED, frozenset({True, False}): f"{STATED}; {SOURCE}"}.get(
            frozenset(stated), SOURCE
        )


LIST_PRICES: Final = Prices()
"""Where no settings are: on a laptop, before anything was pushed."""
