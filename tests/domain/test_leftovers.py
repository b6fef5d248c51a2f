"""Leftovers of killed promotions are found; what serves, is gone back to or is being made is not."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from slipway.domain.leftovers import Found, Leftover, leftovers

EARLY = datetime(2026, 11, 1, tzinfo=UTC)
LATE = EARLY + timedelta(hours=1)
RATES = "slipway-prod-pricing-rates"


def found(**changes: Any) -> Found:
    """One endpoint that serves 1.1.0 and may go back to 1.0.0."""
    tidy = Found(
        endpoints={RATES: frozenset({"AllTraffic"})},
        serving={RATES: frozenset({"rates-1-1-0"})},
        configs_of={RATES: frozenset({"rates-1-0-0", "rates-1-1-0"})},
        configs={f"rates-1-{n}-0": (frozenset({f"rates-1-{n}-0"}), EARLY) for n in (0, 1)},
        models={f"rates-1-{n}-0": EARLY for n in (0, 1)},
        alarms=frozenset({f"{RATES}/rates-1-1-0/5xx"}),
        targets=frozenset({f"endpoint/{RATES}/variant/AllTraffic"}),
        dashboards={RATES: RATES},
        known=frozenset({RATES}),
    )
    return dataclasses.replace(tidy, **changes)


class TestLeftovers:
    def test_a_tidy_environment_has_none(self):
        """
        What serves, and what it may go back to, is needed.
        """
        assert leftovers(found()) == []

    def test_a_config_that_nothing_serves_is_named_with_its_alarms_and_model(self):
        """
        In the order in which they can be removed.
        """
        killed = found(
            configs=found().configs | {"rates-1-2-0": (frozenset({"rates-1-2-0"}), EARLY)},
            models=found().models | {"rates-1-2-0": EARLY},
            alarms=found().alarms | {f"{RATES}/rates-1-2-0/5xx"},
        )
        assert [(one.kind, one.name) for one in leftovers(killed)] == [
            ("alarm", f"{RATES}/rates-1-2-0/5xx"),
            ("endpoint config", "rates-1-2-0"),
            ("model", "rates-1-2-0"),
        ]

    def test_what_a_running_promotion_makes_is_left_alone(self):
        """
        Its config is not in service yet, and its alarms were made before the update.
        """
        running = found(
            configs=found().configs | {"rates-1-2-0": (frozenset({"rates-1-2-0"}), LATE)},
            models=found().models | {"rates-1-2-0": LATE},
            alarms=found().alarms | {f"{RATES}/rates-1-2-0/5xx"},
            busy_since=LATE,
        )
        assert leftovers(running) == []

    def test_alarms_of_the_way_back_are_named_unless_somebody_goes_it(self):
        """
        The config stays to go back to; what watches it is made by whoever goes back, who may do so now.
        """
        stale = f"{RATES}/rates-1-0-0/5xx"
        watched = found(alarms=found().alarms | {stale})
        assert leftovers(watched) == [Leftover("alarm", stale, "config rates-1-0-0 serves no more")]
        assert leftovers(dataclasses.replace(watched, busy_since=LATE)) == []

    def test_targets_alarms_and_dashboards_of_a_deleted_endpoint_are_named(self):
        """
        A scalable target outlives its endpoint, and an alarm its metric.
        """
        gone = found(endpoints={}, configs_of={RATES: frozenset({"rates-1-0-0", "rates-1-1-0"})})
        assert [one.kind for one in leftovers(gone)] == ["scalable target", "alarm", "dashboard"]

    def test_an_alarm_that_scales_nothing_is_named(self):
        """
        Also under its old name; one whose variant is a scalable target may be needed, as during a promotion.
        """
        names = {f"{RATES}/scaling/from-zero", f"{RATES}-AllTraffic-from-zero"}
        scaled = found(alarms=found().alarms | names)
        assert leftovers(scaled) == []
        unscaled = dataclasses.replace(scaled, targets=frozenset())
        assert {one.name for one in leftovers(unscaled)} == names
        assert leftovers(dataclasses.replace(unscaled, busy_since=LATE)) == []
        stopped = dataclasses.replace(unscaled, endpoints={}, dashboards={})
        assert names <= {one.name for one in leftovers(stopped)}

    def test_a_target_of_a_variant_that_went_is_named(self):
        """
        A trial's variant leaves the endpoint with its target.
        """
        stale = found(targets=found().targets | {f"endpoint/{RATES}/variant/v-1-1-0"})
        assert leftovers(stale) == [
            Leftover(
                "scalable target",
                f"endpoint/{RATES}/variant/v-1-1-0",
                f"endpoint {RATES} has no variant v-1-1-0",
            )
        ]

    def test_an_endpoint_that_somebody_made_is_named_and_not_removed(self):
        """
        It may be needed by whoever made it.
        """
        foreign = found(
            endpoints=found().endpoints | {"slipway-prod-own": frozenset({"AllTraffic"})},
            configs_of=found().configs_of | {"slipway-prod-own": frozenset({"own"})},
            configs=found().configs | {"own": (frozenset({"own"}), EARLY)},
            models=found().models | {"own": EARLY},
        )
        assert [(one.name, one.removable) for one in leftovers(foreign)] == [("slipway-prod-own", False)]

    @given(st.data())
    def test_removing_them_in_order_leaves_none_and_nothing_dangling(self, data):
        """
        Whatever was killed when: no needed thing is named, and a second look finds nothing more.
        """
        endpoints = [f"slipway-prod-p-m{n}" for n in range(data.draw(st.integers(1, 3)))]
        alive = data.draw(st.sets(st.sampled_from(endpoints)))
        names = [f"{endpoint}-c{n}" for endpoint in endpoints for n in range(4)]
        models = [f"model-{n}" for n in range(4)]
        a_config = st.tuples(
            st.sets(st.sampled_from(models), min_size=1).map(frozenset), st.sampled_from((EARLY, LATE))
        )
        configs = data.draw(st.dictionaries(st.sampled_from(names), a_config))
        kept = {
            endpoint: frozenset(data.draw(st.sets(st.sampled_from([n for n in names if n in configs]))))
            if configs
            else frozenset()
            for endpoint in endpoints
        }
        serving = {
            endpoint: frozenset(data.draw(st.sets(st.sampled_from(sorted(kept[endpoint])))))
            if kept[endpoint]
            else frozenset()
            for endpoint in alive
        }
        before = Found(
            endpoints={endpoint: frozenset({"AllTraffic"}) for endpoint in alive},
            serving=serving,
            configs_of=kept,
            configs=configs,
            models={model: data.draw(st.sampled_from((EARLY, LATE))) for model in models},
            alarms=frozenset(
                f"{name.rpartition('-')[0]}/{name}/5xx" for name in data.draw(st.sets(st.sampled_from(names)))
            ),
            targets=frozenset(
                f"endpoint/{endpoint}/variant/{variant}"
                for endpoint in data.draw(st.sets(st.sampled_from(endpoints)))
                for variant in data.draw(st.sets(st.sampled_from(("AllTraffic", "v-1-0-0"))))
            ),
            dashboards={endpoint: endpoint for endpoint in data.draw(st.sets(st.sampled_from(endpoints)))},
            known=frozenset(data.draw(st.sets(st.sampled_from(endpoints)))),
            busy_since=data.draw(st.sampled_from((None, LATE))),
        )
        named = [one for one in leftovers(before) if one.removable]
        gone = {(one.kind, one.name) for one in named}
        needed = frozenset[str]().union(*kept.values())
        assert not {name for kind, name in gone if kind == "endpoint config"} & needed
        for endpoint, config, _ in (name.split("/") for kind, name in gone if kind == "alarm"):
            assert config not in serving.get(endpoint, ())
        after = dataclasses.replace(
            before,
            configs={n: c for n, c in configs.items() if ("endpoint config", n) not in gone},
            models={n: at for n, at in before.models.items() if ("model", n) not in gone},
            alarms=frozenset(n for n in before.alarms if ("alarm", n) not in gone),
            targets=frozenset(n for n in before.targets if ("scalable target", n) not in gone),
            dashboards={n: e for n, e in before.dashboards.items() if ("dashboard", n) not in gone},
        )
        assert [one for one in leftovers(after) if one.removable] == []
        for of_config, _ in after.configs.values():
            assert of_config <= after.models.keys()
