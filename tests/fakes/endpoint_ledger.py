"""A ledger with approved versions, and promotions that go well: planned, then recorded under a lease."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from slipway.contracts import names
from slipway.domain.manifest import Manifest
from slipway.usecases.plan_promotion import plan_promotion
from slipway.usecases.record_promotion import record_promotion
from tests.fakes.ledger import FakeLedger
from tests.fakes.models import NOW, a_manifest, a_promotion_request, a_site, a_version
from tests.fakes.sagemaker import FakeModelRegistry

ENDPOINT = names.endpoint("slipway-dev", "pricing", "hotel-rates")


def release_of(version: str) -> str:
    """The release that registered a version: 16 characters, as different as versions are."""
    return f"{version.encode().hex():0<16}"[-16:]


class EndpointLedger:
    """One model's endpoint; each promotion takes a second."""

    def __init__(self, **policy: Any) -> None:
        self.ledger, self.registry = FakeLedger(), FakeModelRegistry()
        self.policy = policy
        self.now: datetime = NOW
        self.executions = 0

    def register(self, version: str, *, predictions: Any = None, **serving: Any) -> None:
        """An approved version; ``serving`` changes keys of its manifest's section, None takes one away."""
        package = f"package-{version}"
        document = a_manifest().document()
        section = document["serving"] | serving
        document["serving"] = {key: value for key, value in section.items() if value is not None}
        manifest = Manifest.from_document(document).document()
        more = {"predictions": predictions} if predictions else {}
        self.ledger.put_version(
            a_version(
                version,
                release_id=release_of(version),
                package_arn=package,
                manifest=manifest,
                **more,
            )
        )
        self.registry.packages[package] = {"ModelApprovalStatus": "Approved"}

    def plan(self, action: str, version: str, *, cause: str = "promote", **request: Any) -> Any:
        """As the function does."""
        return plan_promotion(
            a_promotion_request(
                version, release_id=release_of(version), action=action, cause=cause, **request
            ),
            site=a_site(**self.policy),
            ledger=self.ledger,
            registry=self.registry,
            clock=lambda: self.now,
        )

    def take_lease(self) -> Any:
        """As the machine does: another execution each time, and one more on the fence."""
        self.executions += 1
        owner = f"arn:aws:states:eu-west-1:1:execution:promote:p{self.executions}"
        self.ledger.leases[ENDPOINT] = owner
        self.ledger.fences[ENDPOINT] = self.ledger.fences.get(ENDPOINT, 0) + 1
        return self.ledger.lease(ENDPOINT)

    def document(self, action: str, version: str, **request: Any) -> Any:
        """``contracts.promotion.PromotionDocument`` as it is when the endpoint has changed."""
        lease = self.take_lease()
        promotion = self.plan(action, version, **request)
        asked = a_promotion_request(version, release_id=release_of(version), action=action, cause="promote")
        return {"request": asked | request, "lease": lease, "promotion": promotion}

    def record(self, document: Any) -> Any:
        """As the function does."""
        return record_promotion(document, ledger=self.ledger, clock=lambda: self.now)

    def promote(self, action: str, version: str, **request: Any) -> Any:
        """The whole way; the promotion as it was planned."""
        self.now += timedelta(seconds=1)
        document = self.document(action, version, **request)
        self.record(document)
        return document["promotion"]

    def state(self) -> Any:
        """``contracts.ledger.EndpointState``."""
        return self.ledger.endpoint_state(ENDPOINT)

    def aliases(self) -> dict[str, str]:
        """Alias to version, of those that point somewhere."""
        found = self.ledger.aliases("pricing", "hotel-rates")
        return {one["alias"]: one["version"] for one in found if not one.get("removed")}
