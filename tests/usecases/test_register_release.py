from __future__ import annotations

import re
from typing import Any

import boto3
import pytest
from botocore.validate import ParamValidator

from slipway.domain.errors import VersionTakenError
from slipway.usecases.register_release import register_release
from tests.fakes.ledger import FakeLedger
from tests.fakes.models import NOW, a_plan, a_site, a_version, an_accepted_document
from tests.fakes.sagemaker import FakeModelRegistry


class Office:
    def __init__(self) -> None:
        self.registry, self.ledger = FakeModelRegistry(), FakeLedger()

    def register(self, document: Any = None) -> Any:
        return register_release(
            document or an_accepted_document(),
            site=a_site(),
            registry=self.registry,
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
        """ModelMetrics names the challenger's own evaluation.json, without a doubled slash."""
        office.register()

        uri = office.request["ModelMetrics"]["ModelQuality"]["Statistics"]["S3Uri"]
        assert uri.endswith("/evaluation/challenger/evaluation.json")

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
