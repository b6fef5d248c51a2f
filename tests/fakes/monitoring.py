"""CloudWatch's dashboards and alarms in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class FakeMonitoring:
    """Port ``Monitoring``."""

    def __init__(self, *alarms: Mapping[str, Any]) -> None:
        self.dashboards: dict[str, Mapping[str, Any]] = {}
        self.alarms_there = {alarm["AlarmName"]: alarm for alarm in alarms}

    def put_dashboard(self, name: str, body: Mapping[str, Any]) -> None:
        self.dashboards[name] = body

    def remove_dashboard(self, name: str) -> None:
        self.dashboards.pop(name, None)

    def alarms(self, prefix: str) -> list[Mapping[str, Any]]:
        return [alarm for name, alarm in sorted(self.alarms_there.items()) if name.startswith(prefix)]

    def put_alarm(self, request: Mapping[str, Any]) -> None:
        self.alarms_there[request["AlarmName"]] = request

    def remove_alarms(self, names: Sequence[str]) -> None:
        for name in names:
            self.alarms_there.pop(name, None)
