from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from botocore.validate import ParamValidator

from slipway.domain.errors import ArtifactRemovedError, PackageNotApprovedError, VersionNotRegisteredError
from slipway.domain.next_actions import next_action
from slipway.domain.succession import SupersededError
from slipway.usecases.plan_promotion import plan_promotion
from slipway.usecases.register_release import register_release
from tests.fakes.artifacts import FakeArtifacts
from tests.fakes.ledger import FakeLedger
from tests.fakes.models import NOW, a_champion, a_plan, a_promotion_request, a_site, an_accepted_document
from tests.fakes.sagemaker import FakeModelRegistry


class Harbour:
    """A version that is registered."""

    def __init__(self, **sections: Any) -> None:
        self.registry, self.ledger = FakeModelRegistry(), FakeLedger()
        plan = a_plan(**sections)
        subject = {name: plan[name] for name in ("release_id", "project", "model", "version", "planned_at")}
        self.ledger.claim_release({**subject, "status": "awaiting-approval", "reason": "", "plan": plan})
        document, artifacts = an_accepted_document(plan), FakeArtifacts()
        artifacts.put(document["training"]["model_uri"])
        self.package = register_release(
            document,
            site=a_site(),
            registry=self.registry,
            artifacts=artifacts,
            ledger=self.ledger,
            clock=lambda: NOW,
        )

    def approve(self) -> None:
        self.registry.set_approval(self.package["arn"], "Approved", "")

    def serve(self, *versions: str) -> None:
        """Let versions serve, one after the other."""
        for revision, version in enumerate(versions, 1):
            assert self.ledger.move_alias(
                {
                    "project": "pricing",
                    "model": "hotel-rates",
                    "alias": "champion",
                    "version": version,
                    "release_id": "r",
                    "moved_at": f"m{revision}",
                    "actor": "a",
                    "reason": "",
                    "revision": revision,
                }
            )

    def plan(self, **request: Any) -> Any:
        return plan_promotion(
            a_promotion_request(**request),
            site=a_site(),
            ledger=self.ledger,
            registry=self.registry,
            clock=lambda: NOW,
        )


@pytest.fixture
def harbour() -> Harbour:
    harbour = Harbour()
    harbour.approve()
    return harbour


class TestPlanPromotion:
    def test_names_are_the_same_each_time(self, harbour: Harbour) -> None:
        """Promoting the same version again finds the model and config that are there."""
        first, again = harbour.plan(), harbour.plan(cause="promote")

        assert first["endpoint_name"] == "slipway-dev-pricing-hotel-rates"
        assert first["model_name"] == "slipway-dev-hotel-rates-1-1-0-9f2c41d0"
        assert (again["model_name"], again["endpoint_config_name"]) == (
            first["model_name"],
            first["endpoint_config_name"],
        )

    def test_deployment_config_is_one_that_boto3_sends(self, harbour: Harbour) -> None:
        """Blue/green all at once, within the service's bounds."""
        config = harbour.plan()["deployment_config"]
        client = boto3.client("sagemaker", region_name="eu-west-1")
        shape = client.meta.service_model.operation_model("UpdateEndpoint").input_shape.members[
            "DeploymentConfig"
        ]

        assert not ParamValidator().validate(config, shape).has_errors()
        assert config["BlueGreenUpdatePolicy"]["TrafficRoutingConfiguration"]["Type"] == "ALL_AT_ONCE"

    def test_container_knows_who_it_is(self, harbour: Harbour) -> None:
        """The serving container gets its identity; the image is named by digest."""
        promotion = harbour.plan()

        container = promotion["model_requests"][0]["PrimaryContainer"]
        assert json.loads(container["Environment"]["SLIPWAY_IDENTITY"]) == promotion["identity"]
        assert promotion["identity"]["version"] == "1.1.0"
        assert promotion["identity"]["data_version"] == "hotel-rates:1.2.0"
        assert container["Image"].endswith(promotion["identity"]["image_digest"])

    def test_scaling_of_the_manifest(self, harbour: Harbour) -> None:
        """The target is the endpoint's variant, within the manifest's bounds."""
        (scaling,) = harbour.plan()["scaling_targets"]

        assert scaling["resource_id"] == "endpoint/slipway-dev-pricing-hotel-rates/variant/AllTraffic"
        assert (scaling["min_capacity"], scaling["max_capacity"]) == (1, 2)
        tracking = scaling["policies"][0]["TargetTrackingScalingPolicyConfiguration"]
        assert tracking["TargetValue"] == 1000

    def test_unregistered_version(self, harbour: Harbour) -> None:
        """A version that no release registered is refused, and the error lists those that are."""
        with pytest.raises(VersionNotRegisteredError, match=r"registered: 1\.1\.0"):
            harbour.plan(version="9.0.0")

    def test_version_whose_artifact_was_removed(self, harbour: Harbour) -> None:
        """What has no model any more can't serve, whoever asks; the next step is said."""
        record = harbour.ledger.version("pricing", "hotel-rates", "1.1.0")
        harbour.ledger.note_artifact_removed(record, "2027-11-22T03:00:00.000Z")

        with pytest.raises(ArtifactRemovedError, match="removed 2027-11-22") as raised:
            harbour.plan(cause="rollback")
        action = next_action("Promote", "ArtifactRemovedError", str(raised.value), release_id="9f")
        assert "push the image under a newer one" in action

    def test_approval_is_noted_with_its_reason(self, harbour: Harbour) -> None:
        """Who approved and why stands in the version before it serves."""
        harbour.plan()

        record = harbour.ledger.version("pricing", "hotel-rates", "1.1.0")
        assert (record["approver"], record["decision_reason"]) == ("ana@example.com", "better on every slice")

    @pytest.mark.parametrize("status", ["PendingManualApproval", "Rejected"])
    def test_package_that_nobody_approved(self, status: str) -> None:
        """Only an approved package can serve, whoever asks."""
        harbour = Harbour()
        harbour.registry.set_approval(harbour.package["arn"], status, "")

        with pytest.raises(PackageNotApprovedError, match=status):
            harbour.plan(cause="rollback")

    def test_approval_is_kept_in_the_ledger(self, harbour: Harbour) -> None:
        """The version is approved by whom the request names."""
        harbour.plan()

        record = harbour.ledger.version("pricing", "hotel-rates", "1.1.0")
        assert (record["approval"], record["approver"]) == ("approved", "ana@example.com")

    def test_previous_champion(self, harbour: Harbour) -> None:
        """The plan remembers where the alias is, for it may move only from there."""
        assert harbour.plan()["previous"] is None
        harbour.serve("1.0.0")

        assert harbour.plan(cause="promote")["previous"] == {"version": "1.0.0", "release_id": "r"}


class TestSuccession:
    """Time goes by between evidence and approval; another version may have come to serve by then."""

    @pytest.mark.parametrize("served", [("1.0.0", "1.2.0"), ("1.2.0",), ("1.0.0", "1.0.5"), ("0.9.0",)])
    def test_approval_beside_another_champion(self, served: tuple[str, ...]) -> None:
        """What was compared with 1.0.0 must not replace another version, be it newer or older."""
        harbour = Harbour(champion=a_champion("1.0.0"))
        harbour.approve()
        harbour.serve(*served)

        with pytest.raises(SupersededError, match=f"{served[-1]} serves by now") as refused:
            harbour.plan()

        assert (refused.value.version, refused.value.serving) == ("1.1.0", served[-1])
        assert "higher version" in next_action("Plan", "SupersededError", str(refused.value), release_id="r")

    def test_first_release_that_another_overtook(self, harbour: Harbour) -> None:
        """Evidence without a champion does not replace the one that came meanwhile."""
        harbour.serve("1.0.0")

        with pytest.raises(SupersededError, match="compares it with nothing"):
            harbour.plan()

    def test_nothing_is_noted_of_a_refused_promotion(self) -> None:
        """The release does not count as being promoted."""
        harbour = Harbour(champion=a_champion("1.0.0"))
        harbour.approve()
        harbour.serve("1.2.0")

        with pytest.raises(SupersededError):
            harbour.plan()

        assert harbour.ledger.releases["9f2c41d07b3a55e1"]["status"] == "awaiting-approval"

    def test_the_champion_that_it_was_judged_against(self) -> None:
        """The ordinary case."""
        harbour = Harbour(champion=a_champion("1.0.0"))
        harbour.approve()
        harbour.serve("1.0.0")

        assert harbour.plan()["previous"]["version"] == "1.0.0"

    def test_retry_after_it_came_to_serve(self) -> None:
        """A promotion that failed after the alias had moved goes on when it is retried."""
        harbour = Harbour(champion=a_champion("1.0.0"))
        harbour.approve()
        harbour.serve("1.0.0", "1.1.0")

        assert harbour.plan()["previous"]["version"] == "1.1.0"

    @pytest.mark.parametrize("cause", ["promote", "rollback"])
    def test_by_hand(self, cause: str) -> None:
        """Who names a version by hand may go back to an older one."""
        harbour = Harbour(champion=a_champion("1.0.0"))
        harbour.approve()
        harbour.serve("1.0.0", "1.2.0")

        assert harbour.plan(cause=cause)["previous"]["version"] == "1.2.0"
