"""A killed server loses nothing that AWS would keep."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

if TYPE_CHECKING:
    from conftest import Machines

PASS: dict[str, Any] = {"Type": "Pass", "End": True}


def restart(machines: Machines, number: signal.Signals = signal.SIGKILL) -> None:
    machines.server.end(number)
    machines.server.start()


def until_exists(path: Path) -> None:
    deadline = time.monotonic() + 20
    while not path.exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def waiting(queue: str, **more: Any) -> dict[str, Any]:
    body = {"token": "{% $states.context.Task.Token %}", "x": "{% $x %}"}
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Arguments": {"QueueUrl": queue, "MessageBody": body},
        "Output": {"answer": "{% $states.result %}", "x": "{% $x %}"},
        "End": True,
        **more,
    }


def job(name: str, told: dict[str, str], **more: Any) -> dict[str, Any]:
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::sagemaker:createTrainingJob.sync",
        "Arguments": {"TrainingJobName": name, "HyperParameters": told},
        "Output": "{% $states.result.TrainingJobStatus %}",
        "End": True,
        **more,
    }


def standing(machines: Machines, state: str) -> None:
    """Wait until an execution stands still at a state."""
    deadline = time.monotonic() + 20
    while [one["state"] for one in machines.server.own("faults/standing")] != [state]:
        assert time.monotonic() < deadline
        time.sleep(0.02)


class TestFaults:
    """What somebody asked for meets executions at the state that it names, and then is over."""

    STATES: ClassVar = {
        "A": {"Type": "Pass", "Next": "B"},
        "B": {
            "Type": "Map",
            "Items": [1, 2],
            "Next": "C",
            "ItemProcessor": {"StartAt": "I", "States": {"I": PASS}},
        },
        "C": PASS,
    }

    def test_stalled_execution_goes_on_after_a_restart(self, mortal: Machines) -> None:
        """
        It stands still at the state, also within a Map; killed there, it enters the state once more.
        """
        mortal.server.own("faults", kind="stall", state="I", machine="another")
        mortal.server.own("faults", kind="stall", state="I")
        machine = mortal.create({"StartAt": "A", "States": self.STATES})
        execution = mortal.start(machine)
        standing(mortal, "I")
        assert mortal.states.describe_execution(executionArn=execution)["status"] == "RUNNING"
        restart(mortal)

        assert mortal.wait(execution)["status"] == "SUCCEEDED"
        assert mortal.types(execution).count("MapIterationSucceeded") == 2
        assert [one["machine"] for one in mortal.server.own("faults")] == ["another"]

    def test_stalled_execution_can_be_stopped(self, mortal: Machines) -> None:
        """
        Whoever stops it there leaves exactly what was done before.
        """
        machine = mortal.create({"StartAt": "A", "States": self.STATES})
        mortal.server.own("faults", kind="stall", state="C")
        execution = mortal.start(machine)
        standing(mortal, "C")
        mortal.states.stop_execution(executionArn=execution)

        assert mortal.wait(execution)["status"] == "ABORTED"
        assert mortal.types(execution).count("MapStateExited") == 1
        assert mortal.server.own("faults/standing") == []

    def test_failed_task_is_not_tried(self, mortal: Machines) -> None:
        """
        It fails with the error that was asked for, as often as it was; retries and catches answer to that.
        """
        queue = mortal.queue()
        send = {
            "Type": "Task",
            "Resource": "arn:aws:states:::sqs:sendMessage",
            "Arguments": {"QueueUrl": queue, "MessageBody": "once"},
            "Retry": [{"ErrorEquals": ["Sqs.Full"], "IntervalSeconds": 1, "MaxAttempts": 1}],
            "Catch": [
                {"ErrorEquals": ["States.ALL"], "Output": "{% $states.errorOutput %}", "Next": "Caught"}
            ],
            "End": True,
        }
        asked = {"kind": "fail-task", "state": "Send", "error": "Sqs.Full", "cause": "no room"}
        mortal.server.own("faults", **asked, times=2)
        failed = mortal.run({"Send": send, "Caught": PASS}, None, "sqs:SendMessage")
        mortal.server.own("faults", **asked, times=1)
        mortal.run({"Send": send, "Caught": PASS}, None, "sqs:SendMessage")

        assert failed["output"] == {"Error": "Sqs.Full", "Cause": "no room"}
        received = mortal.server.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
        assert [one["Body"] for one in received["Messages"]] == ["once"]


class TestKilled:
    def test_what_had_ended_is_still_known(self, mortal: Machines) -> None:
        """
        Machines, executions, outputs and histories are there again; names stay taken.
        """
        machine = mortal.create({"StartAt": "A", "States": {"A": PASS}})
        execution = mortal.start(machine, {"a": 1}, name="e")
        before = mortal.wait(execution)
        events = mortal.history(execution)
        restart(mortal)
        assert mortal.wait(execution)["output"] == before["output"]
        assert mortal.history(execution) == events
        assert mortal.states.describe_state_machine(stateMachineArn=machine)["status"] == "ACTIVE"
        with pytest.raises(mortal.states.exceptions.ExecutionAlreadyExists):
            mortal.start(machine, {"a": 1}, name="e")

    def test_a_wait_for_a_token_goes_on_with_the_same_token(self, mortal: Machines) -> None:
        """
        Variables, history and token are as before, and nothing is sent twice.
        """
        queue = mortal.queue()
        states = {"S": {"Type": "Pass", "Assign": {"x": 7}, "Next": "A"}, "A": waiting(queue)}
        execution = mortal.start(mortal.create({"StartAt": "S", "States": states}, "sqs:SendMessage"))
        token = mortal.message(queue)["token"]
        mortal.until(execution, "TaskSubmitted")
        restart(mortal)
        assert mortal.types(execution)[-1] == "TaskSubmitted"
        mortal.states.send_task_success(taskToken=token, output="1")
        assert mortal.wait(execution)["output"] == {"answer": 1, "x": 7}
        assert mortal.types(execution).count("TaskScheduled") == 1

    def test_a_task_timeout_counts_on(self, mortal: Machines) -> None:
        """
        The time that the server was down counts.
        """
        queue = mortal.queue()
        states = {
            "S": {"Type": "Pass", "Assign": {"x": 7}, "Next": "A"},
            "A": waiting(queue, TimeoutSeconds=3),
        }
        execution = mortal.start(mortal.create({"StartAt": "S", "States": states}, "sqs:SendMessage"))
        mortal.until(execution, "TaskSubmitted")
        restart(mortal)
        assert mortal.wait(execution, 6)["error"] == "States.Timeout"

    def test_a_wait_waits_the_rest(self, mortal: Machines) -> None:
        """
        A Wait of 3 seconds ends 3 seconds after it began.
        """
        machine = mortal.create(
            {"StartAt": "A", "States": {"A": {"Type": "Wait", "Seconds": 3, "End": True}}}
        )
        execution = mortal.start(machine)
        mortal.until(execution, "WaitStateEntered")
        restart(mortal)
        found = mortal.wait(execution)
        assert found["status"] == "SUCCEEDED"
        assert (found["stopDate"] - found["startDate"]).total_seconds() < 4.5
        assert mortal.types(execution).count("WaitStateEntered") == 1

    def test_a_job_is_followed_on(self, mortal: Machines) -> None:
        """
        A job that was under way is not made again; one that failed meanwhile reaches Catch.
        """
        catch = [{"ErrorEquals": ["States.TaskFailed"], "Next": "C", "Output": "caught"}]
        branches = [
            {"StartAt": "A", "States": {"A": job("ok", {"after": "3"})}},
            {
                "StartAt": "B",
                "States": {"B": job("bad", {"after": "1", "end": "Failed"}, Catch=catch), "C": PASS},
            },
            {"StartAt": "D", "States": {"D": {"Type": "Pass", "Output": "quick", "End": True}}},
        ]
        both = {"Type": "Parallel", "Branches": branches, "End": True}
        execution = mortal.start(mortal.create({"StartAt": "P", "States": {"P": both}}, "sagemaker:*"))
        mortal.until(execution, "TaskSubmitted", 2)
        restart(mortal)
        found = mortal.wait(execution)
        assert found["output"] == ["Completed", "caught", "quick"]
        assert mortal.types(execution).count("TaskScheduled") == 2

    def test_an_answer_that_was_accepted_is_not_lost(self, mortal: Machines) -> None:
        """
        SendTaskSuccess that returned before the kill counts after it.
        """
        queue = mortal.queue()
        states = {"S": {"Type": "Pass", "Assign": {"x": 7}, "Next": "A"}, "A": waiting(queue, Next="W")}
        states["A"].pop("End")
        states["W"] = {"Type": "Wait", "Seconds": 1, "End": True}
        execution = mortal.start(mortal.create({"StartAt": "S", "States": states}, "sqs:SendMessage"))
        token = mortal.message(queue)["token"]
        mortal.states.send_task_success(taskToken=token, output="1")
        restart(mortal)
        assert mortal.wait(execution)["output"] == {"answer": 1, "x": 7}

    def test_a_call_that_was_cut_off_is_made_again(self, mortal: Machines) -> None:
        """
        The state is entered again where it was; its input is the recorded one.
        """
        state = job("late", {"slow-before": "30"})
        state["Resource"] = "arn:aws:states:::aws-sdk:sagemaker:createTrainingJob"
        state["Output"] = "{% $states.result.TrainingJobArn %}"
        execution = mortal.start(mortal.create({"StartAt": "A", "States": {"A": state}}, "sagemaker:*"))
        until_exists(mortal.server.home / "slept")
        restart(mortal)
        assert mortal.wait(execution)["output"].endswith("/late")
        assert mortal.types(execution).count("TaskStateEntered") == 1

    def test_a_job_that_was_made_but_not_answered_is_adopted(self, mortal: Machines) -> None:
        """
        The name in use is this attempt's own: it is followed, not refused.
        """
        state = job("mine", {"slow-after": "2", "after": "1"})
        execution = mortal.start(mortal.create({"StartAt": "A", "States": {"A": state}}, "sagemaker:*"))
        until_exists(mortal.server.home / "jobs.json")
        restart(mortal)
        assert mortal.wait(execution)["output"] == "Completed"

    def test_a_nested_execution_and_its_parent_go_on(self, mortal: Machines) -> None:
        """
        The parent goes on waiting for the same child.
        """
        child = mortal.create({"StartAt": "A", "States": {"A": {"Type": "Wait", "Seconds": 2, "End": True}}})
        nested = {
            "Type": "Task",
            "Resource": "arn:aws:states:::states:startExecution.sync:2",
            "Arguments": {"StateMachineArn": child, "Input": {"a": 1}},
            "Output": "{% $states.result.Output %}",
            "End": True,
        }
        execution = mortal.start(mortal.create({"StartAt": "N", "States": {"N": nested}}, "states:*"))
        mortal.until(execution, "TaskSubmitted")
        restart(mortal)
        assert mortal.wait(execution)["output"] == {"a": 1}
        assert len(mortal.states.list_executions(stateMachineArn=child)["executions"]) == 1

    def test_a_backoff_is_waited_out(self, mortal: Machines) -> None:
        """
        The number of retries made is remembered.
        """
        retry = [{"ErrorEquals": ["States.TaskFailed"], "IntervalSeconds": 2, "MaxAttempts": 1}]
        execution = mortal.start(
            mortal.create(
                {"StartAt": "A", "States": {"A": job("bad", {"end": "Failed"}, Retry=retry)}}, "sagemaker:*"
            )
        )
        mortal.until(execution, "TaskFailed")
        restart(mortal)
        found = mortal.wait(execution)
        assert found["error"] == "SageMaker.ResourceInUseException"
        assert mortal.types(execution).count("TaskScheduled") == 2

    def test_what_can_not_go_on_says_so(self, mortal: Machines) -> None:
        """
        Slipway.Interrupted tells what happened and how to go on.
        """
        queue = mortal.queue()
        states = {"S": {"Type": "Pass", "Assign": {"x": 7}, "Next": "A"}, "A": waiting(queue)}
        execution = mortal.start(mortal.create({"StartAt": "S", "States": states}, "sqs:SendMessage"))
        mortal.until(execution, "TaskSubmitted")
        mortal.server.end(signal.SIGKILL)
        for each in (mortal.server.home / "states" / "definitions").iterdir():
            each.unlink()
        mortal.server.start()
        found = mortal.wait(execution)
        assert (found["status"], found["error"]) == ("FAILED", "Slipway.Interrupted")
        assert "slipway release retry" in found["cause"]

    def test_a_torn_line_is_ignored(self, mortal: Machines) -> None:
        """
        A journal whose last line was not written whole is read up to it.
        """
        execution = mortal.start(
            mortal.create({"StartAt": "A", "States": {"A": {"Type": "Wait", "Seconds": 2, "End": True}}})
        )
        mortal.until(execution, "WaitStateEntered")
        mortal.server.end(signal.SIGKILL)
        (journal,) = (mortal.server.home / "states" / "executions").glob("*/*/*.jsonl")
        with journal.open("a") as file:
            file.write('{"k":"frame","frame":{"pa')
        mortal.server.start()
        assert mortal.wait(execution)["status"] == "SUCCEEDED"

    def test_an_end_that_nobody_was_told_is_told(self, mortal: Machines) -> None:
        """
        Killed between the end and its event, the server emits the event at its next start.
        """
        machine = mortal.create({"StartAt": "A", "States": {"A": PASS}})
        queue = mortal.subscribed(machine)
        execution = mortal.start(machine)
        assert [mortal.message(queue)["detail"]["status"] for _ in range(2)] == ["RUNNING", "SUCCEEDED"]
        (journal,) = (mortal.server.home / "states" / "executions").glob("*/*/*.jsonl")
        mortal.server.end(signal.SIGTERM)
        lines = journal.read_text().splitlines(keepends=True)
        assert json.loads(lines[-1])["k"] == "told"
        journal.write_text("".join(lines[:-1]))
        mortal.server.start()
        event = mortal.message(queue)
        assert (event["resources"], event["detail"]["status"]) == ([execution], "SUCCEEDED")

    def test_an_orderly_end_keeps_it_too(self, mortal: Machines) -> None:
        """
        SIGTERM is no StopExecution: jobs go on and so do executions.
        """
        execution = mortal.start(
            mortal.create({"StartAt": "A", "States": {"A": job("ok", {"after": "2"})}}, "sagemaker:*")
        )
        mortal.until(execution, "TaskSubmitted")
        restart(mortal, signal.SIGTERM)
        assert mortal.wait(execution)["output"] == "Completed"


class TestRedrive:
    def test_goes_on_from_the_failed_state(self, machines: Machines) -> None:
        """
        Same ARN, same input, RedriveCount up by one; what had succeeded is not done again.
        """
        name = f"r{time.time_ns()}"
        states = {
            "A": {"Type": "Pass", "Output": {"a": 1}, "Next": "T"},
            "T": job(
                "",
                {"end": "{% $states.context.Execution.RedriveCount = 0 ? 'Failed' : 'Completed' %}"},
                Output={"in": "{% $states.input %}", "n": "{% $states.context.Execution.RedriveCount %}"},
            ),
        }
        states["T"]["Arguments"]["TrainingJobName"] = (
            f"{{% '{name}-' & $string($states.context.Execution.RedriveCount) %}}"
        )
        execution = machines.start(machines.create({"StartAt": "A", "States": states}, "sagemaker:*"))
        failed = machines.wait(execution)
        assert (failed["status"], failed["redriveStatus"]) == ("FAILED", "REDRIVABLE")
        machines.states.redrive_execution(executionArn=execution)
        found = machines.wait(execution)
        assert found["output"] == {"in": {"a": 1}, "n": 1}
        assert found["redriveCount"] == 1
        kinds = machines.types(execution)
        assert kinds.count("PassStateEntered") == 1
        assert (
            kinds.index("ExecutionFailed")
            < kinds.index("ExecutionRedriven")
            < kinds.index("ExecutionSucceeded")
        )

    def test_only_branches_that_failed_run_again(self, machines: Machines) -> None:
        """
        A branch that had ended keeps its result.
        """
        name = f"p{time.time_ns()}"
        good, bad = (
            job(f"{name}-good", {}),
            job(
                "",
                {
                    "end": "{% $states.context.Execution.RedriveCount = 0 ? 'Failed' : 'Completed' %}",
                    "after": "0.5",
                },
            ),
        )
        bad["Arguments"]["TrainingJobName"] = (
            f"{{% '{name}-' & $string($states.context.Execution.RedriveCount) %}}"
        )
        branches = [{"StartAt": "J", "States": {"J": each}} for each in (good, bad)]
        execution = machines.start(
            machines.create(
                {"StartAt": "P", "States": {"P": {"Type": "Parallel", "Branches": branches, "End": True}}},
                "sagemaker:*",
            )
        )
        assert machines.wait(execution)["status"] == "FAILED"
        machines.states.redrive_execution(executionArn=execution)
        assert machines.wait(execution)["output"] == ["Completed", "Completed"]

    def test_survives_a_restart_before_it(self, mortal: Machines) -> None:
        """
        What failed before the server was killed can be redriven after it.
        """
        states = {
            "A": {
                "Type": "Choice",
                "Choices": [{"Condition": "{% $states.context.Execution.RedriveCount = 1 %}", "Next": "B"}],
            },
            "B": PASS,
        }
        execution = mortal.start(mortal.create({"StartAt": "A", "States": states}), {"a": 1})
        assert mortal.wait(execution)["error"] == "States.NoChoiceMatched"
        restart(mortal)
        mortal.history(execution)  # whoever looks at it before must not take its place away
        mortal.states.redrive_execution(executionArn=execution)
        assert mortal.wait(execution)["output"] == {"a": 1}
        restart(mortal)
        found = mortal.wait(execution)
        assert (found["output"], found["redriveCount"]) == ({"a": 1}, 1)
        assert [event["id"] for event in mortal.history(execution)] == list(
            range(1, len(mortal.history(execution)) + 1)
        )

    def test_what_was_stopped_or_timed_out_goes_on(self, machines: Machines) -> None:
        """
        ABORTED and TIMED_OUT are redrivable; the machine's TimeoutSeconds counts anew.
        """
        wait = {
            "Type": "Wait",
            "Seconds": "{% $states.context.Execution.RedriveCount = 0 ? 60 : 0 %}",
            "End": True,
        }
        execution = machines.start(machines.create({"StartAt": "A", "States": {"A": wait}}))
        machines.until(execution, "WaitStateEntered")
        machines.states.stop_execution(executionArn=execution)
        machines.states.redrive_execution(executionArn=execution)
        assert machines.wait(execution)["status"] == "SUCCEEDED"
        late = machines.run({"A": wait}, TimeoutSeconds=1)
        assert late["status"] == "TIMED_OUT"
        machines.states.redrive_execution(executionArn=late["executionArn"])
        assert machines.wait(late["executionArn"])["status"] == "SUCCEEDED"

    def test_what_succeeded_is_not_redriven(self, machines: Machines) -> None:
        """
        ExecutionNotRedrivable says why.
        """
        found = machines.run({"A": PASS})
        with pytest.raises(machines.states.exceptions.ExecutionNotRedrivable, match="SUCCEEDED"):
            machines.states.redrive_execution(executionArn=found["executionArn"])


class TestMany:
    def test_two_hundred_wait_and_all_finish(self, machines: Machines) -> None:
        """
        Waiting costs no thread.
        """
        machine = machines.create(
            {"StartAt": "A", "States": {"A": {"Type": "Wait", "Seconds": 4, "End": True}}}
        )
        started = [machines.start(machine) for _ in range(200)]
        assert machines.server.process is not None
        status = Path(f"/proc/{machines.server.process.pid}/status").read_text()
        threads = int(status.partition("Threads:")[2].split()[0])
        assert threads < 100
        assert {machines.wait(each)["status"] for each in started} == {"SUCCEEDED"}
