"""Aliases: which names may be set by hand, when a move happened, and what a version served as."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from itertools import zip_longest
from typing import TYPE_CHECKING, Final

from slipway.contracts.names import PROTECTED_ALIAS_PREFIXES, PROTECTED_ALIASES
from slipway.domain.timestamps import moment_of, timestamp

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from slipway.contracts.ledger import AliasRecord

MAX_ALIAS: Final = 40
NEVER_APPROVED: Final = ("rejected", "expired", "abandoned")
"""Versions of these approvals are experiments: no alias names them."""
_NAME: Final = re.compile(rf"[a-z][a-z0-9-]{{0,{MAX_ALIAS - 1}}}")


def is_protected(alias: str) -> bool:
    """
    Whether a promotion alone moves it.

    >>> is_protected("champion"), is_protected("ab-price-test"), is_protected("candidate")
    (True, True, False)
    """
    return alias in PROTECTED_ALIASES or alias.startswith(PROTECTED_ALIAS_PREFIXES)


def alias_problem(alias: str) -> str:
    """
    Why nobody may set an alias of this name by hand; empty: one may.

    >>> alias_problem("Candidate")[:35]
    "'Candidate' is no name for an alias"
    >>> alias_problem("candidate")
    ''
    """
    if _NAME.fullmatch(alias) is None:
        return (
            f"{alias!r} is no name for an alias: write at most {MAX_ALIAS} lower-case letters, digits and "
            "hyphens, a letter first"
        )
    if is_protected(alias):
        return (
            f"the alias {alias!r} says what serves: only a promotion moves it; promote a version, or set an "
            "alias of your own"
        )
    return ""


def moved_at(previous: AliasRecord | None, now: datetime) -> str:
    """
    When the next move happens: now, but after the one before, though another clock wrote that.

    >>> from datetime import UTC, datetime
    >>> moved_at({"moved_at": "2026-11-22T03:00:00.500Z"}, datetime(2026, 11, 22, 3, 0, 0, 0, UTC))
    '2026-11-22T03:00:00.501Z'
    """
    if previous is None or timestamp(now) > previous["moved_at"]:
        return timestamp(now)
    return timestamp(moment_of(previous["moved_at"]) + timedelta(milliseconds=1))


@dataclass(frozen=True, slots=True)
class Span:
    """One time during which an alias pointed to a version."""

    alias: str
    version: str
    release_id: str
    since: str
    until: str
    """Empty: it still does."""
    actor: str
    reason: str
    ended_by: str
    """The version that took its place; empty where none did."""


def spans(moves: Iterable[AliasRecord]) -> list[Span]:
    """An alias's moves, oldest first, as the times between them; a removal ends one and begins none."""
    found: list[Span] = []
    ordered: Sequence[AliasRecord] = list(moves)
    for move, following in zip_longest(ordered, ordered[1:]):
        if move.get("removed"):
            continue
        found.append(
            Span(
                alias=move["alias"],
                version=move["version"],
                release_id=move["release_id"],
                since=move["moved_at"],
                until=following["moved_at"] if following else "",
                actor=move["actor"],
                reason=move["reason"],
                ended_by=following["version"] if following and not following.get("removed") else "",
            )
        )
    return found
