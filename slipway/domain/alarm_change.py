"""What people are told when an alarm that stands beside a model changes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from slipway.contracts.names import STANDING_ALARMS

if TYPE_CHECKING:
    from collections.abc import Mapping

_DESCRIBED: Final = re.compile(
    r"(?P<project>[a-z0-9-]+)/(?P<model>[a-z0-9-]+) (?P<version>\S+): (?P<what>.+?)\. "
    r"What to do: (?P<runbook>\S*)"
)
"""As ``standing_alarms`` writes it."""


def alarm_change(detail: Mapping[str, Any]) -> dict[str, Any] | None:
    """
    The detail of the platform's event; None: nobody need be told.

    An alarm that rings is told, and one that has rung and is over; what goes from no data to fine is no news.

    Args:
        detail: Of "CloudWatch Alarm State Change".
    """
    name, state = str(detail["alarmName"]), str(detail["state"]["value"])
    before = str((detail.get("previousState") or {}).get("value", ""))
    said = _DESCRIBED.match(str((detail.get("configuration") or {}).get("description", "")))
    if said is None or not name.startswith(f"{STANDING_ALARMS}/"):
        return None
    if state != "ALARM" and not (state == "OK" and before == "ALARM"):
        return None
    return {
        **said.groupdict(),
        "release_id": "",
        "alarm": name,
        "endpoint": name.split("/")[1],
        "state": state,
        "reason": str(detail["state"].get("reason", "")),
    }
