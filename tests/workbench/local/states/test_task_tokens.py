"""Tasks that wait for somebody's answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from workbench.local.states.tokens import Address, address_of, token_of

if TYPE_CHECKING:
    from conftest import Machines


def waiting(queue: str, **more: Any) -> dict[str, Any]:
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Arguments": {"QueueUrl": queue, "MessageBody": {"token": "{% $states.context.Task.Token %}"}},
        "End": True,
        **more,
    }


def start(machines: Machines, **more: Any) -> tuple[str, str]:
    """An execution that waits, and its token."""
    queue = machines.queue()
    execution = machines.start(
        machines.create({"StartAt": "A", "States": {"A": waiting(queue, **more)}}, "sqs:SendMessage")
    )
    return execution, machines.message(queue)["token"]


def code_of(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


class TestAnswers:
    def test_success_is_the_result(self, machines: Machines) -> None:
        """
        The output that was sent is the task's result.
        """
        execution, token = start(machines)
        machines.states.send_task_success(taskToken=token, output='{"decision": "approved"}')
        assert machines.wait(execution)["output"] == {"decision": "approved"}

    def test_failure_has_the_senders_error(self, machines: Machines) -> None:
        """
        Error and cause as sent.
        """
        execution, token = start(machines)
        machines.states.send_task_failure(taskToken=token, error="Refused", cause="no")
        found = machines.wait(execution)
        assert (found["error"], found["cause"]) == ("Refused", "no")

    def test_a_second_answer_is_told_that_the_task_is_over(self, machines: Machines) -> None:
        """
        TaskTimedOut for a token that was used, also after the execution has ended.
        """
        execution, token = start(machines)
        machines.states.send_task_success(taskToken=token, output="1")
        with pytest.raises(ClientError) as error:
            machines.states.send_task_success(taskToken=token, output="2")
        assert code_of(error) == "TaskTimedOut"
        assert machines.wait(execution)["output"] == 1
        with pytest.raises(ClientError) as error:
            machines.states.send_task_failure(taskToken=token)
        assert code_of(error) == "TaskTimedOut"

    def test_nonsense_is_no_token(self, machines: Machines) -> None:
        """
        InvalidToken for what Step Functions never made; TaskDoesNotExist for one of an unknown execution.
        """
        for token, code in (
            ("nonsense", "InvalidToken"),
            (token_of(Address("arn:of:none", (), "n")), "TaskDoesNotExist"),
        ):
            with pytest.raises(ClientError) as error:
                machines.states.send_task_success(taskToken=token, output="{}")
            assert code_of(error) == code

    def test_an_output_that_is_no_json_is_refused(self, machines: Machines) -> None:
        """
        InvalidOutput, and the task goes on waiting.
        """
        execution, token = start(machines)
        with pytest.raises(ClientError) as error:
            machines.states.send_task_success(taskToken=token, output="no json")
        assert code_of(error) == "InvalidOutput"
        machines.states.send_task_success(taskToken=token, output="{}")
        assert machines.wait(execution)["status"] == "SUCCEEDED"


class TestTime:
    def test_nobody_answers_in_time(self, machines: Machines) -> None:
        """
        TimeoutSeconds: States.Timeout, which Catch takes; the token is of no use any more.
        """
        catch = [{"ErrorEquals": ["States.Timeout"], "Next": "B", "Output": "expired"}]
        queue = machines.queue()
        states = {"A": waiting(queue, TimeoutSeconds=1, Catch=catch), "B": {"Type": "Pass", "End": True}}
        execution = machines.start(machines.create({"StartAt": "A", "States": states}, "sqs:SendMessage"))
        token = machines.message(queue)["token"]
        assert machines.wait(execution)["output"] == "expired"
        with pytest.raises(ClientError) as error:
            machines.states.send_task_success(taskToken=token, output="{}")
        assert code_of(error) == "TaskTimedOut"

    def test_a_heart_that_stops_beating(self, machines: Machines) -> None:
        """
        HeartbeatSeconds: a beat prolongs the wait, its absence is States.HeartbeatTimeout.
        """
        execution, token = start(machines, HeartbeatSeconds=1, TimeoutSeconds=30)
        for _ in range(3):
            machines.until(execution, "TaskSubmitted")
            machines.states.send_task_heartbeat(taskToken=token)
        found = machines.wait(execution)
        assert found["error"] == "States.HeartbeatTimeout"

    def test_a_retry_makes_a_new_token(self, machines: Machines) -> None:
        """
        The old token belongs to the attempt that failed.
        """
        queue = machines.queue()
        retry = [{"ErrorEquals": ["Again"], "IntervalSeconds": 1, "MaxAttempts": 1}]
        machine = machines.create(
            {"StartAt": "A", "States": {"A": waiting(queue, Retry=retry)}}, "sqs:SendMessage"
        )
        execution = machines.start(machine)
        first = machines.message(queue)["token"]
        machines.states.send_task_failure(taskToken=first, error="Again")
        second = machines.message(queue)["token"]
        assert first != second
        with pytest.raises(ClientError):
            machines.states.send_task_success(taskToken=first, output="1")
        machines.states.send_task_success(taskToken=second, output="2")
        assert machines.wait(execution)["output"] == 2


class TestToken:
    @given(st.text(), st.lists(st.text(), max_size=4), st.text(min_size=1))
    def test_says_whose_it_is(self, arn: str, path: list[str], nonce: str) -> None:
        """
        An address survives being made a token.
        """
        address = Address(arn, tuple(path), nonce)
        assert address_of(token_of(address)) == address

    @given(st.text())
    def test_other_text_is_none(self, text: str) -> None:
        """
        Whatever else is sent is recognised as no token.
        """
        assert address_of(text) is None

    @given(st.integers(0, 40), st.integers(1, 255))
    def test_a_changed_token_is_none(self, position: int, difference: int) -> None:
        """
        A token that was tampered with is recognised.
        """
        token = bytearray(token_of(Address("arn", ("A", "0"), "n")).encode())
        token[position % len(token)] ^= difference
        assert address_of(token.decode("latin-1")) is None
