"""What came of what is known as a side effect: no step and no model's program calls a logging function."""

from __future__ import annotations

import json
import random
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from slipway.adapters.cloudwatch_job_logs import CloudWatchJobLogs
from slipway.adapters.dynamodb_ledger import DynamoDbLedger
from slipway.adapters.dynamodb_lineage import DynamoDbLineage
from slipway.adapters.s3_data_sets import S3DataSets
from slipway.adapters.s3_reports import S3Reports
from slipway.adapters.sagemaker_hosting import SageMakerHosting
from slipway.adapters.sagemaker_jobs import SageMakerJobs
from slipway.adapters.sfn_executions import SfnExecutions
from slipway.contracts.lineage import kind_of, node_id
from slipway.domain.lineage_subject import subjects_of
from slipway.domain.timestamps import now
from slipway.usecases.record_lineage import LineageRecording, LineageSources
from slipway.usecases.sweep_lineage import LineageSweep
from tests.adapters.test_ledger import create_table
from tests.conftest import start_embedded_aws
from tests.endtoend.conftest import deploy_platform
from tests.endtoend.laptop import Laptop
from tests.endtoend.ways import sweep

pytestmark = pytest.mark.endtoend

PROJECT = "origins"
ENDPOINT = f"slipway-local-{PROJECT}-tiny"
BAD_IMAGES = Path(__file__).parent / "bad_images"
OUTSIDE = "night-shift-experiment"
LINEAGE_ITEMS = ("NODE#", "DIGEST#", "SERVING")


def graph_of(laptop: Laptop, table: str) -> list[str]:
    """Every item of lineage in a table, as text."""
    pages = laptop.aws.client("dynamodb").get_paginator("scan").paginate(TableName=table)
    items = [item for page in pages for item in page["Items"]]
    return sorted(
        json.dumps(item, sort_keys=True) for item in items if item["pk"]["S"].startswith(LINEAGE_ITEMS)
    )


@dataclass
class Scene:
    """A platform with a history, and every event that there was of it."""

    laptop: Laptop
    releases: dict[str, Any]
    events: list[dict[str, Any]]

    @property
    def lineage(self) -> DynamoDbLineage:
        return DynamoDbLineage(self.laptop.aws.client("dynamodb"), self.table)

    @property
    def table(self) -> str:
        return self.laptop.workspace.platform()["ledger_table"]

    def node(self, kind: Any, name: str) -> Any:
        found = self.lineage.node(node_id(kind, name))
        assert found is not None, f"no {kind} {name}"
        return found

    def facts(self, kind: Any, name: str) -> dict[str, Any]:
        facts: dict[str, Any] = self.node(kind, name)["facts"]
        return facts

    def replay(self, events: list[dict[str, Any]]) -> list[str]:
        """The graph that a table has after these events and a sweep."""
        table = f"lineage-{uuid.uuid4().hex}"
        create_table(self.laptop.aws.client("dynamodb"), table)
        client, platform = self.laptop.aws.client, self.laptop.workspace.platform()
        sources = LineageSources(
            ledger=DynamoDbLedger(client("dynamodb"), platform["ledger_table"]),
            executions=SfnExecutions(client("stepfunctions")),
            jobs=SageMakerJobs(client("sagemaker")),
            logs=CloudWatchJobLogs(client("logs")),
            hosting=SageMakerHosting(client("sagemaker")),
            data_sets=S3DataSets(client("s3"), platform["data_bucket"]),
            reports=S3Reports(client("s3")),
        )
        lineage = DynamoDbLineage(client("dynamodb"), table)
        recording = LineageRecording(
            sources=sources,
            lineage=lineage,
            environment="local",
            resource_prefix=platform["resource_prefix"],
            data_bucket=platform["data_bucket"],
            sleep=lambda _: None,
            pauses=(),
        )
        for event in events:
            for subject in subjects_of(event, promote_machine_arn=platform["promote_machine_arn"]):
                recording.record(subject)
        LineageSweep(sources, lineage, recording, platform["promote_machine_arn"], now).sweep()
        return graph_of(self.laptop, table)


def listen(laptop: Laptop) -> str:
    """Have every event of the account put into a queue; its URL."""
    sqs, events = laptop.aws.client("sqs"), laptop.aws.client("events")
    url = sqs.create_queue(QueueName="everything")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    leave = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage"}
    policy = {"Version": "2012-10-17", "Statement": [leave | {"Resource": arn}]}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
    events.put_rule(
        Name="everything",
        EventPattern=json.dumps({"source": ["slipway", "aws.states", "aws.sagemaker", "aws.s3"]}),
    )
    events.put_targets(Rule="everything", Targets=[{"Id": "queue", "Arn": arn}])
    return str(url)


def heard(laptop: Laptop, url: str) -> list[dict[str, Any]]:
    sqs = laptop.aws.client("sqs")
    events = []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        events += [json.loads(message["Body"]) for message in messages]
        for message in messages:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return events


def fail_training(laptop: Laptop) -> Any:
    """A version whose program writes three lines and gives up."""
    laptop.slipway("data", "put", "steady-rows:1.0.0", str(BAD_IMAGES / "rows"), "--project", PROJECT)
    model = laptop.model(PROJECT, BAD_IMAGES / "train_exits")
    program = (model / "train").read_text()
    said = "\nfor row in range(3):\n    print(f'row {row} is odd', flush=True)\n"
    (model / "train").write_text(program.replace("\nsys.exit(1)", f"{said}sys.exit(1)"))
    laptop.push(model, "1.0.0")
    return laptop.reach(laptop.release(f"{PROJECT}/steady:1.0.0"), "failed")


def train_outside(laptop: Laptop, release: Any) -> None:
    """As somebody does in Studio, with a tag of the platform's."""
    request = laptop.ledger.release(release["release_id"])["plan"]["requests"]["training"]
    tags = [{"Key": "slipway:project", "Value": PROJECT}, {"Key": "slipway:model", "Value": "tiny"}]
    sagemaker = laptop.aws.client("sagemaker")
    sagemaker.create_training_job(**request | {"TrainingJobName": OUTSIDE, "Tags": tags})
    sagemaker.create_training_job(**request | {"TrainingJobName": f"{OUTSIDE}-of-strangers", "Tags": []})


def roll_back(laptop: Laptop, release: Any) -> str:
    """By hand, to a version that served before; the execution's name."""
    wish = {
        key: release[key] for key in ("project", "model", "version", "release_id")
    } | {"cause": "rollback", "actor": "ana@example.com", "reason": "complaints"}  # fmt: skip
    laptop.aws.client("stepfunctions").start_execution(
        stateMachineArn=laptop.workspace.platform()["promote_machine_arn"],
        name="back-to-the-first",
        input=json.dumps({"request": wish}),
    )
    laptop.wait_for(
        lambda: laptop.ledger.alias(PROJECT, "tiny", "champion")["version"] == release["version"], "rollback"
    )
    return "back-to-the-first"


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    """Two versions that served, a rollback, a training that failed, and jobs that nobody released."""
    aws, process = start_embedded_aws(tmp_path_factory.mktemp("home"))
    deploy_platform(aws)
    laptop = Laptop(aws, tmp_path_factory.mktemp("laptop"))
    queue = listen(laptop)
    laptop.put_numbers(PROJECT)
    releases = {
        "first": laptop.deployed(laptop.model(PROJECT, bias="2.0"), "1.0.0"),
        "second": laptop.deployed(laptop.model(PROJECT, bias="0.0"), "1.1.0"),
        "failed": fail_training(laptop),
    }
    train_outside(laptop, releases["first"])
    roll_back(laptop, releases["first"])
    scene = Scene(laptop, releases, [])

    def recorded():
        lineage = scene.lineage
        wanted = {
            node_id("training-job", OUTSIDE): "Completed",
            node_id("promotion", "back-to-the-first"): "deployed",
            node_id("release", releases["failed"]["release_id"]): "failed",
            node_id("release", releases["second"]["release_id"]): "deployed",
        }
        found = lineage.nodes(list(wanted))
        return all(name in found and found[name]["facts"].get("status") == wanted[name] for name in wanted)

    laptop.wait_for(recorded, "everything to be recorded")
    scene.events = heard(laptop, queue)
    yield scene
    process.terminate()
    process.wait(30)


@pytest.fixture
def upstream(scene):
    """All that is above the second version's promotion, by kind."""
    release_id = scene.releases["second"]["release_id"]
    nodes = scene.node("promotion", f"{release_id}-0-0")["upstream"]
    found: dict[str, Any] = {}
    for node in scene.lineage.nodes(list(nodes)).values():
        found.setdefault(kind_of(node["id"]), []).append(node)
    return found


@pytest.fixture(scope="module")
def calm(scene):
    """The graph of all events in their order."""
    return scene.replay(scene.events)


class TestOneVersion:
    def test_everything_it_came_of_is_there(self, scene, upstream):
        """
        Above a promotion stand approval, package, evidence, artifact, jobs, release, image and data.
        """
        assert {kind: len(nodes) for kind, nodes in upstream.items()} == {
            "approval": 1,
            "model-package": 1,
            "report": 1,
            "evaluation-job": 2,
            "model-artifact": 2,  # the champion's was measured beside it
            "training-job": 1,
            "release": 1,
            "image": 2,
            "data-set": 2,
        }
        assert all(node["as_of"] for nodes in upstream.values() for node in nodes), "a source was not read"

    def test_data(self, scene, upstream):
        """
        The very files are named by their digest, with their rows.
        """
        (data,) = [node for node in upstream["data-set"] if node["name"] == "numbers:1.0.0"]

        assert data["facts"]["rows"] == 3
        assert data["id"] in scene.lineage.by_digest(data["facts"]["digest"])

    def test_training(self, scene, upstream):
        """
        Parameters, data, instance, time, cost and the curve of each metric stand with the job.
        """
        (job,) = upstream["training-job"]
        facts = job["facts"]
        ((seconds, value),) = facts["curves"]["train:mean"]

        assert facts["hyperparameters"] == {"bias": "0.0"}
        assert facts["channels"][0]["digest"].startswith("sha256:")
        assert (facts["status"], facts["instance_type"], facts["version"]) == (
            "Completed",
            "ml.m5.large",
            "1.1.0",
        )
        assert 0 < facts["cost_usd"] < 0.01
        assert value == facts["metrics"]["train:mean"] == 10.0
        assert 0 <= seconds < 60

    def test_image(self, scene, upstream):
        """
        The image's libraries and its Python are known without anybody's telling.
        """
        (release,) = upstream["release"]
        image = next(node for node in upstream["image"] if node["id"] in str(release["inputs"]))

        assert image["facts"]["digest"] == scene.releases["second"]["image_digest"]
        assert image["facts"]["source"]

    def test_artifact_and_approver(self, scene, upstream):
        """
        The artifact has its digests; the approval and the package name who decided.
        """
        assert upstream["model-artifact"][0]["facts"]["digests"]["sha256"].startswith("sha256:")
        assert upstream["approval"][0]["facts"]["decided_by"] == "approver@example.com"
        assert upstream["model-package"][0]["facts"]["approval"] == "approved"
        assert upstream["report"][0]["facts"]["metrics"]

    def test_both_evaluations_made_the_evidence(self, scene, upstream):
        """
        Challenger and champion were measured, and the report says by which jobs.
        """
        sides = {node["facts"]["side"]: node["facts"]["version"] for node in upstream["evaluation-job"]}

        assert sides["challenger"] == "1.1.0"


class TestServing:
    def test_the_endpoint_serves_all_of_it(self, scene):
        """
        After the rollback the first version has all traffic, and the promotion says what served before.
        """
        (serving,) = scene.lineage.serving()
        (variant,) = serving["variants"]
        promotion = scene.facts("promotion", "back-to-the-first")

        assert (serving["endpoint"], variant["version"], variant["share"]) == (ENDPOINT, "1.0.0", 1.0)
        assert promotion["previous"] == "1.1.0"
        assert promotion["actor"] == "ana@example.com"
        package = scene.laptop.ledger.version(PROJECT, "tiny", "1.0.0")["package_arn"]
        assert variant["package"] == node_id("model-package", package.partition("model-package/")[2])

    def test_the_stages_follow(self, scene):
        """
        The package that serves is in production, the other one is not.
        """
        stages = {
            facts["version"]: facts["stage"]
            for number in (1, 2)
            for facts in [scene.facts("model-package", f"{ENDPOINT}/{number}")]
        }

        assert stages == {"1.0.0": "Production", "1.1.0": "Archived"}


class TestFailure:
    def test_a_failed_training_has_its_cause_and_last_lines(self, scene):
        """
        What the program said before it gave up is kept with the job.
        """
        release = scene.releases["failed"]
        facts = scene.facts("release", release["release_id"])
        (job,) = scene.lineage.descendants(node_id("release", release["release_id"]), kind="training-job")
        trained = scene.lineage.node(job["id"])["facts"]

        assert facts["failure"]["step"] == "Train"
        assert "column 'value' holds text" in trained["failure"]
        assert trained["last_lines"][-3:] == ["row 0 is odd", "row 1 is odd", "row 2 is odd"]


class TestExperiments:
    def test_a_tagged_job_is_an_experiment(self, scene):
        """
        It was started outside, and its data and its curve are known all the same.
        """
        (listed,) = scene.lineage.experiments()
        facts = scene.facts("training-job", OUTSIDE)

        assert listed["name"] == OUTSIDE
        assert "release_id" not in facts
        assert (facts["project"], facts["model"]) == (PROJECT, "tiny")
        assert facts["channels"][0]["rows"] == 3
        assert facts["curves"]["train:mean"]

    def test_a_stranger_s_job_is_left_alone(self, scene):
        """
        Without a tag it is nobody's business.
        """
        assert scene.lineage.node(node_id("training-job", f"{OUTSIDE}-of-strangers")) is None


class TestChaos:
    @pytest.mark.parametrize("seed", [1, 2])
    def test_lost_repeated_and_shuffled_events_end_in_the_same_graph(self, scene, calm, seed):
        """
        A fifth of the real events lost, the others twice and in any order: after a sweep, not a byte differs.
        """
        chance = random.Random(seed)
        kept = [event for event in scene.events if chance.random() >= 0.2]
        chaos = [event for event in kept for _ in range(chance.randint(1, 2))]
        chance.shuffle(chaos)

        assert scene.replay(chaos) == calm

    def test_a_sweep_alone_finds_everything(self, scene):
        """
        Without any event: what the platform recorded on its way is what a sweep finds afterwards.
        """
        sweep(scene.laptop, "sweep_lineage")

        assert scene.replay([]) == graph_of(scene.laptop, scene.table)

    def test_events_were_heard_of_every_kind(self, scene):
        """
        Else the two tests above would say little.
        """
        promote = scene.laptop.workspace.platform()["promote_machine_arn"]
        told = {
            subject.kind
            for event in scene.events
            for subject in subjects_of(event, promote_machine_arn=promote)
        }

        assert told == {
            "data-set",
            "release",
            "training-job",
            "evaluation-job",
            "model-package",
            "promotion",
            "endpoint",
        }

    def test_nothing_failed_on_the_way(self, scene):
        """
        No event was refused or given up.
        """
        names = [
            queue
            for queue in scene.laptop.aws.client("sqs").list_queues().get("QueueUrls", [])
            if "lineage" in queue
        ]
        sqs = scene.laptop.aws.client("sqs")
        waiting = [
            sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])[
                "Attributes"
            ]["ApproximateNumberOfMessages"]
            for url in names
        ]

        assert waiting == ["0"]
