"""Put the dashboard and the standing alarms of a model in service; take them away when it serves no more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from slipway.contracts import names
from slipway.domain.costs import HOURS_PER_MONTH, instance_usd
from slipway.domain.dashboard import dashboard_body
from slipway.domain.serving_config import data_version
from slipway.domain.serving_lineage import identity_in
from slipway.domain.standing_alarms import standing_alarms
from slipway.domain.watched import WatchedEndpoint, WatchedVariant, marks_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from slipway.usecases.ports import Hosting, Monitoring, Versions

GONE: Final = ("Deleting", "Failed")
"""An endpoint that serves nobody; with nothing there, there is nothing to watch either."""


@dataclass(frozen=True, slots=True)
class EndpointWatching:
    """
    What watches endpoints.

    What an endpoint serves is read from SageMaker, not from the event that tells of it: those come late,
    twice and out of order.
    """

    hosting: Hosting
    ledger: Versions
    monitoring: Monitoring
    environment: str
    alarm_topic_arn: str
    runbook: str

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
        watched = self._read(described)
        if watched is None:
            return "not ours"
        made_at_promotion = self.monitoring.alarms(names.alarm_prefix(name, described["EndpointConfigName"]))
        alarms = {
            alarm["AlarmName"]: alarm
            for alarm in standing_alarms(watched, made_at_promotion, topic_arn=self.alarm_topic_arn)
        }
        account = described["EndpointArn"].split(":")[4]
        self._keep_alarms(name, alarms)
        self.monitoring.put_dashboard(name, dashboard_body(watched, alarms=list(alarms), account=account))
        return "watched"

    def _keep_alarms(self, name: str, wanted: Mapping[str, Mapping[str, Any]]) -> None:
        there = [alarm["AlarmName"] for alarm in self.monitoring.alarms(names.standing_alarm_prefix(name))]
        self.monitoring.remove_alarms([alarm for alarm in there if alarm not in wanted])
        for alarm in wanted.values():
            self.monitoring.put_alarm(alarm)

    def _read(self, described: Mapping[str, Any]) -> WatchedEndpoint | None:
        """None: nothing stands there, or what does was not put there by the platform."""
        config = self.hosting.endpoint_config(described["EndpointConfigName"]) or {}
        found = [
            *self._variants(described, config, "ProductionVariants"),
            *self._variants(described, config, "ShadowProductionVariants"),
        ]
        found.sort(key=lambda pair: pair[0].variant != names.VARIANT)
        if not found:
            return None
        variants, (identity, *_) = [variant for variant, _ in found], [identity for _, identity in found]
        project, model = identity["project"], identity["model"]
        version = self.ledger.version(project, model, identity["version"])
        return WatchedEndpoint(
            environment=self.environment,
            region=described["EndpointArn"].split(":")[3],
            project=project,
            model=model,
            endpoint=described["EndpointName"],
            variants=variants,
            marks=marks_of(self.ledger.alias_history(project, model, names.CHAMPION)),
            data=data_version(version["training_data"]) if version else identity.get("data_version", ""),
            report_uri=version["report_uri"] if version else "",
            runbook=self.runbook,
            usd_per_month=_usd_per_month(variants),
        )

    def _variants(
        self, described: Mapping[str, Any], config: Mapping[str, Any], key: str
    ) -> Iterator[tuple[WatchedVariant, Mapping[str, str]]]:
        configured = {one["VariantName"]: one for one in config.get(key) or ()}
        shadow = key != "ProductionVariants"
        total = sum(float(one.get("CurrentWeight") or 0) for one in described.get("ProductionVariants") or ())
        for one in described.get(key) or ():
            of_config = configured.get(one["VariantName"], {})
            model_name = of_config.get("ModelName", "")
            identity = identity_in(self.hosting.model(model_name) or {}) if model_name else {}
            if not identity:
                continue
            weight = float(one.get("CurrentWeight") or 0)
            role = "shadow" if shadow else "champion" if one["VariantName"] == names.VARIANT else "beside"
            yield (
                WatchedVariant(
                    variant=one["VariantName"],
                    version=identity["version"],
                    model_name=model_name,
                    role=role,
                    share=weight / total if total else 0.0,
                    instance_type=of_config.get("InstanceType", ""),
                    instances=int(one.get("CurrentInstanceCount") or 0),
                ),
                identity,
            )


def _usd_per_month(variants: list[WatchedVariant]) -> float | None:
    """What all instances cost as they are now; None where a price is not known, or none are rented."""
    prices = [
        instance_usd(variant.instance_type, variant.instances, HOURS_PER_MONTH * 3600) for variant in variants
    ]
    known = [price for price in prices if price is not None]
    return sum(known) if known and len(known) == len(prices) else None
