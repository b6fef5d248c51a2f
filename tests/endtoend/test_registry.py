"""The registry on a deployed platform: what a release leaves in it, and what people do to it by functions."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from slipway.domain.timestamps import now, timestamp
from workbench.cli.frame import Refusal

pytestmark = pytest.mark.endtoend

PROJECT = "shelf"
SUBJECT = (PROJECT, "tiny")


def told(laptop: Any, capfd: Any, *arguments: str) -> Any:
    """What a command prints as JSON."""
    capfd.readouterr()
    laptop.slipway(*arguments, "--json")
    return json.loads(capfd.readouterr().out)


@pytest.fixture(scope="module")
def shelf(laptop):
    """Two versions: the first served, the second serves; and a third that was rejected."""
    laptop.put_numbers(PROJECT)
    model = laptop.model(PROJECT, bias="2.0")
    before = timestamp(now())
    laptop.deployed(model, "1.0.0")
    laptop.deployed(laptop.model(PROJECT, bias="1.0"), "1.1.0")
    laptop.push(laptop.model(PROJECT, bias="0.5"), "1.2.0")
    release = laptop.release(f"{PROJECT}/tiny:1.2.0")
    laptop.reach(release, "awaiting-approval")
    laptop.decide(release, "rejected")
    laptop.reach(release, "rejected")
    return before


class TestVersions:
    def test_a_release_leaves_all_that_production_needs(self, laptop, shelf, capfd) -> None:
        """Digests are those of the object; approver, reason, stage, data and history stand beside."""
        shown = told(laptop, capfd, "registry", "show", f"{PROJECT}/tiny:1.0.0")

        bucket, _, key = shown["model_uri"].removeprefix("s3://").partition("/")
        body = laptop.aws.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
        assert shown["artifact"]["sha256"] == f"sha256:{hashlib.sha256(body).hexdigest()}"
        assert shown["artifact"]["bytes"] == len(body)
        assert (shown["approver"], shown["decision_reason"]) == ("approver@example.com", "seen")
        assert shown["stage"] == "Archived"
        assert {"numbers:1.0.0", "numbers-holdout:1.0.0"} <= set(shown["data_sets"])
        assert [(one["alias"], one["ended_by"]) for one in shown["history"]] == [("champion", "1.1.0")]
        assert told(laptop, capfd, "registry", "show", f"{PROJECT}/tiny")["stage"] == "Production"

    def test_experiments_stand_apart(self, laptop, shelf, capfd) -> None:
        """The rejected version is an experiment, and in no list of the registry."""
        versions = told(laptop, capfd, "registry", "list", "--project", PROJECT)
        found = told(laptop, capfd, "registry", "search", "--project", PROJECT, "--data", "numbers")
        experiments = told(laptop, capfd, "experiment", "list", "--model", f"{PROJECT}/tiny")

        assert [one["version"] for one in versions] == ["1.1.0", "1.0.0"]
        assert [one["version"] for one in found] == ["1.1.0", "1.0.0"]
        assert [one["version"] for one in experiments] == ["1.2.0"]

    def test_tags_reach_ledger_and_package(self, laptop, shelf, capfd) -> None:
        """A tag can be searched for, and stands in SageMaker's registry."""
        assert told(laptop, capfd, "registry", "tag", f"{PROJECT}/tiny:1.1.0", "team=rates")["tags"] == {
            "team": "rates"
        }
        found = told(laptop, capfd, "registry", "search", "--project", PROJECT, "--tag", "team=rates")

        assert [one["version"] for one in found] == ["1.1.0"]
        package = laptop.aws.client("sagemaker").describe_model_package(
            ModelPackageName=found[0]["package_arn"]
        )
        assert package["CustomerMetadataProperties"]["team"] == "rates"


class TestAliases:
    def test_own_ones_are_set_moved_and_removed(self, laptop, shelf, capfd) -> None:
        """Each move stands in the history with the caller's ARN; the champion is not moved by hand."""
        named = f"{PROJECT}/tiny@candidate"
        assert (
            told(laptop, capfd, "alias", "set", named, "1.0.0", "--reason", "load test")["outcome"] == "moved"
        )
        assert told(laptop, capfd, "alias", "set", named, "1.1.0", "--revision", "1")["outcome"] == "moved"
        with pytest.raises(Refusal, match="is at revision 2, not 1"):
            laptop.slipway("alias", "set", named, "1.0.0", "--revision", "1")
        assert told(laptop, capfd, "alias", "remove", named)["outcome"] == "removed"
        with pytest.raises(Refusal, match="only a promotion moves it"):
            laptop.slipway("alias", "set", f"{PROJECT}/tiny@champion", "1.0.0")
        with pytest.raises(Refusal, match="is rejected"):
            laptop.slipway("alias", "set", named, "1.2.0")

        history = told(laptop, capfd, "alias", "history", named)
        assert [(one["version"], one.get("removed", False)) for one in history] == [
            ("1.1.0", True),
            ("1.1.0", False),
            ("1.0.0", False),
        ]
        assert all(one["actor"].startswith("arn:aws:") for one in history)
        assert history[2]["reason"] == "load test"

    def test_what_served_then(self, laptop, shelf, capfd) -> None:
        """Between two promotions the champion was the first version; before both there was none."""
        moves = told(laptop, capfd, "alias", "history", f"{PROJECT}/tiny")
        first, second = moves[1]["moved_at"], moves[0]["moved_at"]

        for moment, version in ((first, "1.0.0"), (second, "1.1.0")):
            then = told(laptop, capfd, "alias", "show", f"{PROJECT}/tiny@champion", "--at", moment)
            assert then["version"] == version
        with pytest.raises(Refusal, match="pointed nowhere"):
            laptop.slipway("alias", "show", f"{PROJECT}/tiny", "--at", shelf)


class TestRemoval:
    def test_only_what_nobody_needs_is_removed(self, laptop, shelf, capfd) -> None:
        """What serves and the way back stay; the rejected one's model goes, its evidence does not."""
        s3 = laptop.aws.client("s3")
        with pytest.raises(Refusal, match="alias 'champion' points to"):
            laptop.slipway("registry", "delete", f"{PROJECT}/tiny:1.1.0", "--yes")
        with pytest.raises(Refusal, match="may roll back"):
            laptop.slipway("registry", "delete", f"{PROJECT}/tiny:1.0.0", "--yes")

        assert (
            told(laptop, capfd, "registry", "delete", f"{PROJECT}/tiny:1.2.0", "--yes")["outcome"]
            == "removed"
        )

        record = laptop.ledger.version(*SUBJECT, "1.2.0")
        bucket, _, prefix = (
            record["model_uri"].partition("/training/")[0].removeprefix("s3://").partition("/")
        )
        left = [one["Key"] for one in s3.list_objects_v2(Bucket=bucket, Prefix=prefix)["Contents"]]
        assert f"{prefix}/report.json" in left
        assert [key for key in left if "/training/" in key and key.endswith("model.tar.gz")] == []
        assert "artifact_removed_at" in record

    def test_sweep_keeps_what_is_young(self, laptop, shelf) -> None:
        """The scheduled function runs with its own role, and removes nothing before its time."""
        resources = laptop.aws.client("cloudformation").get_paginator("list_stack_resources")
        (name,) = (
            one["PhysicalResourceId"]
            for page in resources.paginate(StackName="slipway-local-registry")
            for one in page["StackResourceSummaries"]
            if one["ResourceType"] == "AWS::Lambda::Function" and "SweepArtifacts" in one["LogicalResourceId"]
        )
        answer = laptop.aws.client("lambda").invoke(FunctionName=name, Payload=b"{}")

        assert "FunctionError" not in answer
        assert json.load(answer["Payload"]) == {"versions": 0, "experiments": 0, "kept": 0}
