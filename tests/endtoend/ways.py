"""Every way that a release can go, taken once on one platform."""

from __future__ import annotations

import contextlib
import json
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from slipway.adapters.s3_reports import S3Reports
from slipway.contracts import names
from slipway.contracts.ledger_keys import approval_key
from slipway.domain.approval import DecisionForm
from tests.endtoend.slack_clicks import message_of, press
from workbench import approvals
from workbench.cli.frame import progress
from workbench.cli.model import _registry
from workbench.images.build import build
from workbench.images.model_directory import ModelDirectory
from workbench.images.push import push

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from slipway.contracts.ledger import ReleaseRecord
    from tests.endtoend.laptop import Laptop

PROJECT = "ways"
DAY_SECONDS = 24 * 3600
BAD_IMAGES = Path(__file__).parent / "bad_images"
SCALED = "instance_count = 1\nmin_instances = 1\nmax_instances = 2\ninvocations_per_instance = 1000\n"
AT_NIGHT = """
[serving.schedules.night]
schedule = "cron(0 20 * * ? *)"
min_instances = 1
max_instances = 1
"""
SCANNED = '["mae <= 50", "critical image findings == 0"]'


def take_all_ways(laptop: Laptop) -> None:
    """
    First and second release, refusal, all ends without and with a failure, by hand, and what sweeps find.

    Ends when nothing is under way any more.
    """
    laptop.put_numbers(PROJECT)
    _first_and_second(laptop)
    _refused(laptop)
    _not_accepted_and_rejected(laptop)
    _training_fails(laptop)
    _smoke_fails(laptop)
    _stopped(laptop)
    _stopped_while_promoted(laptop)
    _promoted_by_hand(laptop)
    _alarm_rings(laptop)
    _lost_lineage(laptop)
    _lost_push(laptop)
    _lost_end(laptop)
    _undelivered(laptop)
    _decided_in_studio(laptop)
    _expired(laptop)
    _idle(laptop)
    _by_the_clock(laptop)


def _tiny(laptop: Laptop, version: str) -> ReleaseRecord:
    return laptop.release(f"{PROJECT}/tiny:{version}")


def _first_and_second(laptop: Laptop) -> None:
    """The first is scaled, also by the clock; the second no longer, and its image is scanned."""
    scaled = laptop.model(PROJECT, bias="2.0")
    manifest = scaled / "slipway.toml"
    text, serving = manifest.read_text(), "instance_count = 1\nstartup"
    assert serving in text
    manifest.write_text(text.replace("instance_count = 1\n", SCALED) + AT_NIGHT)
    laptop.deployed(scaled, "1.0.0")
    laptop.push(laptop.model(PROJECT, bias="1.0", gates=SCANNED), "1.1.0")
    release = laptop.reach(_tiny(laptop, "1.1.0"), "awaiting-approval")
    with urllib.request.urlopen(laptop.link(release), timeout=30) as page:
        assert page.status == 200
    assert laptop.decide(release).recorded
    laptop.reach(release, "deployed")


def _refused(laptop: Laptop) -> None:
    directory = ModelDirectory(laptop.model(PROJECT))
    push(build(directory).image, _registry(laptop.workspace, directory), "latest", progress)
    laptop.wait_for(lambda: laptop.mails("refused"), "a refusal")


def _not_accepted_and_rejected(laptop: Laptop) -> None:
    laptop.push(laptop.model(PROJECT, bias="5.0"), "1.2.0")
    laptop.reach(_tiny(laptop, "1.2.0"), "not-accepted")
    laptop.push(laptop.model(PROJECT), "1.3.0")
    release = laptop.reach(_tiny(laptop, "1.3.0"), "awaiting-approval")
    mistaken = approvals.decide(laptop.link(release), decision="rejected", reason="seen", version="3")
    assert mistaken.status == 422
    posted = message_of(laptop.ledger.get_approval(release["release_id"]))
    assert press(laptop, posted, "rejected", reason="seen") == 200
    laptop.reach(release, "rejected")


def _training_fails(laptop: Laptop) -> None:
    model = laptop.model(PROJECT)
    (model / "train").write_text("#!/bin/sh\nexit 3\n")
    laptop.push(model, "1.4.0")
    release = laptop.reach(_tiny(laptop, "1.4.0"), "failed")
    # events come at least once: the second looks whether anybody was told of the first
    detail = {"name": release["release_id"], "executionArn": release["execution_arn"]}
    call(laptop, "record_outcome", {"detail": detail})


def _smoke_fails(laptop: Laptop) -> None:
    """Where something served, it is restored; where nothing did, the endpoint is deleted."""
    model = laptop.model(PROJECT)
    serve = model / "serve"
    serve.write_text(serve.read_text().replace("[prediction for _ in rows]", "1 / 0"))
    laptop.push(model, "1.5.0")
    rows = str(BAD_IMAGES / "rows")
    laptop.slipway("data", "put", "steady-rows:1.0.0", rows, "--project", PROJECT)
    laptop.push(laptop.model(PROJECT, BAD_IMAGES / "serve_fails"), "1.0.0")
    for release in (_tiny(laptop, "1.5.0"), laptop.release(f"{PROJECT}/steady:1.0.0")):
        laptop.reach(release, "awaiting-approval")
        laptop.decide(release)
        assert laptop.reach(release, "failed")["failure"]["step"] == "Smoke"


def _stopped(laptop: Laptop) -> None:
    """While it trains, and while it evaluates."""
    jobs = laptop.aws.client("sagemaker")
    running: dict[str, Callable[[], Any]] = {
        "train": lambda: jobs.list_training_jobs(StatusEquals="InProgress")["TrainingJobSummaries"],
        "evaluate": lambda: jobs.list_processing_jobs(StatusEquals="InProgress")["ProcessingJobSummaries"],
    }
    for minor, (program, found) in enumerate(running.items(), start=20):
        model = laptop.model(PROJECT)
        text = (model / program).read_text()
        slow = text.replace("\nimport csv\n", "\nimport time\n\ntime.sleep(60)\nimport csv\n")
        (model / program).write_text(slow)
        laptop.push(model, f"1.{minor}.0")
        release = _tiny(laptop, f"1.{minor}.0")
        laptop.wait_for(found, f"a job that runs {program}")
        laptop.slipway("release", "stop", release["release_id"])
        laptop.reach(release, "stopped")
        laptop.wait_for(lambda found=found: not found(), f"the end of the job that runs {program}")


def _stopped_while_promoted(laptop: Laptop) -> None:
    laptop.push(laptop.model(PROJECT), "1.7.0")
    release = laptop.reach(_tiny(laptop, "1.7.0"), "awaiting-approval")
    laptop.decide(release)
    laptop.reach(release, "promoting")
    laptop.slipway("release", "stop", release["release_id"])
    laptop.reach(release, "stopped")


def _promoted_by_hand(laptop: Laptop) -> None:
    """A version that served before, and one that never was."""
    record = laptop.ledger.version(PROJECT, "tiny", "1.0.0")
    assert record is not None
    for version in ("1.0.0", "9.9.9"):
        request = {
            "project": PROJECT,
            "model": "tiny",
            "version": version,
            "release_id": record["release_id"],
            "cause": "rollback",
            "actor": "ana@example.com",
            "reason": "1.1.0 is too slow",
        }
        laptop.aws.client("stepfunctions").start_execution(
            stateMachineArn=laptop.workspace.platform()["promote_machine_arn"],
            input=json.dumps({"request": request}),
        )

    def ends() -> dict[str, str]:
        return {one["version"]: one["status"] for one in laptop.ledger.promotions(PROJECT, "tiny")}

    laptop.wait_for(lambda: len(ends()) == 2, "both promotions to be recorded")
    assert ends() == {"1.0.0": "deployed", "9.9.9": "failed"}


def _alarm_rings(laptop: Laptop) -> None:
    """An alarm stands beside the endpoint, rings, is told, and goes with what it was made from."""
    endpoint = f"{laptop.workspace.platform()['resource_prefix']}-{PROJECT}-tiny"
    cloudwatch = laptop.aws.client("cloudwatch")
    described = laptop.aws.client("sagemaker").describe_endpoint(EndpointName=endpoint)
    config = described["EndpointConfigName"]
    of_promotion, standing = names.alarm(endpoint, config, "5xx"), names.standing_alarm(endpoint, "5xx")
    dimensions = {"EndpointName": endpoint, "VariantName": names.VARIANT, "EndpointConfigName": config}
    cloudwatch.put_metric_alarm(
        AlarmName=of_promotion,
        Namespace="AWS/SageMaker",
        MetricName="Invocation5XXErrors",
        Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
        Statistic="Average",
        Period=60,
        EvaluationPeriods=1,
        ComparisonOperator="GreaterThanThreshold",
        Threshold=0.05,
        TreatMissingData="notBreaching",
    )
    event = {"detail": {"EndpointName": endpoint}}
    assert call(laptop, "watch_endpoint", event)["outcome"] == "watched"
    (made,) = cloudwatch.describe_alarms(AlarmNames=[standing])["MetricAlarms"]
    assert "EndpointConfigName" not in {one["Name"] for one in made["Dimensions"]}
    cloudwatch.set_alarm_state(AlarmName=standing, StateValue="ALARM", StateReason="a test")
    laptop.wait_for(lambda: laptop.mails("alarm, too many requests", "team@example.com"), "the alarm's mail")
    cloudwatch.delete_alarms(AlarmNames=[of_promotion])
    call(laptop, "watch_endpoint", event)
    assert not cloudwatch.describe_alarms(AlarmNames=[standing])["MetricAlarms"]
    gone = {"detail": {"EndpointName": f"{endpoint}-gone"}}
    assert call(laptop, "watch_endpoint", gone)["outcome"] == "removed"


def _lost_lineage(laptop: Laptop) -> None:
    """Another version serves, and no event tells lineage of it."""
    record = laptop.ledger.version(PROJECT, "tiny", "1.1.0")
    assert record is not None
    request = {key: record[key] for key in ("project", "model", "version", "release_id")} | {
        "cause": "promote",
        "actor": "ana@example.com",
        "reason": "1.0.0 is too simple",
    }
    with deaf(laptop, "slipway-local-lineage-"):
        laptop.aws.client("stepfunctions").start_execution(
            stateMachineArn=laptop.workspace.platform()["promote_machine_arn"],
            input=json.dumps({"request": request}),
        )
        laptop.wait_for(lambda: len(laptop.ledger.promotions(PROJECT, "tiny")) == 3, "the promotion's record")
    sweep(laptop, "sweep_lineage")


def _lost_push(laptop: Laptop) -> None:
    with deaf(laptop, "ECR Image Action"):
        laptop.push(laptop.model(PROJECT), "1.8.0")
    sweep(laptop, "sweep_pushes")
    release = laptop.reach(_tiny(laptop, "1.8.0"), "awaiting-approval")
    laptop.decide(release, "rejected")
    laptop.reach(release, "rejected")


def _lost_end(laptop: Laptop) -> None:
    model = laptop.model(PROJECT)
    (model / "train").write_text("#!/bin/sh\nexit 4\n")
    with deaf(laptop, "Step Functions Execution Status Change"):
        laptop.push(model, "1.9.0")
        release = _tiny(laptop, "1.9.0")
        client = laptop.aws.client("stepfunctions")
        arn = laptop.wait_for(
            lambda: (laptop.ledger.release(release["release_id"]) or {}).get("execution_arn"), "a start"
        )
        by_hand = _promotion_of_nothing(laptop)
        for one in (arn, by_hand):
            laptop.wait_for(
                lambda one=one: client.describe_execution(executionArn=one)["status"] == "FAILED", "an end"
            )
    sweep(laptop, "sweep_executions")
    laptop.reach(release, "failed")
    assert laptop.ledger.promotion(PROJECT, "tiny", by_hand)["status"] == "failed"


def _promotion_of_nothing(laptop: Laptop) -> str:
    """Somebody promotes a version that is not registered; the execution's ARN."""
    request = {
        "project": PROJECT,
        "model": "tiny",
        "version": "99.0.0",
        "release_id": "0" * 16,
        "cause": "promote",
        "actor": "ana@example.com",
        "reason": "a slip of the pen",
    }
    started = laptop.aws.client("stepfunctions").start_execution(
        stateMachineArn=laptop.workspace.platform()["promote_machine_arn"],
        input=json.dumps({"request": request}),
    )
    return str(started["executionArn"])


def _undelivered(laptop: Laptop) -> None:
    """A decision is recorded, and who recorded it dies before the workflow hears of it."""
    laptop.push(laptop.model(PROJECT), "1.11.0")
    release = laptop.reach(_tiny(laptop, "1.11.0"), "awaiting-approval")
    now = datetime.now(UTC)
    decision = DecisionForm("rejected", "seen").decided("approver@example.com", now)
    assert laptop.ledger.decide_approval(release["release_id"], decision, now_epoch=int(now.timestamp()))
    sweep(laptop, "sweep_approvals")
    laptop.reach(release, "rejected")


def _decided_in_studio(laptop: Laptop) -> None:
    """Somebody rejects the package itself, after a sweep that asked about a changed report."""
    laptop.push(laptop.model(PROJECT), "1.12.0")
    release = laptop.reach(_tiny(laptop, "1.12.0"), "awaiting-approval")
    asked = laptop.ledger.get_approval(release["release_id"])
    assert asked is not None
    reports = S3Reports(laptop.aws.client("s3"))
    reports.write(asked["report_uri"], f"{reports.read(asked['report_uri'])} ")
    sweep(laptop, "sweep_approvals")
    assert laptop.mails("Approval wanted again: " + f"{PROJECT}/tiny 1.12.0")
    version = laptop.ledger.version(PROJECT, "tiny", "1.12.0")
    assert version is not None
    laptop.aws.client("sagemaker").update_model_package(
        ModelPackageArn=version["package_arn"], ModelApprovalStatus="Rejected"
    )
    laptop.reach(release, "rejected")


def _expired(laptop: Laptop) -> None:
    """Nobody waits three days here: the ledger is told that they have passed."""
    laptop.push(laptop.model(PROJECT), "1.10.0")
    release = laptop.reach(_tiny(laptop, "1.10.0"), "awaiting-approval")
    laptop.aws.client("dynamodb").update_item(
        TableName=laptop.workspace.platform()["ledger_table"],
        Key={name: {"S": value} for name, value in approval_key(release["release_id"]).items()},
        UpdateExpression="SET expires_at_epoch = :past",
        ExpressionAttributeValues={":past": {"N": str(int(datetime.now(UTC).timestamp()) - 1)}},
    )
    sweep(laptop, "sweep_approvals")
    laptop.wait_for(lambda: laptop.mails(f"{PROJECT}/tiny 1.10.0: expired"), "the last message")


def _idle(laptop: Laptop) -> None:
    """For a month, by the functions' clock, nobody calls the endpoint: it is told of, then stopped."""
    clock = laptop.aws.home / "clock"
    clock.write_text(str(28 * DAY_SECONDS))
    assert sweep(laptop, "sweep_idle")["warned"]
    clock.write_text(str(32 * DAY_SECONDS))
    assert sweep(laptop, "sweep_idle")["stopped"]
    clock.unlink()
    endpoint = f"{laptop.workspace.platform()['resource_prefix']}-{PROJECT}-tiny"
    laptop.wait_for(
        lambda: (laptop.ledger.endpoint_state(endpoint) or {}).get("status") == "stopped",
        "a stopped endpoint",
    )


def _by_the_clock(laptop: Laptop) -> None:
    """Schedules call the sweeps under a role of their own, once a minute."""
    laptop.wait_for(
        lambda: all(
            laptop.aws.audit(action="lambda:InvokeFunction", principal=role)
            for role in ("UpkeepSweepsRole", "UpkeepHourlyRole", "lineage-SweepsRole", "TelemetryBridgeRole")
        ),
        "all schedules",
        seconds=120,
    )


@contextlib.contextmanager
def deaf(laptop: Laptop, kind: str) -> Iterator[None]:
    """No rule hears events of a kind meanwhile; or no rule of a stack, if ``kind`` begins its name."""
    events = laptop.aws.client("events")
    rules = [
        one["Name"]
        for one in events.list_rules()["Rules"]
        if kind in one.get("EventPattern", "") or one["Name"].startswith(kind)
    ]
    assert rules
    for rule in rules:
        events.disable_rule(Name=rule)
    yield
    for rule in rules:
        events.enable_rule(Name=rule)


def sweep(laptop: Laptop, module: str) -> Any:
    """What a sweep answers when it is called now."""
    return call(laptop, module, {})


def call(laptop: Laptop, module: str, event: dict[str, Any]) -> Any:
    """What one of the platform's functions answers to an event."""
    client = laptop.aws.client("lambda")
    (name,) = [
        one["FunctionName"]
        for page in client.get_paginator("list_functions").paginate()
        for one in page["Functions"]
        if one["Handler"] == f"functions.{module}.handler"
    ]
    answer = client.invoke(FunctionName=name, Payload=json.dumps(event))
    payload = json.load(answer["Payload"])
    assert "FunctionError" not in answer, payload
    return payload
