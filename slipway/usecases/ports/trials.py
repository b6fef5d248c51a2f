"""Trials of a challenger on real traffic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from slipway.contracts.ledger import TrialRecord, TrialStatus
    from slipway.contracts.trial import VariantLoad


class Trials(Protocol):
    """The ledger's trials of challengers beside champions."""

    def begin_trial(self, record: TrialRecord) -> bool:
        """Record a trial that is not there yet; False: it is."""

    def trial(self, project: str, model: str, trial_id: str) -> TrialRecord | None: ...

    def trials(self, project: str, model: str) -> list[TrialRecord]:
        """Newest first."""

    def note_look(
        self, project: str, model: str, trial_id: str, *, state: Mapping[str, Any], ends_by: str, after: int
    ) -> bool:
        """Keep an analysis on top of the ``after``-th; False when there is a later one, or it has ended."""

    def set_trial_status(
        self, project: str, model: str, trial_id: str, status: TrialStatus, *, reason: str, at: str
    ) -> bool:
        """Move an open trial to another status, at ``at`` if that ends it; False: it is not open."""

    def note_trial_told(self, project: str, model: str, trial_id: str, at: str) -> None:
        """People were told of its end."""

    def untold_trials(self) -> list[TrialRecord]:
        """Those that are open, or ended without that people were told."""


class VariantLoads(Protocol):
    """How variants of an endpoint did, as their metrics have it."""

    def load(self, endpoint: str, variant: str, *, since: datetime, until: datetime) -> VariantLoad: ...
