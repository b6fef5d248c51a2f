"""How fast a side's own server answered after its evaluation: ``serving.json``, read with suspicion."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeGuard

from slipway.domain.costs import LIST_PRICES, Prices

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slipway.contracts.report import ServingFacts
    from slipway.domain.texts import TooLarge

PERCENTILES: Final = ("p50", "p90", "p95", "p99")
_SHOWN: Final = 500


@dataclass(frozen=True, slots=True)
class ServingMeasurement:
    """
    What was measured on the evaluation's instance.

    Attributes:
        latency_ms: Of one request at a time, by percentile; empty: not measured.
        requests_per_second: When four ask at once; None: not measured.
        predictions_per_request: In the answer to the sample.
        model_bytes: Of model.tar.gz; None: not known.
        problem: Why latency was not measured; empty: it was.
    """

    latency_ms: Mapping[str, float] = field(default_factory=dict)
    requests_per_second: float | None = None
    predictions_per_request: int = 1
    model_bytes: int | None = None
    problem: str = ""

    @classmethod
    def read(cls, text: str | TooLarge | None) -> ServingMeasurement:
        """
        A file's text; what can't be used becomes a ``problem``.

        >>> ServingMeasurement.read('{"problem": "the server ended with exit code 1"}').problem
        'the server ended with exit code 1'
        """
        if text is None:
            return cls(problem="evaluate.serving_requests is 0, or the image has an entry point of its own")
        try:
            document = json.loads(text) if isinstance(text, str) else None
        except ValueError:
            document = None
        if not isinstance(document, dict):
            return cls(problem="the file with the measurement can't be read")
        size = document.get("model_bytes")
        known = size if type(size) is int and size >= 0 else None
        problem = str(document.get("problem") or "")[:_SHOWN]
        latency, rate = document.get("latency_ms"), document.get("requests_per_second")
        measured = {
            name: float(latency[name])
            for name in PERCENTILES
            if isinstance(latency, dict) and _is_positive(latency.get(name))
        }
        if problem or not measured or not _is_positive(rate):
            return cls(model_bytes=known, problem=problem or "the file with the measurement is incomplete")
        count = document.get("predictions_per_request")
        return cls(measured, float(rate), count if type(count) is int and count > 0 else 1, known)

    def cost_per_1000_usd(self, instance_type: str, prices: Prices = LIST_PRICES) -> tuple[float | None, str]:
        """
        What 1,000 predictions cost on an instance that is busy, as fast as it was measured; or why not.

        >>> ServingMeasurement(requests_per_second=100).cost_per_1000_usd("ml.m5.large")
        (0.00031944444444444446, '')
        """
        if not self.requests_per_second:
            return None, self.problem
        hour = prices.usd_per_hour(instance_type)
        if hour is None:
            return None, f"no price of {instance_type} is known; the settings may state one (prices)"
        return hour / 3600 / (self.requests_per_second * self.predictions_per_request) * 1000, ""

    def document(self, *, measured_on: str, priced_for: str, prices: Prices = LIST_PRICES) -> ServingFacts:
        """
        As the report keeps it.

        Args:
            measured_on: The evaluation's instance type.
            priced_for: The endpoint's.
            prices: Of instances.
        """
        return {
            "latency_ms": dict(self.latency_ms),
            "requests_per_second": self.requests_per_second,
            "predictions_per_request": self.predictions_per_request,
            "model_bytes": self.model_bytes,
            "cost_per_1000_usd": self.cost_per_1000_usd(priced_for, prices)[0],
            "measured_on": measured_on,
            "priced_for": priced_for,
            "problem": self.problem,
        }


def _is_positive(value: Any) -> TypeGuard[float]:
    return (
        isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value > 0
    )
