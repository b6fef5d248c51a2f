from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.domain.steps import differences, evaluation_inputs, first_difference, key_of, training_inputs
from tests.fakes.models import IMAGE_DIGEST, a_plan

KINDS = (
    "program",
    "data",
    "hyperparameter",
    "artifact",
    "instance",
    "instances",
    "checkpoints",
    "metric",
    "image",
)
"""In the order in which a person wants to hear of them."""

names = st.builds(
    lambda kind, name: f"{kind} {name}" if name else kind,
    st.sampled_from(KINDS),
    st.text("abcxyz_", max_size=3),
)
documents = st.dictionaries(names, st.text("abc 12", max_size=4), max_size=12)


class TestKey:
    @given(documents, documents)
    def test_same_inputs_same_key(self, one: dict[str, str], other: dict[str, str]) -> None:
        """Equal inputs have one key whatever their order; others never share it."""
        assert key_of(dict(reversed(one.items()))) == key_of(one)
        assert (key_of(one) == key_of(other)) == (one == other)


class TestFirstDifference:
    @given(documents, st.data())
    def test_names_the_true_first_difference(self, old: dict[str, str], data: st.DataObject) -> None:
        """
        Whatever was changed, added and removed: what is named is among it, nothing among it explains more,
        and the count is right.
        """
        changed = data.draw(st.sets(st.one_of(names, st.sampled_from(sorted(old) or ["image"])), max_size=6))
        new = dict(old)
        for name in changed:
            if name in old and data.draw(st.booleans()):
                del new[name]
            else:
                new[name] = f"{old.get(name, '')}!"
        said = first_difference(old, new)

        if not changed:
            assert said == ""
            return
        first = min(changed, key=lambda name: (KINDS.index(name.partition(" ")[0]), name))
        assert differences(old, new)[0] == first
        assert said.startswith((f"{first} ", f"{first}, "))
        if len(changed) > 1:
            assert said.endswith(f"(first difference of {len(changed)})")
        else:
            assert "first difference" not in said

    def test_says_what_it_was_and_what_it_is(self) -> None:
        """Both values stand in the sentence."""
        assert first_difference({"hyperparameter depth": "6"}, {"hyperparameter depth": "8"}) == (
            "hyperparameter depth 6 → 8"
        )

    def test_what_is_gone(self) -> None:
        """An input that only one of them has is a difference too."""
        assert first_difference({"metric train:mae": "mae=(.*)"}, {}) == (
            "metric train:mae, which was mae=(.*) and is gone"
        )

    def test_long_texts_are_cut(self) -> None:
        """A hyperparameter may be 2,500 characters long: the sentence stays one."""
        assert (
            len(first_difference({"hyperparameter x": "a" * 2500}, {"hyperparameter x": "b\n" * 1250})) < 150
        )


def training(**sections: Any) -> dict[str, str]:
    return training_inputs(a_plan(**sections))


class TestTrainingInputs:
    def test_names_all_that_matters(self) -> None:
        """Image, program, data, hyperparameters, instances, and what shapes its metrics."""
        assert training() == {
            "image": IMAGE_DIGEST,
            "program": "train",
            "data train": "sha256:" + "ab" * 32,
            "hyperparameter learning_rate": "0.1",
            "hyperparameter rounds": "200",
            "hyperparameter early_stopping": a_plan()["requests"]["training"]["HyperParameters"][
                "early_stopping"
            ],
            "instance": "ml.m5.large",
            "instances": "1",
            "checkpoints": "none",
            "metric validation:mae": "validation mae=([0-9.eE+-]+)",
        }

    @pytest.mark.parametrize(
        "change",
        [
            {"hyperparameters": {"rounds": 201}},
            {"instance_type": "ml.m5.xlarge"},
            {"instance_count": 2},
            {"checkpoints": True},
            {"metrics": {}},
        ],
    )
    def test_what_matters_changes_the_key(self, change: dict[str, Any]) -> None:
        """Whatever the program can see, or its outputs are read by."""
        assert key_of(training(training=change)) != key_of(training())

    @pytest.mark.parametrize(
        "sections",
        [
            {"training": {"spot": True, "max_wait_minutes": 60}},
            {"training": {"volume_gb": 100, "max_runtime_minutes": 10}},
            {"evaluation": {"margin": 2.0}, "gates": []},
        ],
    )
    def test_what_does_not_matter_does_not(self, sections: dict[str, Any]) -> None:
        """How it is paid for, what it may use up, and how its model is judged."""
        assert key_of(training(**sections)) == key_of(training())

    def test_words_of_a_program_are_kept_apart(self) -> None:
        """Two command lines that join to the same text differ."""
        one = training(programs={"train": ["python", "-m x"]})
        other = training(programs={"train": ["python", "-m", "x"]})

        assert one["program"] != other["program"]


class TestEvaluationInputs:
    def of(self, model_uri: str = "s3://a/model.tar.gz", fingerprint: str = "e1", **sections: Any) -> str:
        plan = a_plan(**sections)
        return key_of(
            evaluation_inputs(
                plan,
                image_digest=IMAGE_DIGEST,
                evaluate=["evaluate"],
                model_uri=model_uri,
                fingerprint=fingerprint,
            )
        )

    def test_artifact_is_known_by_its_bytes(self) -> None:
        """Another artifact, or other bytes in its place, must be measured."""
        assert self.of() != self.of(model_uri="s3://b/model.tar.gz")
        assert self.of() != self.of(fingerprint="e2")

    def test_judgement_is_no_input(self) -> None:
        """Gates, margin and the direction of a metric are applied to a report that was taken, too."""
        metrics = {"mae": {"direction": "maximize", "unit": "USD"}}

        assert self.of() == self.of(evaluation={"margin": 3.0, "metrics": metrics}, gates=[])
