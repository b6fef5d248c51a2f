"""The four managed policies, as they are deployed."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from stacks.access import DESCRIPTION

if TYPE_CHECKING:
    from tests.stacks.conftest import Synthesized

ROLES = ("push", "approve", "operate", "read")
"""Of people."""
CHANGING = re.compile(
    r":(Put|Create|Update|Delete|Start|Stop|Send|Redrive|Invoke|Initiate|Upload|Complete|Abort|Generate|Pass|Add)"
)
MAX_CHARACTERS = 6144
"""IAM's limit for a managed policy, without spaces."""


@pytest.fixture(scope="module")
def policies(synthesized: Synthesized) -> dict[str, list[dict[str, Any]]]:
    """Statements by role, in production."""
    found = synthesized.resources("prod", "AWS::IAM::ManagedPolicy").values()
    return {
        one["Properties"]["ManagedPolicyName"].removeprefix("slipway-prod-"): one["Properties"][
            "PolicyDocument"
        ]["Statement"]
        for one in found
    }


def named(value: Any) -> Any:
    """A template's value with names in place of references."""
    if isinstance(value, list):
        return [named(one) for one in value]
    if not isinstance(value, dict):
        return value
    if "Fn::Join" in value:
        separator, parts = value["Fn::Join"]
        return separator.join(named(part) for part in parts)
    if "Ref" in value:
        return {"AWS::Partition": "aws", "AWS::AccountId": "1" * 12}.get(value["Ref"], "ap-southeast-2")
    if "Fn::GetAtt" in value or "Fn::ImportValue" in value:
        return "x" * 110
    return {key: named(one) for key, one in value.items()}


def actions(statements: list[dict[str, Any]]) -> set[str]:
    return {action for one in statements if one["Effect"] == "Allow" for action in one["Action"]}


class TestAccess:
    def test_there_is_one_policy_for_each_role(self, policies: dict[str, Any]) -> None:
        """Four roles of people, one of programs, named for environment and role."""
        assert set(policies) == {*ROLES, "report"}

    def test_who_reports_outcomes_may_do_nothing_else(self, policies: dict[str, Any]) -> None:
        """A program that calls an endpoint sees nothing of the platform but where outcomes go."""
        assert actions(policies["report"]) == {"execute-api:Invoke", "ssm:GetParameter"}

    def test_another_right_replaces_no_policy(self, synthesized: Synthesized) -> None:
        """
        Name, path and description can't change in place, and a policy with a name of ours can't be replaced:
        they say nothing of what a role may do.
        """
        made = [
            one["Properties"]
            for environment in ("dev", "prod")
            for one in synthesized.resources(environment, "AWS::IAM::ManagedPolicy").values()
        ]

        assert {one["Description"] for one in made} == {DESCRIPTION}
        assert not any("Path" in one for one in made)

    def test_policies_fit(self, policies: dict[str, Any]) -> None:
        """Each is shorter than IAM takes, once references are the longest names that there are."""
        for role, statements in policies.items():
            text = json.dumps(
                {"Version": "2012-10-17", "Statement": named(statements)}, separators=(",", ":")
            )
            assert len(text) < MAX_CHARACTERS, f"{role}: {len(text)}"

    def test_who_reads_changes_nothing(self, policies: dict[str, Any]) -> None:
        """No action of a reader writes, starts, or encrypts."""
        assert sorted(action for action in actions(policies["read"]) if CHANGING.search(action)) == []

    def test_no_role_repeats_what_a_reader_may_do(self, policies: dict[str, Any]) -> None:
        """Each is attached beside ``read``: what both grant would be twice in IAM's limit of one policy."""
        for role in set(ROLES) - {"read"}:
            shared = actions(policies["read"]) & actions(policies[role])
            assert shared <= {"kms:Decrypt", "sagemaker:ListTags"}, role

    def test_only_approvers_change_packages(self, policies: dict[str, Any]) -> None:
        """Who pushes or operates can't approve in SageMaker Studio."""
        holders = [role for role in ROLES if "sagemaker:UpdateModelPackage" in actions(policies[role])]
        assert holders == ["approve"]

    def test_nobody_decides_or_writes_behind_the_functions(self, policies: dict[str, Any]) -> None:
        """Links are signed, tokens sent and the ledger written by functions alone."""
        for statements in policies.values():
            assert not actions(statements) & {
                "kms:GenerateMac",
                "states:SendTaskSuccess",
                "dynamodb:PutItem",
                "dynamodb:UpdateItem",
                "dynamodb:DeleteItem",
            }

    def test_only_operators_hand_on_a_role(self, policies: dict[str, Any]) -> None:
        """Those of jobs and models, to SageMaker: who pushes, reads or approves starts none of their own."""
        holders = [(role, one) for role in ROLES for one in policies[role] if "iam:PassRole" in one["Action"]]
        assert {role for role, _ in holders} == {"operate"}
        handed = json.dumps([one["Resource"] for _, one in holders])
        assert len(holders) == 2
        assert "JobRole" in handed
        assert "ServingRole" in handed
        for _, one in holders:
            assert one["Condition"] == {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
