"""What a model image's ``evaluate`` program writes as ``evaluation.json``, beside ``predictions.csv``."""

from __future__ import annotations

from typing import NotRequired, TypedDict


class EvaluationReport(TypedDict):
    """
    One side's own measurement of itself.

    ``predictions.csv`` beside it has one line per evaluated row: ``row_id``,
    ``label``, ``prediction`` (or ``score``, a probability), then slice columns.
    """

    metrics: dict[str, float]
    """The model's own metrics by the names its manifest declares."""
    rows: int
    slices: NotRequired[dict[str, dict[str, dict[str, float]]]]
    """Column to value to metrics; each holds ``rows`` as well."""
    plots: NotRequired[list[str]]
    """File names under ``plots/``, SVG, in the order in which to show them."""
    seconds: NotRequired[float]
