"""What doctor says of promotions that do not end, and of faults that explain them."""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from tests.workbench.cli.conftest import PLATFORM

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import EmbeddedAws
    from tests.workbench.cli.conftest import Slipway

pytestmark = pytest.mark.embedded


def findings(slipway: Slipway) -> dict[str, Any]:
    """Each check with what it found."""
    return {one["check"]: one for one in slipway("doctor", "--json").json}


@pytest.fixture
def stalled(platform: EmbeddedAws, machine: None, slipway: Slipway) -> Iterator[str]:
    """A promotion that stands still for as long as its test takes; its name."""
    slipway("local", "fault", "add", "stall", "--machine", "cli-promote", "--state", "Done")
    client, name = platform.client("stepfunctions"), f"promote-{uuid.uuid4().hex[:8]}"
    arn = client.start_execution(stateMachineArn=PLATFORM["promote_machine_arn"], name=name)["executionArn"]
    yield name
    client.stop_execution(executionArn=arn)


class TestPromotions:
    def test_that_stands_still_is_named(self, slipway: Slipway, stalled: str) -> None:
        """It is no release, and yet in the way of all who wait for its lease."""
        deadline = time.monotonic() + 20
        while "stands still" not in (found := findings(slipway)["Promotions"])["found"]:
            assert time.monotonic() < deadline, found
        assert found["outcome"] == "warning"
        assert f"{stalled} stands still at Done, began" in found["found"]


class TestFaults:
    def test_that_are_set_are_named(self, slipway: Slipway, platform: EmbeddedAws, machine: None) -> None:
        """Until they are met or cleared."""
        slipway("local", "fault", "add", "capacity", "--endpoint", "e")
        assert "capacity (endpoint e, 1)" in findings(slipway)["Faults"]["found"]
        slipway("local", "fault", "clear")
        assert findings(slipway)["Faults"]["outcome"] == "ok"
