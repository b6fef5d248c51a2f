from __future__ import annotations

from datetime import timedelta

from slipway.usecases.look_at_scan import PATIENCE, look_at_scan
from tests.fakes.models import IMAGE_DIGEST, NOW, REPOSITORY, a_plan
from tests.fakes.registry import FakeRegistry


def looked(status: str, *, after: timedelta = timedelta(), **found: object) -> object:
    registry = FakeRegistry()
    registry.scans[REPOSITORY, IMAGE_DIGEST] = {"status": status, "findings": {}, "reason": "", **found}
    return look_at_scan(a_plan(), registry=registry, clock=lambda: NOW + after)


class TestLookAtScan:
    def test_result_is_the_registry_s(self) -> None:
        """What was found is told as it is."""
        found = {"CRITICAL": 2, "LOW": 1}
        assert looked("complete", findings=found) == {"status": "complete", "findings": found, "reason": ""}

    def test_scan_that_goes_on_is_waited_for_but_not_for_ever(self) -> None:
        """After an hour nobody believes in it any more: a result that is missing meets no gate."""
        assert looked("pending", after=PATIENCE)["status"] == "pending"  # type: ignore[index]
        given_up = looked("pending", after=PATIENCE + timedelta(seconds=1))
        assert given_up["status"] == "missing"  # type: ignore[index]
        assert "not ended after 1 hour" in given_up["reason"]  # type: ignore[index]
