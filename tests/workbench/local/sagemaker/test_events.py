"""State-change events of the embedded SageMaker, spelled as AWS spells them."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.workbench.local.sagemaker.conftest import until

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.workbench.local.sagemaker.conftest import Account

pytestmark = pytest.mark.embedded


class Listener:
    """A queue behind a rule on every event of SageMaker."""

    def __init__(self, account: Account) -> None:
        self._sqs, events = account.aws.client("sqs"), account.aws.client("events")
        name = account.name("listener")
        self._url = self._sqs.create_queue(QueueName=name)["QueueUrl"]
        answer = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])
        arn = answer["Attributes"]["QueueArn"]
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn,
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self._sqs.set_queue_attributes(QueueUrl=self._url, Attributes={"Policy": policy})
        events.put_rule(Name=name, EventPattern=json.dumps({"source": ["aws.sagemaker"]}))
        events.put_targets(Rule=name, Targets=[{"Id": "q", "Arn": arn}])
        self._heard: list[dict[str, Any]] = []

    def hear(self, about: str, enough: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
        """The events of one resource (its ARN's end), once there are enough."""

        def listen() -> list[dict[str, Any]]:
            answer = self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10)
            self._heard += [json.loads(message["Body"]) for message in answer.get("Messages", [])]
            return [event for event in self._heard if event["resources"][0].endswith(about)]

        return list(until(listen, enough))


@pytest.fixture(scope="module")
def listener(account: Account) -> Listener:
    return Listener(account)


class TestEvents:
    def test_training_jobs_tell_each_change(self, account: Account, listener: Listener) -> None:
        """
        One event for each secondary status, with the description as detail and times in milliseconds.
        """
        name = account.name("t")
        account.sagemaker.create_training_job(**account.training(name))

        heard = listener.hear(name, lambda events: events[-1]["detail"]["TrainingJobStatus"] == "Completed"
                              if events else False)  # fmt: skip

        statuses = [event["detail"]["SecondaryStatus"] for event in heard]
        assert set(statuses) == {"Starting", "Downloading", "Training", "Uploading", "Completed"}
        assert {event["detail-type"] for event in heard} == {"SageMaker Training Job State Change"}
        created = heard[0]["detail"]["CreationTime"]
        assert isinstance(created, int)
        assert abs(created / 1000 - time.time()) < 120
        assert not [key for event in heard for key in event["detail"] if key.startswith("_")]

    def test_endpoints_spell_their_status_in_capitals(self, account: Account, listener: Listener) -> None:
        """
        The API says InService, the event IN_SERVICE.
        """
        name = account.endpoint("spelled")

        heard = listener.hear(name, lambda events: len(events) >= 2)

        assert {event["detail-type"] for event in heard} == {"SageMaker Endpoint State Change"}
        assert sorted(event["detail"]["EndpointStatus"] for event in heard) == ["CREATING", "IN_SERVICE"]

    def test_packages_tell_which_fields_changed(self, account: Account, listener: Listener) -> None:
        """
        An update's event names what it changed, so that a rule can pass over the others.
        """
        group = account.name("g")
        client = account.sagemaker
        client.create_model_package_group(ModelPackageGroupName=group)
        arn = client.create_model_package(
            ModelPackageGroupName=group,
            InferenceSpecification={"Containers": [{"Image": account.image}]},
        )["ModelPackageArn"]
        client.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Approved")
        client.update_model_package(ModelPackageArn=arn, CustomerMetadataProperties={"a": "b"})

        heard = listener.hear(f"{group}/1", lambda events: len(events) == 3)

        changed = sorted(event["detail"].get("UpdatedModelPackageFields", []) for event in heard)
        assert changed == [[], ["CustomerMetadataProperties"], ["ModelApprovalStatus"]]
        assert {event["detail-type"] for event in heard} == {"SageMaker Model Package State Change"}
        assert {event["detail"]["ModelPackageGroupName"] for event in heard} == {group}
        assert not [event for event in heard if "LastModifiedBy" in event["detail"]]
