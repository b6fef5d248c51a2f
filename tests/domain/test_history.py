from __future__ import annotations

from typing import Any

from slipway.domain.history import failed_step


def events(*steps: tuple[str, dict[str, Any]], branch: int | None = None) -> list[dict[str, Any]]:
    """A history, newest first, each event caused by the one before it."""
    made = []
    for number, (kind, details) in enumerate(steps, start=1):
        key = f"{kind[0].lower()}{kind[1:]}EventDetails"
        if kind.endswith(("StateEntered", "StateExited")):
            key = "stateEnteredEventDetails" if kind.endswith("Entered") else "stateExitedEventDetails"
        made.append({"id": number, "previousEventId": number - 1, "type": kind, key: details})
    return made[::-1]


class TestFailedStep:
    def test_task_that_failed(self) -> None:
        """The step is the state that was entered before the failure."""
        history = events(
            ("ExecutionStarted", {}),
            ("TaskStateEntered", {"name": "Train"}),
            ("TaskScheduled", {"resource": "createTrainingJob.sync"}),
            (
                "TaskFailed",
                {"error": "States.TaskFailed", "cause": "{}", "resource": "createTrainingJob.sync"},
            ),
            ("ExecutionFailed", {"error": "States.TaskFailed", "cause": "{}"}),
        )

        failed = failed_step(history)

        assert (failed.step, failed.error, failed.resource) == (
            "Train",
            "States.TaskFailed",
            "createTrainingJob.sync",
        )

    def test_failure_in_a_branch(self) -> None:
        """Of a parallel state, the step inside the failed branch is named."""
        history = [
            {
                "id": 8,
                "previousEventId": 7,
                "type": "ExecutionFailed",
                "executionFailedEventDetails": {"error": "E"},
            },
            {"id": 7, "previousEventId": 6, "type": "ParallelStateFailed"},
            {
                "id": 6,
                "previousEventId": 4,
                "type": "TaskFailed",
                "taskFailedEventDetails": {"error": "E", "cause": "why"},
            },
            {
                "id": 5,
                "previousEventId": 2,
                "type": "TaskStateEntered",
                "stateEnteredEventDetails": {"name": "EvaluateChampion"},
            },
            {
                "id": 4,
                "previousEventId": 2,
                "type": "TaskStateEntered",
                "stateEnteredEventDetails": {"name": "EvaluateChallenger"},
            },
            {
                "id": 2,
                "previousEventId": 1,
                "type": "ParallelStateEntered",
                "stateEnteredEventDetails": {"name": "Both"},
            },
        ]

        assert failed_step(history).step == "EvaluateChallenger"
        assert failed_step(history).cause == "why"

    def test_failure_that_was_caught_and_cleaned_up_after(self) -> None:
        """A Fail state that passes a caught error on is not the step: the caught one is."""
        history = events(
            ("TaskStateEntered", {"name": "SmokeEndpoint"}),
            ("LambdaFunctionFailed", {"error": "SmokeTestFailedError", "cause": "500"}),
            ("TaskStateExited", {"name": "SmokeEndpoint"}),
            ("TaskStateEntered", {"name": "Restore"}),
            ("TaskFailed", {"error": "SageMaker.ThrottlingException", "cause": "slow down"}),
            ("TaskSucceeded", {}),
            ("FailStateEntered", {"name": "Failed"}),
            ("ExecutionFailed", {"error": "SmokeTestFailedError", "cause": "500"}),
        )

        failed = failed_step(history)

        assert (failed.step, failed.error) == ("SmokeEndpoint", "SmokeTestFailedError")

    def test_fail_state_of_its_own(self) -> None:
        """Where nothing that was called failed, the state that found the error out is named."""
        history = events(
            ("TaskStateEntered", {"name": "Look"}),
            ("TaskSucceeded", {}),
            ("PassStateEntered", {"name": "RolledBack"}),
            ("FailStateEntered", {"name": "Failed"}),
            ("ExecutionFailed", {"error": "RolledBack", "cause": "back to the old config"}),
        )

        failed = failed_step(history)

        assert (failed.step, failed.error, failed.cause) == (
            "RolledBack",
            "RolledBack",
            "back to the old config",
        )

    def test_failures_that_were_retried(self) -> None:
        """Of several attempts the last one counts."""
        history = events(
            ("TaskStateEntered", {"name": "Train"}),
            ("TaskFailed", {"error": "E", "cause": "first"}),
            ("TaskFailed", {"error": "E", "cause": "last"}),
            ("ExecutionFailed", {"error": "E", "cause": "last"}),
        )

        assert failed_step(history).cause == "last"

    def test_history_that_is_gone(self) -> None:
        """Without a history, the execution's own error is all there is."""
        failed = failed_step([], "States.Timeout", "too long")

        assert (failed.step, failed.error, failed.cause) == ("", "States.Timeout", "too long")

    def test_execution_that_timed_out_while_waiting(self) -> None:
        """An execution that timed out was in the state that it entered last."""
        history = events(
            ("TaskStateEntered", {"name": "RequestApproval"}),
            ("TaskScheduled", {}),
            ("ExecutionTimedOut", {}),
        )

        assert failed_step(history, "States.Timeout", "too long").step == "RequestApproval"
