"""One role for one holder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_cdk import aws_iam as iam

from stacks.constructs.findings import explain_wildcards
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
    """
    A role with one inline policy: it exists before anything that uses it, permissions included.

    Its statements' wildcards have their reasons; these stand in the template too.
    """
    document = policy([statement.document() for statement in statements])
    made = iam.CfnRole(
        scope,
        construct_id,
        assume_role_policy_document=trusts,
        description=description,
        policies=[iam.CfnRole.PolicyProperty(policy_name="grants", policy_document=document)],
    )
    if reasons := sorted({statement.because for statement in statements if statement.wildcards}):
        explain_wildcards(made, reasons)
    return made
