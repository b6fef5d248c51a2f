"""
The evidence of one release: ``report.json``, which ``judge_release`` writes and the approval page shows.

A reader takes every key but ``release_id`` as optional, so that an older report can still be shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NotRequired, TypedDict

if TYPE_CHECKING:
    from slipway.contracts.release import GateOutcome, PinnedDataSet


class MetricMeaning(TypedDict):
    """What the manifest says of one metric."""

    direction: Literal["minimize", "maximize"]
    unit: str
    """May be empty."""


class Side(TypedDict):
    """What one version measured on the frozen evaluation data."""

    version: str
    metrics: dict[str, float]
    rows: NotRequired[int]
    slices: NotRequired[dict[str, dict[str, dict[str, float]]]]
    """Column to value to metrics; each holds ``rows`` as well."""
    plots: NotRequired[list[str]]
    """Complete ``s3://…/plots/<name>.svg`` URIs, in the order in which to show them."""
    seconds: NotRequired[float]
    """How long the evaluation program ran."""
    release_id: NotRequired[str]
    image_digest: NotRequired[str]
    problems: NotRequired[list[str]]
    """What was wrong with the side's own report: a metric that is NaN, a file that is missing."""


class ReleaseReport(TypedDict):
    """The whole file."""

    release_id: str
    primary_metric: str
    margin: NotRequired[float]
    """How much worse than the champion is still "not worse", in the primary metric's unit."""
    meanings: NotRequired[dict[str, MetricMeaning]]
    """By metric; one that is missing here is shown without direction and unit."""
    challenger: Side
    champion: Side | None
    environment: NotRequired[str]
    project: NotRequired[str]
    model: NotRequired[str]
    version: NotRequired[str]
    cause: NotRequired[str]
    planned_at: NotRequired[str]
    judged_at: NotRequired[str]
    accepted: NotRequired[bool]
    summary: NotRequired[str]
    gates: NotRequired[list[GateOutcome]]
    training_data: NotRequired[list[PinnedDataSet]]
    evaluation_data: NotRequired[list[PinnedDataSet]]
    image_uri: NotRequired[str]
    image_digest: NotRequired[str]
    model_uri: NotRequired[str]
    hyperparameters: NotRequired[dict[str, str]]
    training_job: NotRequired[str]
    training_seconds: NotRequired[float]
    billable_seconds: NotRequired[float]
    training_metrics: NotRequired[dict[str, float]]
    cost: NotRequired[str]
    """The estimate in one line."""
