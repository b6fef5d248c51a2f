"""A span for each state of an execution that did something."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from slipway.domain.telemetry.step_spans import nested_executions, step_spans

ARN = "arn:aws:states:eu-west-1:123456789012:execution:release:9f2c41d07b3a55e1"
START = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


class History:
    """Events, one second apart, each after the one before."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    def add(self, kind: str, key: str = "", **details: Any) -> History:
        number = len(self.events) + 1
        event = {
            "id": number,
            "previousEventId": number - 1,
            "type": kind,
            "timestamp": START + timedelta(seconds=number),
        }
        if key:
            event[f"{key}EventDetails"] = details
        self.events.append(event)
        return self

    def enter(self, name: str, kind: str = "Task") -> History:
        return self.add(f"{kind}StateEntered", "stateEntered", name=name)

    def leave(self, name: str, kind: str = "Task") -> History:
        return self.add(f"{kind}StateExited", "stateExited", name=name)


def spans(history: History) -> Any:
    return step_spans(history.events, execution_arn=ARN, parent_id="p")


class TestStepSpans:
    def test_state_is_a_span_from_entry_to_exit(self) -> None:
        """
        With what it called and the job that it ran; states that only route are none.
        """
        history = History().enter("Choose", "Choice").leave("Choose", "Choice").enter("Train")
        history.add(
            "TaskScheduled",
            "taskScheduled",
            resourceType="sagemaker",
            resource="createTrainingJob.sync",
            parameters=json.dumps({"TrainingJobName": "hotel-rates-1"}),
        )
        history.add("TaskSucceeded", "taskSucceeded").leave("Train")

        (span,) = spans(history)
        assert (span.name, span.status, span.seconds, span.parent_id) == ("Train", "ok", 3.0, "p")
        assert span.attributes["slipway.job.name"] == "hotel-rates-1"
        assert span.attributes["rpc.method"] == "createTrainingJob.sync"

    def test_failure_is_an_error_with_its_reason(self) -> None:
        """
        What ended the execution stands on the step in which it happened, in words.
        """
        cause = json.dumps({"errorMessage": "taken", "errorType": "VersionTakenError"})
        history = History().enter("Register")
        history.add("LambdaFunctionFailed", "lambdaFunctionFailed", error="VersionTakenError", cause=cause)
        history.add("ExecutionFailed", "executionFailed", error="VersionTakenError", cause=cause)

        (span,) = spans(history)
        assert (span.status, span.message, span.seconds) == ("error", "taken", 2.0)
        assert span.attributes["error.type"] == "VersionTakenError"

    def test_what_a_retry_mended_is_no_error(self) -> None:
        """
        The last try counts.
        """
        history = (
            History().enter("Judge").add("LambdaFunctionFailed", "lambdaFunctionFailed", error="Throttled")
        )
        history.add("LambdaFunctionSucceeded", "lambdaFunctionSucceeded").leave("Judge")

        (span,) = spans(history)
        assert (span.status, span.message) == ("ok", "")

    def test_what_was_caught_is_no_error(self) -> None:
        """
        A "not found" that the machine expects fails no step; the span says that it was caught.
        """
        history = History().enter("SuspendScaling")
        history.add("TaskFailed", "taskFailed", error="ObjectNotFoundException", cause="no target")
        history.leave("SuspendScaling").enter("Update").add("TaskSucceeded", "taskSucceeded").leave("Update")

        caught, after = spans(history)
        assert (caught.status, caught.attributes["slipway.step.caught"]) == ("unset", True)
        assert after.status == "ok"

    def test_what_was_caught_and_thrown_again_is_one(self) -> None:
        """
        A promotion that was cleaned up after fails at the step where it went wrong, not at its last.
        """
        history = History().enter("Smoke")
        history.add("TaskFailed", "taskFailed", error="SmokeTestFailedError", cause="500").leave("Smoke")
        history.enter("Restore").add("TaskSucceeded", "taskSucceeded").leave("Restore")
        history.add("ExecutionFailed", "executionFailed", error="SmokeTestFailedError", cause="500")

        assert [span.status for span in spans(history)] == ["error", "ok"]

    def test_loop_is_one_span(self) -> None:
        """
        A hundred looks at an endpoint are one step that took so long.
        """
        history = History()
        for _ in range(3):
            history.enter("Look").leave("Look").enter("Wait", "Wait").leave("Wait", "Wait")

        (span,) = spans(history)
        assert (span.seconds, span.attributes["slipway.step.entries"]) == (9.0, 3)

    def test_running_state_has_no_end(self) -> None:
        """
        A release that waits for a person has a span that goes on.
        """
        (span,) = spans(History().enter("RequestApproval"))

        assert (span.end, span.status) == (None, "unset")

    def test_branches_keep_apart(self) -> None:
        """
        Of two branches at once only the one that failed is in error.
        """
        history = History().enter("Both", "Parallel").enter("A").enter("B")
        a, b = history.events[1]["id"], history.events[2]["id"]
        history.add("TaskSucceeded", "taskSucceeded")
        history.events[-1]["previousEventId"] = a
        history.add("TaskFailed", "taskFailed", error="Boom", cause="no")
        history.events[-1]["previousEventId"] = b
        history.leave("A")

        assert {span.name: span.status for span in spans(history)} == {
            "Both": "unset",
            "A": "ok",
            "B": "error",
        }

    def test_ids_follow_from_what_they_are_of(self) -> None:
        """
        Sent twice, they are the same spans; two states never share an id.
        """
        history = History().enter("A").leave("A").enter("B").leave("B")

        once, again = [[span.span_id for span in spans(history)] for _ in range(2)]
        assert once == again
        assert len(set(once)) == 2

    def test_nested_executions_are_found(self) -> None:
        """
        The promotion that a release started belongs to the step that waited for it.
        """
        output = json.dumps({"ExecutionArn": "arn:promotion"})
        history = History().enter("Promote").add("TaskScheduled", "taskScheduled", resourceType="states")
        history.add("TaskSubmitted", "taskSubmitted", resourceType="states", output=output)

        assert nested_executions(history.events) == {"Promote": "arn:promotion"}
