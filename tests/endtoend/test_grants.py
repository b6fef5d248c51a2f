"""Least privilege, measured: whatever a role does is granted, and whatever is granted is done."""

from __future__ import annotations

import json
import re
from typing import NamedTuple

import pytest

from tests.endtoend.ways import sweep, take_all_ways

pytestmark = pytest.mark.endtoend


class Grant(NamedTuple):
    """One action of one role; the role as ``<stack>/<logical id without its hash>``."""

    role: str
    action: str


class Unused(NamedTuple):
    """Actions that no way on a laptop needs, and why they are granted all the same."""

    because: str
    actions: frozenset[str]
    roles: frozenset[str]
    """Empty: every role that has one of them."""


def unused(because, actions, roles=""):
    return Unused(because, frozenset(actions.split()), frozenset(roles.split()))


EXCEPTIONS = (
    unused(
        "S3, DynamoDB, SNS and SageMaker use the data key for their caller; here nothing is encrypted",
        "kms:Decrypt kms:GenerateDataKey kms:CreateGrant",
    ),
    unused(
        "Step Functions delivers logs and traces in the machine's name; here the engine writes them itself",
        "logs:CreateLogDelivery logs:GetLogDelivery logs:UpdateLogDelivery logs:DeleteLogDelivery "
        "logs:ListLogDeliveries logs:PutResourcePolicy logs:DescribeResourcePolicies logs:DescribeLogGroups "
        "xray:PutTraceSegments xray:PutTelemetryRecords xray:GetSamplingRules xray:GetSamplingTargets",
        "release/ReleaseRole promotion/PromoteRole",
    ),
    unused(
        "Step Functions keeps a managed rule per kind of job that it waits for; here the engine asks itself",
        "events:PutRule events:PutTargets events:DescribeRule",
        "release/ReleaseRole",
    ),
    unused(
        "AWS wants it for createTrainingJob.sync and createProcessingJob.sync; here nobody lists tags",
        "sagemaker:ListTags",
        "release/ReleaseRole",
    ),
    unused(
        "Application Auto Scaling changes endpoints and makes alarms for its caller; here it does so itself",
        "cloudwatch:DescribeAlarms cloudwatch:DeleteAlarms sagemaker:UpdateEndpointWeightsAndCapacities "
        "iam:CreateServiceLinkedRole",
        "promotion/PromoteRole",
    ),
    unused(
        "SageMaker pulls images, and writes logs and metrics, under the program's role; here the runner "
        "finds images on this machine's disk and writes by itself",
        "ecr:GetAuthorizationToken ecr:BatchCheckLayerAvailability ecr:GetDownloadUrlForLayer "
        "ecr:BatchGetImage logs:CreateLogGroup logs:CreateLogStream logs:DescribeLogStreams "
        "logs:PutLogEvents cloudwatch:PutMetricData",
        "release/JobRole promotion/ServingRole",
    ),
    unused(
        "SageMaker reads artifact and image of a model package with its caller's rights; here it does not",
        "ecr:BatchGetImage ecr:DescribeImages",
        "release/FunctionsRegisterReleaseRole",
    ),
    unused(
        "S3 says 404 of a missing object, and not 403, to who may list the bucket; here to everybody",
        "s3:ListBucket",
        "approval/FunctionsDecideApprovalRole approval/FunctionsDecideInSlackRole "
        "approval/FunctionsShowApprovalRole promotion/ServingRole "
        "lineage/FunctionsRecordLineageRole "
        "release/FunctionsJudgeReleaseRole release/FunctionsLookUpStepsRole "
        "release/FunctionsRegisterReleaseRole "
        "release/FunctionsRequestApprovalRole release/FunctionsSweepApprovalsRole",
    ),
    unused(
        "which alarm rang is asked after a rollback; tests/endtoend/test_strategies.py has three",
        "cloudwatch:DescribeAlarmHistory",
        "promotion/PromoteRole",
    ),
    unused(
        "asked when move_alias has died what it recorded; tests/endtoend/test_promotion_kills.py does it",
        "dynamodb:GetItem",
        "promotion/PromoteRole",
    ),
    unused(
        "SageMaker looks at a deployment's alarms under the endpoint's role; here it does so itself",
        "cloudwatch:DescribeAlarms",
        "promotion/ServingRole",
    ),
    unused(
        "only asynchronous endpoints are asked by files; tests/endtoend/test_serving_kinds.py has one",
        "s3:GetObject s3:ListBucket s3:PutObject sagemaker:InvokeEndpointAsync",
        "promotion/FunctionsSmokeEndpointRole",
    ),
    unused(
        "what fails again and again, or can't be called, becomes a dead letter; on these ways nothing does",
        "sqs:SendMessage",
        "notifications/FunctionsMailNoticeRole notifications/FunctionsSlackNoticeRole "
        "release/FunctionsPlanReleaseRole release/FunctionsRecordOutcomeRole "
        "release/FunctionsSweepApprovalsRole release/FunctionsSweepExecutionsRole "
        "release/FunctionsSweepPushesRole release/FunctionsTakeInPackageRole release/UpkeepSweepsRole "
        "release/FunctionsSweepIdleRole release/UpkeepHourlyRole "
        "lineage/FunctionsRecordLineageRole lineage/FunctionsSweepLineageRole lineage/SweepsRole",
    ),
)


PARTS = ("storage", "notifications", "approval", "promotion", "release", "lineage")
"""Stacks whose roles all ways use; those of trials and outcomes are in test_trials.py."""


class Roles:
    """The platform's roles, by physical name."""

    def __init__(self, laptop, parts=PARTS) -> None:
        self._laptop = laptop
        pages = laptop.aws.client("cloudformation").get_paginator("list_stack_resources")
        self.names = {
            resource[
                "PhysicalResourceId"
            ]: f"{part}/{re.sub('[0-9A-F]{8}$', '', resource['LogicalResourceId'])}"
            for part in parts
            for page in pages.paginate(StackName=f"slipway-local-{part}")
            for resource in page["StackResourceSummaries"]
            if resource["ResourceType"] == "AWS::IAM::Role"
        }

    def granted(self):
        """Every grant in the deployed inline policies."""
        iam = self._laptop.aws.client("iam")
        documents = [
            (role, iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"])
            for name, role in self.names.items()
            for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]
        ]
        return {
            Grant(role, action)
            for role, document in documents
            for statement in document["Statement"]
            if statement["Effect"] == "Allow"
            for action in statement["Action"]
        }

    def decided(self):
        """Every decision of IAM on what one of the roles wished to do."""
        for one in self._laptop.aws.audit():
            assumed = re.fullmatch(r"arn:aws:sts::[0-9]+:assumed-role/([^/]+)/.*", one["principal"])
            if assumed and assumed[1] in self.names:
                yield Grant(self.names[assumed[1]], one["action"]), one

    def used(self):
        return {grant for grant, one in self.decided() if one["decision"] == "Allow"}

    def refused(self):
        return [
            f"{grant.role} may not {grant.action} on {one['resource']}"
            for grant, one in self.decided()
            if one["decision"] != "Allow"
        ]

    def needless(self):
        """Grants that are neither used nor excepted."""
        return self.granted() - self.used() - self.excepted()

    def excepted(self):
        """Every grant that an exception names, whether it exists or not."""
        granted = self.granted()
        return {
            Grant(role, action)
            for exception in EXCEPTIONS
            for action in exception.actions
            for role in exception.roles or {role for role, other in granted if other == action}
        }

    def changed(self, role, name, effect, action):
        """Give a role one more policy; the function that is returned takes it away again."""
        iam = self._laptop.aws.client("iam")
        (physical,) = [physical for physical, logical in self.names.items() if logical == role]
        statement = {"Effect": effect, "Action": [action], "Resource": ["*"]}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_role_policy(RoleName=physical, PolicyName=name, PolicyDocument=document)
        return lambda: iam.delete_role_policy(RoleName=physical, PolicyName=name)


@pytest.fixture(scope="module")
def roles(complete_laptop):
    """The roles after all ways have been taken."""
    take_all_ways(complete_laptop)
    return Roles(complete_laptop)


class TestGrants:
    def test_everything_that_roles_do_is_granted(self, roles):
        """
        Nothing that a role of the platform wished to do was refused, on any way.
        """
        assert roles.refused() == []

    def test_every_role_is_used(self, roles):
        """
        The ways leave no role out, so that what follows says something of each.
        """
        assert {role for role, _ in roles.used()} == set(roles.names.values())

    def test_everything_that_is_granted_is_used(self, roles):
        """
        A grant that nothing needs goes, or an exception says why it stays.
        """
        assert sorted(roles.needless()) == []

    def test_no_exception_is_out_of_date(self, roles):
        """
        What an exception names is granted and is not used; else the exception goes.
        """
        excepted = roles.excepted()

        assert sorted(excepted - roles.granted()) == []
        assert sorted(excepted & roles.used()) == []
        assert {action for _, action in excepted} == {one for made in EXCEPTIONS for one in made.actions}


class TestProof:
    """That the tests above can fail."""

    def test_a_needless_grant_is_found(self, roles):
        """
        A role that may suddenly delete evidence stands out.
        """
        role = "release/FunctionsJudgeReleaseRole"
        undo = roles.changed(role, "needless", "Allow", "s3:DeleteObject")
        found = roles.needless()
        undo()

        assert found == {Grant(role, "s3:DeleteObject")}

    def test_a_missing_grant_is_found(self, roles, complete_laptop):
        """
        A role that lacks what it needs fails on its way, and the refusal is on record.
        """
        role = "release/FunctionsSweepApprovalsRole"
        undo = roles.changed(role, "missing", "Deny", "dynamodb:Query")
        with pytest.raises(AssertionError, match="AccessDenied"):
            sweep(complete_laptop, "sweep_approvals")
        undo()

        assert [
            refusal for refusal in roles.refused() if refusal.startswith(f"{role} may not dynamodb:Query")
        ]
