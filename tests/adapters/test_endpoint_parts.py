from __future__ import annotations

import boto3
from moto import mock_aws

from slipway.adapters.sagemaker_endpoint_parts import SageMakerEndpointParts


class TestConfigsAndModels:
    @mock_aws
    def test_go_once(self) -> None:
        """What is gone already is no error."""
        sagemaker = boto3.client(
            "sagemaker", region_name="eu-west-1", aws_access_key_id="test", aws_secret_access_key="test"
        )
        sagemaker.create_model(ModelName="model", ExecutionRoleArn="arn:aws:iam::123456789012:role/x")
        variant = {"VariantName": "AllTraffic", "ModelName": "model"}
        sagemaker.create_endpoint_config(
            EndpointConfigName="config",
            ProductionVariants=[variant | {"InstanceType": "ml.m5.large", "InitialInstanceCount": 1}],
        )
        parts = SageMakerEndpointParts(sagemaker)

        assert (parts.remove_config("config"), parts.remove_config("config")) == (True, False)
        assert (parts.remove_model("model"), parts.remove_model("model")) == (True, False)
