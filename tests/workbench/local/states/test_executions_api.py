"""Starting, listing, looking at and stopping executions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from conftest import Machines

PASS: dict[str, Any] = {"Type": "Pass", "End": True}
WAIT: dict[str, Any] = {"Type": "Wait", "Seconds": 120, "End": True}


def refusal(call: Any, **arguments: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as error:
        call(**arguments)
    said = error.value.response["Error"]
    return said["Code"], said["Message"]


class TestStart:
    def test_same_name_and_input_while_running_is_the_same(self, machines: Machines) -> None:
        """
        A thousand deliveries of one event start one execution.
        """
        machine = machines.create({"StartAt": "A", "States": {"A": WAIT}})
        first = machines.states.start_execution(stateMachineArn=machine, name="e", input='{"a":1}')
        again = machines.states.start_execution(stateMachineArn=machine, name="e", input='{"a":1}')
        assert (first["executionArn"], first["startDate"]) == (again["executionArn"], again["startDate"])
        other = refusal(machines.states.start_execution, stateMachineArn=machine, name="e", input="{}")
        assert other[0] == "ExecutionAlreadyExists"
        machines.states.stop_execution(executionArn=first["executionArn"])
        closed = refusal(machines.states.start_execution, stateMachineArn=machine, name="e", input='{"a":1}')
        assert closed[0] == "ExecutionAlreadyExists"

    def test_what_can_not_start_is_refused(self, machines: Machines) -> None:
        """
        Names with colons, inputs that are no JSON or above 256 KiB, machines that are none.
        """
        machine = machines.create({"StartAt": "A", "States": {"A": PASS}})
        start = machines.states.start_execution
        assert refusal(start, stateMachineArn=machine, name="a:b")[0] == "InvalidName"
        assert refusal(start, stateMachineArn=machine, input="{")[0] == "InvalidExecutionInput"
        assert (
            refusal(start, stateMachineArn=machine, input=json.dumps("x" * 262144))[0]
            == "InvalidExecutionInput"
        )
        assert refusal(start, stateMachineArn=machine + "x")[0] == "StateMachineDoesNotExist"

    def test_a_running_execution_keeps_its_definition(self, machines: Machines) -> None:
        """
        UpdateStateMachine concerns what starts after it.
        """
        wait = {"Type": "Wait", "Seconds": 1, "Next": "B"}
        old, new = (
            {"A": wait, "B": {"Type": "Pass", "Output": text, "End": True}} for text in ("old", "new")
        )
        machine = machines.create({"StartAt": "A", "States": old})
        before = machines.start(machine)
        definition = {"QueryLanguage": "JSONata", "StartAt": "A", "States": new}
        machines.states.update_state_machine(stateMachineArn=machine, definition=json.dumps(definition))
        after = machines.start(machine)
        assert [machines.wait(each)["output"] for each in (before, after)] == ["old", "new"]
        shown = machines.states.describe_state_machine_for_execution(executionArn=before)["definition"]
        assert json.loads(shown)["States"] == old


class TestOtherWaysIn:
    def test_a_rule_starts_a_machine(self, machines: Machines) -> None:
        """
        EventBridge hands the event to a new execution of its target, at once.
        """
        machine = machines.create({"StartAt": "A", "States": {"A": PASS}})
        events = machines.server.client("events")
        events.put_rule(Name="starts", EventPattern=json.dumps({"source": ["starter"]}))
        target = {"Id": "m", "Arn": machine, "RoleArn": machines.role("states:StartExecution")}
        events.put_targets(Rule="starts", Targets=[target])
        events.put_events(Entries=[{"Source": "starter", "DetailType": "T", "Detail": '{"a": 1}'}])
        found: list[dict[str, Any]] = []
        while not found:
            found = machines.states.list_executions(stateMachineArn=machine)["executions"]
        assert machines.wait(found[0]["executionArn"])["output"]["detail"] == {"a": 1}

    def test_an_express_machine_answers_with_its_output(self, machines: Machines) -> None:
        """
        StartSyncExecution waits for the end.
        """
        definition = {"QueryLanguage": "JSONata", "StartAt": "A", "States": {"A": PASS}}
        machine = machines.states.create_state_machine(
            name="express", definition=json.dumps(definition), roleArn=machines.role(), type="EXPRESS"
        )["stateMachineArn"]
        config = Config(inject_host_prefix=False)
        client = boto3.client(
            "stepfunctions",
            endpoint_url=f"http://127.0.0.1:{machines.server.port}",
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=config,
        )
        found = client.start_sync_execution(stateMachineArn=machine, input='{"a": 1}')
        assert (found["status"], found["output"]) == ("SUCCEEDED", '{"a":1}')

    def test_a_deleted_machine_takes_its_executions_along(self, machines: Machines) -> None:
        """
        The same names can be used again under a new machine of the same name.
        """
        for _ in range(2):
            machine = machines.create({"StartAt": "A", "States": {"A": WAIT}}, name="twice")
            execution = machines.start(machine, name="e")
            machines.states.delete_state_machine(stateMachineArn=machine)
            assert (
                refusal(machines.states.describe_execution, executionArn=execution)[0]
                == "ExecutionDoesNotExist"
            )


class TestLists:
    def test_pages_the_newest_first(self, machines: Machines) -> None:
        """
        Pages do not repeat or lose executions; the filter takes a status.
        """
        machine = machines.create({"StartAt": "A", "States": {"A": PASS}})
        started = [machines.start(machine, name=f"e{n}") for n in range(5)]
        for each in started:
            machines.wait(each)
        pages = list(
            machines.states.get_paginator("list_executions").paginate(
                stateMachineArn=machine, PaginationConfig={"PageSize": 2}
            )
        )
        names = [each["name"] for page in pages for each in page["executions"]]
        assert names == ["e4", "e3", "e2", "e1", "e0"]
        assert [len(page["executions"]) for page in pages] == [2, 2, 1]
        running = machines.states.list_executions(stateMachineArn=machine, statusFilter="RUNNING")
        assert running["executions"] == []

    def test_history_in_pages_and_backwards(self, machines: Machines) -> None:
        """
        ReverseOrder begins with the last event; without data the documents are left out.
        """
        execution = machines.run({"A": PASS}, {"a": 1})["executionArn"]
        page = machines.states.get_execution_history(executionArn=execution, maxResults=3, reverseOrder=True)
        rest = machines.states.get_execution_history(
            executionArn=execution, maxResults=3, reverseOrder=True, nextToken=page["nextToken"]
        )
        assert [event["id"] for event in page["events"] + rest["events"]] == [4, 3, 2, 1]
        bare = machines.states.get_execution_history(executionArn=execution, includeExecutionData=False)
        assert "input" not in bare["events"][0]["executionStartedEventDetails"]
        wrong = refusal(machines.states.get_execution_history, executionArn=execution, nextToken="x")
        assert wrong[0] == "InvalidToken"

    def test_history_is_there_while_it_runs(self, machines: Machines) -> None:
        """
        A running execution shows what it has done so far.
        """
        execution = machines.start(machines.create({"StartAt": "A", "States": {"A": WAIT}}))
        machines.until(execution, "WaitStateEntered")
        assert machines.states.describe_execution(executionArn=execution)["status"] == "RUNNING"
        machines.states.stop_execution(executionArn=execution)
        assert machines.types(execution)[-1] == "ExecutionAborted"

    def test_unknown_executions_are_named(self, machines: Machines) -> None:
        """
        ExecutionDoesNotExist with the ARN that was asked for.
        """
        arn = "arn:aws:states:us-east-1:000000000000:execution:m:none"
        for call in ("describe_execution", "get_execution_history", "stop_execution", "redrive_execution"):
            code, message = refusal(getattr(machines.states, call), executionArn=arn)
            assert code == "ExecutionDoesNotExist"
            assert arn in message


class TestDefinitions:
    @pytest.mark.parametrize(
        ("states", "words"),
        [
            (
                {"A": {"Type": "Pass", "Next": "B"}},
                "Next names 'B', which is no state here at /States/A/Next",
            ),
            ({"A": {"Type": "Pass"}}, "Exactly one of Next and End is needed at /States/A"),
            ({"A": PASS, "B": PASS}, "State 'B' is not reachable"),
            ({"A": {**PASS, "Output": "{% $states.( %}"}}, "INVALID_JSONATA_EXPRESSION"),
            (
                {"A": {**PASS, "Parameters": {}}},
                "Parameters is not for states whose QueryLanguage is JSONata",
            ),
            (
                {"A": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke.sync", "End": True}},
                "does not support .sync",
            ),
            ({"A": {**PASS, "Result": 1}}, "Result is not for states whose QueryLanguage is JSONata"),
            ({"A": {**PASS, "Resultt": 1}}, "A Pass state has no field 'Resultt'"),
            ({"A": {"Type": "Nap", "End": True}}, "Type must be one of"),
        ],
    )
    def test_what_can_not_run_is_refused(
        self, machines: Machines, states: dict[str, Any], words: str
    ) -> None:
        """
        InvalidDefinition names every fault and its place, at creation and at update; validation lists them.
        """
        text = json.dumps({"QueryLanguage": "JSONata", "StartAt": "A", "States": states})
        role = machines.role()
        code, message = refusal(
            machines.states.create_state_machine, name="bad", definition=text, roleArn=role
        )
        assert code == "InvalidDefinition"
        assert words in message
        good = machines.create({"StartAt": "A", "States": {"A": PASS}})
        code, _ = refusal(machines.states.update_state_machine, stateMachineArn=good, definition=text)
        assert code == "InvalidDefinition"
        found = machines.states.validate_state_machine_definition(definition=text)
        assert found["result"] == "FAIL"
        assert found["diagnostics"][0]["severity"] == "ERROR"


class TestAnnouncements:
    def test_every_status_is_an_event(self, machines: Machines) -> None:
        """
        RUNNING and then the end, from aws.states, with input, output, error and cause.
        """
        machine = machines.create(
            {"StartAt": "A", "States": {"A": {"Type": "Fail", "Error": "E", "Cause": "c"}}}
        )
        queue = machines.subscribed(machine)
        execution = machines.start(machine, {"a": 1})
        running, failed = machines.message(queue), machines.message(queue)
        assert (running["detail-type"], running["source"]) == (
            "Step Functions Execution Status Change",
            "aws.states",
        )
        assert running["resources"] == [execution]
        assert (running["detail"]["status"], failed["detail"]["status"]) == ("RUNNING", "FAILED")
        assert failed["detail"]["input"] == '{"a": 1}'
        assert (failed["detail"]["error"], failed["detail"]["cause"]) == ("E", "c")
        assert failed["detail"]["redriveStatus"] == "REDRIVABLE"
        assert failed["detail"]["stopDate"] >= failed["detail"]["startDate"]

    def test_executions_are_counted(self, machines: Machines) -> None:
        """
        AWS/States holds started and succeeded executions and their time by machine.
        """
        found = machines.run({"A": PASS})
        metrics = machines.server.client("cloudwatch").list_metrics(
            Namespace="AWS/States",
            Dimensions=[{"Name": "StateMachineArn", "Value": found["stateMachineArn"]}],
        )["Metrics"]
        names = {each["MetricName"] for each in metrics}
        assert names == {"ExecutionsStarted", "ExecutionsSucceeded", "ExecutionTime"}
