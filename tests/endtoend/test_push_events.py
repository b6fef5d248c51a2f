"""EventBridge delivers at least once and ECR at best; a release starts exactly once."""

from __future__ import annotations

import contextlib
import json
import random
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from workbench.cli.frame import progress
from workbench.cli.model import _registry
from workbench.images.build import build
from workbench.images.model_directory import ModelDirectory
from workbench.images.push import push

pytestmark = pytest.mark.endtoend

COPIES = 1000


def push_event(pushed, *, tag=None):
    """ECR's event of a push, as EventBridge hands it to the function."""
    return {
        "version": "0",
        "id": "13cde686-328b-6117-af20-0e5566167482",
        "detail-type": "ECR Image Action",
        "source": "aws.ecr",
        "account": "000000000000",
        "region": "us-east-1",
        "time": "2026-11-01T12:00:00Z",
        "resources": [],
        "detail": {
            "result": "SUCCESS",
            "repository-name": pushed["repository"],
            "image-digest": pushed["image_digest"],
            "action-type": "PUSH",
            "image-tag": pushed["image_tag"] if tag is None else tag,
            "manifest-media-type": "application/vnd.docker.distribution.manifest.v2+json",
        },
    }


@pytest.fixture
def deliver(laptop):
    """Hands an event to ``plan_release`` and gives its answer."""
    function = laptop.workspace.platform()["plan_function"]
    client = laptop.aws.client("lambda")

    def send(event):
        answer = client.invoke(FunctionName=function, Payload=json.dumps(event))
        payload = json.load(answer["Payload"])
        assert "FunctionError" not in answer, payload
        return payload

    return send


@contextlib.contextmanager
def unheard(laptop):
    """While it lasts, nobody is told of pushes."""
    events = laptop.aws.client("events")
    (rule,) = [
        one for one in events.list_rules()["Rules"] if "ECR Image Action" in one.get("EventPattern", "")
    ]
    events.disable_rule(Name=rule["Name"])
    try:
        yield
    finally:
        events.enable_rule(Name=rule["Name"])


def image(laptop, model, tag):
    """What an event says of an image that is in the registry."""
    repository = f"{laptop.workspace.platform()['repository_prefix']}/{model}"
    (found,) = laptop.aws.client("ecr").describe_images(
        repositoryName=repository, imageIds=[{"imageTag": tag}]
    )["imageDetails"]
    return {"repository": repository, "image_tag": tag, "image_digest": found["imageDigest"]}


def executions(laptop, release_id):
    """Executions of the release machine under a release's name."""
    machine = laptop.workspace.platform()["release_machine_arn"]
    pages = laptop.aws.client("stepfunctions").get_paginator("list_executions")
    return [
        one
        for page in pages.paginate(stateMachineArn=machine)
        for one in page["executions"]
        if one["name"] == release_id
    ]


class TestPushEvents:
    def test_a_thousand_copies_start_one_execution(self, laptop, deliver):
        """
        1,000 copies of one event, concurrent and out of order with others, start one execution.
        """
        laptop.put_numbers("copies")
        with unheard(laptop):  # so that the copies below are the first that anybody hears of it
            laptop.push(laptop.model("copies"), "1.0.0")
        pushed = image(laptop, "copies/tiny", "1.0.0")
        events = [push_event(pushed)] * COPIES
        events += [push_event(pushed, tag="")] * 20 + [push_event(pushed, tag="latest")] * 20
        random.Random(7).shuffle(events)

        with ThreadPoolExecutor(32) as pool:
            answers = list(pool.map(deliver, events))

        outcomes = [
            answer["outcome"] for event, answer in zip(events, answers, strict=True)
            if event["detail"]["image-tag"] == "1.0.0"
        ]  # fmt: skip
        assert (outcomes.count("started"), outcomes.count("duplicate")) == (1, COPIES - 1)
        release = laptop.release("copies/tiny:1.0.0")
        assert len(executions(laptop, release["release_id"])) == 1

    def test_a_lost_event_is_made_good_by_the_sweep(self, laptop):
        """
        ECR's events are best effort: what never arrived is started by the next sweep.
        """
        client = laptop.aws.client("lambda")
        laptop.put_numbers("lost")
        with unheard(laptop):
            laptop.push(laptop.model("lost"), "1.0.0")

        (sweep,) = [
            one["FunctionName"]
            for page in client.get_paginator("list_functions").paginate()
            for one in page["Functions"]
            if one["Handler"] == "functions.sweep_pushes.handler"
        ]
        answer = client.invoke(FunctionName=sweep, Payload=b"{}")

        swept = json.load(answer["Payload"])
        assert "FunctionError" not in answer, swept
        # asked by this sweep, or by the one of the clock just before; an event would be a "push"
        assert laptop.release("lost/tiny:1.0.0")["cause"] == "sweep"

    @pytest.mark.parametrize("tag", ["latest", "v1.2", "1.2.3.4"])
    def test_a_tag_that_is_no_version_is_refused_with_its_reason(self, laptop, tag):
        """
        A push that is no release starts nothing, and the ledger and the team are told why.
        """
        laptop.put_numbers("odd")
        model = laptop.model("odd")
        directory = ModelDirectory(model)
        push(build(directory).image, _registry(laptop.workspace, directory), tag, progress)

        def refused():
            return [
                one
                for one in laptop.ledger.releases_of_month(f"{datetime.now(UTC):%Y-%m}")
                if one["repository"].endswith("odd/tiny") and one["image_tag"] == tag
            ]

        (record,) = laptop.wait_for(refused, f"a refusal of {tag}")
        assert (record["status"], "semantic version" in record["reason"]) == ("refused", True)
        assert laptop.wait_for(lambda: laptop.mails(tag), "a message")
