"""Models, endpoint configurations, model package groups and packages of the embedded SageMaker."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.workbench.local.sagemaker.tiny_image import OCI, tiny

if TYPE_CHECKING:
    from tests.workbench.local.sagemaker.conftest import Account

pytestmark = pytest.mark.embedded


def register(account: Account, group: str, **changes: Any) -> str:
    """Create a package in a group; its ARN."""
    request = {
        "ModelPackageGroupName": group,
        "ModelApprovalStatus": "PendingManualApproval",
        "InferenceSpecification": {
            "Containers": [{"Image": account.image, "ModelDataUrl": account.artifact()}],
            "SupportedContentTypes": ["application/json"],
            "SupportedResponseMIMETypes": ["application/json"],
        },
        "CustomerMetadataProperties": {"version": "1.2.0"},
        **changes,
    }
    arn: str = account.sagemaker.create_model_package(**request)["ModelPackageArn"]
    return arn


@pytest.fixture
def group(account: Account) -> str:
    """A new model package group."""
    name = account.name("g")
    account.sagemaker.create_model_package_group(
        ModelPackageGroupName=name, Tags=[{"Key": "team", "Value": "pricing"}]
    )
    return name


class TestModel:
    def test_oci_images_are_refused(self, account: Account) -> None:
        """
        Hosting takes Docker manifests alone: an image with OCI media types is refused as SageMaker
        refuses it.
        """
        image = tiny(account.aws, "tests/oci", media_type=OCI)

        with pytest.raises(ClientError, match="Unsupported manifest media type") as refused:
            account.sagemaker.create_model(
                ModelName=account.name("m"), PrimaryContainer={"Image": image}, ExecutionRoleArn=account.role
            )

        assert refused.value.response["Error"]["Code"] == "ValidationException"

    def test_images_must_exist(self, account: Account) -> None:
        """
        An image that the registry does not hold is refused.
        """
        with pytest.raises(ClientError, match="not found"):
            account.sagemaker.create_model(
                ModelName=account.name("m"),
                PrimaryContainer={"Image": f"{account.aws.registry}/tests/tiny:9.9.9"},
                ExecutionRoleArn=account.role,
            )

    def test_names_are_taken_once(self, account: Account) -> None:
        """
        A second model of the name is refused; deleting the first frees it.
        """
        name = account.model(account.name("m"))
        with pytest.raises(ClientError, match="Cannot create already existing model"):
            account.model(name)

        account.sagemaker.delete_model(ModelName=name)

        assert account.model(name) == name

    def test_packages_must_be_approved(self, account: Account, group: str) -> None:
        """
        A model can be made from a package once the package is approved, not before.
        """
        arn = register(account, group)
        request = {
            "ModelName": account.name("m"),
            "PrimaryContainer": {"ModelPackageName": arn},
            "ExecutionRoleArn": account.role,
        }
        with pytest.raises(ClientError, match="must be Approved"):
            account.sagemaker.create_model(**request)

        account.sagemaker.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Approved")

        assert account.sagemaker.create_model(**request)["ModelArn"].endswith(request["ModelName"])


class TestEndpointConfig:
    def test_needs_known_models_and_own_variant_names(self, account: Account) -> None:
        """
        A configuration of an unknown model is refused; a good one is immutable under its name.
        """
        with pytest.raises(ClientError, match="Could not find model"):
            account.config(account.name("c"), "nobody")
        name = account.config(account.name("c"), account.model(account.name("m")))

        with pytest.raises(ClientError, match="Cannot create already existing endpoint configuration"):
            account.config(name, account.model(account.name("m")))

    def test_data_capture_is_kept(self, account: Account) -> None:
        """
        DataCaptureConfig comes back as it was given.
        """
        name, model = account.name("c"), account.model(account.name("m"))
        capture = {
            "EnableCapture": True,
            "InitialSamplingPercentage": 50,
            "DestinationS3Uri": f"s3://{account.bucket}/captured",
            "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
        }
        account.sagemaker.create_endpoint_config(
            EndpointConfigName=name,
            ProductionVariants=[
                {
                    "VariantName": "AllTraffic",
                    "ModelName": model,
                    "InstanceType": "ml.m5.large",
                    "InitialInstanceCount": 1,
                }
            ],
            DataCaptureConfig=capture,
        )

        assert (
            account.sagemaker.describe_endpoint_config(EndpointConfigName=name)["DataCaptureConfig"]
            == capture
        )


class TestPackage:
    def test_versions_count_up_and_wait_for_approval(self, account: Account, group: str) -> None:
        """
        Each package of a group gets the next version; approval and properties are changed by
        UpdateModelPackage.
        """
        first, second = register(account, group), register(account, group)

        account.sagemaker.update_model_package(
            ModelPackageArn=second,
            ModelApprovalStatus="Approved",
            ApprovalDescription="looks right",
            CustomerMetadataProperties={"release": "abc"},
            CustomerMetadataPropertiesToRemove=["version"],
        )

        assert (first.rpartition("/")[2], second.rpartition("/")[2]) == ("1", "2")
        package = account.sagemaker.describe_model_package(ModelPackageName=second)
        assert (package["ModelApprovalStatus"], package["ModelPackageVersion"]) == ("Approved", 2)
        assert package["CustomerMetadataProperties"] == {"release": "abc"}
        pending = account.sagemaker.list_model_packages(
            ModelPackageGroupName=group, ModelApprovalStatus="PendingManualApproval"
        )["ModelPackageSummaryList"]
        assert [found["ModelPackageArn"] for found in pending] == [first]

    def test_who_changed_it_is_said(self, account: Account, group: str) -> None:
        """
        CreatedBy and LastModifiedBy name the caller's IAM identity.
        """
        arn = register(account, group)
        iam, name = account.aws.client("iam"), account.name("ana")
        user = iam.create_user(UserName=name)["User"]
        statement = {"Effect": "Allow", "Action": "sagemaker:UpdateModelPackage", "Resource": arn}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_user_policy(UserName=name, PolicyName="update", PolicyDocument=document)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        hers = account.aws.client(
            "sagemaker",
            aws_access_key_id=key["AccessKeyId"],
            aws_secret_access_key=key["SecretAccessKey"],
        )
        assert "LastModifiedBy" not in account.sagemaker.describe_model_package(ModelPackageName=arn)

        hers.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Approved")

        package = account.sagemaker.describe_model_package(ModelPackageName=arn)
        assert package["LastModifiedBy"]["IamIdentity"] == {"Arn": user["Arn"], "PrincipalId": user["UserId"]}
        assert package["CreatedBy"]["IamIdentity"]["Arn"].endswith(":root")

    def test_version_numbers_are_given_once(self, account: Account, group: str) -> None:
        """
        A deleted version's number does not come back.
        """
        account.sagemaker.delete_model_package(ModelPackageName=register(account, group))

        assert register(account, group).endswith("/2")

    def test_versions_take_no_tags(self, account: Account, group: str) -> None:
        """
        Tags belong to the group; a version with tags is refused.
        """
        with pytest.raises(ClientError, match="Tags are not supported on versioned model packages"):
            register(account, group, Tags=[{"Key": "a", "Value": "b"}])

    @pytest.mark.parametrize("value", ['{"a": 1}', "one, two", 'a "word"', "x" * 257])
    def test_properties_are_plain_words(self, account: Account, group: str, value: str) -> None:
        """
        CustomerMetadataProperties hold no braces, commas or quotes, and 256 characters at most.
        """
        client = account.aws.client("sagemaker", config=Config(parameter_validation=False))

        with pytest.raises(ClientError, match="failed to satisfy constraint"):
            client.create_model_package(
                ModelPackageGroupName=group,
                InferenceSpecification={"Containers": [{"Image": account.image}]},
                CustomerMetadataProperties={"key": value},
            )

    def test_groups_with_versions_stay(self, account: Account, group: str) -> None:
        """
        A group is deleted only when it has no versions left.
        """
        arn = register(account, group)
        with pytest.raises(ClientError, match="still contains Model Packages"):
            account.sagemaker.delete_model_package_group(ModelPackageGroupName=group)

        account.sagemaker.delete_model_package(ModelPackageName=arn)
        account.sagemaker.delete_model_package_group(ModelPackageGroupName=group)

        with pytest.raises(ClientError, match="does not exist"):
            account.sagemaker.describe_model_package_group(ModelPackageGroupName=group)
