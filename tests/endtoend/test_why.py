"""The six questions, blame and diff, of releases that the platform made: nobody logged anything."""

from __future__ import annotations

import json
from typing import Any

import pytest

from slipway.adapters.dynamodb_lineage import DynamoDbLineage
from slipway.contracts.lineage import node_id
from slipway.domain.derivation import package_id
from workbench.cli.frame import Refusal

pytestmark = [pytest.mark.embedded, pytest.mark.endtoend]
PROJECT = "asking"
MODEL = f"{PROJECT}/tiny"


@pytest.fixture(scope="module")
def harbour(laptop: Any) -> Any:
    """1.0.0 served, 1.1.0 serves, 1.2.0 failed in training; the graph has heard of it all."""
    laptop.put_numbers(PROJECT)
    laptop.deployed(laptop.model(PROJECT, bias="2.0"), "1.0.0")
    laptop.deployed(laptop.model(PROJECT, bias="1.0"), "1.1.0")
    laptop.push(laptop.model(PROJECT, bias='"a lot"'), "1.2.0")
    laptop.reach(laptop.release(f"{MODEL}:1.2.0"), "failed")
    laptop.wait_for(lambda: _told(laptop), "lineage to hear of it")
    return laptop


def _told(laptop: Any) -> bool:
    lineage = DynamoDbLineage(laptop.aws.client("dynamodb"), laptop.workspace.platform()["ledger_table"])
    serving = [one for one in lineage.serving() if one["project"] == PROJECT and one["status"] == "InService"]
    version = laptop.ledger.version(PROJECT, "tiny", "1.1.0")
    package = lineage.node(package_id(version["package_arn"]))
    failed = lineage.node(node_id("release", laptop.release(f"{MODEL}:1.2.0")["release_id"]))
    jobs = (
        []
        if failed is None
        else [one["id"] for one in lineage.descendants(failed["id"], kind="training-job")]
    )
    ended = [one for one in lineage.nodes(jobs).values() if one["facts"].get("last_lines")]
    return bool(
        package is not None
        and package["as_of"]
        and ended
        and [one for one in serving if [variant["version"] for variant in one["variants"]] == ["1.1.0"]]
    )


@pytest.fixture
def ask(harbour: Any, capfd: pytest.CaptureFixture[str]) -> Any:
    """Runs a command with ``--json``; what it printed, also where it refuses in the end."""

    def run(*arguments: str) -> Any:
        capfd.readouterr()
        try:
            harbour.slipway(*arguments, "--json")
            code = 0
        except Refusal as refusal:
            code = refusal.exit_code
        return code, json.loads(capfd.readouterr().out)

    return run


class TestSixQuestions:
    def test_version_that_serves_answers_them_all(self, ask: Any, harbour: Any) -> None:
        """
        From what the platform recorded by itself.
        """
        code, found = ask("why", MODEL)
        answers = found["answers"]

        assert code == 0
        assert found["missing"] == []
        pinned = answers["data"]["training_data"][0]
        assert (pinned["data_set"], pinned["version"], pinned["rows"]) == ("numbers", "1.0.0", 3)
        assert pinned["digest"].startswith("sha256:")
        assert answers["parameters"]["hyperparameters"] == {"bias": "1.0"}
        release = harbour.release(f"{MODEL}:1.1.0")
        assert answers["run"]["release_id"] == release["release_id"]
        assert answers["run"]["cause"] == "push"
        assert answers["run"]["training_seconds"] >= 0
        assert answers["libraries"]["image_digest"] == release["image_digest"]
        assert answers["libraries"]["python"]
        assert answers["failure"]["failed"] is False
        assert answers["deployed"]["serves"]["version"] == "1.1.0"
        assert answers["deployed"]["before"]["version"] == "1.0.0"
        kinds = {one["kind"] for one in found["graph"]["nodes"]}
        assert {"data-set", "image", "release", "training-job", "model-artifact", "evaluation-job"} <= kinds
        assert {"report", "model-package", "approval", "promotion", "endpoint"} <= kinds

    def test_release_that_failed_says_why(self, ask: Any) -> None:
        """
        By the version that was never registered: step, error, the program's last lines, what to do.
        """
        code, found = ask("why", f"{MODEL}:1.2.0", "--question", "failure")

        assert code == 0
        assert found["step"] == "Train"
        assert any("a lot" in line for line in found["last_lines"])
        assert found["next_action"]


class TestBlame:
    def test_data_set_reached_both_versions_and_one_endpoint(self, ask: Any) -> None:
        """
        Both were trained on it; one serves, with all the traffic; one release with it failed.
        """
        code, found = ask("data", "blame", f"{PROJECT}/numbers:1.0.0")

        assert code == 1
        assert [(one["version"], one["how"]) for one in found["packages"]] == [
            ("1.0.0", ["trained on"]),
            ("1.1.0", ["trained on"]),
        ]
        assert [(one["version"], one["share"]) for one in found["live"]] == [("1.1.0", 1.0)]
        assert [one["version"] for one in found["failed"]] == ["1.2.0"]


class TestDiff:
    def test_bias_is_named_as_the_cause(self, ask: Any) -> None:
        """
        Data, libraries and machines are the same; code may differ, as a copy has no commit.
        """
        code, found = ask("diff", f"{MODEL}:1.0.0", f"{MODEL}:1.1.0")

        assert code == 0
        assert found["causes"][0]["kind"] == "hyperparameters"
        assert found["causes"][0]["changes"][0]["name"] == "bias"
        assert all(one["kind"] in ("hyperparameters", "code") for one in found["causes"])
