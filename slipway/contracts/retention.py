"""How long model artifacts are kept; records, reports, approvals and lineage are kept for ever."""

from __future__ import annotations

from typing import TypedDict


class ArtifactRetention(TypedDict):
    """Travels as JSON in the environment variable ``SLIPWAY_RETENTION``."""

    experiment_days: int
    """Of what was never approved, from its end."""
    version_days: int
    """Of approved versions, from when they last had an alias, or were approved."""
    keep_versions: int
    """So many champions before the one that serves can always be rolled back to."""
