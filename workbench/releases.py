"""Finds releases by what people call them, and follows their executions."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from slipway.domain.errors import SlipwayError
from workbench.history import Step, steps

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from slipway.contracts.ledger import ApprovalRecord, ReleaseRecord
    from slipway.usecases.ports import Releases

RELEASE_ID: Final = re.compile(r"[0-9a-f]{16}")
NAMED: Final = re.compile(r"(?:(?P<project>[a-z0-9-]+)/)?(?P<model>[a-z0-9-]+)(?::(?P<version>.+))?")
MONTHS_BACK: Final = 12


class UnknownReleaseError(SlipwayError):
    """No release goes by that name."""

    def __init__(self, reference: str) -> None:
        super().__init__(
            f"no release {reference!r}; name one by its id, as MODEL:VERSION, as MODEL (its newest) or as "
            "`latest`; `slipway release list` shows them"
        )
        self.reference = reference


def newest(ledger: Releases, *, now: datetime | None = None) -> Iterator[ReleaseRecord]:
    """Releases of every model, newest first, back to twelve months ago."""
    month = (now or datetime.now(UTC)).replace(day=1)
    for _ in range(MONTHS_BACK):
        yield from ledger.releases_of_month(f"{month:%Y-%m}")
        month = (month - timedelta(days=1)).replace(day=1)


def find(ledger: Releases, reference: str) -> ReleaseRecord:
    """
    The release that a person means.

    Args:
        ledger: The ledger's releases.
        reference: A release id, ``[project/]model:version``, ``[project/]model``, or ``latest``.

    Raises:
        UnknownReleaseError: There is none.
    """
    if RELEASE_ID.fullmatch(reference):
        found = ledger.release(reference)
        if found is not None:
            return found
    for record in newest(ledger):
        if reference == "latest" or _named(record, reference):
            return ledger.release(record["release_id"]) or record
    raise UnknownReleaseError(reference)


def awaited(waiting: Iterable[ApprovalRecord], reference: str | None) -> list[ApprovalRecord]:
    """
    Which of the approvals that wait a person means.

    Args:
        waiting: Of releases and of trials, decided ones among them.
        reference: ``[project/]model[:version]``, a version, or an id: of the release, the trial, or the
            release whose trial waits; None: all of them.
    """
    return [
        one for one in waiting if one["status"] == "pending" and (reference is None or _asks(one, reference))
    ]


def _asks(one: ApprovalRecord, reference: str) -> bool:
    trial = one.get("trial")
    ids = (one["release_id"], trial["release_id"] if trial else "")
    return reference in (*ids, one["version"]) or _named(one, reference)


def _named(record: Mapping[str, Any], reference: str) -> bool:
    match = NAMED.fullmatch(reference)
    return match is not None and all(
        wanted is None or record[key] == wanted for key, wanted in match.groupdict().items()
    )


class Executions:
    """The histories of a release's executions: its own, and that of its promotion."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def status(self, arn: str) -> dict[str, Any]:
        """DescribeExecution's answer."""
        return dict(self._client.describe_execution(executionArn=arn))

    def events(self, arn: str) -> list[dict[str, Any]]:
        """The whole history, oldest event first."""
        pages = self._client.get_paginator("get_execution_history").paginate(
            executionArn=arn, PaginationConfig={"PageSize": 1000}
        )
        return [event for page in pages for event in page["events"]]

    def steps(self, arn: str) -> list[Step]:
        """The release's steps, then those of the promotion that it started."""
        events = self.events(arn)
        found = steps(events)
        for child in promotions(events):
            found = [step for step in found if step.name != "Promote"] + steps(self.events(child))
        return found


def promotions(events: list[dict[str, Any]]) -> list[str]:
    """ARNs of the executions that a history's tasks started, in that order, each once."""
    found: dict[str, None] = {}
    for event in events:
        details = event.get("taskSubmittedEventDetails") or {}
        if details.get("resourceType") == "states" and details.get("output"):
            found[json.loads(details["output"])["ExecutionArn"]] = None
    return list(found)


_STREAM: Final = re.compile(r"logStreamNameFilter\$3D([\w.-]+)|Endpoints\$252F([\w-]+)")


def local_log(url: str) -> str | None:
    """
    The command that shows, on the embedded AWS, what a console link shows on AWS; None: no log is linked.

    >>> local_log("https://c/cloudwatch#logsV2:log-groups/log-group/x$3FlogStreamNameFilter$3Dslipway-train-0-0")
    'slipway logs slipway-train-0-0'
    """
    found = _STREAM.search(url)
    return f"slipway logs {found[1] or found[2]}" if found else None
