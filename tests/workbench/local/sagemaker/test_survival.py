"""What the embedded SageMaker keeps over an end of its server, orderly or not."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.conftest import EmbeddedAws, start_embedded_aws
from tests.workbench.local.sagemaker.conftest import Account, make_account, until

if TYPE_CHECKING:
    from collections.abc import Iterator

SNAPSHOT_SECONDS = 3.0
"""After which the test's own queue and rule survive a kill, too."""

pytestmark = pytest.mark.embedded


class Restarted:
    """A server that is ended and started again on its home."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.aws, self.process = start_embedded_aws(home)

    def again(self, number: int) -> EmbeddedAws:
        """End it by a signal, and start it at the same port."""
        port = int(self.aws.endpoint_url.rpartition(":")[2])
        self.process.send_signal(number)
        self.process.wait(40)
        self.aws, self.process = start_embedded_aws(self.home, port=port)
        return self.aws

    def end(self) -> None:
        """For good."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(40)
        except subprocess.TimeoutExpired:
            self.process.kill()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Restarted]:
    """A server of this test's own."""
    found = Restarted(tmp_path / "home")
    yield found
    found.end()


def processes_below(home: Path) -> list[int]:
    """Processes of this machine whose command line or root lies in a home."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            mounted = (entry / "mountinfo").read_text() + (entry / "environ").read_text()
        except OSError:
            continue
        if str(home) in mounted and "sandbox.py" not in (entry / "cmdline").read_text():
            found.append(int(entry.name))
    return found


class TestSurvival:
    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
    def test_endpoints_serve_again_and_running_jobs_have_failed(self, server: Restarted, number: int) -> None:
        """
        After an end, orderly or not: models, packages and endpoints are there, endpoints answer, jobs
        that ran are Failed with InternalServerError and their event, and no program of the old server
        runs any more. What was to be captured is written after an orderly end.
        """
        account = make_account(server.aws)
        name = account.name("stay")
        capture = {
            "EnableCapture": True,
            "InitialSamplingPercentage": 100,
            "DestinationS3Uri": f"s3://{account.bucket}/capture",
            "CaptureOptions": [{"CaptureMode": "InputAndOutput"}],
        }
        account.config(name, account.model(name, TAG="1"), DataCaptureConfig=capture)
        account.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
        account.settled_endpoint(name)
        job = account.name("t")
        account.sagemaker.create_training_job(**account.training(job, HyperParameters={"sleep": "300"}))
        describe = account.sagemaker.describe_training_job
        until(lambda: describe(TrainingJobName=job), lambda found: found["SecondaryStatus"] == "Training")
        events = self._events(account)
        time.sleep(SNAPSHOT_SECONDS)
        account.invoke(name, InferenceId="last")

        aws = server.again(number)

        again = Account(aws, account.bucket, account.role, account.image)
        failed = again.sagemaker.describe_training_job(TrainingJobName=job)
        assert failed["TrainingJobStatus"] == "Failed"
        assert failed["FailureReason"].startswith("InternalServerError: ")
        assert again.sagemaker.describe_endpoint(EndpointName=name)["EndpointStatus"] == "InService"

        def answered() -> Any:
            try:
                return again.invoke(name)["Body"]["tag"]
            except again.aws.client("sagemaker-runtime").exceptions.ClientError as error:
                return error

        assert until(answered, lambda tag: tag == "1")
        assert again.sagemaker.list_model_packages()["ModelPackageSummaryList"] == []
        assert "Failed" in self._statuses(again, events, job)

    def test_asynchronous_requests_are_answered_after_a_kill(self, server: Restarted) -> None:
        """
        What waited and what was under way when the server was killed is answered by the next one.
        """
        account = make_account(server.aws)
        name = account.endpoint("later", account.asynchronous(), DELAY="1")
        answers = [account.invoke_async(name, [number]) for number in range(6)]

        aws = server.again(signal.SIGKILL)

        again = Account(aws, account.bucket, account.role, account.image)
        found = [again.result(answer["OutputLocation"])["scaled"] for answer in answers]
        assert found == [[2.0 * number] for number in range(6)]

    def test_a_change_that_is_asked_for_before_endpoints_serve_again_is_made(self, server: Restarted) -> None:
        """
        The server takes requests as soon as it is there; an update that comes first waits for its fleet.
        """
        account = make_account(server.aws)
        names = [account.endpoint(f"soon{number}") for number in range(3)]
        new = account.config(account.name("new"), account.model(account.name("m"), TAG="2"))

        again = Account(server.again(signal.SIGKILL), account.bucket, account.role, account.image)
        for name in names:
            again.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=new)

        for name in names:
            assert again.settled_endpoint(name)["EndpointConfigName"] == new
            assert until(lambda name=name: again.invoke(name)["Body"]["tag"], lambda tag: tag == "2") == "2"

    @staticmethod
    def _events(account: Account) -> str:
        """A queue that gets every state change of training jobs; its URL."""
        sqs, events = account.aws.client("sqs"), account.aws.client("events")
        url: str = sqs.create_queue(QueueName=account.name("q"))["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        policy = {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "events.amazonaws.com"},
                    "Action": "sqs:SendMessage",
                    "Resource": arn,
                }
            ],
        }
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
        rule = {"source": ["aws.sagemaker"], "detail-type": ["SageMaker Training Job State Change"]}
        events.put_rule(Name="jobs", EventPattern=json.dumps(rule))
        events.put_targets(Rule="jobs", Targets=[{"Id": "q", "Arn": arn}])
        return url

    @staticmethod
    def _statuses(account: Account, url: str, job: str) -> list[str]:
        """The states that the queue's events tell of a job."""
        found: list[str] = []

        def more() -> list[str]:
            answer = account.aws.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10)
            for message in answer.get("Messages", []):
                detail = json.loads(message["Body"])["detail"]
                if detail["TrainingJobName"] == job:
                    found.append(detail["TrainingJobStatus"])
            return found

        return list(until(more, lambda statuses: "Failed" in statuses, 10))

    def test_no_program_outlives_a_killed_server(self, server: Restarted) -> None:
        """
        Kill -9 of the server ends every serving process and job at once.
        """
        account = make_account(server.aws)
        account.endpoint("orphan")
        assert processes_below(server.home)

        server.process.kill()
        server.process.wait()

        assert until(lambda: processes_below(server.home), lambda found: found == [], 5) == []

    def test_updates_go_on_after_a_kill_wherever_they_were(self, server: Restarted) -> None:
        """
        Kill -9 while the new fleet starts, while the canary is watched, while the old fleet is drained,
        while one is rolled back, and after a rollback failed: the update goes on at its stage, or stays
        done, or stays undone, or both fleets serve on.
        """
        account = make_account(server.aws)
        alarm = account.name("alarm")
        cloudwatch = account.aws.client("cloudwatch")
        ringing = {"AlarmName": alarm, "StateValue": "ALARM", "StateReason": "as the test wants it"}
        starting = self._updated(account, "starting", {}, {"NEVER": "1"}, at_once(alarm))
        canary = self._updated(account, "canary", {}, {}, {"BlueGreenUpdatePolicy": CANARY}, count=2)
        draining = self._updated(account, "draining", {"DELAY": "20"}, {}, at_once(), asked=True)
        undone = self._updated(
            account, "undone", {}, {"DELAY": "20"}, at_once(account.name("other"), wait=3600)
        )
        stuck = self._updated(
            account,
            "stuck",
            {},
            {},
            at_once(account.name("third")) | {"BlueGreenUpdatePolicy": CANARY},
            count=2,
        )
        account.aws.post("faults", kind="rollback-fails", endpoint=stuck)
        self._stage(account, starting, "Creating")
        self._stage(account, canary, "Baking")
        self._stage(account, stuck, "Baking")
        cloudwatch.set_alarm_state(**ringing | {"AlarmName": self._alarm_of(account, stuck)})
        until(lambda: self._status(account, stuck), lambda status: status == "UpdateRollbackFailed")
        self._stage(account, draining, "Deleting")
        self._stage(account, undone, "Baking")
        ask(account, undone)
        cloudwatch.set_alarm_state(**ringing | {"AlarmName": self._alarm_of(account, undone)})
        self._stage(account, undone, "Deleting")
        time.sleep(SNAPSHOT_SECONDS)

        again = Account(server.again(signal.SIGKILL), account.bucket, account.role, account.image)

        def tags(name: str, count: int) -> set[str]:
            return {again.invoke(name)["Body"]["tag"] for _ in range(count)}

        assert self._settled(again, draining) == ("InService", f"{draining}-2")
        assert self._settled(again, undone) == ("InService", undone)
        assert tags(undone, 3) == {"1"}
        self._await_answers(again, stuck)
        assert self._status(again, stuck) == "UpdateRollbackFailed"
        assert until(lambda: tags(stuck, 20), lambda found: len(found) > 1) == {"1", "2"}
        self._stage(again, canary, "Baking")
        assert tags(canary, 30) == {"1", "2"}
        self._stage(again, starting, "Creating")
        again.aws.client("cloudwatch").set_alarm_state(**ringing)
        assert self._settled(again, starting) == ("InService", starting)
        again.aws.post("speed", speed=3600)
        assert self._settled(again, canary) == ("InService", f"{canary}-2")
        assert tags(canary, 5) == {"2"}

    @staticmethod
    def _updated(
        account: Account,
        stem: str,
        old: dict[str, str],
        new: dict[str, str],
        deployment: dict[str, Any],
        *,
        count: int = 1,
        asked: bool = False,
    ) -> str:
        """An endpoint whose update from model "1" to model "2" has begun; its name."""
        name = account.name(stem)
        account.config(name, account.model(name, TAG="1", **old), count=count)
        account.config(f"{name}-2", account.model(f"{name}-2", TAG="2", **new), count=count)
        account.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
        account.settled_endpoint(name)
        if asked:
            ask(account, name)
        for entry in deployment.get("AutoRollbackConfiguration", {}).get("Alarms", []):
            account.aws.client("cloudwatch").put_metric_alarm(
                AlarmName=entry["AlarmName"],
                MetricName="Never",
                Namespace="Test",
                Statistic="Sum",
                Period=60,
                EvaluationPeriods=1,
                Threshold=1,
                ComparisonOperator="GreaterThanThreshold",
                TreatMissingData="ignore",
            )
        account.sagemaker.update_endpoint(
            EndpointName=name, EndpointConfigName=f"{name}-2", DeploymentConfig=deployment
        )
        return name

    @staticmethod
    def _alarm_of(account: Account, name: str) -> str:
        described = account.sagemaker.describe_endpoint(EndpointName=name)
        (alarm,) = described["LastDeploymentConfig"]["AutoRollbackConfiguration"]["Alarms"]
        return str(alarm["AlarmName"])

    @staticmethod
    def _status(account: Account, name: str) -> str:
        return str(account.sagemaker.describe_endpoint(EndpointName=name)["EndpointStatus"])

    @staticmethod
    def _stage(account: Account, name: str, status: str) -> None:
        """Wait until the deployment is so far."""

        def pending() -> list[str]:
            described = account.sagemaker.describe_endpoint(EndpointName=name)
            variants = described.get("PendingDeploymentSummary", {}).get("ProductionVariants", [])
            return [variant["VariantStatus"][0]["Status"] for variant in variants]

        until(pending, lambda found: found == [status])

    @staticmethod
    def _await_answers(account: Account, name: str) -> None:
        """Wait until the endpoint answers again."""

        def answers() -> bool:
            try:
                return bool(account.invoke(name)["Body"]["tag"])
            except account.aws.client("sagemaker-runtime").exceptions.ClientError:
                return False

        until(answers, bool)

    def _settled(self, account: Account, name: str) -> tuple[str, str]:
        """Status and configuration, once the endpoint answers again and nothing changes."""
        self._await_answers(account, name)
        found = account.settled_endpoint(name)
        return found["EndpointStatus"], found["EndpointConfigName"]


CANARY = {
    "TrafficRoutingConfiguration": {
        "Type": "CANARY",
        "CanarySize": {"Type": "INSTANCE_COUNT", "Value": 1},
        "WaitIntervalInSeconds": 1800,
    },
    "TerminationWaitInSeconds": 600,
}


def at_once(*alarms: str, wait: int = 0) -> dict[str, Any]:
    """A DeploymentConfig without steps, rolled back by alarms."""
    routing = {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0}
    policy = {"TrafficRoutingConfiguration": routing, "TerminationWaitInSeconds": wait}
    rollback = {"AutoRollbackConfiguration": {"Alarms": [{"AlarmName": name} for name in alarms]}}
    return {"BlueGreenUpdatePolicy": policy} | (rollback if alarms else {})


def ask(account: Account, name: str) -> None:
    """A request that nobody waits for."""

    def invoke() -> None:
        with contextlib.suppress(Exception):
            account.aws.client("sagemaker-runtime").invoke_endpoint(EndpointName=name, Body=b"[1]")

    threading.Thread(target=invoke, daemon=True).start()
    time.sleep(0.3)
