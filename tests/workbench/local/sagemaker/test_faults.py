"""Each fault that can be asked for shows as SageMaker shows it."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from click.testing import CliRunner

from tests.workbench.local.sagemaker.conftest import until
from tests.workbench.local.sagemaker.load import Load
from workbench.cli import local

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.workbench.local.sagemaker.conftest import Account

pytestmark = pytest.mark.embedded


@pytest.fixture(autouse=True)
def cleared(account: Account, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Commands speak to the session's server; no fault outlives its test."""
    monkeypatch.setenv("SLIPWAY_HOME", str(account.aws.home))
    yield
    account.aws.post("faults/clear")


def slipway(*arguments: str) -> Any:
    """What `slipway local fault ...` answers."""
    result = CliRunner().invoke(local.group, ["fault", *arguments, "--json"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def once(account: Account, service: str) -> Any:
    """A client that does not try again."""
    return boto3.client(
        service,
        region_name=account.aws.region,
        endpoint_url=account.aws.endpoint_url,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}),
    )


def refused(error: pytest.ExceptionInfo[ClientError]) -> tuple[str, str]:
    found: dict[str, Any] = dict(error.value.response["Error"])
    return found["Code"], found["Message"]


def updated(account: Account, name: str, **environment: str) -> str:
    """Update an endpoint to a new model "2"; the new configuration."""
    new = account.config(account.name("new"), account.model(account.name("m"), TAG="2", **environment))
    account.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=new)
    return new


class TestThrottle:
    def test_refuses_an_operation_so_many_times(self, account: Account) -> None:
        """
        ThrottlingException, twice, for that operation alone; of any JSON service, and of InvokeEndpoint.
        """
        added = slipway("add", "throttle", "--operation", "ListModels", "--times", "2")
        sagemaker = once(account, "sagemaker")

        assert [one["id"] for one in slipway("list")] == [added["id"]]
        for _ in range(2):
            with pytest.raises(ClientError) as error:
                sagemaker.list_models()
            assert refused(error) == ("ThrottlingException", "Rate exceeded")
        sagemaker.list_models()
        assert slipway("list") == []

    def test_reaches_other_services_and_the_runtime(self, account: Account) -> None:
        """
        What the platform calls beside SageMaker can be throttled, too.
        """
        slipway("add", "throttle", "--operation", "DescribeScalableTargets")
        slipway("add", "throttle", "--operation", "InvokeEndpoint")

        with pytest.raises(ClientError, match="Rate exceeded"):
            once(account, "application-autoscaling").describe_scalable_targets(ServiceNamespace="sagemaker")
        with pytest.raises(ClientError, match="Rate exceeded"):
            once(account, "sagemaker-runtime").invoke_endpoint(EndpointName="any", Body=b"")


def job(account: Account, kind: str) -> dict[str, Any]:
    """A job of a kind, run to its end."""
    name = account.name(kind.lower())
    if kind == "Training":
        account.sagemaker.create_training_job(**account.training(name))
    elif kind == "Processing":
        account.sagemaker.create_processing_job(**account.processing(name))
    else:
        uri = f"s3://{account.bucket}/batch/{name}"
        account.s3.put_object(Bucket=account.bucket, Key=f"batch/{name}/a.csv", Body=b"1,2\n")
        source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"{uri}/"}}
        account.sagemaker.create_transform_job(
            TransformJobName=name,
            ModelName=account.model(name),
            TransformInput={"ContentType": "text/csv", "DataSource": source},
            TransformOutput={"S3OutputPath": f"{uri}-out"},
            TransformResources={"InstanceType": "ml.m5.large", "InstanceCount": 1},
        )
    return account.ended(kind, name)


class TestInstances:
    def test_that_the_quota_forbids_are_refused_at_once(self, account: Account) -> None:
        """
        ResourceLimitExceeded from CreateEndpoint, naming the instance type; nothing is made.
        """
        name = account.name("quota")
        account.config(name, account.model(name))
        slipway("add", "quota")

        with pytest.raises(ClientError) as error:
            account.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)

        code, message = refused(error)
        assert code == "ResourceLimitExceeded"
        assert "'ml.m5.large for endpoint usage'" in message
        account.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
        assert account.settled_endpoint(name)["EndpointStatus"] == "InService"

    def test_that_cannot_be_had_fail_the_endpoint_or_its_update(self, account: Account) -> None:
        """
        CreateEndpoint is taken and ends as Failed; an update comes back, with the reason.
        """
        name = account.name("capacity")
        account.config(name, account.model(name, TAG="1"))
        slipway("add", "capacity", "--endpoint", name)
        account.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
        failed = account.settled_endpoint(name)
        account.sagemaker.delete_endpoint(EndpointName=name)

        served = account.endpoint("had", TAG="1")
        slipway("add", "capacity", "--endpoint", served)
        updated(account, served)
        settled = account.settled_endpoint(served)

        assert failed["EndpointStatus"] == "Failed"
        assert "InsufficientInstanceCapacity" in failed["FailureReason"]
        assert settled["EndpointConfigName"] == served
        assert "InsufficientInstanceCapacity" in settled["FailureReason"]
        assert account.invoke(served)["Body"]["tag"] == "1"

    @pytest.mark.parametrize("kind", ["Training", "Processing", "Transform"])
    def test_that_cannot_be_had_fail_a_job(self, account: Account, kind: str) -> None:
        """
        It was taken, and ends as Failed before its program has begun; the next one runs.
        """
        slipway("add", "capacity", "--operation", f"Create{kind}Job")

        failed, next_one = job(account, kind), job(account, kind)

        assert failed[f"{kind}JobStatus"] == "Failed"
        assert failed["FailureReason"].startswith("CapacityError: Unable to provision requested ML compute")
        assert next_one[f"{kind}JobStatus"] == "Completed"

    def test_of_an_endpoint_alone_no_job_misses(self, account: Account) -> None:
        """
        And those of jobs alone are missed by no endpoint.
        """
        slipway("add", "capacity", "--endpoint", "nobody")
        slipway("add", "capacity", "--operation", "CreateTransformJob")

        assert job(account, "Training")["TrainingJobStatus"] == "Completed"
        account.endpoint("spared")


class TestProcesses:
    def test_that_are_slow_to_ping_are_waited_for(self, account: Account) -> None:
        """
        The endpoint is in service no sooner than the first answered ping.
        """
        name = account.name("slow")
        account.config(name, account.model(name))
        slipway("add", "slow-ping", "--endpoint", name, "--seconds", "2")
        account.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
        time.sleep(1)

        assert account.sagemaker.describe_endpoint(EndpointName=name)["EndpointStatus"] == "Creating"
        assert account.settled_endpoint(name)["EndpointStatus"] == "InService"

    def test_that_crash_answer_with_an_error_and_come_back(self, account: Account) -> None:
        """
        The third request is a ModelError, as the process ended; it is started again.
        """
        name = account.endpoint("crash", TAG="1")
        slipway("add", "crash-after", "--endpoint", name, "--variant", "AllTraffic", "--requests", "3")
        runtime = once(account, "sagemaker-runtime")

        for _ in range(2):
            runtime.invoke_endpoint(EndpointName=name, Body=b"[1]")
        with pytest.raises(ClientError) as error:
            runtime.invoke_endpoint(EndpointName=name, Body=b"[1]")

        def answered() -> bool:
            try:
                runtime.invoke_endpoint(EndpointName=name, Body=b"[1]")
            except ClientError:
                return False
            return True

        assert refused(error)[0] == "ModelError"
        assert until(answered, bool)


class TestEndpoint:
    def test_what_was_just_made_cannot_be_found_yet(self, account: Account) -> None:
        """
        Describing a new configuration, and creating an endpoint of it, fail until the seconds are over.
        """
        slipway("add", "eventual", "--seconds", "1.5")
        name = account.name("eventual")
        container = {"Image": account.image, "ModelDataUrl": account.artifact()}
        account.sagemaker.create_model(
            ModelName=name, PrimaryContainer=container, ExecutionRoleArn=account.role
        )
        with pytest.raises(ClientError, match="Could not find model"):
            account.config(name, name)

        def made() -> bool:
            try:
                account.config(name, name)
            except ClientError:
                return False
            return True

        assert until(made, bool)
        with pytest.raises(ClientError, match="Could not find endpoint configuration"):
            account.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)

    def test_rollback_that_fails_leaves_both_fleets(self, account: Account) -> None:
        """
        UpdateRollbackFailed: what was reached goes on serving, no update is taken, it can be deleted.
        """
        name = account.endpoint("stuck", TAG="1")
        slipway("add", "rollback-fails", "--endpoint", name)
        slipway("add", "capacity", "--endpoint", name)
        new = updated(account, name)

        stuck = until(
            lambda: account.sagemaker.describe_endpoint(EndpointName=name),
            lambda found: found["EndpointStatus"] == "UpdateRollbackFailed",
        )

        assert "InsufficientInstanceCapacity" in stuck["FailureReason"]
        assert account.invoke(name)["Body"]["tag"] == "1"
        with pytest.raises(ClientError, match="in status UpdateRollbackFailed"):
            account.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=new)
        account.sagemaker.delete_endpoint(EndpointName=name)

    def test_under_maintenance_serves_and_cannot_be_changed(self, account: Account) -> None:
        """
        SystemUpdating for some seconds of SageMaker's clock: requests are answered, updates refused.
        """
        name = account.endpoint("maintained", TAG="1")
        with account.aws.speed(60), Load(account, name) as load:
            slipway("add", "system-updating", "--endpoint", name, "--seconds", "90")
            assert (
                account.sagemaker.describe_endpoint(EndpointName=name)["EndpointStatus"] == "SystemUpdating"
            )
            with pytest.raises(ClientError, match="Cannot update in-progress endpoint"):
                updated(account, name)
            settled = account.settled_endpoint(name)

        assert settled["EndpointStatus"] == "InService"
        assert load.failed == []
        assert slipway("list") == []
