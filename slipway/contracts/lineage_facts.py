"""
What each kind of lineage node says of itself: ``Node.facts``.

A key is missing where its source does not know it. Times are ISO 8601 in UTC with milliseconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypedDict

if TYPE_CHECKING:
    from slipway.contracts.ledger import ArtifactDigests, Failure
    from slipway.contracts.release import ImageSource, PinnedDataSet


class DataSetFacts(TypedDict, total=False):
    """From ``data-set.json``."""

    project: str
    data_set: str
    version: str
    digest: str
    rows: int
    bytes: int
    files: int
    uri: str
    notes: str
    created_at: str


class ImageFacts(TypedDict, total=False):
    """From the image's manifest and configuration."""

    repository: str
    digest: str
    source: ImageSource


class ReleaseFacts(TypedDict, total=False):
    """From the ledger's release."""

    release_id: str
    project: str
    model: str
    version: str
    cause: str
    status: str
    reason: str
    planned_at: str
    ended_at: str
    execution_arn: str
    failure: Failure
    steps: dict[str, str]
    """Step to what its look-up in the cache answered: ``hit: same as release …``, ``miss: …``."""


class TrainingFacts(TypedDict, total=False):
    """From DescribeTrainingJob, its log, and the release that asked for it."""

    job_name: str
    job_arn: str
    status: str
    project: str
    model: str
    version: str
    release_id: str
    """Missing: started outside of the platform, an experiment."""
    reproduces: str
    """Of an experiment: the release that it trains again."""
    image_uri: str
    channels: list[PinnedDataSet]
    hyperparameters: dict[str, str]
    instance_type: str
    instance_count: int
    spot: bool
    started_at: str
    ended_at: str
    seconds: float
    billable_seconds: float
    cost_usd: float
    metrics: dict[str, float]
    """Last value of each."""
    curves: dict[str, list[tuple[float, float]]]
    """Metric to ``(seconds since the job began, value)``, at most 200 points each."""
    log: str
    """``<log group>/<stream prefix>``."""
    failure: str
    """SageMaker's FailureReason."""
    installed: ImageSource
    """Python and libraries as the job's own log says them; missing where the image's label does."""
    last_lines: list[str]
    """Of the log of a job that failed, at most 20."""


class EvaluationFacts(TypedDict, total=False):
    """From DescribeProcessingJob and the release that asked for it."""

    job_name: str
    job_arn: str
    status: str
    release_id: str
    side: Literal["challenger", "champion"]
    version: str
    """Of the model that was evaluated."""
    image_uri: str
    channels: list[PinnedDataSet]
    instance_type: str
    started_at: str
    ended_at: str
    seconds: float
    cost_usd: float
    log: str
    failure: str
    last_lines: list[str]


class ArtifactFacts(TypedDict, total=False):
    """From the training job that produced it, and the version that was registered with it."""

    uri: str
    digests: ArtifactDigests


class ReportFacts(TypedDict, total=False):
    """From the release's verdict."""

    uri: str
    accepted: bool
    summary: str
    primary_metric: str
    metrics: dict[str, float]


class PackageFacts(TypedDict, total=False):
    """From the ledger's version."""

    arn: str
    project: str
    model: str
    version: str
    release_id: str
    approval: str
    approver: str
    decided_at: str
    decision_reason: str
    stage: str
    metrics: dict[str, float]
    registered_at: str


class ApprovalFacts(TypedDict, total=False):
    """From the ledger's approval."""

    release_id: str
    status: str
    approvers: list[str]
    requested_at: str
    decided_by: str
    decided_at: str
    decision_reason: str


class PromotionFacts(TypedDict, total=False):
    """From an execution of the promote machine."""

    execution_arn: str
    release_id: str
    project: str
    model: str
    version: str
    cause: str
    actor: str
    reason: str
    status: str
    started_at: str
    ended_at: str
    endpoint: str
    previous: str
    """The version that served before; empty: none."""
    failure: Failure


class EndpointFacts(TypedDict, total=False):
    """From DescribeEndpoint."""

    endpoint_name: str
    project: str
    model: str
    status: str
    config: str
    instance_type: str
    instance_count: int
