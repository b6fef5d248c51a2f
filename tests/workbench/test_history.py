from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from workbench.history import steps

START = datetime(2026, 11, 1, 12, tzinfo=UTC)


def entered(name: str, second: float, kind: str = "Task") -> dict[str, Any]:
    return {
        "type": f"{kind}StateEntered",
        "timestamp": START + timedelta(seconds=second),
        "stateEnteredEventDetails": {"name": name},
    }


def exited(name: str, second: float, kind: str = "Task") -> dict[str, Any]:
    return {
        "type": f"{kind}StateExited",
        "timestamp": START + timedelta(seconds=second),
        "stateExitedEventDetails": {"name": name},
    }


def failed(kind: str, second: float, error: str, cause: str) -> dict[str, Any]:
    return {
        "type": kind,
        "timestamp": START + timedelta(seconds=second),
        f"{kind[0].lower()}{kind[1:]}EventDetails": {"error": error, "cause": cause},
    }


class TestSteps:
    def test_a_finished_state_has_its_duration(self):
        """
        Entry and exit of a working state make one step with its seconds.
        """
        (step,) = steps([entered("Train", 1), exited("Train", 3.5)])

        assert (step.name, step.status, step.seconds) == ("Train", "done", 2.5)

    def test_routing_states_are_left_out(self):
        """
        Choice, Pass and Wait do no work and are no steps.
        """
        history = [entered("Accepted?", 1, "Choice"), exited("Accepted?", 1, "Choice")]

        assert steps(history) == []

    def test_a_polling_loop_is_one_step(self):
        """
        A state that is entered again keeps its first start and counts its attempts.
        """
        history = [entered("Look", 1), exited("Look", 2), entered("Look", 5), exited("Look", 6)]
        (step,) = steps(history)

        assert (step.attempts, step.seconds) == (2, 5)

    def test_the_running_step_fails_with_the_execution(self):
        """
        When the execution fails, the step that ran says the task's own error.
        """
        history = [
            entered("Train", 1),
            failed("TaskFailed", 2, "States.TaskFailed", "exit code 1"),
            failed("ExecutionFailed", 2, "States.TaskFailed", "exit code 1"),
        ]
        (step,) = steps(history)

        assert (step.status, step.problem) == ("failed", "States.TaskFailed: exit code 1")

    def test_a_retry_that_succeeds_leaves_no_problem(self):
        """
        A task that failed once and then succeeded is done, without a problem.
        """
        history = [
            entered("Train", 1),
            failed("TaskFailed", 2, "Throttled", "slow down"),
            {"type": "TaskSucceeded", "timestamp": START},
            exited("Train", 4),
        ]

        assert [(step.status, step.problem) for step in steps(history)] == [("done", "")]

    def test_a_caught_failure_is_told_apart(self):
        """
        A state that was left through its Catch did not do its work, and the machine knew what to do.
        """
        history = [
            entered("Smoke", 1),
            failed("TaskFailed", 2, "NoIdentity", "no header"),
            exited("Smoke", 2),
        ]

        assert [(step.status, step.problem) for step in steps(history)] == [
            ("caught", "NoIdentity: no header")
        ]

    def test_a_redriven_step_is_done_when_it_succeeds_at_last(self):
        """
        A redrive goes on in the failed state; its success makes the step done, in two attempts, and its
        time is that of the last one: nobody worked in between.
        """
        history = [
            entered("Train", 1),
            failed("ExecutionFailed", 2, "States.TaskFailed", "stopped"),
            {"type": "ExecutionRedriven", "timestamp": START + timedelta(seconds=700)},
            {"type": "TaskSucceeded", "timestamp": START + timedelta(seconds=705)},
            exited("Train", 705),
        ]

        assert [(step.status, step.attempts, step.seconds) for step in steps(history)] == [("done", 2, 5)]

    def test_a_problem_is_said_in_words(self):
        """
        Of the JSON that a function or a job fails with, the step keeps the sentence.
        """
        causes = {
            '{"errorMessage": "version taken", "errorType": "E"}': "version taken",
            '{"TrainingJobName": "t", "FailureReason": "AlgorithmError: no file"}': "AlgorithmError: no file",
            '{"ExitMessage": "", "FailureReason": "killed"}': "killed",
            '{"Other": 1}': '{"Other": 1}',
            "[1]": "[1]",
            "plain": "plain",
        }
        for cause, words in causes.items():
            (step,) = steps(
                [
                    entered("Train", 0),
                    failed("TaskFailed", 1, "E", cause),
                    failed("ExecutionFailed", 2, "E", ""),
                ]
            )
            assert step.problem == f"E: {words}"
