"""What gates ask for beside metrics: how fast and how dear serving is, and what the image's scan found."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slipway.contracts.release import ImageScan

CRITICAL = "CRITICAL"
_DESCRIBED = 200


@dataclass(frozen=True, slots=True)
class GateFacts:
    """
    What is known; what is not has its reason in ``lacks``.

    Attributes:
        latency_ms: Such as ``{"p99": 12.5}``.
        cost_per_1000_usd: Of predictions.
        critical_findings: Of the image's scan.
        lacks: ``latency``, ``cost`` or ``findings`` to why it is not known.
    """

    latency_ms: Mapping[str, float] = field(default_factory=dict)
    cost_per_1000_usd: float | None = None
    critical_findings: int | None = None
    lacks: Mapping[str, str] = field(default_factory=dict)


NOTHING_KNOWN = GateFacts()


def critical_findings(scan: ImageScan | None) -> tuple[int | None, str]:
    """
    How many critical findings a scan has; None with the reason where that is not known.

    >>> critical_findings({"status": "complete", "findings": {"HIGH": 2}, "reason": ""})
    (0, '')
    >>> critical_findings(None)
    (None, 'the image was not scanned')
    """
    if scan is None:
        return None, "the image was not scanned"
    if scan["status"] != "complete":
        return None, f"the image's scan has no result: {scan['reason'][:_DESCRIBED]}"
    return scan["findings"].get(CRITICAL, 0), ""
