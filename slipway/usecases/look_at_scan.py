"""Has the registry scanned a release's image, and what did it find?"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from slipway.domain.timestamps import moment_of

if TYPE_CHECKING:
    from slipway.contracts.release import ImageScan, Plan
    from slipway.usecases.ports import Clock, ImageRegistry

PATIENCE: Final = timedelta(hours=1)
"""ECR scans within minutes of a push; training came in between."""


def look_at_scan(plan: Plan, *, registry: ImageRegistry, clock: Clock) -> ImageScan:
    """
    Look once.

    Returns:
        ``pending`` while the scan goes on, for an hour after the release was planned; then it is
        ``missing``, which meets no gate, as is the result of a scan that failed or was never begun.
    """
    scan = registry.scan(plan["repository"], plan["image_digest"])
    if scan["status"] == "pending" and clock() - moment_of(plan["planned_at"]) > PATIENCE:
        hours = PATIENCE.total_seconds() / 3600
        return {**scan, "status": "missing", "reason": f"it had not ended after {hours:g} hour(s)"}
    return scan
