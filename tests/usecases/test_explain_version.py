"""The six questions, for versions and releases as a ledger and a graph have them."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from slipway.domain.answers import QUESTIONS
from slipway.usecases.explain_version import explain_release, explain_version
from tests.fakes.hotel_rates import (
    FAILURE,
    LAST_LINES,
    MODEL,
    PROJECT,
    RELEASES,
    a_registered,
    a_release_record,
    artifact_uri,
    data,
    holdout,
    id_of_package,
    image_digest,
    nodes_not_accepted,
    nodes_of,
    not_accepted,
    seed_ledger,
    seed_lineage,
    serving,
)
from tests.fakes.ledger import FakeLedger
from tests.fakes.lineage import FakeLineage


class Counting:
    """A port that counts what is asked of it."""

    def __init__(self, port: Any) -> None:
        self.port = port
        self.calls: Counter[str] = Counter()

    def __getattr__(self, name: str) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            self.calls[name] += 1
            return getattr(self.port, name)(*args, **kwargs)

        return call


@pytest.fixture
def ledger() -> Any:
    made = FakeLedger()
    seed_ledger(made)
    return made


@pytest.fixture
def lineage() -> Any:
    made = FakeLineage()
    seed_lineage(made)
    return made


def of_version(ledger: Any, lineage: Any, version: str) -> Any:
    return explain_version(ledger, lineage, ledger.version(PROJECT, MODEL, version))


def of_release(ledger: Any, lineage: Any, version: str) -> Any:
    return explain_release(ledger, lineage, ledger.release(RELEASES[version]))


class TestVersionThatServes:
    def test_six_questions_are_answered_in_order(self, ledger, lineage):
        """
        M1's questions, each with an answer in words.
        """
        found = of_version(ledger, lineage, "1.1.0")

        assert [one.question for one in found.answers] == list(QUESTIONS)
        assert all(one.said for one in found.answers)
        assert found.missing == ()

    def test_data_set_is_named_with_version_digest_and_rows(self, ledger, lineage):
        """
        On which data set was this model trained?
        """
        answer = of_version(ledger, lineage, "1.1.0").answer("data")

        assert answer.said.startswith("On hotel-rates 1.1.0, 3,000 rows (sha256:")
        assert answer.facts["training_data"] == [data("1.1.0", 3000)]
        assert answer.facts["evaluation_data"] == [holdout()]

    def test_hyperparameters_are_those_that_the_job_got(self, ledger, lineage):
        """
        With which hyperparameters?
        """
        facts = of_version(ledger, lineage, "1.1.0").answer("parameters").facts

        assert facts["hyperparameters"] == {"early_stopping": "True", "learning_rate": "0.1", "rounds": "200"}

    def test_run_says_when_why_how_long_and_what_it_cost(self, ledger, lineage):
        """
        Which pipeline run made it?
        """
        answer = of_version(ledger, lineage, "1.1.0").answer("run")

        assert RELEASES["1.1.0"] in answer.said
        assert "an image was pushed" in answer.said
        assert answer.facts["seconds"] == 14 * 60
        assert answer.facts["waited_seconds"] == 10 * 60
        assert answer.facts["cost_usd"] == pytest.approx(0.00195 + 2 * 0.0006)
        assert answer.facts["steps"] == {"training": "miss: no such step was run before"}

    def test_metrics_are_shown_as_they_went_while_it_trained(self, ledger, lineage):
        """
        Nobody logged them: they are the training job's log, read by its own regular expressions.
        """
        (curve,) = of_version(ledger, lineage, "1.1.0").curves

        assert (curve.metric, curve.said) == ("train:mae", "40 → 20 in 60 s, 7 values")

    def test_libraries_image_and_commit_are_named(self, ledger, lineage):
        """
        Which versions of Python and libraries?
        """
        answer = of_version(ledger, lineage, "1.1.0").answer("libraries")

        assert answer.said.startswith("Python 3.13.1, scikit-learn 1.7.2, numpy 2.3.5")
        assert answer.facts["image_digest"] == image_digest("1.1.0")
        assert dict(answer.details)["Base image"] == "docker.io/library/python:3.13-slim"

    def test_it_did_not_fail(self, ledger, lineage):
        """
        Why did it fail? It did not.
        """
        assert of_version(ledger, lineage, "1.1.0").answer("failure").said == "It did not fail."

    def test_what_serves_since_when_by_whom_and_what_served_before(self, ledger, lineage):
        """
        Which version was deployed last?
        """
        answer = of_version(ledger, lineage, "1.1.0").answer("deployed")

        assert answer.said == (
            "1.1.0 serves since 2026-11-22 03:13 UTC, put there by ben@example.com: better on every slice. "
            "Before it, 1.0.0 served."
        )
        assert answer.facts["endpoints"] == [serving()]

    def test_reads_are_few_and_do_not_grow(self, ledger, lineage):
        """
        Seven reads with the version at hand, however long the model's history is.
        """
        counts = []
        for number in (0, 40):
            for extra in range(number):
                lineage.put_nodes(nodes_of("1.0.0", 1))
                ledger.claim_release(a_release_record("1.0.0", 1, release_id=f"{extra:016x}"))
            one, other = Counting(ledger), Counting(lineage)
            explain_version(one, other, ledger.version(PROJECT, MODEL, "1.1.0"))
            counts.append(one.calls + other.calls)

        assert counts[0] == counts[1]
        assert counts[0].total() == 7

    def test_graph_ends_at_the_champions_artifact(self, ledger, lineage):
        """
        It was judged beside 1.0.0: that artifact is shown, what made it is not.
        """
        graph = of_version(ledger, lineage, "1.1.0").graph

        assert f"model-artifact:{artifact_uri('1.0.0')}" in graph.nodes
        assert f"release:{RELEASES['1.0.0']}" not in graph.nodes
        assert [one["name"] for one in graph.of_kind("endpoint")] == [serving()["endpoint"]]


class TestVersionThatServedBefore:
    def test_its_own_time_is_told_beside_what_serves_now(self, ledger, lineage):
        """
        1.0.0 is asked about, 1.1.0 serves.
        """
        said = of_version(ledger, lineage, "1.0.0").answer("deployed").said

        assert said.startswith("1.1.0 serves since")
        assert said.endswith("1.0.0 itself served from 2026-11-21 03:13 UTC until 2026-11-22 03:13 UTC.")

    def test_endpoint_that_serves_something_else_is_told(self, ledger, lineage):
        """
        The alias says 1.1.0, and the endpoint (changed by hand) serves 1.0.0.
        """
        late = {"as_of": "2026-11-23T00:00:00.000Z"}
        lineage.put_serving(serving("1.0.0", 1, **late))

        answer = of_version(ledger, lineage, "1.0.0").answer("deployed")

        assert "But endpoint slipway-dev-pricing-hotel-rates serves 1.0.0 (100 %" in answer.said
        assert not answer.good


class TestVersionThatTheGraphDoesNotHold:
    def test_ledger_answers_and_the_page_says_so(self, ledger, lineage):
        """
        Events under way: every question is answered from the ledger's records.
        """
        found = of_version(ledger, lineage, "1.4.0")

        assert found.graph is None
        assert "does not hold it yet" in found.missing[0]
        assert found.answer("data").facts["training_data"] == [data("1.1.0", 3000)]
        assert found.answer("parameters").facts["hyperparameters"]["rounds"] == "200"
        assert found.answer("failure").said == "It has not failed: it waits for a decision."
        assert found.answer("deployed").said.endswith("1.4.0 itself never served.")

    def test_release_without_a_record_is_missed(self, ledger, lineage):
        """
        A version whose release is not in the ledger says what is missing.
        """
        del ledger.releases[RELEASES["1.4.0"]]

        missing = of_version(ledger, lineage, "1.4.0").missing

        assert any("record of its release" in said for said in missing)


class TestFailedRelease:
    def test_step_error_last_lines_and_next_action_are_told(self, ledger, lineage):
        """
        Why did it fail?
        """
        answer = of_release(ledger, lineage, "1.2.0").answer("failure")

        assert answer.said == (
            "It failed at Train with AlgorithmError: ValueError: could not convert string to float: 'n/a'"
        )
        assert list(answer.lines) == LAST_LINES
        assert dict(answer.details)["Next"] == FAILURE["next_action"]
        assert not answer.good

    def test_other_questions_are_answered_too(self, ledger, lineage):
        """
        It was to be trained on 1.1.0; what serves is not touched by it.
        """
        found = of_release(ledger, lineage, "1.2.0")

        assert found.answer("data").said.startswith("It was not trained; it was to be on hotel-rates 1.1.0")
        assert found.answer("deployed").said.startswith("1.1.0 serves since")
        assert found.graph.of_kind("training-job")[0]["facts"]["status"] == "Failed"

    def test_evaluation_that_failed_is_found_by_its_name(self, ledger, lineage):
        """
        An evaluation is not below its release in the graph: the failure names it.
        """
        release = a_release_record("1.2.0", 3, status="failed")
        job = f"{release['plan']['job_names']['challenger']}-0-1"
        release["failure"] = {**FAILURE, "step": "EvaluateChallenger", "log_url": f"https://logs/{job}"}
        ledger.releases[RELEASES["1.2.0"]] = release
        facts = {"job_name": job, "status": "Failed", "last_lines": ["KeyError: 'rate'"]}
        node = {
            "id": f"evaluation-job:{job}",
            "kind": "evaluation-job",
            "name": job,
            "inputs": [],
            "as_of": "1",
        }
        lineage.put_nodes([{**node, "facts": facts}])

        assert of_release(ledger, lineage, "1.2.0").answer("failure").lines == ("KeyError: 'rate'",)


class TestRefusedPush:
    def test_reason_and_what_to_do_are_told(self, ledger, lineage):
        """
        Nothing ran; the other questions say that nothing is known, and do not guess.
        """
        found = of_release(ledger, lineage, "1.3.0")

        assert found.answer("failure").said.startswith("It was refused before anything ran: channel 'train'")
        assert (
            "slipway release start pricing/hotel-rates:1.3.0" in found.answer("failure").facts["next_action"]
        )
        assert found.answer("data").said.startswith("On none")
        assert found.answer("parameters").said.startswith("Not known")
        assert found.answer("libraries").said.startswith("Not known")
        assert found.missing == ()


class TestOtherEndings:
    @pytest.mark.parametrize(
        ("status", "reason", "said"),
        [
            ("not-accepted", "mae is 61", "It did not fail; it was not accepted: mae is 61"),
            ("rejected", "ana@x.org: too slow", "It did not fail; it was rejected by ana@x.org: too slow"),
            ("expired", "nobody decided in time", "It did not fail; nobody decided in time."),
            ("stopped", "stopped by hand", "It was stopped: stopped by hand"),
            ("running", "", "It has not failed: it runs."),
        ],
    )  # fmt: skip
    def test_ending_is_told_in_words(self, ledger, lineage, status, reason, said):
        """
        A release that ends without serving has not failed by that.
        """
        ledger.releases[RELEASES["1.2.0"]] = a_release_record("1.2.0", 3, status=status, reason=reason)

        assert of_release(ledger, lineage, "1.2.0").answer("failure").said == said

    def test_version_that_was_not_accepted_shows_what_was_measured(self, ledger, lineage):
        """
        No package stands above its evidence: metrics, verdict, report and both evaluations are shown all the
        same, and are paid for.
        """
        record = not_accepted("1.5.0", 6)
        ledger.claim_release(record)
        lineage.put_nodes(nodes_not_accepted("1.5.0", 6))

        found = of_release(ledger, lineage, "1.5.0")

        assert [(row.metric, row.challenger) for row in found.metrics] == [("mae", 49.0)]
        assert dict(found.further)["Verdict"] == "not accepted: mae is 49"
        assert dict(found.further)["Judged against"] == "1.1.0"
        assert dict(found.further)["Report"].endswith("/report.json")
        assert len([one for one in found.graph.of_kind("evaluation-job") if one["facts"]]) == 2
        assert found.answer("run").facts["cost_usd"] == pytest.approx(0.00195 + 2 * 0.0006)

    def test_release_of_a_registered_version_is_answered_as_the_version(self, ledger, lineage):
        """
        By the release's id or by the version: the same page.
        """
        by_release = of_release(ledger, lineage, "1.1.0")

        assert by_release.document() == of_version(ledger, lineage, "1.1.0").document()

    def test_steps_from_the_cache_are_named(self, ledger, lineage):
        """
        A release that ran nothing anew says whose outputs it took.
        """
        hit = {
            "step": "training",
            "key": "k",
            "result": "hit",
            "explanation": f"hit: same as release {'a' * 16}",
        }
        ledger.releases[RELEASES["1.4.0"]]["lookups"] = {"training": hit}

        answer = of_version(ledger, lineage, "1.4.0").answer("run")

        assert "The training came from the step cache" in answer.said
        assert answer.facts["steps"]["training"] == hit["explanation"]

    def test_what_came_from_the_cache_was_not_paid_again(self, ledger, lineage):
        """
        Its training is another release's: the job is named, and its price is not this release's.
        """
        record = ledger.version(PROJECT, MODEL, "1.4.0")
        uri = artifact_uri("1.1.0")
        package = {
            "id": id_of_package(5),
            "kind": "model-package",
            "name": "hotel-rates:1.4.0",
            "facts": {"version": "1.4.0"},
            "inputs": [{"relation": "ContributedTo", "source": f"model-artifact:{uri}"}],
            "as_of": "1",
        }
        lineage.put_nodes([package])

        answer = explain_version(ledger, lineage, record).answer("run")

        assert dict(answer.details)["Trained by"] == f"release {RELEASES['1.1.0']}, whose outputs were taken"
        assert dict(answer.details)["Cost"] == "nothing: it ran no job"

    def test_model_that_never_served_says_so(self):
        """
        A first version that waits for approval.
        """
        ledger = FakeLedger()
        ledger.put_version(a_registered("1.4.0", 5))

        answer = of_version(ledger, FakeLineage(), "1.4.0").answer("deployed")

        assert answer.said == "No version of it was ever deployed."
