"""Dashboards and alarms in CloudWatch."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from slipway.domain.errors import DashboardRefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class CloudWatchMonitoring:
    """Port ``Monitoring``."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def put_dashboard(self, name: str, body: Mapping[str, Any]) -> None:
        text = json.dumps(body, separators=(",", ":"), ensure_ascii=False)
        answer = self._client.put_dashboard(DashboardName=name, DashboardBody=text)
        if messages := answer.get("DashboardValidationMessages"):
            raise DashboardRefusedError(name, [str(one.get("Message", one)) for one in messages])

    def remove_dashboard(self, name: str) -> None:
        try:
            self._client.delete_dashboards(DashboardNames=[name])
        except self._client.exceptions.ClientError as error:
            if error.response["Error"]["Code"] not in ("ResourceNotFound", "DashboardNotFoundError"):
                raise

    def alarms(self, prefix: str) -> list[Mapping[str, Any]]:
        pages = self._client.get_paginator("describe_alarms").paginate(
            AlarmNamePrefix=prefix, AlarmTypes=["MetricAlarm"]
        )
        return [alarm for page in pages for alarm in page["MetricAlarms"]]

    def put_alarm(self, request: Mapping[str, Any]) -> None:
        self._client.put_metric_alarm(**request)

    def remove_alarms(self, names: Sequence[str]) -> None:
        for name in names:
            self._client.delete_alarms(AlarmNames=[name])
