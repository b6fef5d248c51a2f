"""One side of a comparison: a registered version, or a release that registered none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from slipway.domain.lineage_graph import verdict_facts
from slipway.domain.version_origin import origin_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slipway.contracts.ledger import ReleaseRecord, VersionRecord
    from slipway.domain.lineage_graph import LineageGraph
    from slipway.domain.version_origin import Origin


@dataclass(frozen=True, slots=True)
class Registered:
    """A version that stands in the registry."""

    version: VersionRecord


@dataclass(frozen=True, slots=True)
class Unregistered:
    """A release that registered no version: it was not accepted, it failed, or it still runs."""

    release: ReleaseRecord


Candidate = Registered | Unregistered
"""What a person names by MODEL:VERSION."""


@dataclass(frozen=True, slots=True)
class Compared:
    """
    What is compared of it.

    Attributes:
        name: ``<project>/<model>:<version>``.
        status: Of a release that registered no version, such as ``not-accepted``; empty: it is registered.
        evaluation: The manifest's section.
        metrics: By name; empty: nothing was measured.
        origin: What it came of.
    """

    name: str
    status: str
    evaluation: Mapping[str, Any]
    metrics: Mapping[str, float]
    origin: Origin

    @property
    def title(self) -> str:
        """Its name, and what became of it where that is no version."""
        return f"{self.name} ({self.status})" if self.status else self.name


def compared(candidate: Candidate, graph: LineageGraph | None) -> Compared:
    """
    What there is to compare.

    Args:
        candidate: A version, or a release.
        graph: The graph around it; None: not recorded (yet).
    """
    record: Mapping[str, Any]
    match candidate:
        case Registered(version):
            record, status, manifest = version, "", version["manifest"]
            origin = origin_of(version, None, graph)
        case Unregistered(release):
            record, status = release, release["status"]
            manifest = release.get("plan", {}).get("manifest", {})
            origin = origin_of(None, release, graph)
    return Compared(
        name=f"{record['project']}/{record['model']}:{record['version']}",
        status=status,
        evaluation=manifest.get("evaluation") or {},
        metrics=record.get("metrics") or verdict_facts(graph).get("metrics") or {},
        origin=origin,
    )
