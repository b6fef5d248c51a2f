"""Point the champion's alias to the version that serves now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from slipway.contracts.names import CHAMPION
from slipway.domain.aliases import moved_at
from slipway.domain.errors import AliasMovedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slipway.contracts.promotion import PromotionDocument
    from slipway.usecases.ports import Clock, ModelRegistry, Versions

PRODUCTION = "Production"
ARCHIVED = "Archived"


def move_alias(document: PromotionDocument, *, ledger: Versions, clock: Clock) -> dict[str, Any]:
    """
    Compare and set, from where the alias was when the promotion was planned.

    Returns:
        ``{"alias", "version", "previous"}``; a retry of a move that was made gives the same.

    Raises:
        AliasMovedError: Another promotion came between.
    """
    request, previous = document["request"], document["promotion"]["previous"]
    project, model = request["project"], request["model"]
    version, release_id = request["version"], request["release_id"]
    answer = {"alias": CHAMPION, "version": version, "previous": previous}
    current = ledger.alias(project, model, CHAMPION)
    if current is not None and _target(current) == (version, release_id):
        return answer
    if _target(current) != _target(previous):
        raise AliasMovedError(CHAMPION, _words(previous), _words(current))
    moved = ledger.move_alias(
        {
            "project": project,
            "model": model,
            "alias": CHAMPION,
            "version": version,
            "release_id": release_id,
            "moved_at": moved_at(current, clock()),
            "actor": request["actor"],
            "reason": request["reason"] or request["cause"],
            "revision": current["revision"] + 1 if current is not None else 1,
        }
    )
    if not moved:
        raise AliasMovedError(CHAMPION, _words(previous), _words(ledger.alias(project, model, CHAMPION)))
    return answer


def mark_stages(document: PromotionDocument, *, ledger: Versions, registry: ModelRegistry) -> None:
    """Say in ledger and model packages which version serves, and which one did: words for people alone."""
    request, previous = document["request"], document["promotion"]["previous"]
    project, model = request["project"], request["model"]
    serving = ledger.version(project, model, request["version"])
    if serving is not None:
        ledger.set_version_stage(project, model, request["version"], stage=PRODUCTION)
        registry.set_stage(serving["package_arn"], PRODUCTION, "InService", f"since {request['cause']}")
    if previous is not None and previous["version"] != request["version"]:
        served = ledger.version(project, model, previous["version"])
        if served is not None:
            ledger.set_version_stage(project, model, previous["version"], stage=ARCHIVED)
            registry.set_stage(served["package_arn"], ARCHIVED, "Replaced", f"by {request['version']}")


def _target(record: Mapping[str, Any] | None) -> tuple[str, str] | None:
    return (record["version"], record["release_id"]) if record is not None else None


def _words(record: Mapping[str, Any] | None) -> str:
    return f"{record['version']} (release {record['release_id']})" if record is not None else "nothing"
