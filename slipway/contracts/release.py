"""
The release workflow's document: it grows by one key per step, and no step rewrites another's.

``plan`` is the execution's input; ``training``, ``evaluation``, ``verdict``,
``package``, ``approval`` and ``endpoint`` follow in this order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NotRequired, TypedDict

if TYPE_CHECKING:
    from slipway.contracts.promotion import PromotionConditions
    from slipway.contracts.report import PredictionRange


class PinnedDataSet(TypedDict):
    """One channel with the data set version that its manifest's range was resolved to."""

    channel: str
    data_set: str
    version: str
    digest: str
    """``sha256:…`` of the data set's canonical file manifest."""
    uri: str
    """``s3://bucket/prefix/`` that holds the files, with a slash at its end."""
    rows: int | None


class Champion(TypedDict):
    """The version in production when the release was planned."""

    release_id: str
    version: str
    image_uri: str
    image_digest: str
    model_uri: str
    package_arn: str
    evaluate: list[str]
    entry: NotRequired[bool]
    """As in ImageSource."""


class ImageSource(TypedDict):
    """What the image says of how it was made; each is missing where it says nothing."""

    git_commit: NotRequired[str]
    """``org.opencontainers.image.revision``; ``+dirty`` at its end: files were changed since."""
    git_repository: NotRequired[str]
    """``org.opencontainers.image.source``."""
    base_image: NotRequired[str]
    """``org.opencontainers.image.base.name``."""
    base_digest: NotRequired[str]
    built_at: NotRequired[str]
    python: NotRequired[str]
    """``3.13.1``."""
    libraries: NotRequired[dict[str, str]]
    """Distribution to version, from the label ``io.slipway.libraries``."""
    entry: NotRequired[bool]
    """Its entry point is the platform's own, which measures serving after an evaluation."""
    libraries_left_out: NotRequired[int]
    """How many more there are than the label has room for."""


class CacheWish(TypedDict):
    """Whether steps may take what an identical step produced before."""

    use: bool
    """False: ``--no-cache``."""
    days: int
    """Outputs older than that are not taken."""


class JobRequests(TypedDict):
    """Complete SageMaker requests but for what only the machine knows (names, the trained artifact)."""

    training: dict[str, Any]
    """CreateTrainingJob without ``TrainingJobName``."""
    challenger: dict[str, Any]
    """CreateProcessingJob without ``ProcessingJobName``; the input named ``model`` lacks its S3Uri."""
    champion: dict[str, Any] | None
    """CreateProcessingJob without ``ProcessingJobName``; complete otherwise. None: there is no champion."""


class JobNames(TypedDict):
    """Each is a stem; the machine appends ``-<redrives>-<retries>``."""

    training: str
    challenger: str
    champion: str


class Plan(TypedDict):
    """What ``plan_release`` decided; pinned before the first job starts."""

    release_id: str
    environment: str
    cause: Literal["push", "sweep", "cli", "schedule", "drift"]
    project: str
    model: str
    version: str
    repository: str
    image_tag: str
    image_digest: str
    image_uri: str
    """``<registry>/<repository>@sha256:…``."""
    manifest: dict[str, Any]
    training_data: list[PinnedDataSet]
    evaluation_data: list[PinnedDataSet]
    champion: Champion | None
    endpoint_name: str
    artifact_prefix: str
    """``s3://bucket/<project>/<model>/releases/<release id>``, no slash at its end."""
    job_names: JobNames
    requests: JobRequests
    approval_timeout_seconds: int
    planned_at: str
    source: NotRequired[ImageSource]
    cache: NotRequired[CacheWish]
    environment_gates: NotRequired[list[str]]
    """What the environment's settings asked for beside the manifest when this was planned."""
    awaits_scan: NotRequired[bool]
    """A gate looks at the image's scan: nothing is judged before that has ended."""


class Training(TypedDict):
    """From the finished training job."""

    job_name: str
    job_arn: str
    model_uri: str
    seconds: float
    billable_seconds: float
    metrics: dict[str, float]
    cached_from: NotRequired[str]
    """The release that ran this very training; missing: it was run for this one."""


class EvaluationRun(TypedDict):
    """One side's evaluation; the report lies at ``<report_prefix>/evaluation.json``."""

    job_name: str
    report_prefix: str
    cached_from: NotRequired[str]


class Evaluation(TypedDict):
    """Both sides, on the same frozen data."""

    challenger: EvaluationRun
    champion: EvaluationRun | None


class ImageScan(TypedDict):
    """What the registry's scan of the image found."""

    status: Literal["complete", "pending", "missing"]
    """``missing``: there is no result, and ``reason`` says why there will be none."""
    findings: dict[str, int]
    """Severity, such as ``CRITICAL``, to how many; none is missing rather than 0."""
    reason: str


class GateOutcome(TypedDict):
    """One gate in words: ``mae is 31.2, meets <= 40``."""

    gate: str
    passed: bool
    reason: str


class RowsDifference(TypedDict):
    """The primary metric's gain beside the champion: above nought is better, whatever its direction."""

    gain: float
    lower: float
    upper: float
    confidence: float
    """Of the interval from ``lower`` to ``upper``."""
    rows: int
    more_rows: NotRequired[int]
    """If undecided: how many further rows would decide; missing: no number would."""


class WorstSlice(TypedDict):
    """The slice whose gain may at best be the lowest; bounds hold for all slices together."""

    column: str
    value: str
    rows: int
    gain: float
    lower: float
    upper: float
    worse: bool
    """Whether the challenger is shown to be worse there by more than the margin."""


class Verdict(TypedDict):
    """The judge's answer; ``accepted`` false ends the release before anybody is asked."""

    accepted: bool
    summary: str
    primary_metric: str
    challenger: dict[str, float]
    champion: dict[str, float] | None
    gates: list[GateOutcome]
    report_uri: str
    """``s3://…/report.json``: the evidence that the approval page shows."""
    numbers: NotRequired[list[list[str]]]
    """The report's: label and text of the five that matter."""
    word: NotRequired[Literal["better", "equivalent", "worse", "undecided"]]
    """Missing: both sides were not compared row by row."""
    difference: NotRequired[RowsDifference]
    """There exactly when ``word`` is."""
    worst_slice: NotRequired[WorstSlice]
    predictions: NotRequired[PredictionRange]
    """What an alarm on a deployment goes by; missing: nothing was computed from rows, or no numbers are."""


class Package(TypedDict):
    """The registered model package."""

    group: str
    arn: str
    version: int


class Approval(TypedDict):
    """A person's decision, or that nobody decided in time."""

    decision: Literal["approved", "rejected", "expired"]
    approver: str
    reason: str
    decided_at: str
    conditions: NotRequired[PromotionConditions]
    """What the approval depends on; missing: nothing."""


class ReleaseDocument(TypedDict):
    """The whole, as the execution ends with it."""

    plan: Plan
    lookups: NotRequired[dict[str, Any]]
    """``training``, ``challenger`` and ``champion`` (or None), each a contracts.steps.StepLookup."""
    training: NotRequired[Training]
    evaluation: NotRequired[Evaluation]
    scan: NotRequired[ImageScan]
    """Only where a gate waits for it."""
    verdict: NotRequired[Verdict]
    package: NotRequired[Package]
    approval: NotRequired[Approval]
    trial: NotRequired[dict[str, str]]
    """How its trial ended: ``{"status", "reason"}``; missing: it was promoted without one."""
    endpoint: NotRequired[dict[str, Any]]
    """contracts.promotion.EndpointSummary."""


class ApprovalRequest(TypedDict):
    """What the machine hands to ``request_approval``, which waits for the task token."""

    document: ReleaseDocument
    task_token: str
    redrive: NotRequired[int]
    """The execution's RedriveCount; when it grows, approvers are told again."""
