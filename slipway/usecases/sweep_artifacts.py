"""Remove the artifacts whose time is over: of experiments, and of versions that served long ago."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from slipway.domain.errors import SlipwayError
from slipway.domain.retention import is_due, oldest_due, refusal
from slipway.domain.timestamps import moment_of, timestamp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from slipway.contracts.ledger import ReleaseRecord
    from slipway.usecases.remove_artifact import ArtifactRemoval

MONTHS: Final = 4
"""Experiments are looked at for so long after their time is over: what failed is tried again until then."""
EXPERIMENTS: Final = ("not-accepted", "rejected", "expired", "failed", "stopped")
"""Endings of releases that never made a version in production."""

_log: Final = logging.getLogger(__name__)


class ArtifactSweepIncompleteError(SlipwayError):
    """Some artifacts could not be looked at or removed; the others were."""

    def __init__(self, failures: dict[str, str]) -> None:
        told = "; ".join(f"{subject}: {problem}" for subject, problem in sorted(failures.items()))
        super().__init__(
            f"the artifacts of {len(failures)} models or releases could not be swept and are tried again by "
            f"the next sweep ({told})"
        )
        self.failures = failures


@dataclass(frozen=True, slots=True)
class ArtifactSweep:
    """One run; it ends early when ``has_time`` says so, and the next one goes on."""

    removal: ArtifactRemoval
    artifact_bucket: str
    has_time: Callable[[], bool]

    def sweep_artifacts(self) -> dict[str, int]:
        """
        Versions first, then experiments, which keep what versions are made of.

        Returns:
            How many ``versions`` and ``experiments`` lost their artifacts; how many were due and ``kept``.

        Raises:
            ArtifactSweepIncompleteError: After all have been looked at, if any failed.
        """
        counts, failures = {"versions": 0, "experiments": 0, "kept": 0}, {}
        now = self.removal.clock()
        for (project, model), versions in self._candidates(now).items():
            if not self.has_time():
                break
            try:
                self._sweep_versions(project, model, versions, now, counts)
            except Exception as error:  # noqa: BLE001 - the others must not wait for it; raised below
                _log.exception("artifacts not swept", extra={"model": f"{project}/{model}"})
                failures[f"{project}/{model}"] = f"{type(error).__name__}: {error}"
        for release in self._experiments(now):
            if not self.has_time():
                break
            try:
                counts["experiments"] += self._sweep_experiment(release)
            except Exception as error:  # noqa: BLE001 - likewise
                _log.exception("artifacts not swept", extra={"release_id": release["release_id"]})
                failures[release["release_id"]] = f"{type(error).__name__}: {error}"
        if failures:
            raise ArtifactSweepIncompleteError(failures)
        return counts

    def _candidates(self, now: datetime) -> dict[tuple[str, str], list[str]]:
        """Versions that are old enough, by project and model; aliases are not looked at yet."""
        found: dict[tuple[str, str], list[str]] = {}
        until = timestamp(oldest_due(self.removal.retention, now))
        for record in self.removal.ledger.versions_until(until):
            if "artifact_removed_at" not in record and record["approval"] != "pending":
                found.setdefault((record["project"], record["model"]), []).append(record["version"])
        return found

    def _sweep_versions(
        self, project: str, model: str, versions: list[str], now: datetime, counts: dict[str, int]
    ) -> None:
        removal = self.removal
        in_use = removal.in_use(project, model)
        for version in versions:
            record = removal.ledger.version(project, model, version)
            if record is None or not is_due(record, in_use, removal.retention, now):
                continue
            # most that are kept are kept for a reason that lasts: no need to mark and look again
            kept = refusal(record, in_use, removal.retention)
            removed = not kept and removal.remove(project, model, version)["outcome"] == "removed"
            counts["versions" if removed else "kept"] += 1

    def _experiments(self, now: datetime) -> Iterator[ReleaseRecord]:
        due = now - timedelta(days=self.removal.retention["experiment_days"])
        month = due.replace(day=1)
        for _ in range(MONTHS):
            for record in self.removal.ledger.releases_of_month(f"{month:%Y-%m}"):
                ended = record.get("ended_at")
                over = record["status"] in EXPERIMENTS and ended and moment_of(ended) <= due
                if over and "artifact_removed_at" not in record:
                    yield record
            month = (month - timedelta(days=1)).replace(day=1)

    def _sweep_experiment(self, release: ReleaseRecord) -> int:
        project, model, removal = release["project"], release["model"], self.removal
        trained = removal.artifacts.trained_by(
            f"s3://{self.artifact_bucket}/{project}/{model}/releases/{release['release_id']}"
        )
        in_use = removal.in_use(project, model) if trained else None
        if in_use is None or in_use.release:  # what runs may be about to take what this one trained
            return 0
        needed = removal.needed(project, model) | set(in_use.served)
        removed = [uri for uri in trained if uri not in needed and removal.artifacts.remove(uri)]
        if not needed.intersection(trained):
            at = timestamp(removal.clock())
            removal.ledger.note_release_artifact_removed(release["release_id"], at)
        return 1 if removed else 0
