"""``up``, ``status``, ``inbox``, ``logs`` and ``down``: the embedded AWS from the command line."""

from __future__ import annotations

import json
import socket
import time
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from click.testing import CliRunner

from workbench.cli import down, frame, inbox, local, logs, status, up

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import click


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SLIPWAY_HOME", str(tmp_path / "home"))
    for name in ("AWS_PROFILE", "AWS_REGION", "SLIPWAY_ENV"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "home"


def run(command: click.Command, *arguments: str) -> Any:
    """The JSON that a command prints."""
    result = CliRunner().invoke(command, [*arguments, "--json"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


class TestNothingRuns:
    @pytest.mark.parametrize("command", [status.command, inbox.command, logs.command])
    def test_command_says_how_to_start_it(self, home: Path, command: click.Command) -> None:
        """
        Exit code 4 and `slipway up` as the hint.
        """
        with pytest.raises(frame.Refusal) as refused:
            CliRunner().invoke(command, [], catch_exceptions=False)

        assert refused.value.exit_code == frame.EXIT_UNREACHABLE
        assert "slipway up" in refused.value.hint

    def test_down_is_content(self, home: Path) -> None:
        """
        Stopping what does not run is no failure.
        """
        assert run(down.command)["stopped"] is False


@pytest.mark.embedded
class TestServer:
    @pytest.fixture
    def server(self, home: Path) -> Iterator[dict[str, Any]]:
        document = run(up.command, "--no-deploy", "--port", str(free_port()))
        yield document
        CliRunner().invoke(down.command, ["--kill"])

    def client(self, document: dict[str, Any], service: str) -> Any:
        variables = document["environment_variables"]
        return boto3.client(
            service,
            endpoint_url=variables["AWS_ENDPOINT_URL"],
            aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
            region_name=variables["AWS_DEFAULT_REGION"],
        )

    def test_what_up_prints_is_enough_to_work_with_it(self, server: dict[str, Any], home: Path) -> None:
        """
        The variables point boto3 at it; the principal is the one that up names; state is in the home.
        """
        identity = self.client(server, "sts").get_caller_identity()

        assert identity["Arn"] == server["principal"]
        assert server["home"] == str(home)
        assert run(status.command)["server"]["pid"] == server["pid"]

    def test_speed_of_waiting_times_is_set_and_told(self, server: dict[str, Any]) -> None:
        """
        `slipway local speed` sets how fast SageMaker's waits pass; up and status say so.
        """
        assert server["speed"] == 1
        assert run(local.group, "speed", "60") == {"speed": 60.0}

        assert run(local.group, "speed") == {"speed": 60.0}
        assert run(status.command)["server"]["speed"] == 60
        told = CliRunner().invoke(up.command, ["--no-deploy"]).stdout
        assert "SageMaker's waiting times pass 60 times faster" in told
        told = CliRunner().invoke(local.group, ["speed", "300"]).stdout
        assert "alarms keep up to 120 times only" in " ".join(told.split())
        assert run(up.command, "--no-deploy", "--speed", "1")["speed"] == 1

    def test_mail_and_logs_are_shown(self, server: dict[str, Any]) -> None:
        """
        A published message is in the inbox, a logged line in the logs.
        """
        sns = self.client(server, "sns")
        topic = sns.create_topic(Name="t")["TopicArn"]
        sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="ann@example.com")
        sns.publish(TopicArn=topic, Subject="hello", Message="text")
        log = self.client(server, "logs")
        log.create_log_group(logGroupName="/aws/lambda/slipway-local-thing")
        log.create_log_stream(logGroupName="/aws/lambda/slipway-local-thing", logStreamName="s")
        events = [{"timestamp": int(time.time() * 1000), "message": "one line"}]
        log.put_log_events(
            logGroupName="/aws/lambda/slipway-local-thing", logStreamName="s", logEvents=events
        )

        assert run(inbox.command, "--subject", "hello")[0]["body"] == "text"
        assert [event["message"] for event in run(logs.command, "thing")] == ["one line"]
        assert [group["group"] for group in run(logs.command)] == ["/aws/lambda/slipway-local-thing"]
        with pytest.raises(frame.Refusal) as refused:
            CliRunner().invoke(logs.command, ["nothing-like-it"], catch_exceptions=False)
        assert refused.value.exit_code == frame.EXIT_NOT_FOUND

    def test_state_stays_until_it_is_asked_to_start_over(self, server: dict[str, Any], home: Path) -> None:
        """
        A killed server comes back with its buckets; ``--fresh`` forgets them.
        """
        self.client(server, "s3").create_bucket(Bucket="stays-here")
        time.sleep(0.4)
        run(down.command, "--kill")
        again = run(up.command, "--no-deploy", "--port", str(free_port()))
        assert [b["Name"] for b in self.client(again, "s3").list_buckets()["Buckets"]] == ["stays-here"]
        fresh = run(up.command, "--no-deploy", "--fresh", "--port", str(free_port()))

        assert self.client(fresh, "s3").list_buckets()["Buckets"] == []
