"""The clients that people use, unchanged, against the embedded SageMaker: the AWS CLI and sagemaker-core."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.workbench.local.sagemaker.conftest import Account

pytestmark = pytest.mark.embedded

TYPED_RESOURCES = """
import json, sys
import boto3
from sagemaker.core.resources import (
    Endpoint, EndpointConfig, Model, ModelPackage, ModelPackageGroup, ProcessingJob, TrainingJob)
from sagemaker.core.shapes import (
    AlgorithmSpecification, Channel, ContainerDefinition, DataSource, OutputDataConfig, ProductionVariant,
    ResourceConfig, S3DataSource, StoppingCondition)
image, role, bucket, name = sys.argv[1:]
job = TrainingJob.create(
    training_job_name=name, role_arn=role,
    algorithm_specification=AlgorithmSpecification(training_image=image, training_input_mode="File"),
    input_data_config=[Channel(channel_name="train", data_source=DataSource(s3_data_source=S3DataSource(
        s3_data_type="S3Prefix", s3_uri=f"s3://{bucket}/data/train")))],
    output_data_config=OutputDataConfig(s3_output_path=f"s3://{bucket}/out"),
    resource_config=ResourceConfig(instance_type="ml.m5.large", instance_count=1, volume_size_in_gb=10),
    stopping_condition=StoppingCondition(max_runtime_in_seconds=60))
job.wait(poll=1, logs=False, timeout=60)
job = TrainingJob.get(name)
assert job.training_job_status == "Completed", job.failure_reason
artifact = job.model_artifacts.s3_model_artifacts
assert name in [j.training_job_name for j in TrainingJob.get_all(name_contains=name)]
ModelPackageGroup.create(model_package_group_name=name)
# ModelPackage.create of 2.27 reads ModelPackageName from an answer that has only ModelPackageArn, at AWS too.
arn = boto3.client("sagemaker").create_model_package(
    ModelPackageGroupName=name, ModelApprovalStatus="Approved", InferenceSpecification={"Containers": [
        {"Image": image, "ModelDataUrl": artifact}]})["ModelPackageArn"]
package = ModelPackage.get(arn)
package.refresh()
assert package.model_approval_status == "Approved"
package.update(customer_metadata_properties={"version": "1.0.0"})
assert ModelPackage.get(package.model_package_arn).customer_metadata_properties == {"version": "1.0.0"}
model = Model.create(model_name=name, execution_role_arn=role,
    primary_container=ContainerDefinition(image=image, model_data_url=artifact))
EndpointConfig.create(endpoint_config_name=name, production_variants=[ProductionVariant(
    variant_name="AllTraffic", model_name=name, instance_type="ml.m5.large", initial_instance_count=1)])
endpoint = Endpoint.create(endpoint_name=name, endpoint_config_name=name)
endpoint.wait_for_status("InService", poll=1, timeout=60)
answer = endpoint.invoke(body=b"[1, 2]", content_type="application/json")
found = json.loads(answer.body.read() if hasattr(answer.body, "read") else answer.body)
assert found["scaled"] == [2.0, 4.0], found
endpoint.delete()
endpoint.wait_for_delete(poll=1, timeout=60)
package.delete()
ModelPackageGroup.get(name).delete()
print("done")
"""


def environment(account: Account) -> dict[str, str]:
    """What a shell would have exported."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
    return kept | {
        "AWS_ENDPOINT_URL": account.aws.endpoint_url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }


def aws(account: Account, *arguments: str) -> Any:
    """Run the AWS CLI; its JSON, or None when it says nothing."""
    program = Path(sys.executable).with_name("aws")
    done = subprocess.run(
        [str(program), "--output", "json", *arguments],
        env=environment(account),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) if done.stdout.strip() else None


class TestCommandLine:
    def test_trains_and_waits(self, account: Account) -> None:
        """
        `aws sagemaker create-training-job`, `wait`, `describe` and `list` work as against AWS.
        """
        name = account.name("cli")
        aws(
            account,
            "sagemaker",
            "create-training-job",
            "--cli-input-json",
            json.dumps(account.training(name)),
        )
        aws(account, "sagemaker", "wait", "training-job-completed-or-stopped", "--training-job-name", name)

        found = aws(account, "sagemaker", "describe-training-job", "--training-job-name", name)

        assert found["TrainingJobStatus"] == "Completed"

    def test_invokes(self, account: Account, tmp_path: Path) -> None:
        """
        `aws sagemaker-runtime invoke-endpoint` writes the answer to a file.
        """
        name = account.endpoint("cli")
        body, answer = tmp_path / "body.json", tmp_path / "answer.json"
        body.write_text("[3]")

        told = aws(
            account,
            *("sagemaker-runtime", "invoke-endpoint", "--endpoint-name", name),
            *("--content-type", "application/json", "--body", f"fileb://{body}", str(answer)),
        )

        assert json.loads(answer.read_text())["scaled"] == [6.0]
        assert told["InvokedProductionVariant"] == "AllTraffic"


class TestTypedResources:
    def test_create_get_refresh_wait_list_and_delete(self, account: Account) -> None:
        """
        sagemaker.core.resources goes from training to an answering endpoint, and takes all of it away again.
        """
        done = subprocess.run(
            [
                sys.executable,
                "-c",
                TYPED_RESOURCES,
                account.image,
                account.role,
                account.bucket,
                account.name("core"),
            ],
            env=environment(account) | {"PYTHONWARNINGS": "ignore"},
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )

        assert done.stdout.strip().endswith("done"), done.stderr[-3000:]
