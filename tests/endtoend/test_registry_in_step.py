"""People change model packages in SageMaker Studio: the ledger hears of it, and has the last word."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from tests.endtoend.people import Person

pytestmark = pytest.mark.endtoend

PROJECT = "studio"
QUIET_SECONDS = 2.0


class PackageEvents:
    """A queue that gets every event of model packages, to count them."""

    def __init__(self, laptop) -> None:
        self._sqs, events = laptop.aws.client("sqs"), laptop.aws.client("events")
        self._url = self._sqs.create_queue(QueueName="package-events")["QueueUrl"]
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
        pattern = {
            "source": ["aws.sagemaker"],
            "detail-type": ["SageMaker Model Package State Change"],
        }
        events.put_rule(Name="package-events", EventPattern=json.dumps(pattern))
        events.put_targets(Rule="package-events", Targets=[{"Id": "q", "Arn": arn}])

    def until_quiet(self, package_arn: str) -> list[dict[str, Any]]:
        """All new events of one package, once none has come for a while."""
        heard: list[dict[str, Any]] = []
        last = time.monotonic()
        while time.monotonic() - last < QUIET_SECONDS:
            answer = self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10)
            for message in answer.get("Messages", []):
                self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
                event = json.loads(message["Body"])
                if event["detail"]["ModelPackageArn"] == package_arn:
                    heard.append(event["detail"])
                    last = time.monotonic()
            time.sleep(0.1)
        return heard


@pytest.fixture(scope="module")
def package_events(laptop):
    return PackageEvents(laptop)


@pytest.fixture(scope="module")
def approver(laptop):
    """Somebody who works in Studio and holds the policy of approvers."""
    laptop.put_numbers(PROJECT)
    return Person(laptop, "approve")


def waiting(laptop, version, **changes: str):
    """A release that waits for its approval, and its package."""
    laptop.push(laptop.model(PROJECT, **changes), version)
    release = laptop.reach(laptop.release(f"{PROJECT}/tiny:{version}"), "awaiting-approval")
    return release, laptop.ledger.version(PROJECT, "tiny", version)["package_arn"]


def update(person, arn, **changes: Any):
    person.client("sagemaker").update_model_package(ModelPackageArn=arn, **changes)


def described(laptop, arn):
    return laptop.aws.client("sagemaker").describe_model_package(ModelPackageName=arn)


@pytest.fixture(scope="module")
def deployed(laptop, approver, package_events):
    """1.0.0, approved in Studio; with its package and the events that this took."""
    release, arn = waiting(laptop, "1.0.0", bias="2.0")
    update(approver, arn, ModelApprovalStatus="Approved", ApprovalDescription="good on the holdout")
    laptop.reach(release, "deployed")
    return release, arn, package_events.until_quiet(arn)


class TestApproving:
    def test_approval_in_studio_deploys_the_release(self, laptop, approver, deployed):
        """
        Who approves the package approves the release: recorded with name, reason and place, and it serves.
        """
        release, arn, _ = deployed

        approval = laptop.ledger.get_approval(release["release_id"])
        assert (approval["decided_by"], approval["decision_reason"], approval["user_agent"]) == (
            approver.arn,
            "good on the holdout",
            "SageMaker Studio",
        )
        version = laptop.ledger.version(PROJECT, "tiny", "1.0.0")
        assert (version["approval"], version["approver"]) == ("approved", approver.arn)
        assert laptop.invoke(PROJECT)["identity"]["version"] == "1.0.0"
        assert laptop.mails(f"{PROJECT}/tiny 1.0.0: approved by {approver.arn}"[:99])
        assert "in SageMaker Studio" in described(laptop, arn)["ApprovalDescription"]

    def test_events_end(self, laptop, deployed):
        """
        One event each for registration, Studio's approval, the words that name the approver, in the card
        too, and the stage of what serves; none goes round.
        """
        _, _, events = deployed

        assert [event.get("UpdatedModelPackageFields", []) for event in events] == [
            [],
            ["ModelApprovalStatus", "ApprovalDescription"],
            ["ModelApprovalStatus", "ApprovalDescription", "ModelCard"],
            ["ModelLifeCycle"],
        ]

    def test_rejection_in_studio_ends_the_release(self, laptop, approver, deployed):
        """
        A rejection too counts as one by link.
        """
        release, arn = waiting(laptop, "1.1.0", bias="1.0")
        update(approver, arn, ModelApprovalStatus="Rejected", ApprovalDescription="too early")

        ended = laptop.reach(release, "rejected")
        assert ended["reason"] == f"{approver.arn}: too early"
        assert laptop.ledger.version(PROJECT, "tiny", "1.1.0")["approval"] == "rejected"


class TestContradicting:
    def test_approval_of_what_a_link_rejected_is_set_back(self, laptop, approver, deployed, package_events):
        """
        A decision is taken once: the package is Rejected again and says why, people are told, nothing serves.
        """
        release, arn = waiting(laptop, "1.2.0", bias="1.0")
        assert laptop.decide(release, "rejected").recorded
        laptop.reach(release, "rejected")
        package_events.until_quiet(arn)

        update(approver, arn, ModelApprovalStatus="Approved")

        events = package_events.until_quiet(arn)
        package = described(laptop, arn)
        assert package["ModelApprovalStatus"] == "Rejected"
        assert "rejected this release" in package["ApprovalDescription"]
        assert [event["ModelApprovalStatus"] for event in events] == ["Approved", "Rejected"]
        mails = laptop.wait_for(lambda: laptop.mails("1.2.0: model package set back"), "a notice")
        assert approver.arn in mails[0]["body"]
        assert laptop.invoke(PROJECT)["identity"]["version"] == "1.0.0"


class TestWords:
    def test_stage_and_metadata_of_studio_reach_the_ledger(self, laptop, approver, deployed, package_events):
        """
        And the ledger's tags reach the package, on demand; neither makes the other begin again.
        """
        _, arn, _ = deployed
        life = {"Stage": "Canary", "StageStatus": "Watched", "StageDescription": "by Ana"}
        update(approver, arn, ModelLifeCycle=life)
        update(approver, arn, CustomerMetadataProperties={"team": "rates"})

        def known():
            version = laptop.ledger.version(PROJECT, "tiny", "1.0.0")
            return (version.get("stage"), version.get("tags")) == ("Canary", {"team": "rates"})

        laptop.wait_for(known, "stage and tags in the ledger")
        assert len(package_events.until_quiet(arn)) == 2
        tags = {"team": "rates", "market": "north, south"}
        assert laptop.ledger.tag_version(PROJECT, "tiny", "1.0.0", tags=tags, instead_of={"team": "rates"})
        self._tell(laptop, project=PROJECT, model="tiny", version="1.0.0")

        properties = described(laptop, arn)["CustomerMetadataProperties"]
        assert (properties["team"], properties["market"]) == ("rates", "north- south")
        assert properties["slipway:version"] == "1.0.0"
        assert len(package_events.until_quiet(arn)) == 1
        assert laptop.ledger.version(PROJECT, "tiny", "1.0.0")["tags"] == tags

    def _tell(self, laptop, **subject: str):
        functions = laptop.aws.client("lambda")
        pages = functions.get_paginator("list_functions").paginate()
        (name,) = [
            one["FunctionName"]
            for page in pages
            for one in page["Functions"]
            if one["Handler"] == "functions.take_in_package.handler"
        ]
        answer = functions.invoke(FunctionName=name, Payload=json.dumps(subject).encode())
        assert json.load(answer["Payload"]) == {"outcome": "written"}


class TestWithdrawing:
    def test_approved_version_that_is_rejected_is_promoted_no_more(
        self, laptop, approver, deployed, package_events
    ):
        """
        What serves goes on serving and people are told; promoting it again by hand is refused.
        """
        release, arn, _ = deployed
        update(approver, arn, ModelApprovalStatus="Rejected", ApprovalDescription="it drifts")

        mails = laptop.wait_for(lambda: laptop.mails("1.0.0: approval withdrawn"), "a notice")
        assert "It serves, and goes on serving." in " ".join(mails[0]["body"].split())
        assert len(package_events.until_quiet(arn)) == 1
        version = laptop.ledger.version(PROJECT, "tiny", "1.0.0")
        assert (version["approval"], version["decision_reason"]) == ("rejected", "it drifts")
        assert laptop.invoke(PROJECT)["identity"]["version"] == "1.0.0"
        request = {
            "project": PROJECT, "model": "tiny", "version": "1.0.0", "release_id": release["release_id"],
            "cause": "promote", "actor": "ben", "reason": "once more",
        }  # fmt: skip
        states = laptop.aws.client("stepfunctions")
        machine = laptop.workspace.platform()["promote_machine_arn"]
        started = states.start_execution(stateMachineArn=machine, input=json.dumps({"request": request}))

        def failed():
            execution = states.describe_execution(executionArn=started["executionArn"])
            return execution if execution["status"] == "FAILED" else None

        assert "PackageNotApprovedError" in laptop.wait_for(failed, "the promotion's refusal")["error"]
