"""Experiments: what was trained and never approved, from releases and from jobs that no release made."""

from __future__ import annotations

import heapq
import textwrap
from typing import TYPE_CHECKING, Any, Final

from slipway.contracts.lineage import node_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from slipway.contracts.ledger import ReleaseRecord
    from slipway.usecases.ports import Ledger, Lineage

NEVER_IN_PRODUCTION: Final = ("not-accepted", "rejected", "expired", "failed", "stopped")
"""Endings of releases whose versions nobody approved, but for those that failed after their approval."""
WIDEST_WHY: Final = 60
"""Characters: a verdict has several lines, and `slipway experiment show` all of them."""
HEAD: Final = ("experiment", "model", "version", "status", "metrics", "began", "why")


def of_releases(releases: Iterable[ReleaseRecord], ledger: Ledger) -> Iterator[dict[str, Any]]:
    """Releases that never made a production version, in their order; each names what it belongs to."""
    for release in releases:
        if release["status"] not in NEVER_IN_PRODUCTION or was_approved(release, ledger):
            continue
        yield {
            "kind": "release",
            "experiment": release["release_id"],
            "project": release["project"],
            "model": release["model"],
            "version": release["version"],
            "status": release["status"],
            "metrics": release.get("metrics", {}),
            "began": release["planned_at"],
            "why": release["reason"],
            "belongs_to": f"{release['project']}/{release['model']}",
            "node": node_id("release", release["release_id"]),
            "execution_arn": release.get("execution_arn", ""),
        }


def was_approved(release: ReleaseRecord, ledger: Ledger) -> bool:
    """Whether it failed, or was stopped, after its version was approved: that one is in the registry."""
    if release["status"] not in ("failed", "stopped"):
        return False
    held = ledger.version(release["project"], release["model"], release["version"])
    return (
        held is not None
        and held["release_id"] == release["release_id"]
        and held["approval"] in ("approved", "pending")
    )


def of_jobs(lineage: Lineage) -> Iterator[dict[str, Any]]:
    """Training jobs that were started beside the platform, newest first."""
    for job in lineage.experiments():
        project, model = job.get("project", ""), job.get("model", "")
        yield {
            "kind": "training-job",
            "experiment": job["name"],
            "project": project,
            "model": model,
            "version": job.get("version", ""),
            "status": job.get("status", ""),
            "metrics": job.get("metrics", {}),
            "began": job.get("started_at", ""),
            "why": job.get("reason", ""),
            "belongs_to": f"{project}/{model}" if model else project,
            "node": job["id"],
            "data_sets": job.get("data_sets", []),
        }


def newest_first(*sources: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Several lists, each newest first, as one; read no further than is asked."""
    return heapq.merge(*sources, key=lambda one: one["began"], reverse=True)


def cells_of(one: dict[str, Any]) -> tuple[str, ...]:
    """Under ``HEAD``."""
    return (
        one["experiment"],
        one["belongs_to"],
        one["version"],
        one["status"],
        ", ".join(f"{name} {float(value):g}" for name, value in sorted(one["metrics"].items())),
        one["began"][:16].replace("T", " "),
        textwrap.shorten(one["why"], WIDEST_WHY, placeholder=" …"),
    )
