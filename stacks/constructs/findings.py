"""Findings of cdk-nag's AwsSolutions rules that are meant to be, each with its reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk

if TYPE_CHECKING:
    from collections.abc import Iterable

    from constructs import IConstruct


def acknowledge(construct: IConstruct, rule: str, reason: str) -> None:
    """
    Accept what one rule finds on a construct.

    Args:
        construct: And all below it.
        rule: Such as ``L1``.
        reason: Why it is meant to be.
    """
    cdk.Validations.of(construct).acknowledge(
        cdk.Acknowledgment(id=f"AwsSolutions::AwsSolutions-{rule}", reason=reason)
    )


def explain_wildcards(role: cdk.CfnResource, reasons: Iterable[str]) -> None:
    """
    Say in the template why a role's statements have wildcards.

    Rule IAM5 is told nothing: it wants each wildcard's text as it stands after
    synthesis, which holds names that only synthesis makes. The tests compare
    its findings with what is said here.
    """
    role.add_metadata(
        "cdk_nag",
        {"rules_to_suppress": [{"id": "AwsSolutions-IAM5", "reason": reason} for reason in reasons]},
    )
