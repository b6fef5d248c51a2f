"""Releases, and the executions that run them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from slipway.contracts.ledger import Failure, PushRecord, ReleaseRecord, ReleaseStatus
    from slipway.contracts.steps import StepLookup
    from slipway.domain.execution import Execution, ExecutionSummary, StartedExecution


class Releases(Protocol):
    """The ledger's releases and answered pushes."""

    def claim_release(self, record: ReleaseRecord) -> ReleaseRecord | None:
        """Write a release that is not there yet; None, or the one that is there already."""

    def mark_started(self, release_id: str, execution_arn: str) -> bool:
        """Note the execution; False when another delivery noted it first."""

    def set_release_status(self, release_id: str, status: ReleaseStatus) -> bool:
        """Move an open release to another open status; False when it is unknown or has ended."""

    def end_release(
        self,
        release_id: str,
        *,
        status: ReleaseStatus,
        ended_at: str,
        reason: str,
        failure: Failure | None = None,
        metrics: Mapping[str, float] | None = None,
    ) -> bool:
        """Record an end; False when this end, or a later one, is recorded already."""

    def reopen_release(self, release_id: str, *, started_at: str) -> bool:
        """Its failed execution was redriven at ``started_at``; False when it did not fail before that."""

    def note_told(self, release_id: str, moment: str) -> None:
        """People were told of what happened at ``moment``."""

    def note_lookups(self, release_id: str, lookups: Mapping[str, StepLookup]) -> None:
        """What the step cache answered, by step, in place of what was noted before."""

    def note_release_artifact_removed(self, release_id: str, at: str) -> bool:
        """What it had trained is gone; False when it is unknown, or that was noted before."""

    def release(self, release_id: str) -> ReleaseRecord | None: ...

    def releases_of_model(self, project: str, model: str, *, limit: int) -> list[ReleaseRecord]:
        """Newest first, without their plans."""

    def releases_of_month(self, month: str) -> Iterator[ReleaseRecord]:
        """Newest first, without their plans; ``month`` is ``yyyy-mm``."""

    def claim_push(self, record: PushRecord, *, instead_of: str = "") -> PushRecord | None:
        """
        Claim a push for a release; None, or what another delivery wrote.

        A claim for the same release holds for everybody who makes it. With ``instead_of``, a release's id,
        that one's claim is taken over.
        """

    def put_push(self, record: PushRecord) -> None: ...

    def push(self, repository: str, tag: str, digest: str) -> PushRecord | None: ...

    def pushes(self, repository: str) -> Iterator[PushRecord]:
        """Those answered."""


class Executions(Protocol):
    """Runs of the state machines."""

    def start(self, machine_arn: str, name: str, document: str) -> StartedExecution: ...

    def describe(self, execution_arn: str) -> Execution | None:
        """None when the execution is unknown (history is kept for 90 days)."""

    def history(self, execution_arn: str) -> Sequence[Mapping[str, Any]]:
        """Events, newest first, enough of them to find a failure's cause."""

    def whole_history(self, execution_arn: str) -> Sequence[Mapping[str, Any]]:
        """Every event, oldest first."""

    def since(self, machine_arn: str, moment: datetime) -> Iterator[ExecutionSummary]:
        """Those of a machine that began after ``moment``, newest first."""


class ReleasePlanner(Protocol):
    """Asks ``plan_release`` without waiting for its answer."""

    def ask(self, repository: str, tag: str, *, cause: str) -> None: ...
