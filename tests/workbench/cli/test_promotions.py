from __future__ import annotations

import json
from typing import Any

import pytest

from slipway.contracts import promotion_limits
from workbench.cli import frame
from workbench.cli.promotions import follow
from workbench.cli.release import AWS_PAUSE, LOCAL_PAUSE

HOUR = 3600
ARN = "arn:aws:states:eu-west-1:123456789012:execution:promote:one"


class FakeStepFunctions:
    """One execution that runs for so many looks, without a history; each look takes no time."""

    def __init__(self, looks: int, ended: dict[str, Any] | None = None) -> None:
        self._left, self._ended = iter(range(looks)), ended or {"status": "SUCCEEDED"}

    def describe_execution(self, **_: Any) -> dict[str, Any]:
        return {"status": "RUNNING"} if next(self._left, None) is not None else self._ended

    def get_paginator(self, _: str) -> FakeStepFunctions:
        return self

    def paginate(self, **_: Any) -> list[dict[str, Any]]:
        return [{"events": []}]


class Hours:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


def followed(environment: str, looks: int) -> float:
    """How long an execution of so many looks was followed."""
    clock = Hours()
    workspace = frame.Workspace(environment, _clients={"stepfunctions": FakeStepFunctions(looks)})
    answer = follow(workspace, ARN, "the promotion", sleep=clock.sleep, clock=lambda: clock.seconds)
    assert answer == {"status": "deployed", "seconds": round(clock.seconds, 2)}
    return clock.seconds


class TestFollow:
    @pytest.mark.parametrize("hours", [5, 17, 28])
    def test_as_long_as_a_promotion_may_take(self, hours: int) -> None:
        """Somebody else's update, a quota, a slow strategy: none of them is the command's to give up."""
        assert followed("prod", round(hours * HOUR / AWS_PAUSE)) == hours * HOUR

    def test_that_never_ends_is_given_up(self) -> None:
        """After the machine's own time-out there is nothing to wait for."""
        with pytest.raises(frame.Refusal, match="the promotion has not ended"):
            followed("prod", round(promotion_limits.MACHINE / AWS_PAUSE) + 100)

    def test_looks_seldom_at_aws(self) -> None:
        """Each look reads the whole history, which AWS counts; a laptop does not."""
        assert followed("prod", 1) >= 2
        assert followed("local", 1) == LOCAL_PAUSE < 1


def refused(error: str, cause: str) -> frame.Refusal:
    """How a failed promotion is told."""
    ended = {"status": "FAILED", "error": error, "cause": cause}
    workspace = frame.Workspace("prod", _clients={"stepfunctions": FakeStepFunctions(0, ended)})
    with pytest.raises(frame.Refusal) as raised:
        follow(workspace, ARN, "the promotion")
    return raised.value


class TestFailedPromotion:
    @pytest.mark.parametrize(
        ("error", "action"),
        [
            ("NoRoomError", "`slipway endpoint show`"),
            ("ChampionLeavesError", "`slipway endpoint show`"),
            ("KindChangeError", "`slipway endpoint stop MODEL`"),
            ("StrategyNotPossibleError", "by hand with another one"),
        ],
    )
    def test_says_the_message_alone_and_what_to_do(self, error: str, action: str) -> None:
        """What the function raised, without its request and stack; the same advice as a release's."""
        told = {"errorMessage": "it can't", "errorType": error, "requestId": "7", "stackTrace": ["line 1"]}
        refusal = refused(error, json.dumps(told))

        assert refusal.message == "the promotion failed: it can't"
        assert action in refusal.hint

    def test_by_hand_no_release_is_to_be_retried(self) -> None:
        """Who promotes by hand gives the same command again."""
        refusal = refused("CapacityError", "no instances of this type")

        assert refusal.message == "the promotion failed: CapacityError: no instances of this type"
        assert "the same command" in refusal.hint
        assert "release retry" not in refusal.hint

    def test_that_nobody_knows_names_its_execution(self) -> None:
        """There its history is."""
        assert refused("Surprise", "what a day").hint == f"look at execution {ARN}"
