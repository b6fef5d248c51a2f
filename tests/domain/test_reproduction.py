"""When a version counts as reproduced, and what its record leaves open."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.domain.reproduction import Outcome, compare, not_pinned
from slipway.domain.reproduction_requests import evaluation_again, job_name, place, tags, training_again
from tests.fakes.models import a_plan

METRICS = st.dictionaries(st.sampled_from(["mae", "r2", "auc"]), st.floats(-1e300, 1e300), max_size=3)


def digests(sha256: str = "a", content: str = "c") -> Any:
    return {"sha256": f"sha256:{sha256}", "content": f"sha256:{content}", "bytes": 1}


def outcome(artifact: Any = None, training: Any = None, evaluation: Any = None) -> Outcome:
    return Outcome(artifact or digests(), training or {}, evaluation)


class TestComparing:
    def test_the_same_bytes_and_numbers_are_reproduced(self) -> None:
        found = compare(outcome(training={"mae": 3.0}), outcome(training={"mae": 3.0}))
        assert found.reproduced
        assert "the very same bytes; all metrics are exactly equal" in found.summary

    def test_another_packing_time_is_no_difference(self) -> None:
        found = compare(outcome(digests("a", "c")), outcome(digests("b", "c")))
        assert found.artifact == "content"
        assert found.reproduced

    def test_other_files_with_the_same_metrics_are_not_the_same_model(self) -> None:
        found = compare(outcome(evaluation={"mae": 3.0}), outcome(digests("b", "d"), evaluation={"mae": 3.0}))
        assert not found.reproduced
        assert "files differ; all metrics are exactly equal" in found.summary

    def test_rounding_is_no_difference(self) -> None:
        """Threads that add in another order change the last digit of a mean."""
        before, again = {"mae": 18.518627170000002}, {"mae": 18.518627170000006}
        found = compare(outcome(evaluation=before), outcome(evaluation=again))
        assert before != again
        assert found.reproduced
        assert "equal but for rounding" in found.summary

    def test_a_tolerance_asks_for_metrics_alone(self) -> None:
        before, again = outcome(training={"mae": 100.0}), outcome(digests("b", "d"), {"mae": 99.5})
        assert not compare(before, again, tolerance=0.001).reproduced
        assert compare(before, again, tolerance=0.005).reproduced
        assert "agree within 0.005" in compare(before, again).summary

    def test_a_metric_that_is_missing_is_never_within_a_tolerance(self) -> None:
        found = compare(outcome(training={"mae": 1.0}), outcome(training={}), tolerance=1.0)
        assert not found.reproduced
        assert found.document()["needed_tolerance"] is None

    def test_what_was_not_evaluated_again_is_not_compared(self) -> None:
        found = compare(outcome(evaluation={"mae": 1.0}), outcome(evaluation=None))
        assert found.reproduced
        assert found.evaluation == ()

    def test_an_unknown_artifact_is_no_proof(self) -> None:
        assert not compare(Outcome(None, {}, None), outcome()).reproduced

    @given(METRICS, METRICS)
    def test_it_does_not_matter_which_side_is_which(self, one: Any, other: Any) -> None:
        forth = compare(outcome(training=one), outcome(training=other))
        back = compare(outcome(training=other), outcome(training=one))
        assert forth.needed_tolerance == back.needed_tolerance >= 0
        assert (forth.needed_tolerance == 0) == (one == other)

    @given(METRICS, METRICS)
    def test_the_tolerance_that_is_named_is_one_that_will_do(self, one: Any, other: Any) -> None:
        before = compare(outcome(training=one), outcome(training=other))
        assert bool(before.named_tolerance) == (one.keys() == other.keys())
        if before.named_tolerance not in ("", "0"):
            tolerance = float(before.named_tolerance)
            assert tolerance <= before.needed_tolerance * 1.11
            assert compare(
                outcome(training=one), outcome(digests("b", "d"), other), tolerance=tolerance
            ).reproduced

    @pytest.mark.parametrize("value", [math.nan, math.inf])
    def test_what_is_not_finite_equals_itself_alone(self, value: float) -> None:
        assert compare(outcome(training={"m": value}), outcome(training={"m": value})).reproduced
        assert not compare(outcome(training={"m": value}), outcome(training={"m": 1.0})).reproduced


class TestRequests:
    PLACE = "20261124T050607Z"

    def test_the_training_is_the_recorded_one_but_for_name_tags_and_place(self) -> None:
        plan = a_plan(training={"checkpoints": True})
        folder = place(plan, self.PLACE)
        again, recorded = training_again(plan, name="n", folder=folder), plan["requests"]["training"]
        changed = {key for key in again if again[key] != recorded.get(key)}
        assert changed == {"TrainingJobName", "OutputDataConfig", "CheckpointConfig", "Tags"}
        assert again["OutputDataConfig"]["S3OutputPath"].startswith(
            f"{plan['artifact_prefix']}/reproductions/"
        )
        assert again["CheckpointConfig"]["S3Uri"].startswith(folder), "it must not go on from the first one's"

    def test_the_evaluation_reads_what_was_trained_again(self) -> None:
        plan = a_plan()
        folder = place(plan, self.PLACE)
        again = evaluation_again(plan, name="n", folder=folder, model_uri="s3://new/model.tar.gz")
        assert again["ProcessingInputs"][0]["S3Input"]["S3Uri"] == "s3://new/model.tar.gz"
        assert again["ProcessingInputs"][1:] == plan["requests"]["challenger"]["ProcessingInputs"][1:]
        outputs = again["ProcessingOutputConfig"]["Outputs"]
        assert [one["S3Output"]["S3Uri"] for one in outputs] == [f"{folder}evaluation/"]

    def test_the_recorded_requests_stay_as_they_are(self) -> None:
        plan, untouched = a_plan(), a_plan()
        training_again(plan, name="n", folder="s3://x/")
        evaluation_again(plan, name="n", folder="s3://x/", model_uri="s3://y")
        assert plan == untouched

    def test_it_is_an_experiment_of_the_model_and_no_releases_job(self) -> None:
        said = {one["Key"]: one["Value"] for one in tags(a_plan())}
        assert said["slipway:reproduces"] == "9f2c41d07b3a55e1"
        assert (said["slipway:project"], said["slipway:model"]) == ("pricing", "hotel-rates")
        assert "slipway:release" not in said

    def test_names_fit_whatever_the_models_name(self) -> None:
        plan = {
            **a_plan(),
            "model": "forecast-of-occupancy-eu",
            "version": "12.10.0+retrain.20261101T120000Z",
        }
        name = job_name(plan, "slipway-prod", self.PLACE)
        assert len(f"{name}-e") <= 63
        assert name.startswith("slipway-prod-")


class TestNotPinned:
    def test_random_numbers_without_a_seed_are_named(self) -> None:
        assert any("no seed is among the hyperparameters" in said for said in not_pinned(a_plan()))
        seeded = a_plan(training={"hyperparameters": {"random_state": 1}})
        assert not any("seed" in said for said in not_pinned(seeded))

    def test_spot_and_checkpoints_are_named(self) -> None:
        said = " ".join(
            not_pinned(a_plan(training={"spot": True, "checkpoints": True, "max_wait_minutes": 60}))
        )
        assert "spot interruptions" in said
        assert "checkpoints" in said
        assert "spot" not in " ".join(not_pinned(a_plan()))

    def test_several_instances_are_named(self) -> None:
        said = " ".join(not_pinned(a_plan(training={"instance_count": 2})))
        assert "2 instances add up" in said
