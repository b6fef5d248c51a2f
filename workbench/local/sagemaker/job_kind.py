"""What processing jobs and transform jobs have in common: names, states, events, and how they end."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, Protocol

from workbench.local.sagemaker.errors import in_use, invalid
from workbench.local.sagemaker.job_program import JobControls
from workbench.local.sagemaker.listing import listed, page
from workbench.local.sagemaker.service_model import shape_cutter
from workbench.local.sagemaker.surroundings import STOPPED, Caller, Surroundings, arn
from workbench.local.services import start_thread

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.local.sagemaker.job_program import JobControl
    from workbench.local.sagemaker.store import Document
    from workbench.local.sagemaker.tags import Tags

ENDED: Final = frozenset({"Completed", "Failed", "Stopped"})


class Run(Protocol):
    """One job's work, from its data to its end."""

    def run(self) -> None: ...


class JobKind:
    """
    The jobs of one kind; each runs in a thread of its own.

    Args:
        surroundings: Where they run.
        tags: Of all resources.
        word: As the API's names begin: ``Processing`` for ``ProcessingJobName``.
    """

    def __init__(self, surroundings: Surroundings, tags: Tags, word: str) -> None:
        self._surroundings, self._tags, self._word = surroundings, tags, word
        self._kind = f"{word.lower()}-job"
        self._name, self._arn, self._status = f"{word}JobName", f"{word}JobArn", f"{word}JobStatus"
        self._records = surroundings.store.records(self._kind)
        self._controls = JobControls()

    def _start(self, request: Document, run_of: Callable[[JobControl], Run]) -> Document:
        """Register a job under its name and let it run."""
        name, now = request[self._name], time.time()
        job = {key: value for key, value in request.items() if key != "Tags"}
        job |= {
            self._arn: arn(self._kind, name),
            self._status: "InProgress",
            "CreationTime": now,
            "LastModifiedTime": now,
        }
        if not self._records.add(name, job):
            raise in_use(
                "Job name must be unique within an AWS account and region, and a job with this name already "
                f"exists ({job[self._arn]})"
            )
        self._tags.put(job[self._arn], request.get("Tags", []))
        run = run_of(self._controls.open(name))
        self.tell(job)
        start_thread(f"{self._word.lower()}-{name}", self._run, run, name)
        return {self._arn: job[self._arn]}

    def _run(self, run: Run, name: str) -> None:
        try:
            run.run()
        finally:
            self._controls.close(name)

    def tell(self, job: Document) -> None:
        """Put a job's state on the event bus."""
        event = f"{self._word} Job State Change"
        self._surroundings.emit(event, job[self._arn], {"Tags": {}, **job})

    def _get(self, request: Document) -> Document:
        job = self._records.get(request[self._name])
        if job is None:
            raise invalid(f"Could not find requested job with name: {request[self._name]}")
        return job

    def describe(self, request: Document, _caller: Caller) -> Document:
        return self._get(request)

    def stop(self, request: Document, _caller: Caller) -> Document:
        job = self._get(request)
        if job[self._status] in ENDED:
            raise invalid(
                f"The request was rejected because the {self._word.lower()} job is in status "
                f"{job[self._status]}."
            )
        self._records.update(job[self._name], **{self._status: "Stopping"})
        self._controls.stop(job[self._name])
        return {}

    def list_page(self, request: Document, _caller: Caller) -> Document:
        found, token = page(self._records.all(), request, name=self._name, status=self._status)
        cut = shape_cutter(f"{self._word}JobSummary")
        return listed(f"{self._word}JobSummaries", [cut(job) for job in found], token)

    def interrupted(self) -> list[Document]:
        """Fail, in the request's scope, what ran when the server ended; the failed jobs: events are due."""
        now = time.time()
        ended = {
            self._status: "Failed",
            "FailureReason": STOPPED,
            f"{self._word}EndTime": now,
            "LastModifiedTime": now,
        }
        return [
            self._records.put(job[self._name], job | ended)
            for job in self._records.all()
            if job[self._status] not in ENDED
        ]
