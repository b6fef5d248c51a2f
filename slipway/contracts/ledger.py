"""The ledger: one DynamoDB table. What each kind of item holds; ``ledger_keys`` has its keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, NotRequired, TypedDict

if TYPE_CHECKING:
    from slipway.contracts.promotion import LayoutEntry, PromotionConditions, ServingKind
    from slipway.contracts.report import PredictionRange

LISTED: Final = (
    "release_id",
    "project",
    "model",
    "version",
    "repository",
    "image_tag",
    "image_digest",
    "cause",
    "status",
    "reason",
    "execution_arn",
    "planned_at",
    "ended_at",
    "failure",
    "approval",
    "stage",
    "registered_at",
    "metrics",
    "tags",
    "data_sets",
    "card",
    "package_arn",
    "model_uri",
    "artifact_removed_at",
    "started_at",
    "id",
    "name",
)
"""What lists show of a release (all but its ``plan``, 95 % of the item), a version, or an experiment."""

ReleaseStatus = Literal[
    "refused",
    "running",
    "awaiting-approval",
    "on-trial",
    "promoting",
    "deployed",
    "not-accepted",
    "rejected",
    "expired",
    "failed",
    "stopped",
]

OPEN_STATUSES: Final[tuple[ReleaseStatus, ...]] = ("running", "awaiting-approval", "on-trial", "promoting")
"""The release's execution has not ended."""


class Failure(TypedDict):
    """Why a release or a promotion failed, for a person."""

    step: str
    error: str
    cause: str
    log_url: str
    next_action: str


class ReleaseRecord(TypedDict):
    """One release, from its plan (or refusal) to its end."""

    release_id: str
    project: str
    model: str
    version: str
    repository: str
    image_tag: str
    image_digest: str
    cause: str
    status: ReleaseStatus
    reason: str
    """Why it was refused, not accepted or rejected; empty otherwise."""
    planned_at: str
    """ISO 8601 in UTC with milliseconds."""
    pushed_at: NotRequired[str]
    """When the registry's event told of the push; missing where there was none."""
    execution_arn: NotRequired[str]
    """Missing: claimed, not yet started."""
    ended_at: NotRequired[str]
    failure: NotRequired[Failure]
    metrics: NotRequired[dict[str, float]]
    """As they were judged; missing: it has not ended, or ended before a verdict."""
    told_at: NotRequired[str]
    """The moment (``planned_at`` or ``ended_at``) of what people were last told; not in lists."""
    artifact_removed_at: NotRequired[str]
    """What it had trained was removed by retention; the record and its evidence stay."""
    lookups: NotRequired[dict[str, Any]]
    """Step to its contracts.steps.StepLookup, without outputs; not in lists."""
    plan: NotRequired[dict[str, Any]]
    """contracts.release.Plan; missing in refusals and in lists."""


class PushRecord(TypedDict):
    """A push that was answered, or is about to be; the sweep compares those answered with the registry."""

    repository: str
    tag: str
    digest: str
    """The digest that the tag names (of the index, where there is one)."""
    outcome: Literal["started", "refused", "claimed"]
    """``claimed``: somebody worked out its release and has not answered yet."""
    release_id: str
    answered_at: str


VersionApproval = Literal["pending", "approved", "rejected", "expired", "abandoned"]
"""``abandoned``: the release ended before anybody could decide."""


class ArtifactDigests(TypedDict):
    """A model artifact by its bytes, and by what is in it."""

    sha256: str
    """``sha256:…`` of model.tar.gz as it lies in S3."""
    content: str
    """``sha256:…`` of the sorted lines ``<sha256> <path>`` of its files: packing times do not count."""
    bytes: int


class VersionRecord(TypedDict):
    """A registered version: everything needed to serve or to evaluate it again."""

    project: str
    model: str
    version: str
    release_id: str
    image_uri: str
    image_digest: str
    model_uri: str
    package_arn: str
    manifest: dict[str, Any]
    training_data: list[dict[str, Any]]
    evaluation_data: list[dict[str, Any]]
    metrics: dict[str, float]
    report_uri: str
    approval: VersionApproval
    registered_at: str
    approver: NotRequired[str]
    decided_at: NotRequired[str]
    decision_reason: NotRequired[str]
    artifact: NotRequired[ArtifactDigests]
    source: NotRequired[dict[str, Any]]
    """contracts.release.ImageSource: git commit, base image, Python, libraries."""
    hyperparameters: NotRequired[dict[str, str]]
    verdict: NotRequired[str]
    """In words."""
    cost_usd: NotRequired[float]
    """Of training; missing where no price is known."""
    data_sets: NotRequired[list[str]]
    """``<name>:<version>`` and the digests of all channels, sorted: what a search for data looks at."""
    tags: NotRequired[dict[str, str]]
    card: NotRequired[str]
    """Free text for people: description, verdict and notes; at most 2,000 characters."""
    stage: NotRequired[str]
    """SageMaker's ModelLifeCycle stage, as it was last heard of: ``Production``, ``Archived``, own words."""
    artifact_removed_at: NotRequired[str]
    """The artifact was removed by retention or by hand; the record and its evidence stay."""
    predictions: NotRequired[PredictionRange]
    """Missing: nothing was computed from rows, or predictions are no numbers."""


class AliasRecord(TypedDict):
    """Where an alias points."""

    project: str
    model: str
    alias: str
    version: str
    release_id: str
    moved_at: str
    actor: str
    reason: str
    revision: int
    """1 for the first move; one more with each."""
    removed: NotRequired[bool]
    """The alias points nowhere since then; ``version`` is where it pointed before."""


class PromotionRecord(TypedDict):
    """How one execution of the promote machine ended."""

    project: str
    model: str
    version: str
    release_id: str
    cause: str
    actor: str
    status: Literal["deployed", "failed", "stopped"]
    execution_arn: str
    ended_at: str
    failure: NotRequired[Failure]
    told_at: NotRequired[str]
    """As in a release."""


class EndpointState(TypedDict):
    """
    What an endpoint serves since a promotion; the newest is its state, all of them its history.

    Written with the aliases that moved, and only by the execution that holds the lease.
    """

    endpoint: str
    project: str
    model: str
    status: Literal["in-service", "stopped"]
    kind: ServingKind
    config_name: str
    """The endpoint config that serves; where the endpoint is stopped, the one that served last."""
    layout: list[LayoutEntry]
    """The champion first; where the endpoint is stopped, what it served last."""
    cause: Literal["approval", "promote", "rollback"]
    action: str
    """contracts.promotion.Action."""
    version: str
    """The one that the action was about."""
    execution_arn: str
    fence: int
    """Of the lease under which it was written; only ever grows."""
    changed_at: str
    actor: str
    reason: str
    trial_id: NotRequired[str]


TrialStatus = Literal["running", "proposed", "promoted", "rejected", "stopped", "superseded", "failed"]

OPEN_TRIALS: Final[tuple[TrialStatus, ...]] = ("running", "proposed")
"""The challenger stands on the endpoint."""


class TrialRecord(TypedDict):
    """A challenger that is tried beside the champion: an A/B test, or a shadow run."""

    trial_id: str
    project: str
    model: str
    kind: Literal["ab", "shadow"]
    champion: str
    challenger: str
    release_id: str
    status: TrialStatus
    started_at: str
    ends_by: str
    settings: dict[str, Any]
    """The strategy as it was decided: share, requests, hours, outcome, direction, minimum effect."""
    state: dict[str, Any]
    """The last analysis: contracts.trial.TrialState; empty: nobody has looked yet."""
    looks: int
    """How often it was looked at; a look is written only on top of the one before it."""
    execution_arn: str
    ended_at: NotRequired[str]
    reason: NotRequired[str]
    """Why it ended."""
    told_at: NotRequired[str]
    """When people were told of its end; missing: they were not."""


class ApprovalRecord(TypedDict):
    """What is asked of whom, and what was decided."""

    release_id: str
    project: str
    model: str
    version: str
    image_digest: str
    report_uri: str
    package_arn: str
    judged_against: NotRequired[str]
    """The champion's version in the evidence; empty: there was none."""
    status: Literal["pending", "approved", "rejected", "expired"]
    task_token: NotRequired[str]
    """Never leaves the ledger but to Step Functions: written here, read by ``approval_token`` alone."""
    approvers: dict[str, str]
    """E-mail address to the hash of the nonce in that approver's link."""
    requested_at: str
    expires_at_epoch: int
    """Seconds since 1970."""
    environment: str
    told: dict[str, int]
    """E-mail address to the redrive count at which its message was sent."""
    redrive: int
    """The execution's redrive count when approval was last asked for."""
    delivered: bool
    """The decision was handed to the state machine, or nobody waits for it any more."""
    settled: bool
    """Nothing is left to do: execution, model package, version and event bus all know."""
    undeliverable: NotRequired[bool]
    """The execution had ended before the decision could reach it, or (when expired) before there was one."""
    decided_by: NotRequired[str]
    decided_at: NotRequired[str]
    decision_reason: NotRequired[str]
    source_ip: NotRequired[str]
    user_agent: NotRequired[str]
    conditions: NotRequired[PromotionConditions]
    """What the approval depends on; missing: nothing."""
    trial: NotRequired[TrialAsked]
    """What is asked is to end a trial so, and ``release_id`` is the trial's id; missing: a release asks."""
    persons: NotRequired[int]
    """How many different people must approve; missing: one."""
    decisions: NotRequired[list[PersonalDecision]]
    """What each person decided, in order; only ever appended to."""
    report_digest: NotRequired[str]
    """``sha256:…`` of the report's bytes that approvers were asked about; missing: not known."""
    report_changes: NotRequired[list[ReportChange]]
    """The reports that they were asked about before, each of which was changed while they were asked."""
    wait_seconds: NotRequired[int]
    """From asking to expiry; missing: nobody is reminded."""
    reminded: NotRequired[int]
    """The redrive count at which reminders were sent."""
    reminded_at: NotRequired[str]
    escalated: NotRequired[int]
    """The redrive count at which the second list was asked."""
    escalated_at: NotRequired[str]


class TrialAsked(TypedDict):
    """That an approval is of a trial's proposal: it makes the challenger champion."""

    release_id: str
    """The release's that registered the challenger; the approval itself goes by the trial's id."""
    kind: Literal["ab", "shadow"]
    champion: str


class ReportChange(TypedDict):
    """A report that was changed after people had been asked about it."""

    report_digest: str
    """Of the report as it was."""
    found_at: str


class PersonalDecision(TypedDict):
    """One person's part in a decision."""

    status: Literal["approved", "rejected"]
    decided_by: str
    decided_at: str
    decision_reason: str
    source_ip: str
    user_agent: str
    conditions: NotRequired[PromotionConditions]
    redrive: int
    """The record's when it was taken: what was approved before a redrive does not count after it."""
    report_digest: str
    """Of the report that was shown; empty: not known."""


class ApprovalDecision(TypedDict):
    """One approver's answer, as it is recorded."""

    status: Literal["approved", "rejected", "expired"]
    decided_by: str
    decided_at: str
    decision_reason: str
    source_ip: str
    user_agent: str
    conditions: NotRequired[PromotionConditions]
    """Of an approval; missing: none."""
