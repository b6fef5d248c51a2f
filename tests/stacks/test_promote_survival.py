"""Whatever happens to a promotion, and wherever: ledger, endpoint, scaling and alarms fit in the end."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import pytest

from tests.fakes.endpoint_world import EndpointWorld, config_of
from tests.fakes.promote_runs import DEFINITION, REQUEST
from tests.fakes.state_machine import fails, task_states
from workbench.local.states.failures import StateFailedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fakes.state_machine import Run

VERSIONS = {
    "1.0.0": {"type": "ml.m5.large", "scaled": 3, "good": True},
    "1.1.0": {"type": "ml.m5.xlarge", "scaled": 5, "good": True},
    "1.2.0": {"type": "ml.m5.xlarge", "scaled": 0, "good": True},
    "9.0.0": {"type": "ml.m5.xlarge", "scaled": 5, "good": False},
}
WAYS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "first version": ("", "1.1.0", ()),
    "another instance type": ("1.0.0", "1.1.0", ()),
    "same instance type, scaled no more": ("1.1.0", "1.2.0", ()),
    "the same again": ("1.1.0", "1.1.0", ()),
    "does not answer": ("1.0.0", "9.0.0", ()),
    "first version does not answer": ("", "9.0.0", ()),
    "rolled back by SageMaker": ("1.0.0", "1.1.0", ("rolled back",)),
    "no capacity at first": ("1.0.0", "1.1.0", ("no capacity",)),
    "no capacity at all": ("1.0.0", "1.1.0", ("no capacity",) * 4),
    "first version without capacity": ("", "1.1.0", ("no capacity",)),
    "dead by the update": ("1.0.0", "1.1.0", ("dead",)),
    "stopped": ("1.0.0", "stop", ()),
}
"""What serves, what is promoted (or ``stop``), and how the updates end."""


def world(way: str) -> EndpointWorld:
    """The endpoint before it."""
    serving, _, outcomes = WAYS[way]
    there = EndpointWorld(versions=VERSIONS, outcomes=list(outcomes))
    if serving:
        there.serve(serving)
    return there


def asked(way: str) -> dict[str, Any]:
    """What is asked of the machine."""
    serving, version, _ = WAYS[way]
    wish = {"version": serving, "action": "stop"} if version == "stop" else {"version": version}
    return {"request": REQUEST | wish}


class KilledError(Exception):
    """The execution was ended from outside."""


def promote(run: Run, document: dict[str, Any]) -> StateFailedError | None:
    """An execution to its end; the error that it failed with, if any."""
    try:
        run.start(document)
    except StateFailedError as error:
        return error
    return None


def kill(there: EndpointWorld, way: str, number: int) -> None:
    """An execution that is ended from outside before it enters its state of this number."""
    run = there.run(DEFINITION, "arn:killed")
    left = iter(range(number))

    def count(_: str) -> None:
        if next(left, None) is None:
            raise KilledError

    run.on_entry = count
    with pytest.raises(KilledError):
        run.start(asked(way))
    there.end_lease()


TASKS = dict(task_states(DEFINITION))
UNDISTURBED_WORLDS = {way: world(way) for way in WAYS}
UNDISTURBED = {way: there.run(DEFINITION) for way, there in UNDISTURBED_WORLDS.items()}
for _way, _run in UNDISTURBED.items():
    promote(_run, asked(_way))


def points() -> Iterator[Any]:
    """
    Way and number of every state that is a task, once for each task that may come before it.

    Between two tasks nothing changes: one point there says all.
    """
    seen = set()
    for way, run in UNDISTURBED.items():
        before = ""
        for number, state in enumerate(run.path):
            if state in TASKS:
                if before and (before, state) not in seen:
                    seen.add((before, state))
                    yield pytest.param(way, number, id=f"{way}: {number} {state}")
                before = state


def performed() -> Iterator[Any]:
    """Way and task, once for each task that may follow it."""
    seen = set()
    for way, run in UNDISTURBED.items():
        tasks = [state for state in run.path if state in TASKS]
        for task, following in zip(tasks, [*tasks[1:], ""], strict=True):
            if (task, following) not in seen:
                seen.add((task, following))
                yield pytest.param(way, task, id=f"{way}: {task}, then {following or 'nothing'}")


def _of_functions(performed: list[Any]) -> list[Any]:
    """Those whose task is a function."""
    return [one for one in performed if TASKS[one.values[1]]["Resource"].endswith(":lambda:invoke")]


POINTS = list(points())
PERFORMED = list(performed())


class TestUndisturbed:
    @pytest.mark.parametrize("way", WAYS)
    def test_ends_consistent(self, way: str) -> None:
        """Each way, good or bad, leaves nothing that does not fit."""
        there = world(way)
        promote(there.run(DEFINITION), asked(way))
        assert there.problems() == []


class TestKilled:
    """By whoever stops an execution, or a time-out; ``record_outcome`` ends its lease."""

    @pytest.mark.parametrize(("way", "number"), POINTS)
    def test_retry_ends_consistent(self, way: str, number: int) -> None:
        """As ``slipway release retry`` does it: another execution for the same."""
        there = world(way)
        kill(there, way, number)
        promote(there.run(DEFINITION, "arn:retry"), asked(way))
        assert there.problems() == []

    @pytest.mark.parametrize(("way", "number"), POINTS)
    def test_another_version_stands_in_its_place(self, way: str, number: int) -> None:
        """What it left stands in nobody's way."""
        there = world(way)
        kill(there, way, number)
        there.outcomes.clear()
        error = promote(there.run(DEFINITION, "arn:next"), {"request": REQUEST | {"version": "1.2.0"}})
        assert error is None
        assert there.problems() == []
        assert there.believed == config_of("1.2.0")


WRITES = (
    "UpdateEndpoint",
    "CreateEndpoint",
    "DeleteEndpoint",
    "DeleteDead",
    "Restore",
    "ClearEndpoint",
    "Recreate",
    "DeleteCreated",
)


class TestStaleWorker:
    @pytest.mark.parametrize(
        ("way", "number"), [point for point in POINTS if not str(point.id).endswith(WRITES)]
    )
    def test_writes_nothing(self, way: str, number: int) -> None:
        """
        Another promotion takes over while one is held up anywhere; when that one goes on, it only ends.

        Anywhere but between its look at the lease and the write itself: SageMaker takes no fence.
        """
        there = world(way)
        held_up = there.run(DEFINITION, "arn:stale")
        left, newer = iter(range(number)), []

        def overtake(_: str) -> None:
            if next(left, None) is None and not newer:
                newer.append(there.run(DEFINITION, "arn:newer"))
                there.end_lease()
                there.outcomes.clear()
                assert promote(newer[0], {"request": REQUEST | {"version": "1.2.0"}}) is None
                newer.append(list(there.writes))

        held_up.on_entry = overtake
        promote(held_up, asked(way))
        assert there.writes == newer[1]
        assert there.believed == config_of("1.2.0")


class TestLostAnswer:
    @pytest.mark.parametrize(("way", "task"), PERFORMED)
    def test_is_asked_for_again(self, way: str, task: str) -> None:
        """What was done though its answer was lost is not done wrongly twice."""
        there = world(way)
        run = there.run(DEFINITION)
        perform, lost = run.tasks[task], []

        def lose(arguments: Any) -> Any:
            result = perform(arguments)
            if not lost:
                lost.append(task)
                raise StateFailedError(_unreachable(task), "Read timed out")
            return result

        run.tasks = {**run.tasks, task: lose}
        with contextlib.suppress(StateFailedError):
            run.start(asked(way))
        assert there.problems() == []


class TestFailedTask:
    @pytest.mark.parametrize(("way", "task"), PERFORMED)
    def test_ends_consistent(self, way: str, task: str) -> None:
        """A call that fails for good leaves what served before, or says that it could not."""
        there = world(way)
        there.tasks[task] = fails("SageMaker.SomeException", "no")
        error = promote(there.run(DEFINITION), asked(way))
        if error is not None and error.error == "RestoreFailed":
            return
        if way == "stopped" and task in ("DropStoppedTarget", "MoveAlias", "LookToStop"):
            return  # a stop is not undone: its retry ends it
        assert [one for one in there.problems() if LEAVES.get(task, "nothing") not in one] == []


class TestLostScaling:
    """How the endpoint was scaled stays with the lease until it is scaled so again."""

    @pytest.mark.parametrize("task", ["RegisterTargetAgain", "PutPolicyAgain", "LookBack"])
    def test_that_could_not_be_set_back_is_set_back_by_the_next(self, task: str) -> None:
        """Its targets went before the update; the next promotion fails, and leaves them as they were."""
        there = world("does not answer")
        there.tasks[task] = fails("ApplicationAutoScaling.SomeException", "no")
        error = promote(there.run(DEFINITION), asked("does not answer"))
        assert error is not None
        assert error.error == "RestoreFailed"
        there.tasks.clear()
        assert promote(there.run(DEFINITION, "arn:next"), asked("does not answer")) is not None
        assert there.problems() == []

    def test_by_a_killed_promotion_outlives_one_that_fails_at_once(self) -> None:
        """That one has touched nothing, and set nothing back."""
        there = world("does not answer")
        dropped = UNDISTURBED["does not answer"].path.index("DropTarget") + 1
        kill(there, "does not answer", dropped)
        there.tasks["PlanPromotion"] = fails("SupersededError", "no")
        assert promote(there.run(DEFINITION, "arn:next"), asked("does not answer")) is not None
        there.tasks.clear()
        assert promote(there.run(DEFINITION, "arn:third"), asked("does not answer")) is not None
        assert there.problems() == []

    def test_is_of_no_interest_once_something_else_serves(self) -> None:
        """Even where nobody could be told of it."""
        there = world("another instance type")
        there.tasks["Tell"] = fails("EventBridge.SomeException", "no")
        assert promote(there.run(DEFINITION), asked("another instance type")) is not None
        assert "scaled" not in there.lease


class TestDeadFunction:
    """Its process ends: killed, out of memory, or out of time; the machine hears nothing else of it."""

    @pytest.mark.parametrize(("way", "task"), _of_functions(PERFORMED))
    @pytest.mark.parametrize("error", ["Lambda.Unknown", "Sandbox.Timedout", "Runtime.ExitError"])
    @pytest.mark.parametrize("times", [1, 99])
    def test_after_its_work_is_taken_at_its_work(self, way: str, task: str, error: str, times: int) -> None:
        """
        Once, it is called again; each time, the ledger says whether its work was done.
        """
        there = world(way)
        run = there.run(DEFINITION)
        perform, left = run.tasks[task], iter(range(times))

        def die(arguments: Any) -> Any:
            result = perform(arguments)
            if next(left, None) is not None:
                raise StateFailedError(error, "Runtime exited")
            return result

        run.tasks = {**run.tasks, task: die}
        ended = promote(run, asked(way))
        assert there.problems() == []
        if task in ("MoveAlias", "Tidy"):
            assert ended is None
            assert [one["DetailType"] for one in there.told]

    @pytest.mark.parametrize(("way", "task"), _of_functions(PERFORMED))
    def test_before_its_work_is_called_again(self, way: str, task: str) -> None:
        """
        What one death hides is done by the next try: the promotion ends as if nothing had been.
        """
        there = world(way)
        run = there.run(DEFINITION)
        perform, left = run.tasks[task], iter(range(1))

        def die(arguments: Any) -> Any:
            if next(left, None) is not None:
                raise StateFailedError("Runtime.ExitError", "Runtime exited")
            return perform(arguments)

        run.tasks = {**run.tasks, task: die}
        promote(run, asked(way))
        assert there.problems() == []
        assert there.believed == UNDISTURBED_WORLDS[way].believed


LEAVES = {
    "Tidy": "alarm",
    "TidyAfterFailure": "alarm",
    "Tell": "alarm",
    "ReleaseLease": "lease",
    "ReleaseLeaseAfterFailure": "lease",
}
"""What is left, word for word, by a task that fails for good: the next promotion, or time, removes it."""


def _unreachable(task: str) -> str:
    """The error of a task whose answer does not arrive."""
    return {
        "lambda": "Lambda.SdkClientException",
        "dynamodb": "DynamoDB.SdkClientException",
        "events": "States.TaskFailed",
        "sagemaker": "SageMaker.SdkClientException",
        "cloudwatch": "CloudWatch.SdkClientException",
        "applicationautoscaling": "ApplicationAutoScaling.SdkClientException",
    }[TASKS[task]["Resource"].split(":")[-2]]
