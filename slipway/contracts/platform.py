"""What one deployed platform tells its clients: the JSON of one SSM parameter."""

from __future__ import annotations

from typing import TypedDict


def parameter_name(environment: str) -> str:
    """
    The SSM parameter that describes the platform of an environment.

    >>> parameter_name("prod")
    '/slipway/prod/platform'
    """
    return f"/slipway/{environment}/platform"


class Platform(TypedDict):
    """Names and ARNs that the command line needs; no secret is among them."""

    environment: str
    account: str
    region: str
    repository_prefix: str
    resource_prefix: str
    ledger_table: str
    data_bucket: str
    artifact_bucket: str
    data_key_arn: str
    serving_role_arn: str
    """The role of endpoints' and batches' models."""
    release_machine_arn: str
    promote_machine_arn: str
    plan_function: str
    """Name of ``plan_release``; the command line invokes it to start a release by hand."""
    set_alias_function: str
    """Names of functions that the command line invokes for the model registry."""
    tag_version_function: str
    remove_artifact_function: str
    notice_topic_arn: str
    approval_url: str
    trial_machine_arn: str
    stop_trial_function: str
    sweep_executions_function: str
    """It gives back leases of ended promotions, for whoever can't wait until it runs by the clock."""
    outcomes_url: str
    """Where outcomes are posted; callers sign for ``execute-api``."""
    prices: dict[str, float]
    """Instance types to USD per hour, as the settings state them."""
