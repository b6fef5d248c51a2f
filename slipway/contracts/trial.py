"""Trials: an A/B test or a shadow run of a challenger beside the champion."""

from __future__ import annotations

from typing import TypedDict


class MomentsRecord(TypedDict):
    """An arm's outcomes, as the ledger keeps them: small, and mergeable."""

    count: int
    mean: float
    squares: float
    """Sum of squared deviations from the mean."""
    binary: bool
    """Whether every outcome was 0 or 1."""


class EffectRecord(TypedDict):
    """Challenger less champion; the interval holds at every look at once."""

    estimate: float
    lower: float
    upper: float
    confidence: float
