"""One role for one holder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_cdk import aws_iam as iam

from stacks.constructs.statements import Statement, policy

if TYPE_CHECKING:
    from constructs import Construct


def role(
    scope: Construct,
    construct_id: str,
    *,
    trusts: dict[str, Any],
    description: str,
    statements: list[Statement],
) -> iam.CfnRole:
    """A role with one inline policy: it exists before anything that uses it, permissions included."""
    return iam.CfnRole(
        scope,
        construct_id,
        assume_role_policy_document=trusts,
        description=description,
        policies=[iam.CfnRole.PolicyProperty(policy_name="grants", policy_document=policy(statements))],
    )
