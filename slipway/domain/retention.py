"""
Which model artifacts may be removed.

Never what serves, what may be rolled back to, or what somebody works with. What is evidence (records,
reports, approvals, lineage) is not a model artifact and is never removed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from slipway.contracts.names import CHAMPION
from slipway.domain.aliases import NEVER_APPROVED, spans
from slipway.domain.timestamps import moment_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from slipway.contracts.ledger import AliasRecord, VersionRecord
    from slipway.contracts.retention import ArtifactRetention


@dataclass(frozen=True, slots=True)
class ModelInUse:
    """What of one model is in use now."""

    moves: Mapping[str, Sequence[AliasRecord]] = field(default_factory=dict)
    """By alias: all its moves, oldest first."""
    served: Mapping[str, str] = field(default_factory=dict)
    """URI of each artifact that an endpoint's variant serves, to the endpoint."""
    promotion: str = ""
    """The execution that works on the model's endpoint; empty: none does."""
    release: str = ""
    """A release of the model that runs; empty: none does."""


def refusal(version: VersionRecord, in_use: ModelInUse, policy: ArtifactRetention) -> str:
    """Why the artifact of a version can't be removed, and what to do about it; empty: it can."""
    return next(_reasons(version, in_use, policy), "")


def _reasons(version: VersionRecord, in_use: ModelInUse, policy: ArtifactRetention) -> Iterator[str]:
    name = f"{version['project']}/{version['model']}:{version['version']}"
    for alias, moves in sorted(in_use.moves.items()):
        if moves and not moves[-1].get("removed") and moves[-1]["version"] == version["version"]:
            yield f"the alias {alias!r} points to {name}; {_freed(alias, name)}"
    if version["model_uri"] in in_use.served:
        endpoint = in_use.served[version["model_uri"]]
        yield f"the endpoint {endpoint} serves {name}; promote another version to it, or delete the endpoint"
    if version["approval"] == "pending":
        yield f"{name} waits for its approval; decide it first (`slipway approval open`)"
    if in_use.promotion:
        execution = in_use.promotion.rpartition(":")[2]
        yield f"a promotion of {version['model']} is under way ({execution}); ask again when it has ended"
    if in_use.release:
        yield (
            f"release {in_use.release} of {version['model']} runs and may use what others trained; ask again "
            "when it has ended (`slipway release watch`)"
        )
    if version["version"] in rollback_targets(in_use.moves.get(CHAMPION, ()), policy["keep_versions"]):
        yield (
            f"{name} is one of the last {policy['keep_versions']} champions, to which somebody may roll back "
            "(retention.keep_versions); it is free when newer ones have followed"
        )


def _freed(alias: str, name: str) -> str:
    if alias == CHAMPION:
        return "promote another version first"
    return f"move it away first (`slipway alias set` or `remove {name.partition(':')[0]}@{alias}`)"


def rollback_targets(champions: Sequence[AliasRecord], keep: int) -> list[str]:
    """
    The last versions that served before the one that does, the newest first; each counts once.

    >>> moves = [{"version": v} for v in ("1.0.0", "1.1.0", "1.0.0", "1.2.0")]
    >>> rollback_targets(moves, 1), rollback_targets(moves, 5)
    (['1.0.0'], ['1.0.0', '1.1.0'])
    """
    if not champions:
        return []
    served = dict.fromkeys(move["version"] for move in reversed(champions))
    return [version for version in served if version != champions[-1]["version"]][:keep]


def last_used(version: VersionRecord, in_use: ModelInUse) -> str:
    """When it was decided, or its last alias left it; ``registered_at`` where neither happened."""
    ends = [
        span.until
        for moves in in_use.moves.values()
        for span in spans(moves)
        if span.version == version["version"] and span.until
    ]
    return max([version["registered_at"], version.get("decided_at", ""), *ends])


def is_due(version: VersionRecord, in_use: ModelInUse, policy: ArtifactRetention, now: datetime) -> bool:
    """Whether its time is over; ``refusal`` may keep it all the same."""
    never = version["approval"] in NEVER_APPROVED
    days = policy["experiment_days"] if never else policy["version_days"]
    return now - moment_of(last_used(version, in_use)) >= timedelta(days=days)


def oldest_due(policy: ArtifactRetention, now: datetime) -> datetime:
    """Nothing that was registered after that is due."""
    return now - timedelta(days=min(policy["experiment_days"], policy["version_days"]))
