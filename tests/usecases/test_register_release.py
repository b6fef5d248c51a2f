from __future__ import annotations

import re
from typing import Any

import boto3
import pytest
from botocore.validate import ParamValidator

from slipway.domain.artifacts import ArtifactUnreadableError
from slipway.domain.errors import VersionTakenError
from slipway.usecases.register_release import register_release
from tests.fakes.artifacts import FakeArtifacts
from tests.fakes.ledger import FakeLedger
from tests.fakes.models import NOW, a_plan, a_site, a_version, an_accepted_document
from tests.fakes.sagemaker import FakeModelRegistry


class Office:
    def __init__(self) -> None:
        self.registry, self.ledger, self.artifacts = FakeModelRegistry(), FakeLedger(), FakeArtifacts()

    def register(self, document: Any = None) -> Any:
        document = document or an_accepted_document()
        self.artifacts.put(document["training"]["model_uri"])
        return register_release(
            document,
            site=a_site(),
            registry=self.registry,
            artifacts=self.artifacts,
            ledger=self.ledger,
            clock=lambda: NOW,
        )

    @property
    def request(self) -> Any:
        (request,) = self.registry.packages.values()
        return request


@pytest.fixture
def office() -> Office:
    return Office()


class TestRegisterRelease:
    def test_package_waits_for_approval(self, office: Office) -> None:
        """The package is registered as pending, with the image by digest and the trained model."""
        package = office.register()

        container = office.request["InferenceSpecification"]["Containers"][0]
        assert package["group"] == "slipway-dev-pricing-hotel-rates"
        assert (package["version"], package["arn"].rsplit("/", 1)[-1]) == (1, "1")
        assert office.request["ModelApprovalStatus"] == "PendingManualApproval"
        assert "@sha256:" in container["Image"]
        assert container["ModelDataUrl"].endswith("/model.tar.gz")

    def test_description_names_the_release(self, office: Office) -> None:
        """Who reads the registry finds the way back to the release."""
        document = an_accepted_document()
        office.register(document)

        plan = document["plan"]
        assert office.request["ModelPackageDescription"] == (
            f"{plan['project']}/{plan['model']} {plan['version']}, release {plan['release_id']}"
        )

    def test_metrics_point_to_the_report(self, office: Office) -> None:
        """ModelMetrics names the metrics that counted, in the form that Studio shows."""
        office.register()

        uri = office.request["ModelMetrics"]["ModelQuality"]["Statistics"]["S3Uri"]
        assert uri.endswith("/model-quality.json")

    def test_properties_keep_to_what_sagemaker_allows(self, office: Office) -> None:
        """Every property matches SageMaker's pattern for metadata and its lengths."""
        document = an_accepted_document()
        document["verdict"]["challenger"] = {f"metric, {n} {{x}}": 0.1 for n in range(80)}
        office.register(document)

        properties = office.request["CustomerMetadataProperties"]
        assert len(properties) <= 50
        for key, value in properties.items():
            assert re.fullmatch(r"[A-Za-z0-9 _.:/=+\-@]{1,128}", key)
            assert re.fullmatch(r"[A-Za-z0-9 _.:/=+\-@]{1,256}", value)
        assert properties["slipway:version"] == "1.1.0"
        assert properties["slipway:release"] == "9f2c41d07b3a55e1"

    def test_request_is_one_that_boto3_sends(self, office: Office) -> None:
        """The request has only members, types and lengths of the service's model."""
        office.register()

        client = boto3.client("sagemaker", region_name="eu-west-1")
        shape = client.meta.service_model.operation_model("CreateModelPackage").input_shape
        assert not ParamValidator().validate(office.request, shape).has_errors()

    def test_version_is_kept_with_all_to_serve_it_again(self, office: Office) -> None:
        """The ledger's version holds image, model, package, manifest, data and metrics."""
        package = office.register()

        record = office.ledger.version("pricing", "hotel-rates", "1.1.0")
        assert record["package_arn"] == package["arn"]
        assert record["manifest"] == a_plan()["manifest"]
        assert record["metrics"] == {"mae": 31.2}
        assert record["approval"] == "pending"

    def test_version_says_all_that_production_asks(self, office: Office) -> None:
        """Digests, hyperparameters, verdict, cost, data and a card stand in it, and can be searched."""
        source = {"git_commit": "4f1c2d0", "python": "3.13.1", "libraries": {"scikit-learn": "1.7.2"}}
        office.register(an_accepted_document({**a_plan("1.1.0+retrain.20261101T120000Z"), "source": source}))

        record = office.ledger.version("pricing", "hotel-rates", "1.1.0+retrain.20261101T120000Z")
        assert record["artifact"] == office.artifacts.digests(record["model_uri"])
        assert record["hyperparameters"] == {
            "learning_rate": "0.1",
            "rounds": "200",
            "early_stopping": "true",
        }
        assert record["source"] == source
        assert record["verdict"] == "accepted"
        assert record["card"] == "Rates of hotels\n\naccepted"
        assert record["cost_usd"] == pytest.approx(0.115 * 61 / 3600)
        assert record["data_sets"] == [
            "hotel-rates-holdout:1.0.0",
            "hotel-rates:1.2.0",
            f"sha256:{'ab' * 32}",
        ]

    def test_card_says_the_task(self, office: Office) -> None:
        """Who looks for a pretrained model finds it by task and data: `search regression --data …`."""
        plan = a_plan()
        plan["manifest"]["evaluation"]["task"] = "regression"
        office.register(an_accepted_document(plan))

        card = office.ledger.version("pricing", "hotel-rates", "1.1.0")["card"]
        assert card == "Rates of hotels\n\ntask: regression\n\naccepted"

    def test_what_is_not_known_is_left_out(self, office: Office) -> None:
        """An image that says nothing of itself, an instance without a known price: no empty words."""
        office.register(an_accepted_document(a_plan(training={"instance_type": "ml.p9.large"})))

        record = office.ledger.version("pricing", "hotel-rates", "1.1.0")
        assert "source" not in record
        assert "cost_usd" not in record

    def test_card_is_cut_where_a_verdict_is_long(self, office: Office) -> None:
        """A card has at most 2,000 characters: every listing carries it."""
        document = an_accepted_document()
        document["verdict"]["summary"] = "mae is 31.2; " * 300
        office.register(document)

        card = office.ledger.version("pricing", "hotel-rates", "1.1.0")["card"]
        assert len(card) <= 2000
        assert card.endswith("…")

    def test_artifact_that_cannot_be_read_registers_nothing(self, office: Office) -> None:
        """Neither a package nor a version is left of it."""
        with pytest.raises(ArtifactUnreadableError, match="no such object"):
            register_release(
                an_accepted_document(),
                site=a_site(),
                registry=office.registry,
                artifacts=office.artifacts,
                ledger=office.ledger,
                clock=lambda: NOW,
            )
        assert (office.registry.packages, office.ledger.registered) == ({}, {})

    def test_tried_twice(self, office: Office) -> None:
        """A retry gives the same package and makes no second one."""
        assert office.register() == office.register()
        assert len(office.registry.packages) == 1

    def test_tried_again_after_dying_in_between(self, office: Office) -> None:
        """A package without a version in the ledger is found by its release and taken."""
        first = office.register()
        office.ledger.registered.clear()

        assert office.register() == first
        assert len(office.registry.packages) == 1
        assert office.ledger.version("pricing", "hotel-rates", "1.1.0") is not None

    def test_version_that_another_release_holds(self, office: Office) -> None:
        """Two releases of one version: the second to come is refused, before it makes a package."""
        office.ledger.put_version(a_version(release_id="other"))

        with pytest.raises(VersionTakenError, match="release other"):
            office.register()
        assert office.registry.packages == {}

    def test_group_is_tagged_for_good(self, office: Office) -> None:
        """The group is made once for the model."""
        office.register()
        office.register(an_accepted_document(a_plan("1.2.0", release_id="0" * 16)))

        assert list(office.registry.groups) == ["slipway-dev-pricing-hotel-rates"]
        assert len(office.registry.packages) == 2
