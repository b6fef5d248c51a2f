"""What an environment's settings allow; a manifest may ask for less, never for more."""

from __future__ import annotations

from typing import Final, Literal, NotRequired, TypedDict

AUTOMATIC_IN: Final = ("dev", "local")
"""Environments whose settings may have releases approved without asking anybody."""


class ApprovalRules(TypedDict, total=False):
    """How a project's releases are approved; what is missing has its default."""

    persons: int
    """How many different people must approve: 1 (the default) or 2."""
    reminder_hours: int
    """All who have not decided are reminded once, so long after they were asked; 0 (the default): never."""
    escalation_hours: int
    """So long after asking, ``escalation`` is asked and may decide too; 0 (the default): never."""
    escalation: list[str]
    """E-mail addresses."""
    automatic: bool
    """Nobody is asked: what the judge accepts is approved at once, and marked as such (AUTOMATIC_IN)."""


class Policy(TypedDict):
    """Travels as JSON in the environment variable ``SLIPWAY_POLICY``; lists may be empty."""

    repository_prefix: str
    """Repositories are ``<prefix>/<project>/<model>``."""
    projects: list[str]
    """Projects that may release here; empty: every project."""
    training_instance_types: list[str]
    """Instance types that jobs may ask for; empty: every type."""
    serving_instance_types: list[str]
    max_training_minutes: int
    max_instance_count: int
    approvers: dict[str, list[str]]
    """Project (or ``*`` for all others) to the e-mail addresses of those who may approve."""
    recipients: dict[str, list[str]]
    """Project (or ``*``) to the e-mail addresses that are told of results; approvers are told as well."""
    approval_rules: NotRequired[dict[str, ApprovalRules]]
    """By project, or ``*`` for all others; missing: one person approves, and nobody is reminded."""
    approval_timeout_hours: int
    resource_prefix: str
    """Every SageMaker name begins with it: ``slipway-<environment>``."""
    poll_seconds: int
    """How long a machine waits between two looks: at an endpoint, or at a step that another release runs."""
    step_cache_days: int
    """Outputs of steps that are older are not taken again; 0: none are."""
    serving_kinds: NotRequired[list[str]]
    """Kinds of endpoint that manifests may ask for; missing or empty: every kind."""
    strategies: NotRequired[list[str]]
    """Strategies that manifests may ask for; missing or empty: every strategy."""
    max_share: NotRequired[float]
    """The largest share of traffic that a canary, or a challenger in an A/B test, may get; missing: 1."""
    min_bake_minutes: NotRequired[int]
    """Alarms are watched at least so long after all traffic has moved; missing: 0."""
    require_alarms: NotRequired[bool]
    """No manifest may switch off the alarm on errors, on the model's errors or on its predictions."""
    newer_version: NotRequired[Literal["supersedes", "waits"]]
    """What an approved version does that finds a trial of another one on its endpoint: end it and serve
    (``supersedes``, the default), or wait until it has ended."""
    gates: NotRequired[list[str]]
    """Every release must meet them too, in the language of a manifest's gates; no manifest drops one."""
