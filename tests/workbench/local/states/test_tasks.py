"""Tasks are real calls under the machine's role, and fail with the errors' names of AWS."""

from __future__ import annotations

import io
import json
import time
import uuid
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Machines

HANDLER = """
class OutOfStockError(Exception):
    pass

def handler(event, context):
    if event.get("raise"):
        raise OutOfStockError("none left")
    return {"got": event}
"""


@pytest.fixture(scope="module")
def function(machines: Machines) -> str:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as files:
        files.writestr("app.py", HANDLER)
    name = f"f-{uuid.uuid4().hex[:8]}"
    machines.server.client("lambda").create_function(
        FunctionName=name,
        Runtime="python3.11",
        Handler="app.handler",
        Role=machines.role("logs:*"),
        Code={"ZipFile": archive.getvalue()},
        Timeout=20,
    )
    return name


@pytest.fixture(scope="module")
def table(machines: Machines) -> str:
    name = f"t-{uuid.uuid4().hex[:8]}"
    machines.server.client("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return name


def task(resource: str, arguments: Any, **more: Any) -> dict[str, Any]:
    return {
        "Type": "Task",
        "Resource": f"arn:aws:states:::{resource}",
        "Arguments": arguments,
        "End": True,
        **more,
    }


class TestLambda:
    def test_the_answer_stands_under_payload(self, machines: Machines, function: str) -> None:
        """
        lambda:invoke gives Payload parsed, and the state merges what it wants of it.
        """
        state = task(
            "lambda:invoke",
            {"FunctionName": function, "Payload": "{% $states.input %}"},
            Output="{% $states.result.Payload %}",
        )
        assert machines.run({"A": state}, {"x": [1]}, "lambda:InvokeFunction")["output"] == {
            "got": {"x": [1]}
        }

    def test_a_handlers_exception_keeps_its_type(self, machines: Machines, function: str) -> None:
        """
        ErrorEquals matches the class's name; the cause is the JSON that Lambda answers.
        """
        state = task("lambda:invoke", {"FunctionName": function, "Payload": {"raise": True}})
        found = machines.run({"A": state}, None, "lambda:InvokeFunction")
        assert found["error"] == "OutOfStockError"
        assert json.loads(found["cause"])["errorMessage"] == "none left"

    def test_a_missing_function_is_lambdas_own_error(self, machines: Machines) -> None:
        """
        Lambda.ResourceNotFoundException, as AWS names it.
        """
        found = machines.run(
            {"A": task("lambda:invoke", {"FunctionName": "nope"})}, None, "lambda:InvokeFunction"
        )
        assert found["error"] == "Lambda.ResourceNotFoundException"

    def test_a_function_may_be_the_resource_itself(self, machines: Machines, function: str) -> None:
        """
        Then the whole answer is the result, and the history speaks of a Lambda function.
        """
        arn = f"arn:aws:lambda:us-east-1:000000000000:function:{function}"
        found = machines.run(
            {"A": {"Type": "Task", "Resource": arn, "End": True}}, {"x": 1}, "lambda:InvokeFunction"
        )
        assert found["output"] == {"got": {"x": 1}}
        assert "LambdaFunctionSucceeded" in machines.types(found["executionArn"])


class TestAuthorization:
    def test_the_role_decides(self, machines: Machines, function: str) -> None:
        """
        Without lambda:InvokeFunction the call is refused, and the cause names role and action.
        """
        found = machines.run({"A": task("lambda:invoke", {"FunctionName": function})})
        assert found["status"] == "FAILED"
        assert "AccessDenied" in found["cause"]
        assert "lambda:InvokeFunction" in found["cause"]


class TestDynamoDb:
    def test_a_condition_that_fails_has_its_own_name(self, machines: Machines, table: str) -> None:
        """
        A lost condition is DynamoDB.ConditionalCheckFailedException.
        """
        put = task(
            "dynamodb:putItem",
            {
                "TableName": table,
                "Item": {"pk": {"S": "a"}, "n": {"N": "{% 5 %}"}},
                "ConditionExpression": "attribute_not_exists(pk)",
            },
        )
        machine = machines.create({"StartAt": "A", "States": {"A": put}}, "dynamodb:PutItem")
        first, second = (machines.wait(machines.start(machine)) for _ in range(2))
        assert first["status"] == "SUCCEEDED"
        assert second["error"] == "DynamoDB.ConditionalCheckFailedException"
        get = task(
            "dynamodb:getItem",
            {"TableName": table, "Key": {"pk": {"S": "a"}}},
            Output="{% $states.result.Item.n.N %}",
        )
        assert machines.run({"A": get}, None, "dynamodb:GetItem")["output"] == "5"


class TestMessages:
    def test_events_carry_the_execution(self, machines: Machines) -> None:
        """
        events:putEvents takes Detail as an object and adds machine and execution to Resources.
        """
        queue = machines.queue()
        sqs, events = machines.server.client("sqs"), machines.server.client("events")
        arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        events.put_rule(Name="mine", EventPattern=json.dumps({"source": ["mine"]}))
        events.put_targets(Rule="mine", Targets=[{"Id": "q", "Arn": arn}])
        allow = {
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn,
        }
        sqs.set_queue_attributes(
            QueueUrl=queue, Attributes={"Policy": json.dumps({"Version": "2012-10-17", "Statement": [allow]})}
        )
        entry = {"Source": "mine", "DetailType": "T", "Detail": {"a": "{% $states.input.a %}"}}
        found = machines.run(
            {"A": task("events:putEvents", {"Entries": [entry]})}, {"a": 1}, "events:PutEvents"
        )
        assert found["output"]["FailedEntryCount"] == 0
        event = machines.message(queue)
        assert event["detail"] == {"a": 1}
        assert event["resources"] == [found["stateMachineArn"], found["executionArn"]]

    def test_topics_take_objects_as_json(self, machines: Machines) -> None:
        """
        sns:publish with an object as Message sends it as text.
        """
        topic = machines.server.client("sns").create_topic(Name="t1")["TopicArn"]
        found = machines.run(
            {"A": task("sns:publish", {"TopicArn": topic, "Message": {"a": 1}})}, None, "sns:Publish"
        )
        assert found["status"] == "SUCCEEDED"
        assert found["output"]["MessageId"]


class TestSdk:
    def test_any_action_in_the_sdks_spelling(self, machines: Machines) -> None:
        """
        aws-sdk tasks take and give capitalised members, acronyms as the Java SDK spells them.
        """
        put = task("aws-sdk:ssm:putParameter", {"Name": "/x", "Value": "v", "Type": "String"}, Next="B")
        put.pop("End")
        get = task("aws-sdk:ssm:getParameter", {"Name": "/x"}, Output="{% $states.result.Parameter %}")
        found = machines.run({"A": put, "B": get}, None, "ssm:PutParameter", "ssm:GetParameter")
        assert found["output"]["Value"] == "v"
        assert found["output"]["Arn"].endswith(":parameter/x")

    def test_errors_carry_the_sdks_service_name(self, machines: Machines) -> None:
        """
        Ssm.ParameterNotFoundException; for a code outside the model, e.g. SageMaker.SageMakerException.
        """
        found = machines.run(
            {"A": task("aws-sdk:ssm:getParameter", {"Name": "/none"})}, None, "ssm:GetParameter"
        )
        assert found["error"] == "Ssm.ParameterNotFoundException"
        found = machines.run(
            {"A": task("aws-sdk:sagemaker:describeEndpoint", {"EndpointName": "e"})}, None, "sagemaker:*"
        )
        assert found["error"] == "SageMaker.SageMakerException"


class TestRetry:
    def test_retries_count_and_stop(self, machines: Machines) -> None:
        """
        MaxAttempts retries after the first attempt, then the catcher; RetryCount is in the context.
        """
        state = task(
            "lambda:invoke",
            {"FunctionName": "nope", "Payload": {"n": "{% $states.context.State.RetryCount %}"}},
            Retry=[
                {
                    "ErrorEquals": ["States.TaskFailed"],
                    "IntervalSeconds": 1,
                    "MaxAttempts": 2,
                    "BackoffRate": 1,
                    "JitterStrategy": "FULL",
                }
            ],
            Catch=[
                {
                    "ErrorEquals": ["States.ALL"],
                    "Next": "B",
                    "Output": {"e": "{% $states.errorOutput.Error %}"},
                }
            ],
        )
        found = machines.run({"A": state, "B": {"Type": "Pass", "End": True}}, None, "lambda:*")
        assert found["output"] == {"e": "Lambda.ResourceNotFoundException"}
        scheduled = [
            e["taskScheduledEventDetails"]
            for e in machines.history(found["executionArn"])
            if e["type"] == "TaskScheduled"
        ]
        assert [json.loads(each["parameters"])["Payload"]["n"] for each in scheduled] == [0, 1, 2]

    def test_arguments_may_be_one_expression(self, machines: Machines) -> None:
        """
        A string that evaluates to an object is as good as an object.
        """
        queue = machines.queue()
        state = task(
            "sqs:sendMessage", "{% $merge([{'QueueUrl': $states.input.q}, {'MessageBody': {'a': 1}}]) %}"
        )
        assert machines.run({"A": state}, {"q": queue}, "sqs:SendMessage")["status"] == "SUCCEEDED"
        assert machines.message(queue) == {"a": 1}


class TestJobs:
    def job(self, name: str, told: dict[str, str], **more: Any) -> dict[str, Any]:
        return task(
            "sagemaker:createTrainingJob.sync", {"TrainingJobName": name, "HyperParameters": told}, **more
        )

    def test_sync_waits_and_returns_the_description(self, machines: Machines) -> None:
        """
        The result is Describe's answer, times in milliseconds.
        """
        found = machines.run({"A": self.job("ok-1", {"after": "0.4"})}, None, "sagemaker:*")
        assert found["output"]["TrainingJobStatus"] == "Completed"
        assert found["output"]["CreationTime"] > 1_600_000_000_000
        assert "TaskSubmitted" in machines.types(found["executionArn"])

    def test_a_failed_job_is_task_failed_with_its_description(self, machines: Machines) -> None:
        """
        States.TaskFailed; the cause is Describe's JSON with the FailureReason.
        """
        found = machines.run({"A": self.job("bad-1", {"end": "Failed"})}, None, "sagemaker:*")
        assert found["error"] == "States.TaskFailed"
        assert json.loads(found["cause"])["FailureReason"] == "AlgorithmError: it broke"

    def test_a_name_in_use_has_its_own_error(self, machines: Machines) -> None:
        """
        SageMaker.ResourceInUseException: names are unique for ever.
        """
        machine = machines.create({"StartAt": "A", "States": {"A": self.job("once-1", {})}}, "sagemaker:*")
        _, second = (machines.wait(machines.start(machine)) for _ in range(2))
        assert second["error"] == "SageMaker.ResourceInUseException"

    def test_stopping_the_execution_stops_the_job(self, machines: Machines) -> None:
        """
        An aborted execution leaves no job running and billing.
        """
        machine = machines.create(
            {"StartAt": "A", "States": {"A": self.job("stop-1", {"after": "60"})}}, "sagemaker:*"
        )
        execution = machines.start(machine)
        machines.until(execution, "TaskSubmitted")
        machines.states.stop_execution(executionArn=execution, error="E", cause="because")
        found = machines.wait(execution)
        assert (found["status"], found["error"], found["cause"]) == ("ABORTED", "E", "because")
        assert machines.types(execution)[-1] == "ExecutionAborted"
        sagemaker = machines.server.client("sagemaker")
        deadline = time.monotonic() + 5
        while sagemaker.describe_training_job(TrainingJobName="stop-1")["TrainingJobStatus"] != "Stopped":
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def test_stopping_while_the_job_is_asked_for_stops_it_as_well(self, machines: Machines) -> None:
        """
        The job was made, but its answer is still under way when the execution is aborted.
        """
        told = {"after": "60", "slow-after": "1"}
        machine = machines.create({"StartAt": "A", "States": {"A": self.job("stop-2", told)}}, "sagemaker:*")
        execution = machines.start(machine)
        machines.until(execution, "TaskStarted")
        sagemaker = machines.server.client("sagemaker")
        deadline = time.monotonic() + 5
        while (
            not (machines.server.home / "jobs.json").exists()
            or "stop-2" not in (machines.server.home / "jobs.json").read_text()
        ):
            assert time.monotonic() < deadline
            time.sleep(0.02)

        machines.states.stop_execution(executionArn=execution, error="E", cause="because")

        assert machines.wait(execution)["status"] == "ABORTED"
        while sagemaker.describe_training_job(TrainingJobName="stop-2")["TrainingJobStatus"] != "Stopped":
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def test_a_task_that_takes_too_long_times_out(self, machines: Machines) -> None:
        """
        TimeoutSeconds of a task: States.Timeout, and the job is stopped.
        """
        state = self.job("slow-1", {"after": "60"}, TimeoutSeconds=1)
        found = machines.run({"A": state}, None, "sagemaker:*")
        assert found["error"] == "States.Timeout"
        assert "TaskTimedOut" in machines.types(found["executionArn"])


class TestNested:
    def nested(self, machine: str, pattern: str) -> dict[str, Any]:
        arguments = {"StateMachineArn": machine, "Input": {"a": "{% $states.input.a %}"}}
        return task(f"states:startExecution{pattern}", arguments)

    def test_sync_2_gives_the_output_parsed(self, machines: Machines) -> None:
        """
        .sync gives Output as text, .sync:2 as JSON.
        """
        child = machines.create(
            {"StartAt": "A", "States": {"A": {"Type": "Wait", "Seconds": 1, "End": True}}}
        )
        text = machines.run({"A": self.nested(child, ".sync")}, {"a": 1}, "states:*")["output"]
        parsed = machines.run({"A": self.nested(child, ".sync:2")}, {"a": 1}, "states:*")["output"]
        assert text["Output"] == '{"a":1}'
        assert parsed["Output"] == {"a": 1}
        assert parsed["Status"] == "SUCCEEDED"

    def test_a_failing_child_tells_its_error_and_cause(self, machines: Machines) -> None:
        """
        States.TaskFailed; the cause holds the child's description with Error and Cause.
        """
        child = machines.create(
            {"StartAt": "A", "States": {"A": {"Type": "Fail", "Error": "RolledBack", "Cause": "bad"}}}
        )
        found = machines.run({"A": self.nested(child, ".sync:2")}, {"a": 1}, "states:*")
        told = json.loads(found["cause"])
        assert (found["error"], told["Error"], told["Cause"]) == ("States.TaskFailed", "RolledBack", "bad")

    def test_stopping_the_parent_stops_the_child(self, machines: Machines) -> None:
        """
        A nested execution does not outlive the one that waits for it.
        """
        child = machines.create(
            {"StartAt": "A", "States": {"A": {"Type": "Wait", "Seconds": 60, "End": True}}}
        )
        parent = machines.create({"StartAt": "A", "States": {"A": self.nested(child, ".sync")}}, "states:*")
        execution = machines.start(parent, {"a": 1})
        machines.until(execution, "TaskSubmitted")
        machines.states.stop_execution(executionArn=execution)
        deadline = time.monotonic() + 5
        while not machines.states.list_executions(stateMachineArn=child, statusFilter="ABORTED")[
            "executions"
        ]:
            assert time.monotonic() < deadline
            time.sleep(0.05)
