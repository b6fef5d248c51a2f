"""Rules and schedules deliver with permission, and bury what they can't deliver."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.workbench.local.functions import Workshop

if TYPE_CHECKING:
    from tests.conftest import EmbeddedAws

EVENTS = "events.amazonaws.com"


@pytest.fixture(scope="module")
def workshop(embedded_aws: EmbeddedAws) -> Workshop:
    return Workshop(embedded_aws, "targets")


def rule(workshop: Workshop, name: str, target: dict[str, Any]) -> str:
    """A rule for the source ``test.<name>``; its ARN."""
    events = workshop.aws.client("events")
    pattern = json.dumps({"source": [f"test.{name}"]})
    arn = events.put_rule(Name=f"{workshop.prefix}-{name}", EventPattern=pattern)["RuleArn"]
    answer = events.put_targets(Rule=f"{workshop.prefix}-{name}", Targets=[{"Id": "t", **target}])
    assert answer["FailedEntryCount"] == 0
    return str(arn)


def send(workshop: Workshop, name: str, **detail: Any) -> None:
    workshop.aws.client("events").put_events(
        Entries=[{"Source": f"test.{name}", "DetailType": "Test", "Detail": json.dumps(detail)}]
    )


@pytest.mark.embedded
class TestRule:
    def test_function_is_called_once_it_lets_the_rule(self, workshop: Workshop) -> None:
        """
        Without a permission nothing is called and the event is a dead letter; with it, it is delivered.
        """
        function, seen = workshop.recorder("called")
        letters, letters_arn = workshop.queue("letters", EVENTS)
        arn = rule(workshop, "called", {"Arn": function, "DeadLetterConfig": {"Arn": letters_arn}})
        send(workshop, "called", n=1)
        (letter,) = workshop.messages(letters)
        workshop.aws.client("lambda").add_permission(
            FunctionName=function,
            StatementId="rule",
            Action="lambda:InvokeFunction",
            Principal=EVENTS,
            SourceArn=arn,
        )
        send(workshop, "called", n=2)
        (message,) = workshop.messages(seen)

        assert letter["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "NO_PERMISSIONS"
        assert letter["MessageAttributes"]["RULE_ARN"]["StringValue"] == arn
        assert json.loads(letter["Body"])["detail"] == {"n": 1}
        assert json.loads(message["Body"])["detail"] == {"n": 2}

    def test_queue_needs_a_policy_that_names_the_service(self, workshop: Workshop) -> None:
        """
        A queue without a policy gets nothing from a rule.
        """
        closed, closed_arn = workshop.queue("closed")
        opened, opened_arn = workshop.queue("opened", EVENTS)
        rule(workshop, "closed", {"Arn": closed_arn})
        rule(workshop, "opened", {"Arn": opened_arn})
        send(workshop, "closed")
        send(workshop, "opened")

        assert len(workshop.messages(opened)) == 1
        assert workshop.messages(closed, seconds=0.5) == []

    def test_machine_is_started_under_the_targets_role(self, workshop: Workshop) -> None:
        """
        A role without states:StartExecution starts nothing.
        """
        machine_role = workshop.role("machine", "states.amazonaws.com")
        machine = workshop.aws.client("stepfunctions").create_state_machine(
            name="targets-machine",
            roleArn=machine_role,
            definition=json.dumps({"StartAt": "P", "States": {"P": {"Type": "Succeed"}}}),
        )["stateMachineArn"]
        letters, letters_arn = workshop.queue("machine-letters", EVENTS)
        refused = workshop.role("refused", EVENTS)
        allowed = workshop.role("allowed", EVENTS, ("states:StartExecution", machine))
        rule(
            workshop,
            "refused",
            {"Arn": machine, "RoleArn": refused, "DeadLetterConfig": {"Arn": letters_arn}},
        )
        rule(workshop, "allowed", {"Arn": machine, "RoleArn": allowed})
        send(workshop, "refused")
        send(workshop, "allowed")

        assert len(workshop.messages(letters)) == 1
        executions = workshop.aws.client("stepfunctions").list_executions(stateMachineArn=machine)
        assert len(executions["executions"]) == 1
        asked = workshop.aws.audit(principal="targets-allowed", action="states:StartExecution")
        assert [decision["decision"] for decision in asked] == ["Allow"]

    def test_failing_function_is_retried_and_then_told(self, workshop: Workshop) -> None:
        """
        An asynchronous invocation has two more tries and a destination for what failed.
        """
        failed, failed_arn = workshop.queue("failed")
        function, seen = workshop.recorder("failing")
        client = workshop.aws.client("lambda")
        client.put_function_event_invoke_config(
            FunctionName=function,
            MaximumRetryAttempts=1,
            DestinationConfig={"OnFailure": {"Destination": failed_arn}},
        )
        client.invoke(FunctionName=function, InvocationType="Event", Payload=b'{"fail": true}')

        assert len(workshop.messages(seen, count=2)) == 2
        (letter,) = workshop.messages(failed)
        body = json.loads(letter["Body"])
        assert body["requestPayload"] == {"fail": True}
        assert body["responsePayload"]["errorType"] == "RuntimeError"


@pytest.mark.embedded
class TestSchedule:
    def test_schedule_fires_under_its_role_with_its_input(self, workshop: Workshop) -> None:
        """
        A one-time schedule whose moment is past calls its function with its own input.
        """
        function, seen = workshop.recorder("scheduled")
        role = workshop.role("scheduler", "scheduler.amazonaws.com", ("lambda:InvokeFunction", function))
        workshop.aws.client("scheduler").create_schedule(
            Name="targets-once",
            ScheduleExpression="at(2026-01-01T00:00:00)",
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={"Arn": function, "RoleArn": role, "Input": '{"cause": "sweep"}'},
        )
        (message,) = workshop.messages(seen, seconds=15)

        assert json.loads(message["Body"]) == {"cause": "sweep"}
        assert workshop.aws.audit(principal="targets-scheduler", decision="Allow")
