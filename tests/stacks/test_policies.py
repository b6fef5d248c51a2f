"""What roles may do."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from stacks.constructs.statements import UnexplainedWildcardError, allow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.stacks.conftest import Synthesized

ENVIRONMENTS = ("local", "dev", "stage", "prod")

WITHOUT_RESOURCES = {
    # Pulling from ECR begins with a token for the whole registry.
    "ecr:GetAuthorizationToken",
    # Metrics have namespaces, which a condition names.
    "cloudwatch:PutMetricData",
    "cloudwatch:GetMetricData",
    # Listing repositories is authorized on all of them, or on none.
    "ecr:DescribeRepositories",
    # Application Auto Scaling lists targets and policies by filter.
    "application-autoscaling:DescribeScalableTargets",
    "application-autoscaling:DescribeScalingPolicies",
    "application-autoscaling:DescribeScheduledActions",
    # CloudWatch finds alarms by what their names begin with.
    "cloudwatch:DescribeAlarms",
    # SageMaker lists all of an account at once.
    "sagemaker:ListTrainingJobs",
    "sagemaker:ListProcessingJobs",
    "sagemaker:ListEndpoints",
    # Log delivery of Step Functions.
    "logs:CreateLogDelivery",
    "logs:GetLogDelivery",
    "logs:UpdateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:DescribeResourcePolicies",
    "logs:DescribeLogGroups",
    # Tracing.
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
}
"""Actions that AWS authorizes on ``*`` only."""


def statements(synthesized: Synthesized, environment: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, role in synthesized.resources(environment, "AWS::IAM::Role").items():
        for policy in role["Properties"]["Policies"]:
            for statement in policy["PolicyDocument"]["Statement"]:
                yield name, statement


def granted(synthesized: Synthesized, fragment: str) -> set[str]:
    """Every action of the roles whose logical id holds ``fragment``."""
    return {
        action
        for name, statement in statements(synthesized, "prod")
        if fragment in name
        for action in statement["Action"]
    }


class TestRoles:
    @pytest.mark.parametrize("environment", ENVIRONMENTS)
    def test_no_action_is_a_wildcard(self, synthesized: Synthesized, environment: str) -> None:
        """Every action that a role may take is named."""
        assert [
            (name, action)
            for name, statement in statements(synthesized, environment)
            for action in statement["Action"]
            if "*" in action
        ] == []

    @pytest.mark.parametrize("environment", ENVIRONMENTS)
    def test_all_resources_only_where_aws_knows_none(
        self, synthesized: Synthesized, environment: str
    ) -> None:
        """``*`` stands only for actions that know no resources."""
        assert {
            action
            for _, statement in statements(synthesized, environment)
            if "*" in statement["Resource"]
            for action in statement["Action"]
        } == WITHOUT_RESOURCES

    def test_nobody_has_a_managed_policy(self, synthesized: Synthesized) -> None:
        """No role takes what AWS thinks it might need."""
        assert not any(
            "ManagedPolicyArns" in role["Properties"]
            for role in synthesized.resources("prod", "AWS::IAM::Role").values()
        )

    def test_every_function_has_a_role_of_its_own(self, synthesized: Synthesized) -> None:
        """No two functions share a role."""
        functions = synthesized.resources("prod", "AWS::Lambda::Function")
        roles = [json.dumps(function["Properties"]["Role"]) for function in functions.values()]
        assert len(set(roles)) == len(roles)

    def test_roles_are_passed_to_one_service(self, synthesized: Synthesized) -> None:
        """PassRole says which role and to whom."""
        for _, statement in statements(synthesized, "prod"):
            if "iam:PassRole" in statement["Action"]:
                assert statement["Condition"] == {
                    "StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}
                }
                assert "*" not in json.dumps(statement["Resource"])

    def test_nobody_deletes_evidence(self, synthesized: Synthesized) -> None:
        """Of objects artifacts alone are deleted; of the ledger claims of steps, edges of lineage."""
        deletions = [
            (name, action, statement)
            for name, statement in statements(synthesized, "prod")
            for action in statement["Action"]
            if ":Delete" in action and action.split(":")[0] in ("s3", "dynamodb")
        ]
        objects = [(name, one) for name, action, one in deletions if action.startswith("s3:")]
        # a trial replaces the parts of its table of requests; its report lies elsewhere
        (table,) = (one for name, one in objects if name.startswith("trial/FunctionsJudgeTrialRole"))
        assert "/trial-tables/*" in json.dumps(table["Resource"])
        assert len(table["Resource"]) == 1
        objects = [(name, one) for name, one in objects if one is not table]
        assert [name.rstrip("0123456789ABCDEF") for name, _ in objects] == [
            "registry/FunctionsRemoveArtifactRole",
            "registry/FunctionsSweepArtifactsRole",
        ]
        for _, statement in objects:
            assert statement["Action"] == ["s3:DeleteObject"]
            assert "/*/training/*/model.tar.gz" in json.dumps(statement["Resource"])
            assert len(statement["Resource"]) == 1
        deletions = [one for one in deletions if one[1].startswith("dynamodb:")]
        assert {action for _, action, _ in deletions} == {"dynamodb:DeleteItem"}
        allowed = {
            (name.rstrip("0123456789ABCDEF"), key)
            for name, _, statement in deletions
            for key in statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
        }
        assert allowed == {
            ("release/FunctionsRecordOutcomeRole", "STEP#*"),
            ("release/FunctionsSweepExecutionsRole", "STEP#*"),
            *(
                (f"lineage/Functions{function}LineageRole", key)
                for function in ("Record", "Sweep")
                for key in ("NODE#*", "DIGEST#*", "SERVING")
            ),
        }

    def test_the_page_that_shows_can_change_nothing(self, synthesized: Synthesized) -> None:
        """Mail scanners follow links: the function behind GET has no right to write anything but its log."""
        assert granted(synthesized, "ShowApprovalRole") == {
            "logs:CreateLogStream",
            "logs:PutLogEvents",
            "kms:VerifyMac",
            "kms:Decrypt",
            "kms:GenerateDataKey",
            "dynamodb:GetItem",
            "s3:ListBucket",
            "s3:GetObject",
        }

    def test_who_asks_for_approval_signs_links(self, synthesized: Synthesized) -> None:
        """Who verifies a link can't make one."""
        signers = {
            name
            for name, statement in statements(synthesized, "prod")
            if "kms:GenerateMac" in statement["Action"]
        }
        verifiers = {
            name
            for name, statement in statements(synthesized, "prod")
            if "kms:VerifyMac" in statement["Action"]
        }
        assert len([name for name in signers if "RequestApproval" in name]) == 1
        assert len([name for name in signers if "SweepApprovals" in name]) == 1
        assert len([name for name in signers if "ProposeTrial" in name]) == 1
        assert len(signers) == 3
        assert not signers & verifiers


class TestStatement:
    def test_wildcard_needs_a_reason(self) -> None:
        """A wildcard without a reason does not synthesize."""
        with pytest.raises(UnexplainedWildcardError, match="s3:GetObject on arn:aws:s3:::bucket/"):
            allow(["s3:GetObject"], ["arn:aws:s3:::bucket/*"])


class TestResourcePolicies:
    def test_plain_http_is_denied(self, synthesized: Synthesized) -> None:
        """Buckets, queues and topics answer to TLS only."""
        for kind, count in (
            ("AWS::S3::BucketPolicy", 3),
            ("AWS::SQS::QueuePolicy", 7),
            ("AWS::SNS::TopicPolicy", 2),
        ):
            policies = synthesized.resources("prod", kind)
            assert len(policies) == count
            for policy in policies.values():
                deny = policy["Properties"]["PolicyDocument"]["Statement"][0]
                assert deny["Effect"] == "Deny"
                assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}

    def test_alarms_reach_their_topic(self, synthesized: Synthesized) -> None:
        """A topic's own policy replaces SNS's default one: CloudWatch has no other leave to publish."""
        admitted = [
            statement
            for policy in synthesized.resources("prod", "AWS::SNS::TopicPolicy").values()
            for statement in policy["Properties"]["PolicyDocument"]["Statement"]
            if statement["Effect"] == "Allow"
        ]
        assert [statement["Principal"] for statement in admitted] == [{"Service": "cloudwatch.amazonaws.com"}]
        assert admitted[0]["Action"] == "sns:Publish"
        assert "aws:SourceAccount" in admitted[0]["Condition"]["StringEquals"]

    def test_functions_admit_one_source_each(self, synthesized: Synthesized) -> None:
        """A service calls a function for one rule or route, not for anybody's."""
        permissions = synthesized.resources("prod", "AWS::Lambda::Permission")
        assert permissions
        assert all("SourceArn" in permission["Properties"] for permission in permissions.values())
