"""Set or remove an alias of somebody's own, by compare and set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NotRequired, TypedDict

from slipway.domain.aliases import NEVER_APPROVED, alias_problem, moved_at

if TYPE_CHECKING:
    from slipway.contracts.ledger import AliasRecord
    from slipway.usecases.ports import Clock, Versions


class AliasWish(TypedDict):
    """What somebody asks for."""

    project: str
    model: str
    alias: str
    version: str
    """Empty: the alias is to point nowhere."""
    actor: str
    """Who asks, as the command line knows it; CloudTrail holds the proof."""
    reason: str
    expected_revision: NotRequired[int]
    """The alias is moved only from this revision; 0: only if it was never set. Missing: from any."""


class AliasAnswer(TypedDict):
    """What came of it."""

    outcome: Literal["moved", "removed", "unchanged", "refused"]
    reason: str
    """Why it was refused; empty otherwise."""
    alias: NotRequired[AliasRecord]
    """Its last move, now; missing: it was never set."""


def set_alias(wish: AliasWish, *, ledger: Versions, clock: Clock) -> AliasAnswer:
    """
    Move an alias that no promotion moves; its history keeps each move, a removal too.

    Returns:
        ``refused`` for a name that may not be set, for a version that can't be named, and when somebody
        else moved the alias meanwhile; nothing has changed then.
    """
    project, model, alias = wish["project"], wish["model"], wish["alias"]
    tip = ledger.alias_tip(project, model, alias)
    problem = alias_problem(alias) or _outdated(wish, tip) or _version_problem(wish, tip, ledger)
    if problem:
        return _answer("refused", problem, tip)
    removal = not wish["version"]
    if tip is not None and (bool(tip.get("removed")), tip["version"]) == (False, wish["version"]):
        return _answer("unchanged", "", tip)
    target = tip if removal else ledger.version(project, model, wish["version"])
    if target is None:
        raise AssertionError("_version_problem refuses what is not there")
    move: AliasRecord = {
        "project": project,
        "model": model,
        "alias": alias,
        "version": target["version"],
        "release_id": target["release_id"],
        "moved_at": moved_at(tip, clock()),
        "actor": wish["actor"],
        "reason": wish["reason"],
        "revision": tip["revision"] + 1 if tip is not None else 1,
    }
    if removal:
        move["removed"] = True
    if not ledger.move_alias(move):
        return _answer("refused", _moved_meanwhile(wish), ledger.alias_tip(project, model, alias))
    return _answer("removed" if removal else "moved", "", move)


def _answer(
    outcome: Literal["moved", "removed", "unchanged", "refused"], reason: str, tip: AliasRecord | None
) -> AliasAnswer:
    answer: AliasAnswer = {"outcome": outcome, "reason": reason}
    if tip is not None:
        answer["alias"] = tip
    return answer


def _outdated(wish: AliasWish, tip: AliasRecord | None) -> str:
    revision = tip["revision"] if tip is not None else 0
    expected = wish.get("expected_revision", revision)
    if expected == revision:
        return ""
    return (
        f"the alias {wish['alias']!r} of {wish['project']}/{wish['model']} is at revision {revision}, not "
        f"{expected}: somebody moved it; look at `slipway alias history` and ask again"
    )


def _moved_meanwhile(wish: AliasWish) -> str:
    return (
        f"the alias {wish['alias']!r} of {wish['project']}/{wish['model']} was moved, or the artifact of "
        "its version removed, in this very moment; look at `slipway alias history` and ask again"
    )


def _version_problem(wish: AliasWish, tip: AliasRecord | None, ledger: Versions) -> str:
    subject = f"{wish['project']}/{wish['model']}"
    if not wish["version"]:
        there = tip is not None and not tip.get("removed")
        return (
            ""
            if there
            else f"{subject} has no alias {wish['alias']!r}; `slipway alias list` shows those it has"
        )
    record = ledger.version(wish["project"], wish["model"], wish["version"])
    if record is None:
        return (
            f"version {wish['version']!r} of {subject} is not registered; `slipway registry list` shows "
            "those that are"
        )
    if record["approval"] in NEVER_APPROVED:
        return (
            f"version {wish['version']} of {subject} is {record['approval']}: an alias names what may serve; "
            "push a newer version"
        )
    if "artifact_removed_at" in record:
        return (
            f"the artifact of {subject} {wish['version']} was removed at {record['artifact_removed_at']}: "
            "nothing can serve it; name another version, or push it anew under a newer one"
        )
    return ""
