from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

import pytest

from slipway.domain.failures import MAX_CAUSE, failure_of, understand
from slipway.domain.history import FailedStep

EXECUTION = "arn:aws:states:eu-west-1:123456789012:execution:release:9f2c41d07b3a55e1"
TRAINING = {
    "TrainingJobName": "slipway-dev-hotel-rates-1-1-0-9f2c41d0-train-0-0",
    "TrainingJobStatus": "Failed",
    "FailureReason": 'AlgorithmError: KeyError: "rooms", exit code: 1',
}


def failure(step: str, error: str, cause: Any, **more: Any) -> Any:
    raw = cause if isinstance(cause, str) else json.dumps(cause)
    return failure_of(
        FailedStep(step, error, raw), execution_arn=EXECUTION, release_id="9f2c41d07b3a55e1", **more
    )


class TestUnderstand:
    def test_training_jobs_reason(self) -> None:
        """Of a job's description its FailureReason counts, and the error that it begins with."""
        cause = understand(json.dumps(TRAINING))

        assert cause.text == 'AlgorithmError: KeyError: "rooms", exit code: 1'
        assert (cause.error, cause.job) == ("AlgorithmError", TRAINING["TrainingJobName"])

    def test_description_that_was_cut(self) -> None:
        """Step Functions cuts a cause at 32,768 characters: what can be read of it is read."""
        cut = json.dumps(TRAINING | {"Environment": "x" * 100})[:-40]

        assert understand(cut) == understand(json.dumps(TRAINING))

    def test_job_without_a_reason(self) -> None:
        """A job that was stopped has no reason; its status is told."""
        assert (
            "x is Stopped" in understand('{"ProcessingJobName": "x", "ProcessingJobStatus": "Stopped"}').text
        )

    def test_job_that_took_too_long(self) -> None:
        """
        A job that was stopped at its limit has no reason of its own; its secondary status is one.
        """
        cause = understand(
            '{"TrainingJobName": "t", "TrainingJobStatus": "Stopped", '
            '"SecondaryStatus": "MaxRuntimeExceeded"}'
        )

        assert cause.error == "MaxRuntimeExceeded"
        assert "longer than it may" in cause.text

    def test_programs_own_words(self) -> None:
        """
        What a processing program left as its message stands behind SageMaker's general reason.
        """
        cause = understand(
            '{"ProcessingJobName": "p", "ProcessingJobStatus": "Failed", '
            '"FailureReason": "AlgorithmError: exit code: 1", "ExitMessage": "no file model.json"}'
        )

        assert cause.text == "AlgorithmError: exit code: 1\nno file model.json"
        assert cause.error == "AlgorithmError"

    def test_functions_exception(self) -> None:
        """Of a function's exception the type and the message count."""
        cause = understand('{"errorMessage": "no", "errorType": "VersionTakenError", "stackTrace": []}')

        assert (cause.error, cause.text) == ("VersionTakenError", "no")

    @pytest.mark.parametrize("raw", ["", "plain words", "[1, 2]", '"text"', "{"])
    def test_anything_else_is_told_as_it_is(self, raw: str) -> None:
        """A cause of no known form is passed on."""
        assert understand(raw).text == raw


class TestFailure:
    def test_training(self) -> None:
        """A failed training job links to its own log streams and says what to do."""
        told = failure("Train", "States.TaskFailed", TRAINING)

        assert told["error"] == "AlgorithmError"
        url = unquote(unquote(told["log_url"].replace("$", "%")))
        assert url.startswith(
            "https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1#logsV2:"
        )
        assert "/aws/sagemaker/TrainingJobs?logStreamNameFilter=" + TRAINING["TrainingJobName"] in url
        assert "slipway model train DIR" in told["next_action"]

    def test_function(self) -> None:
        """A failed function links to the execution, whose graph shows the step."""
        told = failure(
            "RegisterRelease", "VersionTakenError", {"errorMessage": "m", "errorType": "VersionTakenError"}
        )

        assert told["log_url"].endswith(EXECUTION)
        assert "newer version" in told["next_action"]

    def test_endpoint(self) -> None:
        """A failure of what serves links to the endpoint's log."""
        told = failure(
            "SmokeEndpoint", "SmokeTestFailedError", "500", endpoint="slipway-dev-pricing-hotel-rates"
        )

        assert "Endpoints" in told["log_url"]
        assert "slipway-dev-pricing-hotel-rates" in told["log_url"]
        assert "serves on" in told["next_action"]

    @pytest.mark.parametrize(
        ("step", "error", "cause", "words"),
        [
            ("Train", "SageMaker.ResourceLimitExceededException", "quota", "Service Quotas"),
            (
                "Train",
                "States.TaskFailed",
                {"TrainingJobName": "j", "FailureReason": "CapacityError: x"},
                "try again",
            ),
            ("Train", "x", {"TrainingJobName": "j", "TrainingJobStatus": "Stopped"}, "max_runtime_minutes"),
            ("EvaluateChallenger", "x", {"ProcessingJobName": "j", "FailureReason": "exit 1"}, "log of j"),
            ("EvaluateChampion", "x", {"ProcessingJobName": "j"}, "in production failed"),
            ("Promote", "RolledBack", "went back", "/ping"),
            ("Promote", "RestoreFailed", "RolledBack: ping", "nothing may serve"),
            ("Promote", "IdentityMismatchError", "", 'identity = "proxy"'),
            ("Judge", "Lambda.Unknown", "", "slipway release retry 9f2c41d07b3a55e1"),
            ("Train", "SageMaker.AccessDeniedException", "not authorized", "permission"),
        ],
    )
    def test_next_action(self, step: str, error: str, cause: Any, words: str) -> None:
        """Each kind of failure says what to do next."""
        assert words in failure(step, error, cause)["next_action"]

    def test_long_cause_keeps_its_end(self) -> None:
        """Of a long trace the end is told: there the error stands."""
        told = failure("Judge", "E", "x" * 5000 + "the end")["cause"]

        assert len(told) == MAX_CAUSE + 1
        assert told.endswith("the end")

    def test_nothing_is_ever_empty(self) -> None:
        """Even of a failure without any word, something is told."""
        told = failure("", "", "")

        assert told["cause"] == "no cause was given"
        assert told["next_action"]
