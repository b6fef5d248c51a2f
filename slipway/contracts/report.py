"""
The evidence of one release: ``report.json``, which ``judge_release`` writes and the approval page shows.

A reader takes every key but ``release_id`` as optional, so that an older report can still be shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NotRequired, TypedDict

if TYPE_CHECKING:
    from slipway.contracts.release import GateOutcome, PinnedDataSet


def report_uri(artifact_prefix: str) -> str:
    """Where a release's evidence lies, of the plan's ``artifact_prefix``."""
    return f"{artifact_prefix}/report.json"


def quality_uri(artifact_prefix: str) -> str:
    """Where the metrics lie in the form in which SageMaker Studio shows those of a package."""
    return f"{artifact_prefix}/model-quality.json"


def page_uri(artifact_prefix: str) -> str:
    """Where the page of a release's evidence lies: one HTML file that needs nothing else."""
    return f"{artifact_prefix}/report.html"


class ServingFacts(TypedDict):
    """How fast and how dear a side's own server is, measured after its evaluation by its sample request."""

    latency_ms: dict[str, float]
    """``p50``, ``p90``, ``p95``, ``p99`` of one request at a time; empty where ``problem`` says why."""
    requests_per_second: float | None
    """When four ask at once."""
    predictions_per_request: int
    model_bytes: int | None
    """Of model.tar.gz."""
    cost_per_1000_usd: float | None
    """Of predictions, on one instance of ``priced_for`` that is busy all the time."""
    measured_on: str
    """The evaluation's instance type."""
    priced_for: str
    """The endpoint's instance type."""
    problem: str


class Side(TypedDict):
    """One side of the comparison: the challenger, or the champion beside it."""

    version: str
    image_digest: str
    release_id: str
    rows: int
    metrics: dict[str, float]
    """Finite ones only: JSON knows neither NaN nor infinity."""
    missing_metrics: list[str]
    """Reported as NaN or infinite, or demanded and not reported."""
    slices: dict[str, dict[str, dict[str, float]]]
    """Column to value to metrics; each holds ``rows`` as well."""
    plots: list[str]
    """Complete ``s3://…/plots/<name>.svg`` URIs, in the order in which to show them."""
    seconds: float | None
    """How long the evaluation program ran."""
    problem: str
    """Why the side's own report could not be read; empty when it could."""
    serving: NotRequired[ServingFacts]


class MetricDeclaration(TypedDict):
    """How to read a metric, from the manifest."""

    direction: str
    """``minimize`` or ``maximize``."""
    unit: str
    """May be empty."""


class CostEstimate(TypedDict):
    """What the release cost and the endpoint would cost, in US dollars; None where no price is known."""

    instance_type: str
    instance_count: int
    """The least number of instances that serve."""
    usd_per_hour: float | None
    usd_per_month: float | None
    training_usd: float | None
    source: str
    """Where the prices come from, and as of when."""


class MetricComparison(TypedDict):
    """One metric of both sides, compared row by row; bounds are missing where ``reason`` says why."""

    challenger: NotRequired[float]
    champion: NotRequired[float]
    difference: NotRequired[float]
    """Challenger less champion."""
    lower: NotRequired[float]
    upper: NotRequired[float]
    confidence: NotRequired[float]
    resamples: NotRequired[int]
    reason: NotRequired[str]


class SliceComparison(TypedDict):
    """The primary metric in one slice; ``reason`` says why it was not judged, and the numbers are missing."""

    column: str
    value: str
    rows: int
    champion: NotRequired[float]
    challenger: NotRequired[float]
    gain: NotRequired[float]
    """Above nought: the challenger is better."""
    lower: NotRequired[float]
    upper: NotRequired[float]
    p_worse: NotRequired[float]
    """Adjusted for all slices."""
    worse: NotRequired[bool]
    reason: NotRequired[str]


class PlotSeries(TypedDict):
    """One side's part of a plot."""

    side: str
    """``challenger`` or ``champion``."""
    points: list[list[float]]
    """What they are depends on the plot's kind."""


class RowsPlot(TypedDict):
    """One of the platform's own plots, as numbers; what each point holds stands in domain/plot_drawing.py."""

    kind: Literal[
        "roc", "precision-recall", "calibration", "residuals", "residuals-by-prediction", "confusion"
    ]
    series: list[PlotSeries]
    classes: NotRequired[list[str]]
    """Of a confusion matrix, whose points are its rows: labels down, predictions across."""


class PredictionRange(TypedDict):
    """Between which the middle 99 % of the challenger's predictions lay: from p0.5 to p99.5."""

    low: float
    high: float


class RowsReport(TypedDict):
    """What the platform computed from both sides' ``predictions.csv``."""

    task: str
    rows: int
    problem: str
    """Why nothing could be computed or compared; empty: it could."""
    not_compared: str
    """Why the primary metric was not; empty: it was, or there is no champion."""
    verdict: NotRequired[str]
    """``better``, ``equivalent``, ``worse`` or ``undecided``."""
    sentence: NotRequired[str]
    more_rows: NotRequired[int]
    computed: dict[str, float]
    """The challenger's metrics by the platform's definitions."""
    reported: dict[str, float]
    """What the challenger's own report says."""
    comparisons: dict[str, MetricComparison]
    slices: list[SliceComparison]
    """At most 1,000: the judged ones first, those that may be the worst before others."""
    slices_left_out: int
    plots: NotRequired[list[RowsPlot]]
    predictions: NotRequired[PredictionRange]
    """Of the numbers that its answers hold too; missing: classes without scores, or too few rows."""


class EvidenceReport(TypedDict):
    """The whole file: all that an approver needs to decide."""

    release_id: str
    environment: str
    project: str
    model: str
    version: str
    cause: str
    planned_at: str
    judged_at: str
    accepted: bool
    summary: str
    primary_metric: str
    margin: float
    """How much worse than the champion is still "not worse", in the primary metric's unit."""
    metric_declarations: dict[str, MetricDeclaration]
    """By metric; one that is missing here is shown without direction and unit."""
    gates: list[GateOutcome]
    challenger: Side
    champion: Side | None
    training_data: list[PinnedDataSet]
    evaluation_data: list[PinnedDataSet]
    image_uri: str
    image_digest: str
    model_uri: str
    hyperparameters: dict[str, str]
    training_job: str
    training_seconds: float
    billable_seconds: float
    training_metrics: dict[str, float]
    cost: CostEstimate
    cached_from: NotRequired[dict[str, str]]
    """Step (contracts.steps.STEPS) to the release whose outputs were taken; one that is missing was run."""
    schema_version: NotRequired[int]
    """3 since ``numbers`` is there, 2 since ``rows`` is; missing: 1. A reader takes what it knows of it."""
    numbers: NotRequired[list[list[str]]]
    """The five that matter, in words: label and text; what page, e-mail and Slack begin with."""
    training_curves: NotRequired[dict[str, list[list[float]]]]
    """Metric to ``[seconds since training began, value]``, from the training job's log."""
    source: NotRequired[dict[str, Any]]
    """contracts.release.ImageSource: commit, base image, Python, libraries."""
    rows: NotRequired[RowsReport]
    """Missing: the manifest names no task, so that nothing was computed from rows."""
    evaluation_jobs: NotRequired[list[str]]
    """Processing jobs that measured challenger and champion; another release's, if taken from it."""
