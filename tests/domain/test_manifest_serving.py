from __future__ import annotations

from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.domain.guardrails import MAX_DEPLOYMENT_SECONDS, deployment_seconds
from slipway.domain.manifest import InvalidManifestError, Manifest
from slipway.domain.serving import GUARDED, KINDS, STRATEGY_DEFAULTS, TRIALS, Strategy
from tests.fakes.models import a_manifest

SAMPLE = {"body": "{}"}
INSTANCE = "ml.m5.large"


def serving(**keys: Any) -> Manifest:
    """A manifest with this section ``[serving]``; instances unless it is serverless."""
    instance = {} if keys.get("kind") == "serverless" else {"instance_type": INSTANCE}
    section = {"sample": SAMPLE} | instance | keys
    return Manifest.from_document(a_manifest().document() | {"serving": section})


def problems(**keys: Any) -> str:
    with pytest.raises(InvalidManifestError) as raised:
        serving(**keys)
    return str(raised.value)


class TestOlderManifests:
    def test_they_are_read_with_defaults(self) -> None:
        """What a registered version's manifest does not say has a default: no key is missed."""
        found = a_manifest().serving

        assert (found.kind, found.strategy.kind, found.capture_share) == ("real-time", "all-at-once", 1.0)
        assert (found.alarms.error_share, found.alarms.prediction) == (0.05, True)

    def test_their_text_stays_as_it_was(self) -> None:
        """An image that is built again keeps its label, byte by byte."""
        keys = set(a_manifest().document()["serving"])

        assert not keys & {"kind", "strategy", "alarms", "schedules", "capture_share"}


class TestDefaults:
    @pytest.mark.parametrize("kind", list(STRATEGY_DEFAULTS))
    def test_a_strategy_that_says_what_is_usual(self, kind: str) -> None:
        """Saying a default changes nothing: equal manifests give equal text."""
        needed = {"outcome": "booked"} if kind == "ab" else {}
        spoken = {key: value for key, value in STRATEGY_DEFAULTS[kind].items() if value is not None}  # type: ignore[index]
        brief = serving(instance_count=2, max_instances=2, strategy={"kind": kind} | needed)
        long = serving(instance_count=2, max_instances=2, strategy={"kind": kind} | needed | spoken)

        assert brief == long
        assert brief.canonical() == long.canonical()
        assert Manifest.from_label(brief.canonical()) == brief

    def test_capture_by_kind(self) -> None:
        """Real-time endpoints keep all requests; a queue's lie in S3 anyway, serverless has no capture."""
        shares = {kind: serving(kind=kind).serving.capture_share for kind in KINDS}

        assert shares == {"real-time": 1.0, "serverless": 0.0, "asynchronous": 0.0}

    def test_serverless(self) -> None:
        """Memory and concurrency have defaults; instances there are none."""
        found = serving(kind="serverless").serving

        assert (found.memory_mb, found.max_concurrency, found.instance_type) == (2048, 5, None)
        assert "capture_share" not in serving(kind="serverless").document()["serving"]

    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize("strategy", ["all-at-once", "shadow", "ab"])
    def test_spelled_out(self, kind: str, strategy: str) -> None:
        """With every default, for people; it reads back as the same manifest."""
        if strategy != "all-at-once" and kind != "real-time":
            return
        outcome = {"outcome": "booked"} if strategy == "ab" else {}
        manifest = serving(kind=kind, strategy={"kind": strategy} | outcome)

        spelled = manifest.spelled_out()

        assert Manifest.from_document(spelled) == manifest
        assert spelled["serving"]["strategy"]["kind"] == strategy
        assert spelled["serving"]["alarms"]["error_share"] == 0.05
        assert spelled["serving"]["kind"] == kind

    def test_everything_reads_back(self) -> None:
        """A label carries what slipway.toml says."""
        manifest = serving(
            kind="asynchronous",
            min_instances=0,
            max_instances=3,
            backlog_per_instance=5,
            concurrent_requests=4,
            capture_share=0.5,
            schedules={"night": {"schedule": "cron(0 20 * * ? *)", "min_instances": 0, "max_instances": 1}},
            alarms={"latency_p99_ms": 2000, "prediction": False},
        )

        assert Manifest.from_label(manifest.canonical()) == manifest
        assert manifest.serving.schedules["night"].timezone == "UTC"
        assert manifest.document()["serving"]["alarms"] == {"latency_p99_ms": 2000, "prediction": False}


class TestKinds:
    @pytest.mark.parametrize(
        ("keys", "said"),
        [
            ({"kind": "serverless", "instance_type": INSTANCE}, "a serverless endpoint has no instances"),
            ({"kind": "serverless", "instance_count": 2, "max_instances": 2}, "serving.instance_count is 2"),
            ({"kind": "serverless", "capture_share": 0.5}, "captures no serverless data"),
            ({"kind": "serverless", "memory_mb": 1500}, "a multiple of 1024"),
            ({"kind": "serverless", "memory_mb": 7168}, "from 1024 to 6144"),
            ({"kind": "serverless", "max_concurrency": 201}, "from 1 to 200"),
            ({"kind": "serverless", "invocations_per_instance": 9}, "goes with the kind 'real-time'"),
            ({"memory_mb": 2048}, "goes with the kind 'serverless'"),
            ({"backlog_per_instance": 5}, "goes with the kind 'asynchronous'"),
            ({"concurrent_requests": 5}, "goes with the kind 'asynchronous'"),
            ({"kind": "asynchronous", "concurrency_per_instance": 5}, "goes with the kind 'real-time'"),
            ({"kind": "batch"}, "one of 'real-time', 'serverless', 'asynchronous'"),
            (
                {"invocations_per_instance": 9, "concurrency_per_instance": 4},
                "no such key beside serving.invocations_per_instance",
            ),
            ({"min_instances": 0}, "only the kind 'asynchronous' keeps requests"),
            ({"kind": "asynchronous", "min_instances": 0}, "serving.backlog_per_instance, which starts"),
        ],
    )
    def test_keys_that_contradict_the_kind(self, keys: dict[str, Any], said: str) -> None:
        """Each is named, with what to do."""
        assert said in problems(**keys)

    def test_instances_need_a_type(self) -> None:
        """Only a serverless endpoint does without."""
        with pytest.raises(InvalidManifestError, match=r"instance_type is missing; expected an instance"):
            Manifest.from_document(a_manifest().document() | {"serving": {"sample": SAMPLE}})


class TestSchedules:
    NIGHT: ClassVar = {
        "schedule": "cron(0 20 * * ? *)",
        "timezone": "Europe/Berlin",
        "min_instances": 1,
        "max_instances": 2,
    }

    @pytest.mark.parametrize(
        "schedule", ["cron(0 20 * * ? *)", "rate(1 day)", "rate(12 hours)", "at(2026-12-24T18:00:00)"]
    )
    def test_spellings_of_auto_scaling(self, schedule: str) -> None:
        """All three of its kinds are taken."""
        found = serving(schedules={"night": self.NIGHT | {"schedule": schedule}}).serving

        assert found.schedules["night"].schedule == schedule
        assert found.scaled

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"schedule": "0 20 * * *"}, "a schedule such as"),
            ({"schedule": "cron(0 20 * * *)"}, "a schedule such as"),
            ({"timezone": "Europe/../etc"}, "a time zone's name"),
            ({"min_instances": 3}, "at most its max_instances, which is 2"),
            ({"min_instances": 0}, "only the kind 'asynchronous'"),
        ],
    )
    def test_what_can_not_be(self, changes: dict[str, Any], said: str) -> None:
        """It is named by the schedule's own name."""
        text = problems(schedules={"night": self.NIGHT | changes})

        assert said in text
        assert "serving.schedules.night" in text


class TestStrategies:
    @pytest.mark.parametrize(
        ("strategy", "said"),
        [
            ({"kind": "canary", "share": 0.6}, "at most 0.5, because the strategy is 'canary'"),
            ({"kind": "canary", "step": 0.2}, "goes with kind 'linear'"),
            ({"kind": "rolling", "bake_minutes": 5}, "goes with kind 'all-at-once' or 'canary' or 'linear'"),
            ({"kind": "linear", "step": 0.05}, "a number from 0.1 to 0.5"),
            ({"kind": "rolling", "batch": 0.6}, "a number from 0.05 to 0.5"),
            ({"kind": "linear", "step": 0.1, "interval_minutes": 60}, "SageMaker gives a deployment 480"),
            ({"kind": "ab", "share": 0.1}, "serving.strategy.outcome is missing"),
            ({"kind": "ab", "outcome": "booked", "share": 1.0}, "at most 0.99"),
            ({"kind": "ab", "outcome": "booked", "minimum_effect": 0.0}, "above 0"),
            ({"kind": "shadow", "outcome": "booked"}, "goes with kind 'ab'"),
            ({"requests": 5}, "goes with kind 'shadow' or 'ab'"),
            ({"kind": "blue-green"}, "one of 'all-at-once'"),
        ],
    )
    def test_keys_that_contradict_the_strategy(self, strategy: dict[str, Any], said: str) -> None:
        """Each is named, with what to do."""
        assert said in problems(instance_count=2, max_instances=2, strategy=strategy)

    @pytest.mark.parametrize("kind", GUARDED)
    def test_half_of_one_instance(self, kind: str) -> None:
        """SageMaker takes at most half of the instances in a step: of one there is no half."""
        assert "at least 2" in problems(strategy={"kind": kind})
        assert "at least 2" in problems(
            instance_count=2, max_instances=4, concurrency_per_instance=4, strategy={"kind": kind}
        )
        fleet = serving(
            instance_count=2,
            min_instances=2,
            max_instances=4,
            concurrency_per_instance=4,
            strategy={"kind": kind},
        )
        assert fleet.serving.fewest_instances == 2

    @pytest.mark.parametrize("kind", GUARDED)
    def test_a_schedule_that_leaves_one(self, kind: str) -> None:
        """The next version may come at night."""
        night = {"schedule": "rate(1 day)", "min_instances": 1, "max_instances": 2}

        assert "at least 2" in problems(
            instance_count=2,
            min_instances=2,
            max_instances=4,
            schedules={"night": night},
            strategy={"kind": kind},
        )

    @pytest.mark.parametrize("kind", [*GUARDED, *TRIALS])
    def test_serverless_changes_all_at_once(self, kind: str) -> None:
        """Nothing but instances can be moved in part, and there is no second version beside the first."""
        needed = {"outcome": "booked"} if kind == "ab" else {}

        assert "serving.strategy.kind" in problems(kind="serverless", strategy={"kind": kind} | needed)

    def test_serverless_is_not_watched(self) -> None:
        """Guardrails do not know it."""
        assert "watches no alarms" in problems(kind="serverless", strategy={"bake_minutes": 5})

    @pytest.mark.parametrize("kind", TRIALS)
    def test_trials_are_for_real_time(self, kind: str) -> None:
        """A queue's answers are not compared."""
        needed = {"outcome": "booked"} if kind == "ab" else {}

        assert "only real-time endpoints" in problems(kind="asynchronous", strategy={"kind": kind} | needed)

    @given(
        kind=st.sampled_from(["canary", "linear", "rolling", "all-at-once"]),
        step=st.floats(0.1, 0.5),
        batch=st.floats(0.05, 0.5),
        share=st.floats(0.01, 0.5),
        minutes=st.integers(0, 60),
        startup=st.integers(60, 3600),
    )
    def test_what_is_accepted_ends_in_time(
        self, kind: str, step: float, batch: float, share: float, minutes: int, startup: int
    ) -> None:
        """Whatever a manifest may say, SageMaker's time limit is above the sum of its waits."""
        given_ = {
            "step": step,
            "batch": batch,
            "share": share,
            "interval_minutes": minutes,
            "bake_minutes": minutes,
        }
        keys = {key: value for key, value in given_.items() if key in STRATEGY_DEFAULTS[kind]}  # type: ignore[index]
        longest = deployment_seconds(Strategy.of({"kind": kind} | keys), startup)
        fleet = {"instance_count": 2, "min_instances": 2, "max_instances": 2}
        keys = {"startup_timeout_seconds": startup, "strategy": {"kind": kind} | keys}

        if longest > MAX_DEPLOYMENT_SECONDS:
            assert "SageMaker gives a deployment" in problems(**fleet, **keys)
        else:
            assert serving(**fleet, **keys).serving.strategy.kind == kind


class TestInstead:
    def test_a_key_of_the_same_kind(self) -> None:
        """An approver's condition changes what it names."""
        strategy = serving(
            instance_count=2,
            max_instances=2,
            min_instances=2,
            strategy={"kind": "canary", "interval_minutes": 9},
        ).serving.strategy

        changed = strategy.instead({"share": 0.05})
        assert (changed.share, changed.interval_minutes) == (0.05, 9)

    def test_another_kind(self) -> None:
        """Nothing of the manifest's strategy makes sense in another."""
        strategy = serving(strategy={"kind": "shadow", "share": 0.5, "hours": 3}).serving.strategy

        changed = strategy.instead({"kind": "ab", "outcome": "booked"})
        assert (changed.share, changed.hours) == (0.1, 168)
