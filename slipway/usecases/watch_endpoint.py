"""Put the dashboard and the standing alarms of a model in service; take them away when it serves no more."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from slipway.contracts import names
from slipway.domain.costs import LIST_PRICES, Prices
from slipway.domain.dashboard import SHOWN, dashboard_body
from slipway.domain.standing_alarms import standing_alarms
from slipway.domain.timestamps import timestamp
from slipway.domain.watched import earlier_variants
from slipway.usecases.read_watched import read_watched

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slipway.domain.watched import WatchedEndpoint
    from slipway.usecases.ports import Clock, Hosting, Ledger, Monitoring

GONE: Final = ("Deleting", "Failed")
"""An endpoint that serves nobody; with nothing there, there is nothing to watch either."""

LOOKED_BACK: Final = 20
"""Changes of an endpoint."""


@dataclass(frozen=True, slots=True)
class EndpointWatching:
    """
    What watches endpoints.

    What an endpoint serves is read from SageMaker, not from the event that tells of it: those come late,
    twice and out of order.
    """

    hosting: Hosting
    ledger: Ledger
    monitoring: Monitoring
    environment: str
    alarm_topic_arn: str
    runbook: str
    resource_prefix: str
    clock: Clock
    prices: Prices = LIST_PRICES

    def watch_endpoint(self, name: str) -> str:
        """
        Bring dashboard and alarms in line with what the endpoint serves now.

        Returns:
            ``watched``, ``removed`` where there is no such endpoint any more, or ``not ours``.
        """
        described = self.hosting.endpoint(name)
        if described is None or described["EndpointStatus"] in GONE:
            self.monitoring.remove_dashboard(name)
            self._keep_alarms(name, {})
            return "removed"
        watched = read_watched(
            described,
            hosting=self.hosting,
            ledger=self.ledger,
            environment=self.environment,
            runbook=self.runbook,
            prices=self.prices,
        )
        if watched is None:
            return "not ours"
        made_at_promotion = self.monitoring.alarms(names.alarm_prefix(name, described["EndpointConfigName"]))
        alarms = {
            alarm["AlarmName"]: alarm
            for alarm in standing_alarms(watched, made_at_promotion, topic_arn=self.alarm_topic_arn)
        }
        account = described["EndpointArn"].split(":")[4]
        self._keep_alarms(name, alarms)
        body = dashboard_body(self._with_earlier(watched), alarms=list(alarms), account=account)
        self.monitoring.put_dashboard(name, body)
        return "watched"

    def _with_earlier(self, watched: WatchedEndpoint) -> WatchedEndpoint:
        """What it predicts is compared with what was predicted before."""
        earlier = earlier_variants(
            self.ledger.endpoint_history(watched.endpoint, limit=LOOKED_BACK),
            watched.variants,
            since=timestamp(self.clock() - SHOWN),
            resource_prefix=self.resource_prefix,
        )
        return replace(watched, earlier=earlier)

    def _keep_alarms(self, name: str, wanted: Mapping[str, Mapping[str, Any]]) -> None:
        there = [alarm["AlarmName"] for alarm in self.monitoring.alarms(names.standing_alarm_prefix(name))]
        self.monitoring.remove_alarms([alarm for alarm in there if alarm not in wanted])
        for alarm in wanted.values():
            self.monitoring.put_alarm(alarm)
