"""Write down what an endpoint serves from now on: its state, its history, and the aliases that say so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from slipway.contracts.names import CHAMPION
from slipway.domain.aliases import moved_at
from slipway.domain.errors import AliasMovedError, LeaseLostError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from slipway.contracts.ledger import AliasRecord, EndpointState
    from slipway.contracts.promotion import Lease, Promotion, PromotionDocument, PromotionRequest
    from slipway.usecases.ports import Clock, Ledger, Versions


def record_promotion(document: PromotionDocument, *, ledger: Ledger, clock: Clock) -> dict[str, Any]:
    """
    All in one transaction, under the execution's lease; aliases move from where they were when planned.

    Returns:
        ``{"alias", "version", "previous"}`` of the champion, and what ``moved``; a retry of what was recorded
        gives the same, but for ``moved``. A trial that takes away what is gone already changes nothing, and
        nothing is written.

    Raises:
        LeaseLostError: The lease ran out and another promotion took it: nothing was written.
        AliasMovedError: An alias points to something else than the plan was made for.
    """
    request, promotion = document["request"], document["promotion"]
    previous, lease = promotion["previous"], document["lease"]
    before = ledger.endpoint_state(promotion["endpoint_name"])
    champion = promotion["layout"][0]["version"] if promotion["layout"] else _version(previous)
    answer: dict[str, Any] = {"alias": CHAMPION, "version": champion, "previous": previous, "moved": []}
    if _is_recorded(before, promotion, lease) or _removes_nothing(request, before, promotion):
        return answer
    _champion_is_where_it_was(request, promotion, ledger)
    tips = {
        move["alias"]: ledger.alias_tip(request["project"], request["model"], move["alias"])
        for move in promotion["alias_moves"]
    }
    at = _moment(clock(), before, list(tips.values()))
    moves = [
        record
        for move in promotion["alias_moves"]
        if (
            record := _move(
                request, move["alias"], move["version"], move["release_id"], tips[move["alias"]], at
            )
        )
    ]
    state = _state(request, promotion, before, lease, at)
    if ledger.record_promotion(state, moves, lease=lease):
        return {**answer, "moved": [move["alias"] for move in moves]}
    if ledger.lease(promotion["endpoint_name"]) != lease:
        raise LeaseLostError(promotion["endpoint_name"], lease["fence"])
    if _is_recorded(ledger.endpoint_state(promotion["endpoint_name"]), promotion, lease):
        return answer  # by a try of which nobody heard
    now = ledger.alias(request["project"], request["model"], CHAMPION)
    raise AliasMovedError(CHAMPION, _words(previous), _words(now))


def _is_recorded(state: EndpointState | None, promotion: Promotion, lease: Lease) -> bool:
    """Whether this very execution wrote this very layout."""
    if state is None or state["execution_arn"] != lease["owner"]:
        return False
    if promotion["action"] == "stop":
        return state["status"] == "stopped"
    return (state["status"], state["layout"]) == ("in-service", promotion["layout"])


def _removes_nothing(request: PromotionRequest, before: EndpointState | None, promotion: Promotion) -> bool:
    """Whether a trial's challenger had left before: the history says who took it away, and why."""
    if promotion["action"] != "remove" or "trial_id" not in request or before is None:
        return False
    return (before["status"], before["layout"]) == ("in-service", promotion["layout"])


def _champion_is_where_it_was(request: PromotionRequest, promotion: Promotion, ledger: Versions) -> None:
    """
    The plan was made for one champion.

    Raises:
        AliasMovedError: Another promotion came between.
    """
    now = ledger.alias(request["project"], request["model"], CHAMPION)
    wanted = promotion["layout"][0] if promotion["layout"] else None
    if _target(now) not in (_target(promotion["previous"]), _target(wanted)):
        raise AliasMovedError(CHAMPION, _words(promotion["previous"]), _words(now))


def _moment(now: datetime, before: EndpointState | None, tips: Sequence[AliasRecord | None]) -> str:
    """When it all happens: now, but after whatever another clock wrote before."""
    written = [{"moved_at": before["changed_at"]}] if before is not None else []
    written += [{"moved_at": tip["moved_at"]} for tip in tips if tip is not None]
    last: Any = max(written, key=lambda one: one["moved_at"]) if written else None
    return moved_at(last, now)


def _move(
    request: PromotionRequest,
    alias: str,
    version: str | None,
    release_id: str,
    tip: AliasRecord | None,
    at: str,
) -> AliasRecord | None:
    """One move; None: the alias is there already."""
    standing = None if tip is None or tip.get("removed") else tip
    if _target(standing) == ((version, release_id) if version else None):
        return None
    target = {"version": version, "release_id": release_id} if version else {"removed": True}
    said: Any = {**(tip or {}), "removed": False} | {
        "project": request["project"],
        "model": request["model"],
        "alias": alias,
        "moved_at": at,
        "actor": request["actor"],
        "reason": request["reason"] or request["cause"],
        "revision": tip["revision"] + 1 if tip is not None else 1,
        **target,
    }
    if not said["removed"]:
        del said["removed"]
    record: AliasRecord = said
    return record


def _state(
    request: PromotionRequest,
    promotion: Promotion,
    before: EndpointState | None,
    lease: Lease,
    at: str,
) -> EndpointState:
    stopped = promotion["action"] == "stop"
    # of what was stopped, the last that served is kept
    layout = before["layout"] if stopped and before is not None else promotion["layout"]
    state: EndpointState = {
        "endpoint": promotion["endpoint_name"],
        "project": request["project"],
        "model": request["model"],
        "status": "stopped" if stopped else "in-service",
        "kind": promotion["kind"],
        "config_name": promotion["endpoint_config_name"],
        "layout": layout,
        "cause": request["cause"],
        "action": promotion["action"],
        "version": request["version"],
        "execution_arn": lease["owner"],
        "fence": lease["fence"],
        "changed_at": at,
        "actor": request["actor"],
        "reason": request["reason"],
    }
    if promotion["trial_id"]:
        state["trial_id"] = promotion["trial_id"]
    return state


def _version(target: Mapping[str, Any] | None) -> str:
    return str(target["version"]) if target is not None else ""


def _target(record: Mapping[str, Any] | None) -> tuple[str, str] | None:
    return (record["version"], record["release_id"]) if record is not None else None


def _words(record: Mapping[str, Any] | None) -> str:
    return f"{record['version']} (release {record['release_id']})" if record is not None else "nothing"
