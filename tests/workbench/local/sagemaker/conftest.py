"""An account with a bucket, a role and an image, for tests of the embedded SageMaker."""

from __future__ import annotations

import io
import json
import tarfile
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.workbench.local.sagemaker.tiny_image import tiny

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import EmbeddedAws

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}


@dataclass
class Account:
    """What most tests need, with requests that they vary."""

    aws: EmbeddedAws
    bucket: str
    role: str
    image: str

    @property
    def sagemaker(self) -> Any:
        return self.aws.client("sagemaker")

    @property
    def s3(self) -> Any:
        return self.aws.client("s3")

    def name(self, stem: str) -> str:
        """A name that nobody else uses."""
        return f"{stem}-{uuid.uuid4().hex[:8]}"

    def training(self, name: str, **changes: Any) -> dict[str, Any]:
        """A CreateTrainingJob request."""
        return {
            "TrainingJobName": name,
            "RoleArn": self.role,
            "AlgorithmSpecification": {
                "TrainingImage": self.image,
                "TrainingInputMode": "File",
                "MetricDefinitions": [{"Name": "validation:mae", "Regex": "validation mae=([0-9.]+)"}],
            },
            "InputDataConfig": [
                {
                    "ChannelName": "train",
                    "DataSource": {
                        "S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://{self.bucket}/data/train"}
                    },
                }
            ],
            "OutputDataConfig": {"S3OutputPath": f"s3://{self.bucket}/out"},
            "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 10},
            "StoppingCondition": {"MaxRuntimeInSeconds": 60},
            **changes,
        }

    def processing(self, name: str, **changes: Any) -> dict[str, Any]:
        """A CreateProcessingJob request."""
        return {
            "ProcessingJobName": name,
            "RoleArn": self.role,
            "AppSpecification": {"ImageUri": self.image, "ContainerEntrypoint": ["evaluate"]},
            "ProcessingInputs": [
                {
                    "InputName": "holdout",
                    "S3Input": {
                        "S3Uri": f"s3://{self.bucket}/data/train",
                        "LocalPath": "/opt/ml/processing/data/holdout",
                        "S3DataType": "S3Prefix",
                        "S3InputMode": "File",
                    },
                }
            ],
            "ProcessingOutputConfig": {
                "Outputs": [
                    {
                        "OutputName": "evaluation",
                        "S3Output": {
                            "S3Uri": f"s3://{self.bucket}/evaluations/{name}",
                            "LocalPath": "/opt/ml/processing/evaluation",
                            "S3UploadMode": "EndOfJob",
                        },
                    }
                ]
            },
            "ProcessingResources": {
                "ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 10}
            },
            **changes,
        }

    def artifact(self, **weights: Any) -> str:
        """Put a model artifact; its URI."""
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz") as archive:
            raw = json.dumps({"scale": 2.0} | weights).encode()
            member = tarfile.TarInfo("weights.json")
            member.size = len(raw)
            archive.addfile(member, io.BytesIO(raw))
        key = f"artifacts/{uuid.uuid4().hex}/model.tar.gz"
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=packed.getvalue())
        return f"s3://{self.bucket}/{key}"

    def model(self, name: str, **environment: str) -> str:
        """Create a model whose programs see these variables; its name."""
        container = {"Image": self.image, "ModelDataUrl": self.artifact(), "Environment": environment}
        self.sagemaker.create_model(ModelName=name, PrimaryContainer=container, ExecutionRoleArn=self.role)
        return name

    def config(
        self,
        name: str,
        *models: str,
        count: int = 1,
        startup: int | None = None,
        instance_type: str = "ml.m5.large",
        **members: Any,
    ) -> str:
        """Create an endpoint configuration with a variant for each model; its name."""
        variants = [
            {
                "VariantName": "AllTraffic" if number == 0 else f"Variant{number}",
                "ModelName": model,
                "InstanceType": instance_type,
                "InitialInstanceCount": count,
                **({"ContainerStartupHealthCheckTimeoutInSeconds": startup} if startup else {}),
            }
            for number, model in enumerate(models)
        ]
        self.sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=variants, **members)
        return name

    def asynchronous(self, **output: Any) -> dict[str, Any]:
        """The AsyncInferenceConfig of an endpoint configuration, below this account's bucket."""
        below = f"s3://{self.bucket}/async"
        paths = {"S3OutputPath": f"{below}/out", "S3FailurePath": f"{below}/failed"}
        return {"AsyncInferenceConfig": {"OutputConfig": paths | output}}

    def invoke_async(self, name: str, body: Any = (1, 2), **options: Any) -> dict[str, Any]:
        """Put an input and invoke an asynchronous endpoint with it; the response."""
        key = f"async/in/{uuid.uuid4()}.json"
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=json.dumps(body).encode())
        given = {"InputLocation": f"s3://{self.bucket}/{key}", "ContentType": "application/json"}
        runtime = self.aws.client("sagemaker-runtime")
        return dict(runtime.invoke_endpoint_async(EndpointName=name, **(given | options)))

    def result(self, location: str, seconds: float = 30) -> Any:
        """What lies at a location of this account's bucket, waited for; JSON is read."""
        key = location.partition(f"{self.bucket}/")[2]

        def look() -> bytes | None:
            try:
                return bytes(self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read())
            except self.s3.exceptions.NoSuchKey:
                return None

        found = until(look, lambda body: body is not None, seconds)
        try:
            return json.loads(found)
        except ValueError:
            return found.decode()

    def endpoint(self, stem: str = "e", members: dict[str, Any] | None = None, **environment: str) -> str:
        """Create an endpoint and wait until it is in service; its name."""
        name = self.name(stem)
        self.config(name, self.model(name, **environment), **(members or {}))
        self.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
        self.settled_endpoint(name)
        return name

    def ended(self, kind: str, name: str, seconds: float = 30) -> dict[str, Any]:
        """Wait for the end of a job (kind "Training" or "Processing"); its description."""
        describe = getattr(self.sagemaker, f"describe_{kind.lower()}_job")
        return until(
            lambda: describe(**{f"{kind}JobName": name}),
            lambda job: job[f"{kind}JobStatus"] in ("Completed", "Failed", "Stopped"),
            seconds,
        )

    def settled_endpoint(self, name: str, seconds: float = 30) -> dict[str, Any]:
        """Wait until nothing changes at an endpoint; its description."""
        return until(
            lambda: self.sagemaker.describe_endpoint(EndpointName=name),
            lambda endpoint: endpoint["EndpointStatus"] in ("InService", "Failed"),
            seconds,
        )

    def invoke(self, name: str, body: Any = (1, 2), **options: Any) -> dict[str, Any]:
        """Invoke an endpoint; the whole response, its body read as JSON."""
        return self.invoke_by(self.aws.client("sagemaker-runtime"), name, body, **options)

    def invoke_by(self, runtime: Any, name: str, body: Any = (1, 2), **options: Any) -> dict[str, Any]:
        """Invoke an endpoint by a client of one's own."""
        given = {"EndpointName": name, "Body": json.dumps(body), "ContentType": "application/json"}
        response = runtime.invoke_endpoint(**(given | options))
        response["Body"] = json.loads(response["Body"].read())
        return dict(response)


def until(look: Callable[[], Any], wanted: Callable[[Any], bool], seconds: float = 30) -> Any:
    """Look again and again until it is as wanted; what was seen then."""
    deadline = time.monotonic() + seconds
    while True:
        seen = look()
        if wanted(seen):
            return seen
        assert time.monotonic() < deadline, seen
        time.sleep(0.05)


def make_account(aws: EmbeddedAws, *, actions: tuple[str, ...] = ("s3:*",)) -> Account:
    """A bucket with two files of data, a role that may do ``actions``, and the tiny image."""
    bucket, role = f"tiny-{uuid.uuid4().hex[:8]}", f"tiny-{uuid.uuid4().hex[:8]}"
    s3, iam = aws.client("s3"), aws.client("iam")
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="data/train/a.csv", Body=b"1,2\n")
    s3.put_object(Bucket=bucket, Key="data/train/more/b.csv", Body=b"3,4\n")
    arn = iam.create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": "*"}],
    }
    iam.put_role_policy(RoleName=role, PolicyName="data", PolicyDocument=json.dumps(policy))
    return Account(aws, bucket, arn, tiny(aws))


@pytest.fixture(scope="session")
def account(embedded_aws: EmbeddedAws) -> Account:
    """The account that the session's tests share."""
    return make_account(embedded_aws)
