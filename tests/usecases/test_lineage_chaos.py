"""Events are lost, repeated, late and out of order; after a sweep the graph is the one without all that."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from slipway.domain.metric_curves import JobLog
from tests.fakes.history import History, graph_of
from tests.fakes.lineage import FakeLineage

STEPS = (
    "store_data",
    "release",
    *["go_on"] * 6,
    "retry",
    "experiment",
    "roll_back",
    "weigh",
    "log_arrives",
    "delete",
)
SWEEP_SECONDS = 1200
LOST = 0.2


class TimeIsUp(BaseException):
    """A function is ended in the middle of what it does; nobody catches that."""


class TestSweep:
    def test_a_job_s_log_that_takes_for_ever_holds_up_training_jobs_alone(self) -> None:
        """A metric's regular expression is its owner's: one can take longer than a sweep may."""
        history, lineage = History(7), FakeLineage()
        history.store_data()
        for step in ("release", *["go_on"] * 8, "roll_back") * 6:
            getattr(history, step)()

        def read(*_: object, whole: bool) -> JobLog:
            if whole:
                raise TimeIsUp
            return JobLog()

        history.sagemaker.read = read  # type: ignore[method-assign]  # of the fake: it is CloudWatch's log
        with pytest.raises(TimeIsUp):
            history.sweep(lineage)

        assert lineage.serving()
        told = {node["kind"] for node in lineage.told.values() if node["as_of"]}
        assert {"promotion", "endpoint"} <= told


class TestChaos:
    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(
        seed=st.integers(0, 2**32),
        steps=st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 600)), min_size=10, max_size=50),
    )
    def test_a_sweep_makes_good_what_chaos_did(self, seed: int, steps: list[tuple[str, int]]) -> None:
        """A fifth lost, some twice, any delay, any order: not a byte differs in the end."""
        history, chance = History(seed), random.Random(seed)
        calm, chaotic = FakeLineage(), FakeLineage()
        on_time, late = history.recording(calm), history.recording(chaotic)
        waiting: list[tuple[float, object]] = []
        swept = history.moment
        for step, seconds in steps:
            history.pass_time(seconds)
            if (history.moment - swept).total_seconds() > SWEEP_SECONDS or step == "delete":
                # what came and went between two sweeps, without one event, nobody can know
                history.sweep(calm)
                history.sweep(chaotic)
                swept = history.moment
            for subject in getattr(history, step)():
                on_time.record(subject)
                copies = chance.choice((1, 1, 2)) if chance.random() >= LOST else 0
                waiting += [(chance.random(), subject) for _ in range(copies)]
            waiting.sort()
            while waiting and chance.random() < 0.6:
                late.record(waiting.pop()[1])
        for _, subject in waiting:
            late.record(subject)
        history.sweep(calm)
        history.sweep(chaotic)

        assert graph_of(chaotic) == graph_of(calm)

    def test_the_histories_have_everything_in_them(self) -> None:
        """Else the law above would say little: a long history holds every kind of node."""
        history, lineage = History(7), FakeLineage()
        recording = history.recording(lineage)
        history.store_data()
        for step in ("release", *["go_on"] * 8, "experiment", "roll_back") * 6:
            for subject in getattr(history, step)():
                recording.record(subject)

        assert {node["kind"] for node in lineage.told.values() if node["as_of"]} == {
            "image",
            "release",
            "training-job",
            "evaluation-job",
            "model-artifact",
            "report",
            "model-package",
            "approval",
            "promotion",
            "endpoint",
        }

    def test_nothing_is_read_twice_that_is_equal(self) -> None:
        """A day later a sweep finds nothing to do."""
        history, lineage = History(7), FakeLineage()
        for step in ("store_data", "release", *["go_on"] * 8) * 4:
            getattr(history, step)()
        history.open.clear()
        history.sweep(lineage)
        graph = graph_of(lineage)
        history.pass_time(24 * 3600)
        found = history.sweep(lineage)

        assert graph_of(lineage) == graph
        assert {kind: count for kind, count in found.items() if kind != "release"} == {}
