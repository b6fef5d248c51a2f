from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from slipway.domain.trials.kept_outcomes import kept_lines
from slipway.usecases.take_outcomes import OutcomeIntake, OutcomesRefused
from tests.fakes.kept_files import FakeKeptFiles
from tests.fakes.ledger import FakeLedger

NOW = datetime(2026, 11, 28, 9, 5, 7, tzinfo=UTC)
DROPPED = "outcomes/pricing/rates/monday.csv"


@pytest.fixture
def intake() -> OutcomeIntake:
    ledger = FakeLedger()
    moved = {"alias": "champion", "version": "1.0.0", "release_id": "r", "revision": 1}
    ledger.move_alias(
        {"project": "pricing", "model": "rates", "moved_at": "2026-11-01T00:00:00.000Z", **moved}
    )
    return OutcomeIntake(ledger, FakeKeptFiles(), lambda: NOW)


def body(*outcomes: object, model: str = "rates") -> dict[str, object]:
    return {"project": "pricing", "model": model, "outcomes": list(outcomes)}


def kept(intake: OutcomeIntake) -> list[object]:
    return [
        line
        for key in intake.files.keys("outcomes-kept/")
        for line in kept_lines(str(intake.files.read(key, limit=10**8)))
    ]


class TestTakeBatch:
    def test_good_outcomes_are_kept_and_bad_ones_answered(self, intake):
        """One mistake costs one outcome, not the batch."""
        answer = intake.take_batch(body({"inference_id": "a", "value": 1}, {"inference_id": "b"}))

        assert answer == {
            "accepted": 1,
            "refused": [{"index": 1, "inference_id": "b", "problem": "it has no value"}],
        }
        assert kept(intake) == [{"inference_id": "a", "value": 1.0}]

    @pytest.mark.parametrize(
        ("document", "status"),
        [
            (None, 400),
            ({"project": "pricing"}, 400),
            (body(*[{}] * 501), 413),
            (body({"inference_id": "a", "value": 1}, model="rats"), 404),
        ],
    )
    def test_a_request_that_cannot_be_meant_is_refused_as_a_whole(self, intake, document, status):
        """And nothing of it is kept."""
        answer = intake.take_batch(document)

        assert isinstance(answer, OutcomesRefused)
        assert answer.status == status
        assert kept(intake) == []

    def test_a_batch_without_a_good_outcome_leaves_no_file(self, intake):
        """Nothing is kept of nothing."""
        intake.take_batch(body())

        assert list(intake.files.keys("")) == []


class TestTakeFile:
    def test_a_dropped_file_is_kept(self, intake):
        """As if its lines had been posted."""
        intake.files.write(DROPPED, "inference_id,value\na,1\nb,0\n")

        assert intake.take_file(DROPPED, NOW) == {"accepted": 2, "refused": []}
        assert kept(intake) == [{"inference_id": "a", "value": 1.0}, {"inference_id": "b", "value": 0.0}]

    def test_a_drop_that_is_told_twice_is_kept_once(self, intake):
        """Events come at least once: the second one writes the same file again."""
        intake.files.write(DROPPED, "inference_id,value\na,1\n")
        intake.take_file(DROPPED, NOW)
        intake.take_file(DROPPED, NOW)

        assert len(kept(intake)) == 1

    def test_what_is_refused_is_listed_beside(self, intake):
        """Whoever dropped the file finds which lines were wrong, under the same name."""
        intake.files.write(DROPPED, "inference_id,value\na,1\n,0\n")
        intake.take_file(DROPPED, NOW)
        listed = json.loads(intake.files.files["outcomes-refused/pricing/rates/monday.csv.json"])

        assert (listed["accepted"], listed["count"], listed["refused"][0]["index"]) == (1, 1, 3)

    @pytest.mark.parametrize(
        ("key", "problem"),
        [
            ("outcomes/monday.csv", "drop files as outcomes/PROJECT/MODEL/NAME"),
            ("outcomes/pricing/rats/monday.csv", "no version of pricing/rats ever served"),
            (DROPPED, "the file is gone"),
        ],
    )
    def test_a_file_that_cannot_be_taken_says_why(self, intake, key, problem):
        """In the list of what was refused."""
        intake.take_file(key, NOW)
        name = key.removeprefix("outcomes/")

        assert json.loads(intake.files.files[f"outcomes-refused/{name}.json"])["problem"].startswith(problem)

    def test_a_large_file_is_kept_in_parts(self, intake):
        """None is larger than a trial's look can hold."""
        rows = "".join(f"id-{n},1\n" for n in range(120_000))
        intake.files.write(DROPPED, f"inference_id,value\n{rows}")
        intake.take_file(DROPPED, NOW)

        assert len(list(intake.files.keys("outcomes-kept/"))) == 3
        assert len(kept(intake)) == 120_000
