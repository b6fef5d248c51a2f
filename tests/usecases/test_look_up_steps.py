from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.contracts.container import PREDICTIONS_FILE
from slipway.domain.steps import key_of, training_inputs
from slipway.usecases.judge_release import keep_evaluations
from slipway.usecases.look_up_steps import StepCache
from tests.fakes.ledger import FakeLedger
from tests.fakes.models import NOW, a_champion, a_document, a_plan
from tests.fakes.steps import FakeFingerprints, FakeSteps

ONE, TWO, THREE = "1" * 16, "2" * 16, "3" * 16
TRAINED = {
    "job_name": "t",
    "job_arn": "arn:t",
    "model_uri": "s3://artifacts/one/model.tar.gz",
    "seconds": 61.0,
    "billable_seconds": 61.0,
    "metrics": {"validation:mae": 30.1},
}
MEASURED = {"challenger": {"mae": 30.0}, "champion": {"mae": 31.0}}
"""As much of a verdict as tells which reports could be read."""


class Workshop:
    """Releases that go on step by step."""

    def __init__(self) -> None:
        self.steps, self.ledger, self.fingerprints = FakeSteps(), FakeLedger(), FakeFingerprints()
        self.now = NOW
        self.cache = StepCache(self.steps, self.ledger, self.fingerprints, lambda: self.now)

    def plan(self, release_id: str, version: str = "1.1.0", *, cache: Any = None, **more: Any) -> Any:
        """A release that runs; ``cache`` changes the plan's wish."""
        plan = a_plan(version, release_id=release_id, **more)
        plan["cache"] = {**plan["cache"], **(cache or {})}
        subject = {name: plan[name] for name in ("release_id", "project", "model", "version", "planned_at")}
        self.ledger.claim_release({**subject, "status": "running", "reason": ""})
        return plan

    def before_training(self, document: Any) -> Any:
        """Look up; the document grows as the machine lets it."""
        document |= self.cache.look_up_steps(document, "training")
        return document["lookups"]["training"]

    def before_evaluation(self, document: Any) -> Any:
        document |= self.cache.look_up_steps(document, "evaluation")
        return document["lookups"]

    def train(self, document: Any, **outputs: Any) -> Any:
        """What the machine does: run what was not taken."""
        if self.before_training(document)["result"] in ("miss", "off"):
            document["training"] = {**TRAINED, **outputs}
        return document

    def measure(self, document: Any) -> Any:
        """Likewise; afterwards the judge keeps what was measured."""
        lookups = self.before_evaluation(document)
        prefix = document["plan"]["artifact_prefix"]
        document["evaluation"] = {
            side: (lookups[side].get("outputs") or {"job_name": side, "report_prefix": f"{prefix}/{side}/"})
            if lookups[side]
            else None
            for side in ("challenger", "champion")
        }
        keep_evaluations(document, MEASURED, cache=self.cache)  # type: ignore[arg-type]  # as above
        return document

    def through(self, release_id: str, version: str = "1.1.0", **more: Any) -> Any:
        """A whole release."""
        return self.measure(self.train({"plan": self.plan(release_id, version, **more)}))

    def end(self, release_id: str, status: Any = "failed") -> None:
        self.ledger.end_release(
            release_id, status=status, ended_at="2026-11-22T05:00:00.000Z", reason="", failure=None
        )


@pytest.fixture
def workshop() -> Workshop:
    return Workshop()


class TestTraining:
    def test_first_one_is_a_miss(self, workshop: Workshop) -> None:
        """There is nothing to compare with, and that is said."""
        lookup = workshop.before_training({"plan": workshop.plan(ONE)})

        assert (lookup["result"], lookup["explanation"]) == (
            "miss",
            "miss: nothing of pricing/hotel-rates was kept before",
        )

    def test_same_again_is_a_hit(self, workshop: Workshop) -> None:
        """The outputs are those that were recorded, with whose they are."""
        workshop.through(ONE)
        document = {"plan": workshop.plan(TWO, "1.1.1")}

        lookup = workshop.before_training(document)

        assert lookup["explanation"] == f"hit: same as release {ONE}"
        assert document["training"] == {**TRAINED, "cached_from": ONE}
        assert "outputs" not in lookup

    def test_hit_of_a_hit_names_who_ran_it(self, workshop: Workshop) -> None:
        """However many releases took it since."""
        workshop.through(ONE)
        workshop.through(TWO, "1.1.1")

        assert workshop.through(THREE, "1.1.2")["training"]["cached_from"] == ONE

    def test_miss_names_what_changed(self, workshop: Workshop) -> None:
        """Of all that changed, what explains most."""
        workshop.through(ONE)
        changed = {"hyperparameters": {"learning_rate": 0.2, "rounds": 300, "early_stopping": True}}

        lookup = workshop.before_training({"plan": workshop.plan(TWO, "1.2.0", training=changed)})

        assert lookup["explanation"] == (
            "miss: hyperparameter learning_rate 0.1 → 0.2 (first difference of 2)"
        )

    @given(
        st.lists(
            st.fixed_dictionaries({"a": st.integers(0, 2), "b": st.integers(0, 2)}), min_size=1, max_size=6
        )
    )
    def test_trains_once_for_each_input(self, history: list[dict[str, int]]) -> None:
        """Over any history: as many trainings as different inputs; a hit names who ran those very inputs."""
        workshop, ran = Workshop(), {}
        for n, parameters in enumerate(history):
            identity = f"{n:016x}"
            document = workshop.through(identity, f"1.{n}.0", training={"hyperparameters": parameters})
            key = key_of(training_inputs(document["plan"]))
            if "cached_from" in document["training"]:
                assert ran[key] == document["training"]["cached_from"]
            else:
                assert ran.setdefault(key, identity) == identity

    def test_artifact_that_is_gone_is_a_miss(self, workshop: Workshop) -> None:
        """It says what is gone; the next release finds the new one."""
        workshop.through(ONE)
        workshop.fingerprints.gone.add(TRAINED["model_uri"])
        document = {"plan": workshop.plan(TWO, "1.1.1")}
        other = "s3://artifacts/two/model.tar.gz"

        assert workshop.before_training(document)["explanation"] == (
            f"miss: what release {ONE} left is gone: {TRAINED['model_uri']}"
        )
        workshop.measure({**document, "training": {**TRAINED, "model_uri": other}})
        assert workshop.through(THREE, "1.1.2")["training"]["model_uri"] == other

    def test_evaluation_without_the_predictions_that_are_judged_is_a_miss(self, workshop: Workshop) -> None:
        """What was never written, or is gone, would fail each release that takes the report beside it."""
        workshop.through(ONE)
        document = {"plan": workshop.plan(TWO, "1.1.1")}
        document["plan"]["manifest"]["evaluation"]["task"] = "regression"
        workshop.train(document)
        prefix = workshop.before_evaluation(document)["challenger"]["outputs"]["report_prefix"]
        uri = f"{prefix.rstrip('/')}/{PREDICTIONS_FILE}"
        workshop.fingerprints.gone.add(uri)

        assert workshop.before_evaluation(document)["challenger"]["explanation"] == (
            f"miss: what release {ONE} left is gone: {uri}"
        )

    def test_old_outputs_are_not_taken(self, workshop: Workshop) -> None:
        """After policy.step_cache_days they are as good as none."""
        workshop.through(ONE)
        workshop.now += timedelta(days=90, seconds=1)

        assert workshop.before_training({"plan": workshop.plan(TWO, "1.1.1")})["explanation"] == (
            f"miss: what release {ONE} left is older than 90 days"
        )

    def test_outputs_that_dynamodb_removed(self, workshop: Workshop) -> None:
        """Their inputs are known for longer: a miss without a difference says why."""
        workshop.through(ONE)
        workshop.steps.records.clear()

        assert workshop.before_training({"plan": workshop.plan(TWO, "1.1.1")})["explanation"] == (
            f"miss: what release {ONE} left has expired"
        )


class TestOff:
    @pytest.mark.parametrize(
        ("more", "said"),
        [
            ({"cache": {"use": False}}, "off: --no-cache"),
            ({"cache": {"days": 0}}, "off: policy.step_cache_days = 0"),
            ({"training": {"cache": False}}, "off: training.cache = false"),
        ],
    )
    def test_is_neither_taken_nor_kept(self, workshop: Workshop, more: dict[str, Any], said: str) -> None:
        """Who opts out runs the step, and leaves nothing to others."""
        workshop.through(ONE, **more)
        document = workshop.through(TWO, "1.1.1", **more)

        assert document["lookups"]["training"]["explanation"] == said
        assert "cached_from" not in document["training"]
        assert not [one for one in workshop.steps.records.values() if one["step"] == "training"]

    def test_each_step_by_itself(self, workshop: Workshop) -> None:
        """The training may be taken while the evaluation is run each time."""
        workshop.through(ONE, evaluation={"cache": False})
        document = workshop.through(TWO, "1.1.1", evaluation={"cache": False})

        assert document["lookups"]["training"]["result"] == "hit"
        assert document["lookups"]["challenger"]["explanation"] == "off: evaluation.cache = false"

    def test_plan_of_before_there_was_a_cache(self, workshop: Workshop) -> None:
        """A release that was under way when the platform was rolled out goes on."""
        plan = workshop.plan(ONE)
        del plan["cache"]

        assert workshop.before_training({"plan": plan})["result"] == "off"


class TestConcurrent:
    def test_identical_release_waits_and_takes(self, workshop: Workshop) -> None:
        """One trains; the other waits until it has, and says for whom."""
        first, second = {"plan": workshop.plan(ONE)}, {"plan": workshop.plan(TWO, "1.1.1")}
        assert workshop.before_training(first)["result"] == "miss"

        lookup = workshop.before_training(second)
        assert (lookup["result"], lookup["release_id"]) == ("wait", ONE)
        first["training"] = TRAINED
        workshop.before_evaluation(first)

        assert workshop.before_training(second)["explanation"] == f"hit: same as release {ONE}"

    def test_waits_are_noted_once(self, workshop: Workshop) -> None:
        """A release that waits for hours does not write all the time."""
        workshop.before_training({"plan": workshop.plan(ONE)})
        second = {"plan": workshop.plan(TWO, "1.1.1")}
        workshop.before_training(second)
        workshop.ledger.releases[TWO]["lookups"] = "untouched"

        assert workshop.before_training(second)["result"] == "wait"
        assert workshop.ledger.releases[TWO]["lookups"] == "untouched"

    @pytest.mark.parametrize("status", ["failed", "stopped", "not-accepted", "awaiting-approval"])
    def test_claim_of_who_is_past_it_is_taken_over(self, workshop: Workshop, status: Any) -> None:
        """It failed before it could give it back, or its outputs were never kept: nobody waits for it."""
        workshop.before_training({"plan": workshop.plan(ONE)})
        workshop.ledger.releases[ONE]["status"] = status

        lookup = workshop.before_training({"plan": workshop.plan(TWO, "1.1.1")})

        assert lookup["explanation"] == f"miss: release {ONE} ended before it was done"

    def test_who_lost_its_claim_keeps_nothing(self, workshop: Workshop) -> None:
        """What was believed dead and comes back does not replace another's outputs."""
        first, second = {"plan": workshop.plan(ONE)}, {"plan": workshop.plan(TWO, "1.1.1")}
        workshop.before_training(first)
        workshop.end(ONE)
        workshop.before_training(second)
        workshop.before_evaluation({**first, "training": TRAINED})

        held = workshop.steps.step(second["lookups"]["training"]["key"])

        assert (held["release_id"], held["status"]) == (TWO, "running")

    def test_look_up_that_is_repeated_gives_the_same_answer(self, workshop: Workshop) -> None:
        """Lambda may run it twice."""
        document = {"plan": workshop.plan(ONE)}

        assert workshop.before_training(document) == workshop.before_training(document)

    def test_two_that_want_each_other_s_evaluation_don_t_wait_for_ever(self, workshop: Workshop) -> None:
        """Each one's challenger is the other's champion: they claim in one order, so that one goes first."""

        def side(release_id: str, ours: str, theirs: str) -> Any:
            champion = {
                **a_champion(),
                "model_uri": theirs,
                "image_digest": a_plan()["image_digest"],
                "evaluate": ["evaluate"],
            }
            plan = workshop.plan(release_id, champion=champion, training={"cache": False})
            return {"plan": plan, "training": {**TRAINED, "model_uri": ours}, "lookups": {}}

        one, two = side(ONE, "s3://a/x", "s3://a/y"), side(TWO, "s3://a/y", "s3://a/x")
        results = [
            {lookup["result"] for lookup in workshop.before_evaluation(document).values() if lookup}
            for document in (one, two)
        ]

        assert results == [{"miss"}, {"wait"}]


class TestEvaluation:
    def test_unchanged_release_measures_nothing(self, workshop: Workshop) -> None:
        """Both sides are taken as they were."""
        workshop.through(ONE, champion=a_champion())
        document = workshop.through(TWO, "1.1.1", champion=a_champion())

        assert {side: run["cached_from"] for side, run in document["evaluation"].items()} == {
            "challenger": ONE,
            "champion": ONE,
        }
        assert document["evaluation"]["challenger"]["report_prefix"].endswith(f"{ONE}/challenger/")

    def test_challenger_that_became_champion_is_not_measured_again(self, workshop: Workshop) -> None:
        """On the same data it would report the same: its side of the comparison is no input."""
        workshop.through(ONE)
        plan = a_plan()
        champion = {
            **a_champion("1.1.0"),
            "model_uri": TRAINED["model_uri"],
            "image_digest": plan["image_digest"],
            "evaluate": plan["manifest"]["programs"]["evaluate"],
        }
        document: Any = {"plan": workshop.plan(TWO, "1.2.0", champion=champion, training={"cache": False})}
        workshop.train(document, model_uri="s3://artifacts/two/model.tar.gz")

        lookups = workshop.before_evaluation(document)

        assert lookups["champion"]["explanation"] == f"hit: same as release {ONE}"
        assert lookups["challenger"]["result"] == "miss"

    def test_first_champion_is_compared_with_a_challenger(self, workshop: Workshop) -> None:
        """Until a champion was measured as such, there is still something that a miss is explained by."""
        workshop.through(ONE)
        document = workshop.through(TWO, "1.1.1", champion=a_champion())

        assert document["lookups"]["champion"]["explanation"].startswith("miss: program evaluate → ")

    def test_first_version_has_no_champion(self, workshop: Workshop) -> None:
        """Its look-up is there, and empty."""
        assert workshop.through(ONE)["lookups"]["champion"] is None

    def test_report_that_could_not_be_read_is_not_kept(self, workshop: Workshop) -> None:
        """Failures are never taken again."""
        document = workshop.train({"plan": workshop.plan(ONE)})
        workshop.before_evaluation(document)
        document["evaluation"] = {"challenger": {"job_name": "c", "report_prefix": "p/"}, "champion": None}
        unread: Any = {"challenger": {}, "champion": None}

        assert keep_evaluations(document, unread, cache=workshop.cache) == []
        held = workshop.steps.step(document["lookups"]["challenger"]["key"])
        assert held["status"] == "running"

    def test_other_bytes_in_the_artifact_s_place(self, workshop: Workshop) -> None:
        """An artifact is known by its bytes, not by its address alone."""
        workshop.through(ONE)
        workshop.fingerprints.changed[TRAINED["model_uri"]] = "other"

        lookups = workshop.through(TWO, "1.1.1")["lookups"]

        assert lookups["challenger"]["explanation"].startswith("miss: artifact ")

    def test_artifact_that_is_not_there(self, workshop: Workshop) -> None:
        """What can't be pinned is not cached; the job itself will say what is wrong."""
        document = workshop.train({"plan": workshop.plan(ONE)})
        workshop.fingerprints.gone.add(TRAINED["model_uri"])

        assert workshop.before_evaluation(document)["challenger"]["explanation"] == (
            f"off: there is no {TRAINED['model_uri']}"
        )


class TestRecord:
    def test_release_says_what_was_looked_up(self, workshop: Workshop) -> None:
        """`slipway release show` reads it there: every step, without what it produced."""
        workshop.through(ONE, champion=a_champion())
        workshop.through(TWO, "1.1.1", champion=a_champion())

        lookups = workshop.ledger.release(TWO)["lookups"]

        assert {step: lookup["explanation"] for step, lookup in lookups.items()} == dict.fromkeys(
            ("training", "challenger", "champion"), f"hit: same as release {ONE}"
        )
        assert not any("outputs" in lookup for lookup in lookups.values())

    def test_document_of_the_contract(self, workshop: Workshop) -> None:
        """The look-ups say nothing of jobs: what was taken stands where what was run would stand."""
        document = workshop.through(ONE)

        assert document["training"] == TRAINED
        assert set(document["lookups"]) == {"training", "challenger", "champion"}
        assert a_document()["evaluation"].keys() == document["evaluation"].keys()
