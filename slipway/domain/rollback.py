"""To which version a model goes back, and why it may not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slipway.contracts.ledger import AliasRecord, VersionRecord


@dataclass(frozen=True, slots=True)
class Rollback:
    """
    What is to happen, or why not.

    Attributes:
        serving: The version that serves now; empty: none does.
        target: The version to go back to; None: there is none.
        refusals: Why it may not be done, each a sentence; empty: it may.
    """

    project: str
    model: str
    serving: str
    target: VersionRecord | None
    refusals: tuple[str, ...]


def served_before(history: Sequence[AliasRecord]) -> str:
    """
    The version that served before the one that serves now; empty: there was none.

    A version that was gone back from does not count: to roll back twice leads two versions back, never to
    and fro.

    >>> served_before([{"version": one} for one in ("1.2.0", "1.1.0", "1.0.0")])
    '1.1.0'
    >>> served_before([{"version": one} for one in ("1.1.0", "1.2.0", "1.1.0", "1.0.0")])
    '1.0.0'

    Args:
        history: Moves of the alias ``champion``, newest first.
    """
    path: list[str] = []
    for move in reversed(history):
        version = move["version"]
        path = path[: path.index(version) + 1] if version in path else [*path, version]
    return path[-2] if len(path) > 1 else ""


def refusals_of(target: VersionRecord, *, serving: str, artifact_there: bool) -> list[str]:
    """Why a version can't serve (again); empty: it can."""
    version = target["version"]
    found = []
    if version == serving:
        found.append(f"{version} serves already")
    if target["approval"] != "approved":
        found.append(f"{version} is not approved: it is {target['approval']}")
    removed = target.get("artifact_removed_at")
    if removed:
        found.append(f"the artifact of {version} was removed at {removed}: push and release it anew")
    elif not artifact_there:
        found.append(f"the artifact of {version} is gone: there is no {target['model_uri']}")
    return found
