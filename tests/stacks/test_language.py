"""All definitions as Amazon States Language: what holds for any machine."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import jsonata
import pytest

from stacks.machines import promote, release, trial
from workbench.local.states.validation import problems_of

if TYPE_CHECKING:
    from collections.abc import Iterator

RELEASE = release.definition(environment="prod", timeout_seconds=600_000, poll_seconds=15)
PROMOTE = promote.definition(environment="prod", resource_prefix="slipway-prod")
TRIAL = trial.definition(timeout_seconds=600_000)
each = pytest.mark.parametrize("definition", [RELEASE, PROMOTE, TRIAL], ids=["release", "promote", "trial"])
JOBS = ("createTrainingJob.sync", "createProcessingJob.sync")
MAX_NAME = 80


def graphs(definition: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The machine, and the branches and iterations inside it."""
    yield definition
    for state in definition["States"].values():
        for branch in state.get("Branches", ()):
            yield from graphs(branch)
        if "ItemProcessor" in state:
            yield from graphs(state["ItemProcessor"])


def states(definition: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for graph in graphs(definition):
        yield from graph["States"].items()


def following(state: dict[str, Any]) -> Iterator[str]:
    for key in ("Next", "Default"):
        if key in state:
            yield state[key]
    for rule in (*state.get("Choices", ()), *state.get("Catch", ())):
        yield rule["Next"]


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from texts(item)


class TestDefinition:
    @each
    def test_is_taken(self, definition: dict[str, Any]) -> None:
        """Nothing that CreateStateMachine refuses."""
        assert list(problems_of(json.dumps(definition))) == []

    @each
    def test_every_state_can_be_reached(self, definition: dict[str, Any]) -> None:
        """No state is left over, and none is missing."""
        for graph in graphs(definition):
            seen, left = set(), [graph["StartAt"]]
            while left:
                name = left.pop()
                if name not in seen:
                    seen.add(name)
                    left += following(graph["States"][name])
            assert seen == set(graph["States"])

    @each
    def test_names_are_unique_and_short(self, definition: dict[str, Any]) -> None:
        """A state's name tells people where a release is: it stands for one state, in branches too."""
        names = [name for name, _ in states(definition)]
        assert len(set(names)) == len(names)
        assert all(len(name) <= MAX_NAME for name in names)

    @each
    def test_every_expression_parses(self, definition: dict[str, Any]) -> None:
        """No expression fails only when a release has come so far."""
        found = [text for text in texts(definition) if text.startswith("{%")]
        assert found
        for text in found:
            assert text.endswith("%}"), text
            jsonata.Jsonata(text[2:-2])

    @each
    def test_all_is_jsonata(self, definition: dict[str, Any]) -> None:
        """No field of the older language is left: these are ignored or refused beside JSONata."""
        assert definition["QueryLanguage"] == "JSONata"
        older = {
            "Parameters",
            "InputPath",
            "OutputPath",
            "ResultPath",
            "ResultSelector",
            "TimeoutSecondsPath",
        }
        for name, state in states(definition):
            assert not older & set(state), name
        assert not any(text.startswith("$") and not text.startswith("${") for text in texts(definition))

    @each
    def test_retries_have_full_jitter_and_a_limit(self, definition: dict[str, Any]) -> None:
        """Releases that are refused together don't come back together, nor ever later."""
        for name, state in states(definition):
            for retrier in state.get("Retry", ()):
                # A lease is one endpoint's, and the waits for it must add up to a whole promotion.
                lease = "DynamoDB.ConditionalCheckFailedException" in retrier["ErrorEquals"]
                assert retrier["JitterStrategy"] == ("NONE" if lease else "FULL"), name
                assert retrier["MaxDelaySeconds"] > retrier["IntervalSeconds"], name

    def test_jobs_are_never_retried_blindly(self) -> None:
        """Only refusals of a job are retried, never a job that ran."""
        jobs = [state for _, state in states(RELEASE) if state.get("Resource", "").endswith(JOBS)]
        assert len(jobs) == 3
        for job in jobs:
            names = {name for retrier in job["Retry"] for name in retrier["ErrorEquals"]}
            assert {"States.TaskFailed", "States.ALL", "States.Timeout"}.isdisjoint(names)

    def test_nothing_in_a_release_is_swallowed(self) -> None:
        """
        The end of an approval's time is caught, and what could only have saved time: the step cache's answer.

        Any other error fails the execution.
        """
        caught = {
            name: [catch["ErrorEquals"] for catch in state["Catch"]]
            for name, state in states(RELEASE)
            if "Catch" in state
        }
        assert caught == {
            "RequestApproval": [["States.Timeout"]],
            "LookUpTraining": [["States.ALL"]],
            "LookUpEvaluation": [["States.ALL"]],
        }

    @each
    def test_every_lambda_task_survives_lambda_s_own_trouble(self, definition: dict[str, Any]) -> None:
        """Throttling of a function is waited out."""
        for name, state in states(definition):
            if "lambda:invoke" in state.get("Resource", ""):
                names = {name for retrier in state["Retry"] for name in retrier["ErrorEquals"]}
                assert "Lambda.TooManyRequestsException" in names, name
