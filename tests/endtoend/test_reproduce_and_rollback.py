"""A version is made again and gone back to, and its lineage is handed on, as a person does it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from workbench.cli.frame import EXIT_BAD_INPUT, Refusal

pytestmark = [pytest.mark.embedded, pytest.mark.endtoend]
PROJECT = "again"
MODEL = f"{PROJECT}/tiny"
STORE = Path(__file__).parents[1] / "workbench" / "mlmd" / "old_pipeline.sqlite"


@pytest.fixture(scope="module")
def harbour(laptop):
    """Two versions: 1.1.0 serves, 1.0.0 served before."""
    laptop.put_numbers(PROJECT)
    laptop.deployed(laptop.model(PROJECT, bias="2.0"), "1.0.0")
    laptop.deployed(laptop.model(PROJECT, bias="1.0"), "1.1.0")
    return laptop


@pytest.fixture
def answer(harbour, capfd):
    """Runs a command with ``--json``; what it printed."""

    def run(*arguments: str) -> Any:
        capfd.readouterr()
        harbour.slipway(*arguments, "--json")
        return json.loads(capfd.readouterr().out)

    return run


def version_that_answers(harbour: Any) -> str:
    return str(harbour.invoke(PROJECT)["identity"]["version"])


def _experiments(answer):
    """Why there are the experiments that there are, by name."""
    return {one["experiment"]: one["why"] for one in answer("experiment", "list", "--model", MODEL)}


class TestReproducing:
    def test_the_same_image_data_and_parameters_make_the_same_model(self, answer, harbour):
        found = answer("reproduce", f"{MODEL}:1.1.0")
        assert found["reproduced"]
        assert found["artifact"] in ("bytes", "content")
        assert {one["of"] for one in found["metrics"]} >= {"evaluation"}
        assert all(one["difference"] == 0 for one in found["metrics"])
        assert found["not_pinned"]
        assert version_that_answers(harbour) == "1.1.0"

    def test_its_jobs_are_an_experiment_of_the_model(self, answer, harbour):
        found = answer("reproduce", f"{MODEL}:1.0.0", "--no-evaluate", "--no-wait")
        sagemaker = harbour.aws.client("sagemaker")
        job = sagemaker.describe_training_job(TrainingJobName=found["job"])
        held = sagemaker.list_tags(ResourceArn=job["TrainingJobArn"])["Tags"]
        tags = {tag["Key"]: tag["Value"] for tag in held}
        assert tags["slipway:reproduces"] == found["release_id"]
        assert tags["slipway:project"] == PROJECT
        later = answer("reproduce", f"{MODEL}:1.0.0", "--no-evaluate", "--job", found["job"])
        assert later["reproduced"]
        harbour.wait_for(lambda: found["job"] in _experiments(answer), "lineage to hear of the job")
        assert _experiments(answer)[found["job"]] == f"reproduces release {found['release_id']}"
        with pytest.raises(Refusal, match="does not reproduce"):
            harbour.slipway("reproduce", f"{MODEL}:1.1.0", "--job", found["job"])

    def test_data_that_was_written_over_is_refused_before_anything_starts(self, harbour, capfd):
        s3, bucket = harbour.aws.client("s3"), harbour.workspace.platform()["data_bucket"]
        key = f"{PROJECT}/numbers/1.0.0/files/values.csv"
        before = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        jobs = len(harbour.aws.client("sagemaker").list_training_jobs(MaxResults=100)["TrainingJobSummaries"])
        s3.put_object(Bucket=bucket, Key=key, Body=before.replace(b"8", b"9"))
        try:
            with pytest.raises(Refusal, match="is changed") as refused:
                harbour.slipway("reproduce", f"{MODEL}:1.1.0")
        finally:
            s3.put_object(Bucket=bucket, Key=key, Body=before)
        assert refused.value.exit_code == EXIT_BAD_INPUT
        after = harbour.aws.client("sagemaker").list_training_jobs(MaxResults=100)["TrainingJobSummaries"]
        assert len(after) == jobs


class TestRollingBack:
    def test_the_version_before_serves_again_and_the_reason_is_kept(self, answer, harbour):
        found = answer("rollback", MODEL, "--reason", "prices are off", "--yes")
        assert (found["from"], found["to"], found["status"]) == ("1.1.0", "1.0.0", "deployed")
        assert "serves 1.0.0" in found["serves"]
        assert version_that_answers(harbour) == "1.0.0"
        newest = harbour.ledger.alias_history(PROJECT, "tiny", "champion")[0]
        assert (newest["version"], newest["reason"]) == ("1.0.0", "prices are off")
        with pytest.raises(Refusal, match=r"nothing served before 1\.0\.0"):
            harbour.slipway("rollback", MODEL, "--reason", "once more", "--yes")

    def test_costs_are_reported_of_the_version_that_serves(self, harbour):
        sagemaker, prefix = harbour.aws.client("sagemaker"), harbour.workspace.platform()["resource_prefix"]
        arn = sagemaker.describe_endpoint(EndpointName=f"{prefix}-{PROJECT}-tiny")["EndpointArn"]
        tags = {tag["Key"]: tag["Value"] for tag in sagemaker.list_tags(ResourceArn=arn)["Tags"]}
        serves = harbour.ledger.alias(PROJECT, "tiny", "champion")
        assert (tags["slipway:version"], tags["slipway:release"]) == ("1.0.0", serves["release_id"])
        assert harbour.ledger.version(PROJECT, "tiny", "1.0.0")["stage"] == "Production"

    def test_a_named_version_serves_and_what_serves_is_refused(self, answer, harbour):
        answer("rollback", MODEL, "--to", "1.1.0", "--reason", "it was the data", "--yes")
        assert version_that_answers(harbour) == "1.1.0"
        with pytest.raises(Refusal, match=r"1\.1\.0 serves already"):
            harbour.slipway("rollback", MODEL, "--to", "1.1.0", "--reason", "again", "--yes")

    def test_an_unknown_model_is_not_found(self, harbour):
        with pytest.raises(Refusal, match="no version of a model"):
            harbour.slipway("rollback", "unheard-of", "--reason", "why not", "--yes")


class TestExchange:
    @pytest.mark.parametrize("shape", ["openlineage", "mlmd"])
    def test_all_versions_are_written_with_what_they_came_from(self, answer, harbour, tmp_path, shape):
        target = tmp_path / "lineage.json"

        def whole() -> Any:
            answer("lineage", "export", MODEL, "--all", "--format", shape, "-o", str(target))
            text = target.read_text()
            return text if "numbers:1.0.0" in text and "-train-" in text else None

        document = json.loads(harbour.wait_for(whole, "the lineage of both versions"))
        assert len(document) > 3

    def test_a_store_of_mlmd_is_taken_in_once(self, answer):
        first = answer("lineage", "import", str(STORE), "--project", "old-taxi")
        assert first["changed"] == first["nodes"] > 20
        assert answer("lineage", "import", str(STORE), "--project", "old-taxi")["changed"] == 0
        node = "model-artifact:old-taxi/Model/taxi-2019-03-01"
        found = answer("lineage", "export", node, "--format", "mlmd")
        assert [one["uri"] for one in found["artifacts"] if one["type"] == "Model"] == ["s3://old/models/1"]
