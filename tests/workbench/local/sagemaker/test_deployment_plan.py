"""How the traffic of an update moves, whatever is asked for."""

from __future__ import annotations

import itertools
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from workbench.local.sagemaker.deployment_plan import plan_of

counts = st.dictionaries(st.sampled_from(["A", "B", "C"]), st.integers(2, 12), min_size=1)
sizes = st.one_of(
    st.builds(lambda value: {"Type": "CAPACITY_PERCENT", "Value": value}, st.integers(1, 50)),
    st.builds(lambda value: {"Type": "INSTANCE_COUNT", "Value": value}, st.integers(1, 6)),
)


def routing(kind: str, size: dict[str, Any]) -> dict[str, Any]:
    member = {"CANARY": "CanarySize", "LINEAR": "LinearStepSize"}[kind]
    traffic = {"Type": kind, member: size, "WaitIntervalInSeconds": 60}
    return {"BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": traffic, "TerminationWaitInSeconds": 30}}


deployments = st.one_of(
    st.builds(routing, st.sampled_from(["CANARY", "LINEAR"]), sizes),
    st.builds(
        lambda size: {"RollingUpdatePolicy": {"MaximumBatchSize": size, "WaitIntervalInSeconds": 60}}, sizes
    ),
    st.none(),
)


class TestPlan:
    @given(deployment=deployments, counts=counts)
    def test_traffic_moves_forward_in_steps_of_at_most_half_to_all(
        self, deployment: dict[str, Any] | None, counts: dict[str, int]
    ) -> None:
        """
        Each stage moves more than the one before, none more than half of a variant's instances but for the
        last of a canary, and the last stage is everything.
        """
        plan = plan_of(deployment, counts)

        assert dict(plan.stages[-1].activated) == counts
        for variant, count in counts.items():
            reached = [stage.activated[variant] for stage in plan.stages]
            assert all(before <= after for before, after in itertools.pairwise(reached))
            if len(reached) > 1:
                assert 1 <= reached[0] <= count / 2
                assert plan.share(plan.stages[0], variant) == reached[0] / count
        totals = [sum(stage.activated.values()) for stage in plan.stages]
        assert all(before < after for before, after in itertools.pairwise(totals))

    def test_waits_between_steps_and_at_the_end(self) -> None:
        """
        Steps are watched for the wait interval, all of it for the termination wait; all at once waits for
        no interval, as there is none.
        """
        size = {"Type": "CAPACITY_PERCENT", "Value": 25}
        linear = plan_of(routing("LINEAR", size), {"A": 4})
        at_once = plan_of(
            {
                "BlueGreenUpdatePolicy": {
                    "TrafficRoutingConfiguration": {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 60},
                    "TerminationWaitInSeconds": 30,
                }
            },
            {"A": 4},
        )

        assert [stage.wait_seconds for stage in linear.stages] == [60, 60, 60, 30]
        assert [stage.wait_seconds for stage in at_once.stages] == [30]
