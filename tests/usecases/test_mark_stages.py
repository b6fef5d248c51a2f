from __future__ import annotations

import pytest

from slipway.usecases.mark_stages import mark_stages
from tests.fakes.endpoint_ledger import EndpointLedger
from tests.fakes.sagemaker import FakeModelRegistry


@pytest.fixture
def endpoint() -> EndpointLedger:
    ledger = EndpointLedger()
    for version in ("1.0.0", "1.1.0"):
        ledger.register(version)
    return ledger


class TestMarkStages:
    def test_packages_say_which_serves(self, endpoint: EndpointLedger) -> None:
        """The package that serves is in production, the one before is archived."""
        endpoint.promote("serve", "1.0.0")
        document = endpoint.document("serve", "1.1.0")
        endpoint.record(document)
        registry = FakeModelRegistry()

        mark_stages(document, ledger=endpoint.ledger, registry=registry)

        assert endpoint.ledger.version("pricing", "hotel-rates", "1.1.0")["stage"] == "Production"
        assert endpoint.ledger.version("pricing", "hotel-rates", "1.0.0")["stage"] == "Archived"
        assert registry.stages == {
            "package-1.1.0": ("Production", "InService"),
            "package-1.0.0": ("Archived", "Replaced"),
        }

    @pytest.mark.parametrize("action", ["shadow", "stop"])
    def test_who_is_not_champion_has_no_stage(self, endpoint: EndpointLedger, action: str) -> None:
        """A version on trial is not in production yet, and the champion stays what it is."""
        endpoint.promote("serve", "1.0.0")
        registry = FakeModelRegistry()
        version = "1.1.0" if action == "shadow" else "1.0.0"

        mark_stages(endpoint.document(action, version), ledger=endpoint.ledger, registry=registry)

        assert registry.stages == {}

    def test_another_promotion_that_came_between_marks_its_own(self, endpoint: EndpointLedger) -> None:
        """What is told late of the one before changes nothing."""
        endpoint.promote("serve", "1.0.0")
        late = endpoint.document("serve", "1.1.0")
        endpoint.record(late)
        endpoint.promote("serve", "1.0.0")
        registry = FakeModelRegistry()

        mark_stages(late, ledger=endpoint.ledger, registry=registry)

        assert registry.stages == {}
