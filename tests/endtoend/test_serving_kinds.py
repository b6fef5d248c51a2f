"""Endpoints of every kind, through manifests: scaled under load, serverless, asynchronous; and batches."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager

import pytest

from workbench.cli.frame import Refusal

pytestmark = pytest.mark.endtoend

PROJECT = "kinds"
FAST = 60
ROWS = "".join(f'{{"instances": [[{number}]]}}\n' for number in range(50))


def model(laptop, name, *, serving):
    """The tiny model by another name, with keys in place of ``instance_type`` and ``instance_count``."""
    directory = laptop.model(PROJECT, name=f'"{name}"', bias="2.0")
    manifest = directory / "slipway.toml"
    head, found, rest = manifest.read_text().partition("[serving]\n")
    assert found
    rest = rest.replace('instance_type = "ml.m5.large"\ninstance_count = 1\n', serving)
    assert serving in rest
    manifest.write_text(head + found + rest)
    return directory


def deployed(laptop, name, *, serving):
    """A model of its own that serves; its endpoint's name."""
    laptop.put_numbers(PROJECT)
    laptop.deployed(model(laptop, name, serving=serving), "1.0.0")
    return f"{laptop.workspace.platform()['resource_prefix']}-{PROJECT}-{name}"


def instances(laptop, endpoint):
    """How many it has now."""
    described = laptop.aws.client("sagemaker").describe_endpoint(EndpointName=endpoint)
    return described["ProductionVariants"][0].get("CurrentInstanceCount")


def alarms(laptop, endpoint):
    """Names of the alarms by which promotions scale it; those of target tracking are the service's own."""
    pages = (
        laptop.aws.client("cloudwatch").get_paginator("describe_alarms").paginate(AlarmNamePrefix=endpoint)
    )
    found = {alarm["AlarmName"] for page in pages for alarm in page["MetricAlarms"]}
    return {name for name in found if "from-zero" in name}


@contextmanager
def load(laptop, name, users):
    """So many users who ask again and again; what went wrong."""
    ended, errors = threading.Event(), []

    def ask():
        while not ended.is_set():
            try:
                laptop.invoke(PROJECT, name)
            except Exception as error:  # noqa: BLE001 - whatever a caller sees is counted
                errors.append(str(error))

    threads = [threading.Thread(target=ask) for _ in range(users)]
    for thread in threads:
        thread.start()
    try:
        yield errors
    finally:
        ended.set()
        for thread in threads:
            thread.join()


class TestScaledEndpoint:
    def test_gets_instances_under_load_and_gives_them_back(self, laptop):
        """
        By the manifest's target an endpoint gets instances while it is asked much, and loses them again;
        no request fails meanwhile.
        """
        scaled = 'instance_type = "ml.m5.large"\ninstance_count = 1\nmin_instances = 1\nmax_instances = 3\n'
        endpoint = deployed(laptop, "scaled", serving=f"{scaled}invocations_per_instance = 5\n")
        with laptop.aws.speed(FAST):
            with load(laptop, "scaled", 2) as errors:
                laptop.wait_for(lambda: instances(laptop, endpoint) == 3, "three instances")
            laptop.wait_for(lambda: instances(laptop, endpoint) == 1, "one instance", 90)

        activities = laptop.aws.client("application-autoscaling").describe_scaling_activities(
            ServiceNamespace="sagemaker", ResourceId=f"endpoint/{endpoint}/variant/AllTraffic"
        )["ScalingActivities"]
        assert errors == []
        assert {one["StatusCode"] for one in activities} <= {"Successful", "InProgress"}
        assert all("triggered policy" in one["Cause"] for one in activities)

    def test_is_followed_by_a_version_that_needs_two(self, laptop):
        """
        A canary takes at most half of the instances; that one is there now does not refuse it for ever.
        """
        serving = (
            'instance_type = "ml.m5.large"\ninstance_count = 2\nmin_instances = 2\nmax_instances = 3\n'
            "invocations_per_instance = 1000\n"
        )
        strategy = 'strategy = { kind = "canary", share = 0.5, interval_minutes = 0, bake_minutes = 0 }\n'
        endpoint = f"{laptop.workspace.platform()['resource_prefix']}-{PROJECT}-scaled"
        assert instances(laptop, endpoint) == 1

        laptop.deployed(model(laptop, "scaled", serving=serving + strategy), "1.1.0")

        assert instances(laptop, endpoint) == 2


class TestServerlessEndpoint:
    def test_serves_by_what_its_manifest_says(self, laptop):
        """
        A serverless version is released like any other, answers with its identity, and has no instances.
        """
        endpoint = deployed(
            laptop, "serverless", serving='kind = "serverless"\nmemory_mb = 2048\nmax_concurrency = 5\n'
        )
        answer = laptop.invoke(PROJECT, "serverless")
        described = laptop.aws.client("sagemaker").describe_endpoint(EndpointName=endpoint)
        (variant,) = described["ProductionVariants"]

        assert answer["identity"]["version"] == "1.0.0"
        assert variant["CurrentServerlessConfig"]["MemorySizeInMB"] == 2048
        assert variant["CurrentServerlessConfig"]["MaxConcurrency"] == 5


class TestAsynchronousEndpoint:
    def test_scales_to_nothing_and_answers_all_that_waited(self, laptop, capsys):
        """
        Without requests it has no instance; those that come wait for one, and are answered into S3. When it
        is stopped, nothing stays of what scaled it.
        """
        serving = (
            'kind = "asynchronous"\ninstance_type = "ml.m5.large"\ninstance_count = 1\n'
            "min_instances = 0\nmax_instances = 2\nbacklog_per_instance = 2\n"
        )
        endpoint = deployed(laptop, "later", serving=serving)
        with laptop.aws.speed(FAST):
            laptop.wait_for(lambda: instances(laptop, endpoint) == 0, "no instance", 90)
            capsys.readouterr()
            laptop.slipway(
                "endpoint",
                "invoke",
                f"{PROJECT}/later",
                "--async",
                "--json",
                "--body",
                '{"instances": [[1]]}',
            )

        found = json.loads(capsys.readouterr().out)
        assert json.loads(found["body"])["predictions"] == [12.0]
        assert alarms(laptop, endpoint) == {f"{endpoint}/scaling/from-zero"}
        laptop.slipway("endpoint", "stop", f"{PROJECT}/later", "--reason", "a test", "--yes")
        assert alarms(laptop, endpoint) == set()


@pytest.fixture(scope="module")
def registered(laptop):
    """A version that serves."""
    return deployed(laptop, "filed", serving='instance_type = "ml.m5.large"\ninstance_count = 1\n')


class TestBatch:
    def test_answers_every_record_of_every_input(self, laptop, registered, capsys, tmp_path):
        """
        Each file of a directory comes back with the answers to its lines; nothing stays of the job's model.
        """
        inputs, outputs = tmp_path / "in", tmp_path / "out"
        inputs.mkdir()
        for name in ("a.jsonl", "b.jsonl"):
            (inputs / name).write_text(ROWS)
        capsys.readouterr()
        laptop.slipway(
            "batch", "run", f"{PROJECT}/filed:1.0.0", "--input", str(inputs), "--output", str(outputs),
            "--content-type", "application/json", "--split", "line", "--single", "--at-a-time", "4", "--json",
        )  # fmt: skip
        found = json.loads(capsys.readouterr().out)

        assert (found["status"], found["inputs"], found["rows"], found["failed"]) == ("Completed", 2, 100, 0)
        lines = (outputs / "a.jsonl.out").read_text().splitlines()
        assert [json.loads(line)["predictions"] for line in lines] == [[12.0]] * 50
        models = laptop.aws.client("sagemaker").list_models(NameContains=found["job"])["Models"]
        assert models == []

    def test_says_which_inputs_failed(self, laptop, registered, capsys):
        """
        An input that the model cannot read has no output; the command ends with 1 and says why.
        """
        bucket = laptop.workspace.platform()["artifact_bucket"]
        for name, body in {"good.jsonl": ROWS, "bad.jsonl": "no JSON\n"}.items():
            laptop.aws.client("s3").put_object(Bucket=bucket, Key=f"batch/own/{name}", Body=body.encode())
        capsys.readouterr()

        with pytest.raises(Refusal, match="1 of 2 inputs failed"):
            laptop.slipway(
                "batch", "run", f"{PROJECT}/filed", "--input", f"s3://{bucket}/batch/own/", "--json",
                "--content-type", "application/json", "--split", "line", "--single",
            )  # fmt: skip

        found = json.loads(capsys.readouterr().out)
        assert found["outputs"] == ["good.jsonl.out"]
        assert "bad.jsonl" in found["complaints"][0]
