"""The command line against an embedded AWS of its own, on which a platform's parameter stands."""

from __future__ import annotations

import json
import signal
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.adapters.test_ledger import create_table
from tests.conftest import EmbeddedAws, start_embedded_aws
from workbench.cli.__main__ import main

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PLATFORM = {
    "environment": "local",
    "account": "000000000000",
    "region": "us-east-1",
    "repository_prefix": "models",
    "resource_prefix": "slipway-local",
    "data_bucket": "cli-data",
    "artifact_bucket": "cli-artifacts",
    "ledger_table": "cli-ledger",
    "notice_topic_arn": "arn:aws:sns:us-east-1:000000000000:cli-notices",
    "promote_machine_arn": "arn:aws:states:us-east-1:000000000000:stateMachine:cli-promote",
}
NOTHING = {"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}


@dataclass
class Answer:
    """What a command printed and how it ended."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        return json.loads(self.stdout)


class Slipway:
    """Runs commands in this process."""

    def __init__(self, capfd: pytest.CaptureFixture[str]) -> None:
        self._capfd = capfd

    def __call__(self, *arguments: object) -> Answer:
        self._capfd.readouterr()
        try:
            main([str(argument) for argument in arguments])
            code: Any = 0
        except SystemExit as ended:
            code = ended.code or 0
        out, err = self._capfd.readouterr()
        return Answer(code, out, err)


@pytest.fixture
def slipway(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Slipway:
    """The command, in an empty directory where nothing was started."""
    for name in ("SLIPWAY_ENV", "AWS_PROFILE", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SLIPWAY_HOME", str(tmp_path / "nothing-here"))
    monkeypatch.chdir(tmp_path)
    return Slipway(capfd)


@pytest.fixture(scope="session")
def cli_aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedAws]:
    """An embedded AWS with what the commands look for."""
    aws, process = start_embedded_aws(tmp_path_factory.mktemp("cli-aws"))
    aws.client("s3").create_bucket(Bucket=PLATFORM["data_bucket"])
    create_table(aws.client("dynamodb"), PLATFORM["ledger_table"])
    aws.client("ssm").put_parameter(Name="/slipway/local/platform", Type="String", Value=json.dumps(PLATFORM))
    aws.client("sns").create_topic(Name="cli-notices")
    aws.client("ecr").create_repository(repositoryName="models/homes/rents", imageTagMutability="IMMUTABLE")
    yield aws
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@pytest.fixture
def platform(cli_aws: EmbeddedAws, slipway: Slipway, monkeypatch: pytest.MonkeyPatch) -> EmbeddedAws:
    """The command finds the embedded AWS."""
    monkeypatch.setenv("SLIPWAY_HOME", str(cli_aws.home))
    return cli_aws


@pytest.fixture(scope="session")
def machine(cli_aws: EmbeddedAws) -> None:
    """A state machine of the promote machine's name."""
    trust = {"Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = cli_aws.client("iam").create_role(
        RoleName="cli-promote",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
    )
    cli_aws.client("stepfunctions").create_state_machine(
        name=PLATFORM["promote_machine_arn"].rsplit(":", 1)[1],
        definition=json.dumps(NOTHING),
        roleArn=role["Role"]["Arn"],
    )
