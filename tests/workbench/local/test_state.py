"""What was answered is still there after a stop, and after a kill."""

from __future__ import annotations

import asyncio
import json
import signal
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.workbench.local.pushing import Pusher
from workbench.local.journal import Journal
from workbench.local.snapshots import Snapshots
from workbench.local.state import State, is_reading

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class TestJournal:
    def test_entries_come_back_in_order_across_files(self, tmp_path: Path) -> None:
        """
        A snapshot that was begun and not finished leaves two files; both are replayed.
        """
        journal = Journal(tmp_path, "dynamodb")
        journal.add({"n": 1})
        journal.advance()
        journal.add({"n": 2})

        assert [entry["n"] for entry in Journal(tmp_path, "dynamodb").entries(0)] == [1, 2]

    def test_snapshot_forgets_what_it_holds(self, tmp_path: Path) -> None:
        """
        Entries older than the snapshot are never replayed, whether their file is gone or not.
        """
        journal = Journal(tmp_path, "dynamodb")
        journal.add({"n": 1})
        generation = journal.advance()
        journal.add({"n": 2})

        assert [entry["n"] for entry in Journal(tmp_path, "dynamodb").entries(generation)] == [2]
        journal.forget_before(generation)
        assert [entry["n"] for entry in Journal(tmp_path, "dynamodb").entries(0)] == [2]

    def test_torn_line_is_left_out(self, tmp_path: Path) -> None:
        """
        A kill in the middle of a write costs that write alone.
        """
        journal = Journal(tmp_path, "dynamodb")
        journal.add({"n": 1})
        (path,) = tmp_path.iterdir()
        with path.open("a") as file:
            file.write('{"n": ')

        assert [entry["n"] for entry in Journal(tmp_path, "dynamodb").entries(0)] == [1]

    def test_new_entries_go_behind_those_that_were_replayed(self, tmp_path: Path) -> None:
        """
        A server that starts and is killed again keeps both lives' entries.
        """
        first = Journal(tmp_path, "dynamodb")
        first.add({"n": 1})
        second = Journal(tmp_path, "dynamodb")
        list(second.entries(0))
        second.add({"n": 2})

        assert [entry["n"] for entry in Journal(tmp_path, "dynamodb").entries(0)] == [1, 2]


class Holder:
    """A service whose state says how often it was taken."""

    def __init__(self) -> None:
        self.taken = 0

    def get_state(self) -> dict[str, int]:
        self.taken += 1
        return {"taken": self.taken}


class OneService(State):
    """A state of one service."""

    holder = Holder()

    def _loaded(self) -> list[tuple[str, Any]]:
        return [("sqs", self.holder)]


class TestWriting:
    def test_the_event_loop_never_waits_for_a_writer_that_waits_for_it(self, tmp_path: Path) -> None:
        """
        While another thread waits for the loop to take a state, the loop writes its own, and the later state
        is what stays.
        """
        state = OneService(tmp_path, "127.0.0.1:1")

        async def serve() -> None:
            state.start()
            writer = threading.Thread(target=state.flush, args=("sqs",))
            writer.start()
            time.sleep(0.3)  # noqa: ASYNC251 - the loop is busy, so that the writer has to wait for it
            state.write_all()
            await asyncio.to_thread(writer.join)

        served = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
        served.start()
        served.join(20)

        assert not served.is_alive()
        assert Snapshots(tmp_path).read("sqs")["payload"] == {"taken": 2}


class TestSnapshots:
    def test_long_bytes_are_kept_once(self, tmp_path: Path) -> None:
        """
        A layer of megabytes is a file of its own, however many versions name it, and goes with the last.
        """
        snapshots, layer = Snapshots(tmp_path), b"z" * 100_000
        snapshots.write("lambda", {"a": layer, "b": [layer]})

        assert len(list((tmp_path / "blobs").iterdir())) == 1
        assert (tmp_path / "lambda.json").stat().st_size < 1000
        assert Snapshots(tmp_path).read("lambda") == {"a": layer, "b": [layer]}
        snapshots.write("lambda", {})
        snapshots.forget_unused_blobs()
        assert list((tmp_path / "blobs").iterdir()) == []

    def test_state_follows_the_server_to_another_port(self, tmp_path: Path) -> None:
        """
        What names the old address names the new one; longer ports that begin alike are left alone.
        """
        snapshots = Snapshots(tmp_path)
        snapshots.readdress("127.0.0.1:456")
        snapshots.write("ssm", {"url": "http://127.0.0.1:456/x", "other": "127.0.0.1:4566"})
        Snapshots(tmp_path).readdress("127.0.0.1:789")

        assert Snapshots(tmp_path).read("ssm") == {
            "url": "http://127.0.0.1:789/x",
            "other": "127.0.0.1:4566",
        }


class TestReading:
    @pytest.mark.parametrize(
        ("method", "path", "target", "body", "reading"),
        [
            ("POST", "/", "DynamoDB_20120810.Query", b"{}", True),
            ("POST", "/", "DynamoDB_20120810.UpdateItem", b"{}", False),
            ("POST", "/", "", b"Action=ReceiveMessage&QueueUrl=x", False),
            ("POST", "/", "", b"Version=1&Action=ListUsers", True),
            ("PUT", "/bucket/key", "", b"", False),
            ("GET", "/bucket/key", "", b"", True),
            ("POST", "/2015-03-31/functions/f/invocations", "", b"{}", True),
            ("POST", "/2015-03-31/functions", "", b"{}", False),
            ("POST", "/service/GraniteServiceVersion20100801/operation/DescribeAlarms", "", b"", True),
            ("POST", "/service/GraniteServiceVersion20100801/operation/PutMetricAlarm", "", b"", False),
        ],
    )
    def test_only_changing_requests_count(
        self, method: str, path: str, target: str, body: bytes, *, reading: bool
    ) -> None:
        """
        What reads costs no write.
        """
        headers = {"x-amz-target": target} if target else {}

        assert is_reading(method, path, headers, body, {}) is reading


def fill(aws: Any) -> dict[str, Any]:
    """Something in every service that matters; what must be found again."""
    s3, table, key = aws.client("s3"), aws.client("dynamodb"), aws.client("kms")
    s3.create_bucket(Bucket="kept-bucket")
    s3.put_bucket_versioning(Bucket="kept-bucket", VersioningConfiguration={"Status": "Enabled"})
    version = s3.put_object(Bucket="kept-bucket", Key="a/b", Body=b"first")["VersionId"]
    s3.put_object(Bucket="kept-bucket", Key="a/b", Body=b"second")
    aws.client("ssm").put_parameter(Name="/kept", Value="parameter", Type="String")
    queue = aws.client("sqs").create_queue(QueueName="kept")["QueueUrl"]
    aws.client("sqs").send_message(QueueUrl=queue, MessageBody="message")
    topic = aws.client("sns").create_topic(Name="kept")["TopicArn"]
    aws.client("secretsmanager").create_secret(Name="kept", SecretString="secret")
    hmac = key.create_key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")["KeyMetadata"]["KeyId"]
    mac = key.generate_mac(KeyId=hmac, MacAlgorithm="HMAC_SHA_256", Message=b"m")["Mac"]
    aws.client("iam").create_role(RoleName="kept", AssumeRolePolicyDocument='{"Statement": []}')
    aws.client("ecr").create_repository_creation_template(prefix="models", appliedFor=["CREATE_ON_PUSH"])
    table.create_table(
        TableName="kept",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
    )
    aws.client("logs").create_log_group(logGroupName="kept")
    time.sleep(0.4)  # what a kill may cost
    for number in range(50):
        table.put_item(TableName="kept", Item={"pk": {"S": str(number)}, "count": {"N": "1"}})
    for _ in range(20):
        table.update_item(
            TableName="kept",
            Key={"pk": {"S": "0"}},
            UpdateExpression="ADD #c :one",
            ExpressionAttributeNames={"#c": "count"},
            ExpressionAttributeValues={":one": {"N": "1"}},
        )
    logs = aws.client("logs")
    logs.create_log_stream(logGroupName="kept", logStreamName="s")
    logs.put_log_events(
        logGroupName="kept",
        logStreamName="s",
        logEvents=[{"timestamp": int(time.time() * 1000), "message": "line"}],
    )
    s3.put_object(Bucket="kept-bucket", Key="last", Body=b"object")
    alarms = aws.client("cloudwatch")
    for name in ("kept", "gone"):
        alarms.put_metric_alarm(
            AlarmName=name,
            Namespace="kept",
            MetricName="kept",
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanThreshold",
            TreatMissingData="ignore",
        )
    alarms.delete_alarms(AlarmNames=["gone"])
    alarms.set_alarm_state(AlarmName="kept", StateValue="ALARM", StateReason="a test")
    Pusher(aws).image("models/p/kept", "1.0.0", layer=b"layer")
    return {"version": version, "queue": queue, "topic": topic, "key": hmac, "mac": mac}


def check(aws: Any, kept: dict[str, Any]) -> None:
    """It is all there."""
    s3, table = aws.client("s3"), aws.client("dynamodb")
    assert s3.get_object(Bucket="kept-bucket", Key="a/b")["Body"].read() == b"second"
    first = s3.get_object(Bucket="kept-bucket", Key="a/b", VersionId=kept["version"])
    assert first["Body"].read() == b"first"
    assert s3.get_object(Bucket="kept-bucket", Key="last")["Body"].read() == b"object"
    assert s3.get_bucket_versioning(Bucket="kept-bucket")["Status"] == "Enabled"
    assert aws.client("ssm").get_parameter(Name="/kept")["Parameter"]["Value"] == "parameter"
    queue = aws.client("sqs").get_queue_url(QueueName="kept")["QueueUrl"]
    assert aws.client("sqs").receive_message(QueueUrl=queue)["Messages"][0]["Body"] == "message"
    assert aws.client("secretsmanager").get_secret_value(SecretId="kept")["SecretString"] == "secret"
    mac = aws.client("kms").verify_mac(
        KeyId=kept["key"], MacAlgorithm="HMAC_SHA_256", Message=b"m", Mac=kept["mac"]
    )
    assert mac["MacValid"]
    assert aws.client("iam").get_role(RoleName="kept")
    assert aws.client("sns").get_topic_attributes(TopicArn=kept["topic"])
    assert table.scan(TableName="kept", Select="COUNT")["Count"] == 50
    assert table.get_item(TableName="kept", Key={"pk": {"S": "0"}})["Item"]["count"]["N"] == "21"
    events = aws.client("logs").filter_log_events(logGroupName="kept")["events"]
    assert [event["message"] for event in events] == ["line"]
    (alarm,) = aws.client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert (alarm["AlarmName"], alarm["StateValue"]) == ("kept", "ALARM")
    history = aws.client("cloudwatch").describe_alarm_history(AlarmName="kept")["AlarmHistoryItems"]
    assert len([one for one in history if "a test" in one["HistoryData"]]) == 1
    repository = aws.client("ecr").describe_repositories()["repositories"][0]
    assert repository["repositoryUri"] == f"{aws.registry}/models/p/kept"
    image = aws.client("ecr").batch_get_image(
        repositoryName="models/p/kept", imageIds=[{"imageTag": "1.0.0"}]
    )["images"][0]
    layer = json.loads(image["imageManifest"])["layers"][0]["digest"]
    assert Pusher(aws).request("HEAD", f"/v2/models/p/kept/blobs/{layer}")[0] == 200


@pytest.mark.embedded
class TestRestart:
    @pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL], ids=["stopped", "killed"])
    def test_everything_is_there_afterwards(
        self, tmp_path: Path, start_aws: Callable[..., Any], end: signal.Signals
    ) -> None:
        """
        Buckets, objects with versions, items, parameters, messages, keys, roles, images, logs, alarms:
        after an orderly stop and after SIGKILL, twice in a row, at another port too.
        """
        aws, process = start_aws(tmp_path)
        kept = fill(aws)
        process.send_signal(end)
        process.wait(20)
        aws, process = start_aws(tmp_path)
        check(aws, kept)
        process.send_signal(end)
        process.wait(20)
        aws, _ = start_aws(tmp_path)

        assert aws.client("dynamodb").scan(TableName="kept", Select="COUNT")["Count"] == 50
        item = aws.client("dynamodb").get_item(TableName="kept", Key={"pk": {"S": "0"}})["Item"]
        assert item["count"]["N"] == "21"
