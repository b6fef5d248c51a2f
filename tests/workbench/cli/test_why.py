"""What people ask of lineage on the command line, on an embedded AWS with a model's history in its ledger."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from slipway.adapters.dynamodb_ledger import DynamoDbLedger
from slipway.adapters.dynamodb_lineage import DynamoDbLineage
from tests.adapters.test_ledger import create_table
from tests.fakes.hotel_rates import (
    FAILURE,
    LAST_LINES,
    RELEASES,
    a_registered,
    digest,
    id_of_package,
    nodes_not_accepted,
    not_accepted,
    seed_ledger,
    seed_lineage,
    serving,
    source,
)
from tests.workbench.cli.conftest import PLATFORM

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import EmbeddedAws
    from tests.workbench.cli.conftest import Slipway

TABLE = "cli-lineage"
ENVIRONMENT = "lineage"

pytestmark = pytest.mark.embedded


@pytest.fixture(scope="module")
def told(cli_aws: EmbeddedAws) -> Iterator[EmbeddedAws]:
    """The history of hotel-rates, written by the adapters; afterwards the others' platform is back."""
    client = cli_aws.client("dynamodb")
    create_table(client, TABLE)
    seed_ledger(DynamoDbLedger(client, TABLE))
    seed_lineage(DynamoDbLineage(client, TABLE))
    _deploy(cli_aws, {**PLATFORM, "ledger_table": TABLE})
    yield cli_aws
    _deploy(cli_aws, PLATFORM)


def _deploy(aws: EmbeddedAws, platform: dict[str, Any]) -> None:
    aws.client("ssm").put_parameter(
        Name="/slipway/local/platform", Type="String", Value=json.dumps(platform), Overwrite=True
    )


@pytest.fixture
def ask(told: EmbeddedAws, slipway: Slipway, monkeypatch: pytest.MonkeyPatch) -> Slipway:
    """The command, in an empty directory, with the history at hand."""
    monkeypatch.setenv("SLIPWAY_HOME", str(told.home))
    return slipway


class TestWhy:
    def test_one_page_answers_everything(self, ask: Slipway) -> None:
        """
        A model alone means its champion: six questions, six answers.
        """
        answer = ask("why", "hotel-rates")

        assert answer.exit_code == 0
        assert "pricing/hotel-rates 1.1.0" in answer.stdout
        for said in (
            "1. On which data set was this model trained?",
            "On hotel-rates 1.1.0, 3,000 rows",
            "learning_rate",
            RELEASES["1.1.0"],
            "scikit-learn 1.7.2",
            "It did not fail.",
            "Before it, 1.0.0 served.",
            "Artifact digest",
            "train:mae          █▇▆▅▃▂▁  40 → 20 in 60 s, 7 values",
        ):
            assert said in answer.stdout

    @pytest.mark.parametrize(
        ("question", "said"),
        [
            ("data", "On hotel-rates 1.0.0, 2,000 rows"),
            ("parameters", "With early_stopping True, learning_rate 0.1 and rounds 200."),
            ("run", f"Release {RELEASES['1.0.0']}"),
            ("libraries", "Python 3.13.1"),
            ("failure", "It did not fail."),
            ("deployed", "1.0.0 itself served from 2026-11-21 03:13 UTC until 2026-11-22 03:13 UTC."),
        ],
    )
    def test_each_question_has_a_command(self, ask: Slipway, question: str, said: str) -> None:
        """
        One command, one answer, and that alone.
        """
        answer = ask("why", "hotel-rates:1.0.0", "--question", question)

        assert said in answer.stdout
        assert ask("why", "hotel-rates:1.0.0", "--question", question, "--json").json["question"] == question

    @pytest.mark.parametrize(
        "reference", [RELEASES["1.2.0"], "hotel-rates:1.2.0", "pricing/hotel-rates:1.2.0"]
    )
    def test_failed_release_is_answered(self, ask: Slipway, reference: str) -> None:
        """
        By its id, and by the version that it never registered.
        """
        answer = ask("why", reference)

        assert answer.exit_code == 0
        assert "It failed at Train with AlgorithmError: ValueError" in answer.stdout
        assert LAST_LINES[0] in answer.stdout
        assert FAILURE["next_action"] in answer.stdout

    def test_refused_push_is_answered(self, ask: Slipway) -> None:
        """
        Its reason, and what to do.
        """
        answer = ask("why", RELEASES["1.3.0"], "--json").json

        assert answer["answers"]["failure"]["answer"].startswith("It was refused before anything ran")
        assert answer["graph"] is None

    def test_version_that_the_graph_does_not_hold_says_so(self, ask: Slipway) -> None:
        """
        The ledger answers, and the page says that it does.
        """
        answer = ask("why", "hotel-rates:1.4.0")

        assert answer.exit_code == 0
        assert "does not hold it yet" in answer.stdout
        assert "On hotel-rates 1.1.0" in answer.stdout

    def test_alias_is_resolved(self, ask: Slipway) -> None:
        """
        MODEL@ALIAS.
        """
        assert ask("why", "hotel-rates@champion", "--json").json["version"] == "1.1.0"

    def test_page_is_written(self, ask: Slipway) -> None:
        """
        With a default name, under a name, or to standard output.
        """
        assert ask("why", "hotel-rates", "--html").stdout.strip() == "why-hotel-rates-1.1.0.html"
        page = Path("why-hotel-rates-1.1.0.html").read_text()
        assert page.startswith("<!doctype html>")
        assert "Which version was deployed last?" in page
        assert ask("why", "hotel-rates", "--html", "page.html").stdout.strip() == "page.html"
        assert Path("page.html").read_text() == page == ask("why", "hotel-rates", "--html", "-").stdout

    def test_unknown_model_is_not_found(self, ask: Slipway) -> None:
        """
        Neither a version nor a release: 3.
        """
        answer = ask("why", "no-such-model")

        assert answer.exit_code == 3
        assert "no-such-model" in answer.stderr


class TestLineage:
    def test_tree_up_has_relations_in_words(self, ask: Slipway) -> None:
        """
        From the version to its data.
        """
        answer = ask("lineage", "up", "hotel-rates:1.1.0")

        assert answer.exit_code == 0
        assert "made with report" in answer.stdout
        assert "produced by training-job" in answer.stdout
        assert "made with data-set hotel-rates:1.1.0" in answer.stdout

    def test_kind_makes_a_list(self, ask: Slipway) -> None:
        """
        Data sets above a version; versions below a data set, by its digest.
        """
        above = ask("lineage", "up", "hotel-rates:1.1.0", "--kind", "data-set", "--json").json
        below = ask("lineage", "down", digest("rates 1.1.0"), "--kind", "model-package", "--json").json

        assert {one["name"] for one in above} == {
            "pricing/hotel-rates:1.1.0",
            "pricing/hotel-rates-holdout:1.0.0",
        }
        assert [one["id"] for one in below] == [id_of_package(2)]

    def test_tree_down_from_a_release(self, ask: Slipway) -> None:
        """
        What came of the failed release: its job, and no more.
        """
        root = ask("lineage", "down", RELEASES["1.2.0"], "--json").json

        assert root["kind"] == "release"
        assert [(one["relation"], one["kind"]) for one in root["beyond"]] == [("asked for", "training-job")]

    def test_data_set_is_found_with_its_project(self, ask: Slipway) -> None:
        """
        A name that is no version: the data set, with --project or with its project before it.
        """
        named = ask(
            "lineage", "down", "hotel-rates-holdout:1.0.0", "--project", "pricing", "--depth", "1", "--json"
        )

        assert named.json["id"] == "data-set:pricing/hotel-rates-holdout:1.0.0"
        full = ask("lineage", "down", "pricing/hotel-rates-holdout:1.0.0", "--depth", "1", "--json")
        assert full.json == named.json

    def test_name_of_a_version_and_a_data_set_says_which_was_taken(self, ask: Slipway) -> None:
        """
        The version, with the id of the data set beside it; on standard error, so that JSON stays JSON.
        """
        both = ask("lineage", "down", "pricing/hotel-rates:1.0.0", "--json")
        one = ask("lineage", "down", "pricing/hotel-rates:1.4.0", "--kind", "approval")

        assert both.json["id"] == id_of_package(1)
        assert "the data set of that name is data-set:pricing/hotel-rates:1.0.0" in both.stderr
        assert "note" not in one.stderr

    def test_cut_off_digest_is_told_from_an_unknown_one(self, ask: Slipway) -> None:
        """
        Pages show digests cut off: who copies one is told to copy all of it.
        """
        cut = ask("lineage", "down", digest("rates 1.1.0")[:19])
        unknown = ask("lineage", "down", digest("nothing"))

        assert (cut.exit_code, unknown.exit_code) == (3, 3)
        assert "all 64 hexadecimal digits" in cut.stderr
        assert "knows nothing that is called" in unknown.stderr

    def test_unknown_node_is_not_found(self, ask: Slipway) -> None:
        """
        3, with what may be named.
        """
        answer = ask("lineage", "up", "data-set:pricing/nothing:1.0.0")

        assert answer.exit_code == 3
        assert "a release's id" in answer.stderr


class TestBlame:
    def test_live_endpoint_makes_exit_code_1(self, ask: Slipway) -> None:
        """
        What was trained on 1.1.0 serves all of the traffic.
        """
        answer = ask("data", "blame", "hotel-rates:1.1.0", "--project", "pricing", "--json")

        assert answer.exit_code == 1
        assert answer.json["affected"] is True
        assert [(one["version"], one["how"]) for one in answer.json["packages"]] == [
            ("1.1.0", ["trained on"])
        ]
        assert [(one["endpoint"], one["share"]) for one in answer.json["live"]] == [
            (serving()["endpoint"], 1.0)
        ]
        assert "live endpoints serve what came of it" in answer.stderr

    def test_no_live_endpoint_makes_exit_code_0(self, ask: Slipway) -> None:
        """
        1.0.0 was trained on it, and does not serve any more.
        """
        answer = ask("data", "blame", "pricing/hotel-rates:1.0.0")

        assert answer.exit_code == 0
        assert "1 model version, none of which serves: no endpoint is affected" in answer.stdout

    def test_unused_data_set_reached_nothing(self, ask: Slipway) -> None:
        """
        It is in the bucket, and the graph never heard of it: that is said.
        """
        Path("unused").mkdir()
        Path("unused/a.csv").write_text("a\n1\n")
        ask("data", "put", "unused:1.0.0", "unused", "--project", "pricing")

        answer = ask("data", "blame", "unused:1.0.0", "--project", "pricing")

        assert answer.exit_code == 0
        assert "It reached no model and no endpoint." in answer.stdout

    def test_the_project_need_not_be_named_where_only_one_has_the_data_set(self, ask: Slipway) -> None:
        """
        Two that have it are named, and one has to be chosen.
        """
        Path("lonely").mkdir()
        Path("lonely/a.csv").write_text("a\n1\n")
        ask("data", "put", "lonely:1.0.0", "lonely", "--project", "pricing")
        assert "It reached no model and no endpoint." in ask("data", "blame", "lonely:1.0.0").stdout

        ask("data", "put", "lonely:1.0.0", "lonely", "--project", "stays")
        answer = ask("data", "blame", "lonely:1.0.0")

        assert answer.exit_code == 2
        assert "pricing, stays" in answer.stderr
        assert ask("data", "blame", "nowhere:1.0.0").exit_code == 3

    def test_unknown_data_set_is_not_found(self, ask: Slipway) -> None:
        """
        3.
        """
        assert ask("data", "blame", "nothing:1.0.0", "--project", "pricing").exit_code == 3

    def test_page_is_written(self, ask: Slipway) -> None:
        """
        With its graph, under a default name; the exit code stays that of the answer.
        """
        answer = ask("data", "blame", "pricing/hotel-rates:1.1.0", "--html")

        assert answer.exit_code == 1
        assert "endpoint, 100 %" in Path("blame-pricing-hotel-rates-1.1.0.html").read_text()


class TestDiff:
    def test_likeliest_cause_comes_first(self, ask: Slipway) -> None:
        """
        1.1.0 was trained on half as many rows again, and nothing else changed.
        """
        answer = ask("diff", "hotel-rates:1.0.0", "hotel-rates:1.1.0")

        assert answer.exit_code == 0
        assert "mae 20.94 → 18.52 EUR (-11.6 %, better)." in answer.stdout
        assert "Cause: training data: train hotel-rates:1.0.0" in answer.stdout
        assert "Nothing else that is recorded changed." in answer.stdout
        assert "not a proof" in answer.stdout

    def test_command_for_the_code_is_named_where_the_repository_is(
        self, ask: Slipway, told: EmbeddedAws
    ) -> None:
        """
        In a clone that holds both commits: `git diff`; elsewhere: the commits.
        """
        commits = [_commit(name) for name in ("one", "two")]
        ledger = DynamoDbLedger(told.client("dynamodb"), TABLE)
        for number, (version, commit) in enumerate(zip(("2.0.0", "2.1.0"), commits, strict=True), 6):
            ledger.put_version(_version(version, number, commit))

        here = ask("diff", "hotel-rates:2.0.0", "hotel-rates:2.1.0", "--json").json

        assert here["git"] == f"git diff {commits[0]} {commits[1]}"
        assert here["causes"][0]["kind"] == "code"
        assert ask("diff", "hotel-rates:1.0.0", "hotel-rates:1.4.0", "--json").json["git"] is None

    def test_version_that_was_not_accepted_is_compared(self, ask: Slipway, told: EmbeddedAws) -> None:
        """
        It is in no registry, and what made it worse is asked for most: the release says what it had.
        """
        client = told.client("dynamodb")
        release = not_accepted("1.5.0", 6)
        del release["metrics"]  # the graph's report has them as well
        DynamoDbLedger(client, TABLE).claim_release(release)
        DynamoDbLineage(client, TABLE).put_nodes(nodes_not_accepted("1.5.0", 6))

        found = ask("diff", "hotel-rates:1.1.0", "hotel-rates:1.5.0", "--json").json
        by_release = ask("diff", "hotel-rates:1.1.0", RELEASES["1.5.0"])

        assert found["statuses"] == [None, "not-accepted"]
        assert [(one["before"], one["after"]) for one in found["metrics"] if one["primary"]] == [
            (18.52, 49.0)
        ]
        assert found["causes"][0]["kind"] == "hyperparameters"
        assert found["causes"][0]["changes"][0]["name"] == "rounds"
        assert "pricing/hotel-rates:1.5.0 (not-accepted)" in by_release.stdout

    def test_release_that_failed_is_compared_without_metrics(self, ask: Slipway) -> None:
        """
        What changed is listed; of causes nothing is said.
        """
        answer = ask("diff", "hotel-rates:1.0.0", "hotel-rates:1.2.0")

        assert answer.exit_code == 0
        assert "No metric was measured of both" in answer.stdout
        assert "ikeliest" not in answer.stdout
        assert "hotel-rates:1.1.0, 3,000 rows" in answer.stdout

    def test_refused_push_has_nothing_to_compare(self, ask: Slipway) -> None:
        """
        1, with the command that says why.
        """
        answer = ask("diff", "hotel-rates:1.0.0", "hotel-rates:1.3.0")

        assert answer.exit_code == 1
        assert f"slipway why {RELEASES['1.3.0']}" in answer.stderr

    def test_unknown_version_is_not_found(self, ask: Slipway) -> None:
        """
        3: neither a version nor a release goes by that name.
        """
        assert ask("diff", "hotel-rates:1.1.0", "hotel-rates:9.9.9").exit_code == 3


def _commit(name: str) -> str:
    """A commit in a repository in the working directory."""
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
    subprocess.run(["git", "init", "-q"], check=True)
    Path(name).write_text(name)
    subprocess.run(["git", "add", name], check=True)
    subprocess.run(["git", *identity, "commit", "-qm", name], check=True)
    return subprocess.run(
        ["git", "rev-parse", "HEAD"], check=True, capture_output=True, text=True
    ).stdout.strip()


def _version(version: str, number: int, commit: str) -> Any:
    """1.0.0 under another number, of another image."""
    return {
        **a_registered("1.0.0", number),
        "version": version,
        "release_id": f"{number:016x}",
        "image_digest": digest(version),
        "source": source("1.0.0", git_commit=commit),
        "metrics": {"mae": 20.0 - number},
    }
