"""
Brings together what is known of single requests: who answered, what, and what came of it.

Answers and outcomes come in any order, late and more than once. Each request has one entry by its key; what
an entry holds already is never counted again, so that reading a file twice changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slipway.domain.trials.captured import Answer, Captured

CHAMPION: Final = 0
CHALLENGER: Final = 1
_MINUTE, _VALUE = 2, 3

Entry = list[Any]
"""The champion's answers (None: none), the challenger's, the minute of the request, the outcome's value."""


@dataclass(slots=True)
class Found:
    """What was learned by joining: each item is counted once."""

    requests: list[tuple[int, str]] = field(default_factory=list)
    """Arm and minute of requests that were not known before."""
    outcomes: list[tuple[int, str, Answer]] = field(default_factory=list)
    """Arm, minute and value of outcomes whose request and value are both known now."""
    pairs: list[tuple[tuple[Answer, ...], tuple[Answer, ...]]] = field(default_factory=list)
    """Champion's and challenger's answers to one request."""
    repeated: int = 0
    """Outcomes that were reported before, with the same value."""
    conflicting: int = 0
    """Outcomes that were reported before, with another one; the first counts."""
    reused: int = 0
    """Requests whose inference id had been used before, and answered by the other arm."""


class Join:
    """
    Joins answers and outcomes in a table of entries.

    Args:
        entries: By key; changed in place.
        mirrored: Whether both arms answer each request (shadow); else one of both does.
    """

    def __init__(self, entries: dict[str, Entry], *, mirrored: bool) -> None:
        self.entries = entries
        self.found = Found()
        self._mirrored = mirrored

    def answer(self, arm: int, captured: Captured) -> None:
        """One captured request of an arm."""
        entry = self.entries.setdefault(captured.key, [None, None, "", None])
        if entry[arm] is not None:
            return
        other = entry[1 - arm]
        if other is not None and not self._mirrored:
            self.found.reused += 1
            return
        # of an A/B test only who answered is kept
        entry[arm] = list(captured.answers or ()) if self._mirrored else []
        entry[_MINUTE] = entry[_MINUTE] or captured.minute
        self.found.requests.append((arm, captured.minute))
        if other is not None:
            both = (entry[CHAMPION], entry[CHALLENGER])
            self.found.pairs.append((tuple(both[0]), tuple(both[1])))
        elif entry[_VALUE] is not None:
            self.found.outcomes.append((arm, entry[_MINUTE], entry[_VALUE]))

    def outcome(self, key: str, value: Answer) -> None:
        """One reported outcome."""
        entry = self.entries.setdefault(key, [None, None, "", None])
        if entry[_VALUE] is not None:
            if entry[_VALUE] == value:
                self.found.repeated += 1
            else:
                self.found.conflicting += 1
            return
        entry[_VALUE] = value
        for arm in (CHAMPION, CHALLENGER):
            if entry[arm] is not None and not self._mirrored:
                self.found.outcomes.append((arm, entry[_MINUTE], value))


def labelled(entries: Mapping[str, Entry]) -> list[tuple[str, Answer, Answer, Answer]]:
    """
    Key, champion's answer, challenger's answer and outcome of mirrored requests of which all is known.

    Only requests with one prediction: an outcome belongs to a request, and does not say to which of several.
    """
    return [
        (key, ours[0], theirs[0], value)
        for key, (ours, theirs, _, value) in sorted(entries.items())
        if ours is not None and theirs is not None and value is not None and len(ours) == len(theirs) == 1
    ]
