"""An A/B test and a shadow run, read from captures as SageMaker writes them."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from slipway.domain.trials.kept_outcomes import kept_key, kept_text
from slipway.usecases.judge_trial import TrialJudge
from slipway.usecases.read_trial import TrialReading
from tests.adapters.test_trials import SUBJECT, a_trial
from tests.fakes.kept_files import FakeKeptFiles
from tests.fakes.ledger import FakeLedger
from tests.fakes.models import a_version
from tests.fakes.trials import FakeLoads

TRIAL = "7d" * 8
ENDPOINT = "slipway-dev-pricing-rates"
BEGAN = datetime(2026, 11, 28, 9, 0, 0, tzinfo=UTC)
AB = {
    "kind": "ab",
    "share": 0.5,
    "requests": 100_000,
    "hours": 24,
    "outcome": "booked",
    "direction": "maximize",
    "minimum_effect": 0.05,
}
SHADOW = {"kind": "shadow", "share": 1.0, "requests": 400, "hours": 24}


def line(inference_id: str | None, moment: datetime, output: Any, body: str = "[1]") -> str:
    """As SageMaker writes it."""
    about = {"eventId": "e", "inferenceTime": f"{moment:%Y-%m-%dT%H:%M:%SZ}"}
    if inference_id:
        about["inferenceId"] = inference_id
    return json.dumps(
        {
            "captureData": {
                "endpointInput": {
                    "observedContentType": "application/json",
                    "mode": "INPUT",
                    "data": body,
                    "encoding": "JSON",
                },
                "endpointOutput": {
                    "observedContentType": "application/json",
                    "mode": "OUTPUT",
                    "data": json.dumps({"predictions": [output]}),
                    "encoding": "JSON",
                },
            },
            "eventMetadata": about,
            "eventVersion": "0",
        }
    )


class World:
    """A trial on an endpoint, with what its captures and outcomes say."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.ledger, self.now = FakeLedger(), BEGAN
        self.artifacts, self.data, self.loads = FakeKeptFiles(), FakeKeptFiles(), FakeLoads()
        kind = settings["kind"]
        self.ledger.begin_trial({**a_trial(), "kind": kind, "settings": settings})
        version = a_version(model="rates")
        version["manifest"]["evaluation"]["task"] = "regression"
        self.ledger.put_version(version)
        self.stand(TRIAL)
        self.judge = TrialJudge(
            ledger=self.ledger,
            reading=TrialReading(self.artifacts, self.data),
            loads=self.loads,
            files=self.artifacts,
            bucket="artifacts",
            clock=self.clock,
            environment="dev",
            resource_prefix="slipway-dev",
            poll_seconds=60,
        )
        self._number = 0
        self.looking = timedelta()
        """How long a look takes."""

    def clock(self) -> datetime:
        self.now += self.looking
        return self.now

    def stand(self, trial_id: str, version: str = "1.1.0", *, others: float = 0.0) -> None:
        """What the ledger says of the endpoint; a third version may have some of the traffic."""
        settings = self.record()["settings"]
        share = settings["share"]
        shadow = settings["kind"] == "shadow"
        layout = [
            {"version": "1.0.0", "role": "champion", "share": 1.0 if shadow else 1 - share - others},
            {"version": "0.9.0", "role": "beside", "share": others},
            {"version": "1.1.0", "role": "shadow" if shadow else "challenger", "share": share},
        ]
        self.ledger.endpoint_states[ENDPOINT] = [
            {
                "trial_id": trial_id,
                "status": "in-service",
                "layout": [one for one in layout if one["share"]],
                "changed_at": "2026-11-28T09:00:00.000Z",
                "actor": "ana@example.com",
                "version": version,
            }
        ]

    def capture(self, variant: str, lines: list[str], at: datetime | None = None) -> None:
        self._number += 1
        moment = at or self.now
        key = f"capture/{ENDPOINT}/{variant}/{moment:%Y/%m/%d/%H/%M-%S}-000-{self._number:06}.jsonl"
        self.artifacts.write(key, "".join(f"{one}\n" for one in lines))

    def report(self, outcomes: dict[str, Any], name: str = "booked") -> None:
        text = kept_text([{"inference_id": k, "value": v, "outcome": name} for k, v in outcomes.items()])
        self.data.write(kept_key("pricing", "rates", self.now, text), text)

    def look(self) -> Any:
        return self.judge.judge_trial(*SUBJECT, TRIAL)

    def record(self) -> Any:
        return self.ledger.trial(*SUBJECT, TRIAL)

    def traffic(self, requests: int, rates: tuple[float, float], share: float = 0.5, seed: int = 1) -> None:
        """Requests that fall on both variants, and what came of them."""
        draw = random.Random(f"{seed}{self._number}")
        lines: dict[str, list[str]] = {"AllTraffic": [], "v-1-1-0": []}
        outcomes = {}
        for _ in range(requests):
            self._number += 1
            inference_id = f"r-{self._number}"
            arm = draw.random() < share
            lines["v-1-1-0" if arm else "AllTraffic"].append(line(inference_id, self.now, 1.0))
            outcomes[inference_id] = float(draw.random() < rates[arm])
        for variant, some in lines.items():
            self.capture(variant, some)
        self.report(outcomes)


@pytest.fixture
def ab() -> World:
    return World(dict(AB))


@pytest.fixture
def shadow() -> World:
    return World(dict(SHADOW))


class TestAbTest:
    def test_it_goes_on_while_nothing_is_decided(self, ab):
        """The wait grows with the trial's age; weights, counts and the effect so far are kept."""
        ab.now += timedelta(minutes=40)
        ab.traffic(400, (0.3, 0.3))
        ab.now += timedelta(minutes=10)
        look, state = ab.look(), ab.record()["state"]

        assert (look["next"], look["wait_seconds"]) == ("wait", 375)
        assert sum(state["tally"]["requests"]) == 400
        assert sum(one["count"] for one in state["tally"]["outcomes"]) == 400
        assert state["effect"]["lower"] < 0 < state["effect"]["upper"]
        assert state["remaining"] > 0
        assert ab.record()["ends_by"] == "2026-11-29T09:00:00.000Z"

    def test_a_better_challenger_is_proposed_with_evidence(self, ab):
        """The report lies where approvers' page finds it."""
        for _ in range(4):
            ab.now += timedelta(minutes=10)
            ab.traffic(500, (0.2, 0.4))
        ab.now += timedelta(minutes=10)
        look = ab.look()
        report = json.loads(ab.artifacts.files[f"trials/pricing/rates/{TRIAL}/report.json"])

        assert (look["next"], look["word"]) == ("propose", "better")
        assert report["summary"].startswith(
            "A/B test of 1.1.0 beside 1.0.0, by booked: better; the difference"
        )
        assert report["challenger"]["metrics"]["booked"] > report["champion"]["metrics"]["booked"]
        assert ab.record()["state"]["report_uri"].startswith("s3://artifacts/trials/")

    def test_a_third_version_s_traffic_is_no_mismatch(self):
        """Of what both sides answer, a tenth of the traffic is an eighth if a fifth goes elsewhere."""
        ab = World({**AB, "share": 0.1})
        ab.stand(TRIAL, others=0.2)
        ab.now += timedelta(minutes=10)
        ab.traffic(8000, (0.3, 0.3), share=0.125)
        ab.now += timedelta(minutes=10)
        look, state = ab.look(), ab.record()["state"]

        assert look["word"] in (None, "equivalent")
        assert state["weights"] == {"1.0.0": pytest.approx(0.7), "0.9.0": 0.2, "1.1.0": 0.1}
        assert state["parts"] == [pytest.approx(0.125)] * 2
        ab.traffic(8000, (0.3, 0.3), share=0.1)
        ab.now += timedelta(minutes=10)
        assert ab.look()["word"] == "mismatched"

    def test_a_third_version_that_leaves_meanwhile_is_no_mismatch(self):
        """The weights of the looks before count too."""
        ab = World({**AB, "share": 0.1})
        ab.stand(TRIAL, others=0.2)
        ab.now += timedelta(minutes=10)
        ab.traffic(4000, (0.3, 0.3), share=0.125)
        ab.now += timedelta(minutes=10)
        ab.look()
        ab.stand(TRIAL)
        ab.traffic(4000, (0.3, 0.3), share=0.1)
        ab.now += timedelta(minutes=10)

        assert ab.look()["word"] in (None, "equivalent")
        assert ab.record()["state"]["parts"] == [pytest.approx(0.1), pytest.approx(0.125)]

    def test_a_worse_challenger_leaves(self, ab):
        """Nobody is asked."""
        ab.now += timedelta(minutes=10)
        ab.traffic(2000, (0.4, 0.2))
        ab.now += timedelta(minutes=10)
        look = ab.look()

        assert (look["next"], look["word"], look["status"]) == ("remove", "worse", "rejected")

    def test_files_are_read_once_and_outcomes_counted_once(self, ab):
        """Late, repeated, contradicting, foreign: only the first outcome of each request counts."""
        ab.now += timedelta(minutes=5)
        ab.capture("AllTraffic", [line(f"c-{n}", ab.now, 1.0) for n in range(3)])
        ab.capture("v-1-1-0", [line("x-0", ab.now, 1.0)])
        ab.report({"c-0": 1.0, "x-0": 0.0, "elsewhere": 1.0})
        ab.look()
        ab.now += timedelta(minutes=5)
        ab.report({"c-0": 1.0, "x-0": 1.0, "c-1": 0.0})
        ab.report({"c-1": 1.0}, name="clicked")
        ab.artifacts.read_keys.clear()
        ab.look()
        tally = ab.record()["state"]["tally"]

        assert [one["count"] for one in tally["outcomes"]] == [2, 1]
        assert [one["mean"] for one in tally["outcomes"]] == [0.5, 0.0]
        assert (tally["repeated"], tally["conflicting"]) == (1, 1)
        assert not [key for key in ab.artifacts.read_keys if key.startswith("capture/")]

    def test_an_outcome_may_come_before_its_capture(self, ab):
        """Captures come minutes late: whichever comes last completes the other."""
        ab.now += timedelta(minutes=5)
        ab.report({"c-0": 1.0})
        ab.look()
        ab.capture("AllTraffic", [line("c-0", ab.now, 1.0)])
        ab.now += timedelta(minutes=5)
        ab.look()

        assert ab.record()["state"]["tally"]["outcomes"][0]["count"] == 1

    def test_a_file_that_comes_late_is_found(self, ab):
        """Files of captures bear the time of their first line, which is before that of files read already."""
        ab.now += timedelta(minutes=20)
        ab.capture("AllTraffic", [line("c-0", ab.now, 1.0)])
        ab.look()
        ab.capture("AllTraffic", [line("c-1", ab.now, 1.0)], at=ab.now - timedelta(minutes=10))
        ab.now += timedelta(minutes=5)
        ab.look()

        assert ab.record()["state"]["tally"]["requests"] == [2, 0]

    def test_what_was_before_the_trial_does_not_count(self, ab):
        """Nor do requests without an inference id: nobody can report what came of them."""
        before = BEGAN - timedelta(seconds=30)
        ab.capture("AllTraffic", [line("old", before, 1.0), line(None, BEGAN, 1.0)], at=before)
        ab.now += timedelta(minutes=5)
        ab.look()

        assert ab.record()["state"]["tally"]["requests"] == [0, 0]

    def test_captures_of_one_variant_that_lag_are_no_mismatch(self, ab):
        """The arms are compared in number over minutes that have settled."""
        ab.now += timedelta(minutes=30)
        ab.capture("AllTraffic", [line(f"c-{n}", ab.now, 1.0) for n in range(2000)])
        look = ab.look()

        assert look["word"] is None
        ab.now += timedelta(minutes=10)
        assert ab.look()["word"] == "mismatched"

    def test_a_trial_ends_when_its_time_is_over(self, ab):
        """Undecided is proposed all the same: a person says what becomes of it."""
        ab.now += timedelta(minutes=30)
        ab.traffic(400, (0.3, 0.3))
        ab.now += timedelta(hours=24)
        look = ab.look()

        assert (look["next"], look["word"]) == ("propose", "undecided")
        assert look["reason"].startswith("24 hours are over")

    def test_enough_outcomes_of_the_challenger_end_it(self, ab):
        """``requests`` counts those of which it is known what came of them."""
        ab.ledger.trial_records[(*SUBJECT, TRIAL)]["settings"]["requests"] = 150
        ab.now += timedelta(minutes=30)
        ab.traffic(400, (0.3, 0.3))
        ab.now += timedelta(minutes=10)

        assert "requests to the challenger have an outcome" in ab.look()["reason"]

    def test_another_promotion_ends_it(self, ab):
        """The endpoint's state bears no trial's id then, or another one's."""
        ab.stand("00" * 8, "1.2.0")
        look = ab.look()

        assert (look["next"], look["status"]) == ("gone", "superseded")
        assert look["reason"] == "ana@example.com promoted 1.2.0 meanwhile"

    def test_one_that_was_stopped_is_gone(self, ab):
        """With the reason of whoever stopped it."""
        at = "2026-11-28T09:10:00.000Z"
        ab.ledger.set_trial_status(*SUBJECT, TRIAL, "stopped", reason="ben: enough", at=at)
        ab.stand("", "1.1.0")
        look = ab.look()

        assert (look["next"], look["status"], look["reason"]) == ("gone", "stopped", "ben: enough")

    def test_of_one_that_was_stopped_half_way_the_challenger_leaves(self, ab):
        """It was recorded as stopped, and the promotion that takes the challenger away failed."""
        at = "2026-11-28T09:10:00.000Z"
        ab.ledger.set_trial_status(*SUBJECT, TRIAL, "stopped", reason="ben: enough", at=at)

        assert ab.look() | {"next": "remove", "status": "stopped", "reason": "ben: enough"} == ab.look()

    def test_a_look_that_was_overtaken_counts_nothing(self, ab):
        """Two at once: what the slower one read is read again by the next."""
        ab.now += timedelta(minutes=30)
        ab.traffic(200, (0.3, 0.3))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(ab.ledger, "note_look", lambda *_, **__: False)
            ab.look()
        assert ab.record()["state"] == {}
        ab.look()

        assert sum(ab.record()["state"]["tally"]["requests"]) == 200

    def much(self, ab: World, monkeypatch: pytest.MonkeyPatch) -> None:
        """Twelve times as much as one look reads."""
        monkeypatch.setattr("slipway.usecases.read_trial.READ_CHARACTERS", 1000)
        ab.now += timedelta(minutes=30)
        for n in range(6):
            for variant in ("AllTraffic", "v-1-1-0"):
                ab.capture(variant, [line(f"{variant}-{n}-{m}", ab.now, 1.0) for m in range(10)])
        ab.now += timedelta(minutes=10)

    def test_much_is_read_in_several_looks_by_one_call(self, ab, monkeypatch):
        """A look is bounded by memory: one follows the other, and the machine's history hardly grows."""
        self.much(ab, monkeypatch)
        look, state = ab.look(), ab.record()["state"]

        assert look["next"] == "wait"
        assert state["tally"]["requests"] == [60, 60]
        assert (state["looks"], state["calls"]) == (12, 1)

    def test_a_call_ends_before_its_function_must(self, ab, monkeypatch):
        """What it could not read in its time is read by the next call, at once."""
        self.much(ab, monkeypatch)
        ab.looking = timedelta(minutes=2)
        looks = [ab.look() for _ in range(9)]

        assert looks[0] | {"next": "again", "word": None} == looks[0]
        assert looks[-1]["next"] == "wait"
        assert ab.record()["state"]["tally"]["requests"] == [60, 60]

    def test_half_read_minutes_are_no_mismatch(self, ab, monkeypatch):
        """The champion's files are read first: nothing is concluded before the challenger's are read too."""
        self.much(ab, monkeypatch)
        ab.looking = timedelta(minutes=6)
        ab.now += timedelta(minutes=30)
        looks = [ab.look()["word"] for _ in range(13)]

        assert set(looks) == {None}
        assert ab.record()["state"]["tally"]["settled"][:2] == [60, 60]

    def test_nobody_looks_for_ever(self, ab, monkeypatch):
        """An execution has no room for more than so many calls: the trial ends with what was read."""
        ab.looking = timedelta(minutes=2)
        ab.look()
        self.much(ab, monkeypatch)
        ab.ledger.trial_records[(*SUBJECT, TRIAL)]["state"]["calls"] = 1999
        look = ab.look()

        assert (look["next"], look["word"]) == ("propose", "undecided")
        assert look["reason"].startswith("2,000 looks could not read all that came in")

    def test_only_the_newest_parts_are_kept(self, ab):
        """What a look replaced is removed once the look is kept."""
        for _ in range(3):
            ab.now += timedelta(minutes=10)
            ab.traffic(10, (0.3, 0.3))
            ab.look()

        assert [key.rpartition("/")[2] for key in ab.artifacts.keys("trial-tables/")] == [
            "00-3.json",
            "read-3.json",
        ]


class TestShadow:
    def mirrored(self, world: World, requests: int, error: float, *, ids: bool = True) -> dict[str, float]:
        """Requests that both answer: the champion is off by 4, the challenger by ``error``."""
        draw = random.Random(3)
        lines: dict[str, list[str]] = {"AllTraffic": [], "v-1-1-0": []}
        truth = {}
        for number in range(requests):
            value = round(draw.uniform(0, 100), 3)
            truth[f"s-{number}"] = value
            inference_id = f"s-{number}" if ids else None
            for variant, off in (("AllTraffic", 4.0), ("v-1-1-0", error)):
                answer = value + off * draw.choice((-1, 1))
                lines[variant].append(line(inference_id, world.now, answer, body=f"[{value}]"))
        for variant, some in lines.items():
            world.capture(variant, some)
        return truth

    @pytest.mark.parametrize("ids", [True, False])
    def test_answers_to_the_same_request_are_compared(self, shadow, ids):
        """By the inference id; without one by the input."""
        shadow.now += timedelta(minutes=10)
        self.mirrored(shadow, 300, 4.0, ids=ids)
        shadow.now += timedelta(minutes=10)
        look, tally = shadow.look(), shadow.record()["state"]["tally"]

        assert (look["next"], look["reason"]) == ("wait", "300 answers of both sides compared so far")
        assert tally["agreement"]["numbers"] == 300
        assert 2 < tally["agreement"]["distance"] / 300 < 6

    def test_without_outcomes_agreement_is_proposed(self, shadow):
        """After so many requests a person is asked, with agreement, latency and errors."""
        shadow.now += timedelta(minutes=10)
        self.mirrored(shadow, 400, 4.0)
        shadow.loads.loads = {"v-1-1-0": {"invocations": 400.0, "errors": 2.0, "latency_p99_ms": 12.0}}
        shadow.now += timedelta(minutes=10)
        look = shadow.look()
        report = json.loads(shadow.artifacts.files[f"trials/pricing/rates/{TRIAL}/report.json"])

        assert (look["next"], look["word"]) == ("propose", "compared")
        assert "correlation 0.9" in look["reason"]
        assert report["challenger"]["metrics"]["latency p99"] == 12.0
        assert report["challenger"]["metrics"]["error share"] == 0.005

    def test_with_outcomes_the_releases_judge_decides(self, shadow):
        """The same engine as for a release, on the rows that requests and outcomes make."""
        shadow.now += timedelta(minutes=10)
        shadow.report(self.mirrored(shadow, 400, 1.0))
        shadow.now += timedelta(minutes=10)
        look = shadow.look()
        report = json.loads(shadow.artifacts.files[f"trials/pricing/rates/{TRIAL}/report.json"])

        assert (look["next"], look["word"]) == ("propose", "better")
        assert report["rows"]["verdict"] == "better"
        assert report["rows"]["rows"] == 400

    def test_a_challenger_that_answers_with_errors_leaves_at_once(self, shadow):
        """Long before its time is over."""
        shadow.loads.loads = {"v-1-1-0": {"invocations": 200.0, "errors": 40.0}}
        shadow.now += timedelta(minutes=10)
        look = shadow.look()

        assert (look["next"], look["word"]) == ("remove", "worse")
        assert look["reason"] == "20.0% of its answers are errors, and 0.0% of the champion's"
