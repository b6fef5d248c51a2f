"""
Events may be lost, or come late: find sources whose nodes do not tell their state, and record them.

Listings are compared with what is recorded by the revision that both know; only what differs is read. What
has just ended is read again in any case: a job's log and an approval's record arrive behind the end.
"""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Final

from slipway.contracts.ledger import OPEN_STATUSES
from slipway.contracts.lineage import node_id
from slipway.domain.derivation import package_id
from slipway.domain.errors import SlipwayError
from slipway.domain.job_lineage import ENDED, job_revision
from slipway.domain.lineage_subject import LineageSubject
from slipway.domain.release_lineage import release_revision
from slipway.domain.serving_lineage import DELETED, endpoint_revision, promotion_revision
from slipway.domain.timestamps import timestamp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime
    from typing import Any

    from slipway.contracts.ledger import ReleaseRecord
    from slipway.contracts.lineage import NodeKind
    from slipway.domain.lineage_subject import SourceKind
    from slipway.usecases.ports import Clock, Lineage
    from slipway.usecases.record_lineage import LineageRecording, LineageSources

_log: Final = logging.getLogger(__name__)
MONTHS: Final = 3
"""Of releases, by the month in which they were planned."""
WINDOW_OF_VERSIONS: Final = timedelta(days=92)
"""Since they were registered."""
WINDOW: Final = timedelta(days=7)
"""Jobs that changed and promotions that began since: as long as sweeps may be out of order."""
OUTSIDE_WINDOW: Final = timedelta(hours=2)
"""Of jobs that are not ours by name, each must be asked for its tags: only new ones are."""
TRAILING: Final = timedelta(hours=1)
"""After its end, what belongs to a source may still arrive: log lines, the version's approval."""
BATCH: Final = 100


class LineageNotSweptError(SlipwayError):
    """Some sources could not be recorded; the next sweep does it again."""

    def __init__(self, failures: Mapping[str, str]) -> None:
        told = "; ".join(f"{subject}: {problem}" for subject, problem in sorted(failures.items())[:5])
        super().__init__(
            f"{len(failures)} sources of lineage could not be recorded ({told}); all others were, and the "
            "next sweep tries these again"
        )
        self.failures = failures


@dataclass(frozen=True, slots=True)
class LineageSweep:
    """
    Attributes:
        sources: What is listed.
        lineage: What it is compared with.
        recording: Records what differs.
        promote_machine_arn: Whose executions are promotions.
        clock: The time.
    """

    sources: LineageSources
    lineage: Lineage
    recording: LineageRecording
    promote_machine_arn: str
    clock: Clock

    def sweep(self) -> dict[str, int]:
        """
        Record what differs; the number of sources of each kind that were read again.

        Raises:
            LineageNotSweptError: After all have been tried, if any could not be.
        """
        now = self.clock()
        recorded: Counter[str] = Counter()
        failures: dict[str, str] = {}
        finders: dict[str, Callable[[datetime], Iterator[LineageSubject]]] = {
            "data sets": self._data_sets,
            "releases": self._releases,
            "model packages": self._model_packages,
            "evaluation jobs": self._evaluation_jobs,
            "promotions": self._promotions,
            "endpoints": self._endpoints,
            # last: their metrics' expressions are their owners', and one may take all the time there is
            "training jobs": self._training_jobs,
        }
        for what, find in finders.items():
            try:
                for subject in find(now):
                    self._record(subject, recorded, failures)
            except Exception as error:  # noqa: BLE001 - the others are swept all the same; raised below
                _log.exception("not swept", extra={"what": what})
                failures[what] = f"{type(error).__name__}: {error}"
        if failures:
            raise LineageNotSweptError(failures)
        return dict(recorded)

    def _record(self, subject: LineageSubject, recorded: Counter[str], failures: dict[str, str]) -> None:
        try:
            self.recording.record(subject)
            recorded[subject.kind] += 1
        except Exception as error:  # noqa: BLE001 - the others are recorded all the same; raised below
            _log.exception("not recorded", extra={"subject": subject.name})
            failures[f"{subject.kind} {subject.name}"] = f"{type(error).__name__}: {error}"

    def _differing(
        self, kind: NodeKind, source: SourceKind, revisions: Iterable[tuple[str, str, str, bool]]
    ) -> Iterator[LineageSubject]:
        """
        Those whose node does not begin with their revision.

        Args:
            kind: Of the nodes.
            source: Of the subjects.
            revisions: Each with the node's name, the subject's name, the revision, and whether it is to be
                read again in any case.
        """
        following = iter(revisions)
        while batch := list(islice(following, BATCH)):
            nodes = self.lineage.nodes([node_id(kind, name) for name, _, _, again in batch if not again])
            for name, subject, revision, again in batch:
                node = nodes.get(node_id(kind, name))
                if again or node is None or not node["as_of"] or not node["as_of"].startswith(revision):
                    yield LineageSubject(source, subject)

    def _data_sets(self, _now: datetime) -> Iterator[LineageSubject]:
        # they never change: any revision will do
        named = (f"{project}/{name}:{version}" for project, name, version in self.sources.data_sets.stored())
        yield from self._differing("data-set", "data-set", ((name, name, "", False) for name in named))

    def _releases(self, now: datetime) -> Iterator[LineageSubject]:
        listed = list(self._listed(now))
        claims = Counter(
            (one["project"], one["model"], one["version"]) for one in listed if one["status"] != "refused"
        )
        trailing = timestamp(now - TRAILING)

        def again(one: ReleaseRecord) -> bool:
            open_still = one["status"] in OPEN_STATUSES
            # of two releases of a version, the second one's registration takes the first one's record
            shared = claims[one["project"], one["model"], one["version"]] > 1
            return open_still or shared or one.get("ended_at", one["planned_at"]) > trailing

        yield from self._differing(
            "release",
            "release",
            (
                (one["release_id"], one["release_id"], f"{release_revision(one)}/", again(one))
                for one in listed
            ),
        )

    def _model_packages(self, now: datetime) -> Iterator[LineageSubject]:
        """Approvals and stages change long after a release has ended, in Studio too."""
        following = self.sources.ledger.listed_versions(since=timestamp(now - WINDOW_OF_VERSIONS))
        while batch := list(islice(following, BATCH)):
            nodes = self.lineage.nodes([package_id(one["package_arn"]) for one in batch])
            for one in batch:
                node = nodes.get(package_id(one["package_arn"]))
                facts = node["facts"] if node is not None else {}
                stage = one.get("stage", facts.get("stage"))
                if (facts.get("approval"), facts.get("stage")) != (one["approval"], stage):
                    yield LineageSubject("release", one["release_id"])

    def _listed(self, now: datetime) -> Iterator[ReleaseRecord]:
        month = now
        for _ in range(MONTHS):
            yield from self.sources.ledger.releases_of_month(f"{month:%Y-%m}")
            month = month.replace(day=1) - timedelta(days=1)

    def _training_jobs(self, now: datetime) -> Iterator[LineageSubject]:
        ours, others = [], []
        for summary in self.sources.jobs.training_jobs_since(now - WINDOW):
            own = summary["TrainingJobName"].startswith(f"{self.recording.resource_prefix}-")
            entry = self._job(summary, "TrainingJob", now)
            if own:
                ours.append(entry)
            else:
                others.append((entry, summary["LastModifiedTime"] > now - OUTSIDE_WINDOW))
        yield from self._differing("training-job", "training-job", ours)
        known = self.lineage.nodes([node_id("training-job", entry[0]) for entry, new in others if not new])
        experiments = [entry for entry, new in others if new or node_id("training-job", entry[0]) in known]
        yield from self._differing("training-job", "training-job", experiments)

    def _evaluation_jobs(self, now: datetime) -> Iterator[LineageSubject]:
        found = self.sources.jobs.processing_jobs_since(f"{self.recording.resource_prefix}-", now - WINDOW)
        yield from self._differing(
            "evaluation-job", "evaluation-job", (self._job(one, "ProcessingJob", now) for one in found)
        )

    def _job(self, summary: Mapping[str, Any], kind: str, now: datetime) -> tuple[str, str, str, bool]:
        name, ended = summary[f"{kind}Name"], summary[f"{kind}Status"] in ENDED
        trailing = ended and summary["LastModifiedTime"] > now - TRAILING
        return name, name, f"{job_revision(summary)}/", trailing

    def _promotions(self, now: datetime) -> Iterator[LineageSubject]:
        trailing = timestamp(now - TRAILING)
        yield from self._differing(
            "promotion",
            "promotion",
            (
                (
                    one.name,
                    one.arn,
                    f"{promotion_revision(one.status, one.started_at, one.ended_at, one.redriven_at)}/",
                    one.ended_at > trailing,
                )
                for one in self.sources.executions.since(self.promote_machine_arn, now - WINDOW)
            ),
        )

    def _endpoints(self, _now: datetime) -> Iterator[LineageSubject]:
        recorded = {one["endpoint"]: one for one in self.lineage.serving()}
        listed = {
            one["EndpointName"]: endpoint_revision(one)
            for one in self.sources.hosting.endpoints(f"{self.recording.resource_prefix}-")
        }
        # what it serves and what it is are two items: either may be missing
        yield from self._differing(
            "endpoint",
            "endpoint",
            (
                (name, name, revision, name not in recorded or recorded[name]["as_of"] != revision)
                for name, revision in listed.items()
            ),
        )
        for name, serving in recorded.items():
            if name not in listed and serving["status"] != DELETED:
                yield LineageSubject("endpoint", name)
