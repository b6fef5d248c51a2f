"""A hundred releases at once, then a hundred approvals at once."""

from __future__ import annotations

import statistics
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from benchmarks._platform import load, memory_of_tree, platform, status_of_process
from workbench import approvals

if TYPE_CHECKING:
    from slipway.contracts.ledger import ReleaseRecord
    from tests.endtoend.laptop import Laptop

RELEASES: Final = 100
PROJECT: Final = "crowded"
VERSION: Final = "1.0.0"
CLIENTS: Final = 16
PATIENCE_SECONDS: Final = 300.0
LOOK_SECONDS: Final = 1.0
SETTLE_SECONDS: Final = 6.0
"""After ``slipway up`` the functions are made ready in the background."""


def crowd(count: int = RELEASES) -> dict[str, Any]:
    """
    Push images of so many models at once, and approve them all at once when all wait for it.

    Returns:
        ``releases``; ``seconds`` until all images were accepted, all training jobs requested, all releases
        waiting, all approvals posted, all endpoints in service (the last two from the first approval on);
        ``statuses``: how many releases ended as what, at both points; ``median_seconds_until_mail``;
        ``memory``: the server's peak, and with its functions and endpoints at both points;
        ``server_cpu_seconds``.
    """
    with platform() as laptop:
        laptop.put_numbers(PROJECT)
        models = [laptop.model(PROJECT, name=f'"tiny-{number:03}"') for number in range(count)]
        time.sleep(SETTLE_SECONDS)
        shipments = [load(laptop, model, VERSION) for model in models]
        started = time.time()
        with ThreadPoolExecutor(CLIENTS) as clients:
            list(clients.map(lambda shipment: shipment.send(), shipments))
        accepted = time.time() - started
        waiting = _until(laptop, count, ("running",))
        waited = time.time() - started
        memory = {"before_approval": memory_of_tree(laptop.aws.pid)}
        requested = _training_requests(laptop)
        mails = laptop.aws.inbox()
        asked = [release for release in waiting if release["status"] == "awaiting-approval"]
        approving = time.time()
        with ThreadPoolExecutor(CLIENTS) as clients:
            answers = Counter(clients.map(lambda release: _approve(mails, release), asked))
        posted = time.time() - approving
        ended = _until(laptop, count, ("running", "awaiting-approval", "promoting"))
        served = time.time() - approving
        memory["in_the_end"] = memory_of_tree(laptop.aws.pid)
        server = status_of_process(laptop.aws.pid)
    return {
        "releases": count,
        "seconds": {
            "images_accepted": round(accepted, 2),
            "training_requested": round(max(requested) - started, 2),
            "awaiting_approval": round(waited, 2),
            "approvals_posted": round(posted, 2),
            "in_service": round(served, 2),
        },
        "median_seconds_until_mail": _median_wait(mails, asked, started),
        "statuses": {
            "before_approval": Counter(release["status"] for release in waiting),
            "approval_answers": answers,
            "in_the_end": Counter(release["status"] for release in ended),
        },
        "memory": memory | {"server_peak_mb": server["peak_mb"]},
        "server_cpu_seconds": server["cpu_seconds"],
    }


def _until(laptop: Laptop, count: int, unfinished: tuple[str, ...]) -> list[ReleaseRecord]:
    """All releases once none is unfinished."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        found = list(laptop.ledger.releases_of_month(f"{datetime.now(UTC):%Y-%m}"))
        if len(found) == count and not any(release["status"] in unfinished for release in found):
            return found
        assert time.monotonic() < deadline, Counter(release["status"] for release in found)
        time.sleep(LOOK_SECONDS)


def _training_requests(laptop: Laptop) -> list[float]:
    pages = laptop.aws.client("sagemaker").get_paginator("list_training_jobs").paginate()
    return [job["CreationTime"].timestamp() for page in pages for job in page["TrainingJobSummaries"]]


def _approve(mails: list[dict[str, Any]], release: ReleaseRecord) -> int:
    link = approvals.link_of(mails, release["release_id"])
    assert link is not None, release["release_id"]
    return approvals.decide(link, decision="approved", reason="seen", version=VERSION).status


def _median_wait(mails: list[dict[str, Any]], asked: list[ReleaseRecord], started: float) -> float | None:
    """From the first push to a release's mail."""
    wanted = {release["release_id"] for release in asked}
    at = [
        mail["at"] - started
        for mail in mails
        if any(approvals.link_of([mail], identity) for identity in wanted if identity in mail["body"])
    ]
    return round(statistics.median(at), 2) if at else None
