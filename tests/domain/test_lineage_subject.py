"""Events say what may have changed, in the shapes in which AWS and the platform send them."""

from __future__ import annotations

from typing import Any

import pytest

from slipway.domain.lineage_subject import LineageSubject, subjects_of

PROMOTE = "arn:aws:states:eu-west-1:123456789012:stateMachine:slipway-dev-promote"
RELEASE = PROMOTE.replace("promote", "release")
EXECUTION = "arn:aws:states:eu-west-1:123456789012:execution:slipway-dev-release:9f2c41d07b3a55e1"
PACKAGE = "arn:aws:sagemaker:eu-west-1:123456789012:model-package/slipway-dev-pricing-hotel-rates/3"

CASES: list[tuple[str, str, dict[str, Any], LineageSubject]] = [
    (
        "aws.states",
        "Step Functions Execution Status Change",
        {"executionArn": EXECUTION, "stateMachineArn": RELEASE, "status": "RUNNING"},
        LineageSubject("release", "9f2c41d07b3a55e1"),
    ),
    (
        "aws.states",
        "Step Functions Execution Status Change",
        {"executionArn": f"{EXECUTION}-0-0", "stateMachineArn": PROMOTE, "status": "FAILED"},
        LineageSubject("promotion", f"{EXECUTION}-0-0"),
    ),
    (
        "aws.sagemaker",
        "SageMaker Training Job State Change",
        {"TrainingJobName": "train-0-0", "TrainingJobStatus": "Completed"},
        LineageSubject("training-job", "train-0-0"),
    ),
    (
        "aws.sagemaker",
        "SageMaker Processing Job State Change",
        {"ProcessingJobName": "challenger-0-0"},
        LineageSubject("evaluation-job", "challenger-0-0"),
    ),
    (
        "aws.sagemaker",
        "SageMaker Model Package State Change",
        {"ModelPackageArn": PACKAGE, "ModelApprovalStatus": "Approved"},
        LineageSubject("model-package", PACKAGE),
    ),
    (
        "aws.sagemaker",
        "SageMaker Endpoint Deployment State Change",
        {"EndpointName": "slipway-dev-pricing-hotel-rates", "EndpointStatus": "UPDATING"},
        LineageSubject("endpoint", "slipway-dev-pricing-hotel-rates"),
    ),
    (
        "slipway",
        "Release Refused",
        {"release_id": "9f2c41d07b3a55e1", "environment": "dev"},
        LineageSubject("release", "9f2c41d07b3a55e1"),
    ),
    (
        "aws.s3",
        "Object Created",
        {"bucket": {"name": "data"}, "object": {"key": "pricing/hotel-rates/1.1.0/data-set.json"}},
        LineageSubject("data-set", "pricing/hotel-rates:1.1.0"),
    ),
]


class TestSubjects:
    @pytest.mark.parametrize(("source", "kind", "detail", "subject"), CASES)
    def test_each_event_names_one_source(
        self, source: str, kind: str, detail: dict[str, Any], subject: LineageSubject
    ) -> None:
        """Nothing of the state that the event tells is taken over."""
        event = {"source": source, "detail-type": kind, "detail": detail}

        assert subjects_of(event, promote_machine_arn=PROMOTE) == [subject]

    @pytest.mark.parametrize(
        "key", ["data-set.json", "pricing/hotel-rates/1.1.0/files/data-set.json", "a//b/data-set.json"]
    )
    def test_an_object_that_only_sounds_like_it(self, key: str) -> None:
        """A data set may hold a file of this name."""
        event = {"source": "aws.s3", "detail-type": "Object Created", "detail": {"object": {"key": key}}}

        assert subjects_of(event, promote_machine_arn=PROMOTE) == []

    def test_an_event_of_something_else(self) -> None:
        """What nobody asked for says nothing."""
        event = {"source": "aws.sagemaker", "detail-type": "SageMaker Image State Change", "detail": {}}

        assert subjects_of(event, promote_machine_arn=PROMOTE) == []
