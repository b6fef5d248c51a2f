"""Requests and answers in the spelling of Step Functions."""

from __future__ import annotations

from datetime import UTC, datetime

import botocore.session
import pytest

from workbench.local.states.casing import from_answer, operation_of, sdk_name, sdk_service, to_request

SESSION = botocore.session.get_session()


class TestRequest:
    def test_members_are_spelled_as_in_the_model(self) -> None:
        """
        Capitalised as a state writes them, camel case as Step Functions' own API takes them; maps' keys stay.
        """
        shape = SESSION.get_service_model("stepfunctions").operation_model("StartExecution").input_shape
        assert to_request({"StateMachineArn": "a", "Input": {"A": 1}}, shape) == {
            "stateMachineArn": "a",
            "input": '{"A":1}',
        }
        shape = SESSION.get_service_model("sagemaker").operation_model("CreateTrainingJob").input_shape
        given = {
            "trainingJobName": "n",
            "HyperParameters": {"lower_Case": "x"},
            "Tags": [{"Key": "k", "Value": 1}],
        }
        wanted = {
            "TrainingJobName": "n",
            "HyperParameters": {"lower_Case": "x"},
            "Tags": [{"Key": "k", "Value": "1"}],
        }
        assert to_request(given, shape) == wanted

    def test_whole_numbers_stay_whole(self) -> None:
        """
        JSONata's 30.0 is 30 where an integer is wanted; a member that is null is left out.
        """
        shape = SESSION.get_service_model("sagemaker").operation_model("CreateTrainingJob").input_shape
        given = {"ResourceConfig": {"VolumeSizeInGB": 30.0, "VolumeKmsKeyId": None}}
        found = to_request(given, shape)["ResourceConfig"]
        assert found == {"VolumeSizeInGB": 30}
        assert isinstance(found["VolumeSizeInGB"], int)


class TestAnswer:
    def test_members_times_and_maps(self) -> None:
        """
        Members get a capital, times are text or milliseconds, the keys of a map are the caller's.
        """
        shape = SESSION.get_service_model("stepfunctions").operation_model("StartExecution").output_shape
        moment = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)
        answer = {"executionArn": "a", "startDate": moment}
        assert from_answer(answer, shape) == {"ExecutionArn": "a", "StartDate": "2026-01-02T03:04:05.678Z"}
        assert from_answer(answer, shape, timestamps="milliseconds")["StartDate"] == 1767323045678
        shape = SESSION.get_service_model("dynamodb").operation_model("GetItem").output_shape
        assert from_answer({"Item": {"lower": {"S": "x"}}}, shape) == {"Item": {"lower": {"S": "x"}}}


class TestNames:
    @pytest.mark.parametrize(
        ("given", "wanted"),
        [
            ("ARN", "Arn"),
            ("SecretARN", "SecretArn"),
            ("DBInstances", "DbInstances"),
            ("S3Uri", "S3Uri"),
            ("KmsKeyId", "KmsKeyId"),
        ],
    )
    def test_acronyms(self, given: str, wanted: str) -> None:
        """
        As the SDK for Java spells them.
        """
        assert sdk_name(given) == wanted

    @pytest.mark.parametrize(
        ("service", "wanted"),
        [
            ("sagemaker", "SageMaker"),
            ("dynamodb", "DynamoDb"),
            ("stepfunctions", "Sfn"),
            ("events", "EventBridge"),
            ("application-autoscaling", "ApplicationAutoScaling"),
            ("cloudwatch", "CloudWatch"),
            ("s3", "S3"),
            ("ecr", "Ecr"),
        ],
    )
    def test_services(self, service: str, wanted: str) -> None:
        """
        The prefix of an aws-sdk task's errors.
        """
        assert sdk_service(SESSION.get_service_model(service).service_id) == wanted

    def test_operations_are_found_by_the_camel_case_action(self) -> None:
        """
        Whatever the model's own capitals are.
        """
        assert operation_of(SESSION.get_service_model("sagemaker"), "describeEndpoint") == "DescribeEndpoint"
        assert operation_of(SESSION.get_service_model("sagemaker"), "noSuchThing") is None
