from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from slipway.adapters.sfn_executions import SfnExecutions

if TYPE_CHECKING:
    from collections.abc import Iterator

DEFINITION = json.dumps({"StartAt": "End", "States": {"End": {"Type": "Succeed"}}})


@pytest.fixture
def machine() -> Iterator[Any]:
    with mock_aws():
        client = boto3.client(
            "stepfunctions", region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x"
        )
        arn = client.create_state_machine(
            name="release", definition=DEFINITION, roleArn="arn:aws:iam::123456789012:role/x"
        )["stateMachineArn"]
        yield client, arn


class TestExecutions:
    def test_started_execution_is_described(self, machine: Any) -> None:
        """An execution bears the name and the document that it was started with."""
        client, arn = machine
        executions = SfnExecutions(client)

        started = executions.start(arn, "9f2c", '{"plan": {"release_id": "9f2c"}}')
        execution = executions.describe(started.arn)

        assert execution is not None
        assert (execution.name, execution.machine_arn) == ("9f2c", arn)
        assert execution.document == {"plan": {"release_id": "9f2c"}}
        assert (execution.status, execution.ended, execution.ended_at) == ("RUNNING", False, "")

    def test_those_that_began_since(self, machine: Any) -> None:
        """A listing tells how far each has got; older ones are left out."""
        client, arn = machine
        executions = SfnExecutions(client)
        started = executions.start(arn, "9f2c", "{}")
        client.stop_execution(executionArn=started.arn)
        (found,) = executions.since(arn, datetime(2020, 1, 1, tzinfo=UTC))
        execution = executions.describe(started.arn)

        assert execution is not None
        assert (found.arn, found.name, found.status) == (started.arn, "9f2c", "ABORTED")
        assert (found.started_at, found.ended_at) == (execution.started_at, execution.ended_at)
        assert list(executions.since(arn, datetime(2100, 1, 1, tzinfo=UTC))) == []

    def test_name_that_exists(self, machine: Any) -> None:
        """A name that was used is the execution that bears it, not an error."""
        client, arn = machine
        executions = SfnExecutions(client)
        first = executions.start(arn, "9f2c", "{}")

        again = executions.start(arn, "9f2c", '{"other": 1}')

        assert (again.arn, again.already) == (first.arn, True)

    def test_stopped_execution(self, machine: Any) -> None:
        """A stopped execution has ended, at a time and for a reason."""
        client, arn = machine
        executions = SfnExecutions(client)
        started = executions.start(arn, "9f2c", "{}")
        client.stop_execution(executionArn=started.arn, error="Stopped", cause="wrong data")

        execution = executions.describe(started.arn)

        assert execution is not None
        assert (execution.status, execution.ended) == ("ABORTED", True)
        assert execution.ended_at.endswith("Z")

    def test_unknown_execution(self, machine: Any) -> None:
        """What Step Functions has forgotten is none."""
        client, arn = machine
        unknown = f"{arn.replace('stateMachine', 'execution')}:gone"

        assert SfnExecutions(client).describe(unknown) is None

    def test_redriven_execution(self) -> None:
        """A redriven execution runs again since its redrive."""
        client = boto3.client(
            "stepfunctions", region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x"
        )
        moment = datetime(2026, 11, 22, 4, 30, tzinfo=UTC)
        with Stubber(client) as stub:
            stub.add_response(
                "describe_execution",
                {
                    "executionArn": "arn:aws:states:eu-west-1:1:execution:release:x",
                    "stateMachineArn": "arn:aws:states:eu-west-1:1:stateMachine:release",
                    "name": "x",
                    "status": "RUNNING",
                    "startDate": moment,
                    "redriveDate": moment,
                },
            )
            execution = SfnExecutions(client).describe("arn:aws:states:eu-west-1:1:execution:release:x")

        assert execution is not None
        assert execution.redriven_at == "2026-11-22T04:30:00.000Z"
