"""What a trial remembers of all that it has read: some numbers, whatever came in."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from slipway.domain.trials.agreement import Agreement
from slipway.domain.trials.join import CHALLENGER, CHAMPION
from slipway.domain.trials.moments import Moments

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slipway.contracts.trial import TallyRecord
    from slipway.domain.trials.join import Found

_REQUESTS, _OUTCOMES = 0, 2
Counts = tuple[int, int, int, int]
"""The champion's requests and the challenger's, its outcomes and the challenger's."""
NONE: Final[Counts] = (0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Tally:
    """
    Sums over requests and outcomes.

    Capture comes in batches, minutes late and not for both arms at once. So the arms are compared in number
    only over minutes that have settled; the others are kept apart until they have.

    Attributes:
        requests: Champion's and challenger's.
        outcomes: Likewise; numbers alone.
        words: Outcomes that are no numbers, such as classes.
        agreement: Of mirrored answers.
        settled: Counts of minutes that have settled.
        open: Counts of the others, by minute.
        repeated: As in ``Found``, like the next two.
        unreadable: Lines of captures that could not be read.
    """

    requests: tuple[int, int] = (0, 0)
    outcomes: tuple[Moments, Moments] = (Moments(), Moments())
    words: int = 0
    agreement: Agreement = field(default_factory=Agreement)
    settled: Counts = NONE
    open: Mapping[str, Counts] = field(default_factory=dict)
    repeated: int = 0
    conflicting: int = 0
    reused: int = 0
    unreadable: int = 0

    def take(self, found: Found, *, threshold: float | None = None) -> Tally:
        """
        With what was found.

        Args:
            found: By joining, each thing once.
            threshold: Of classes, for ``Agreement.of``.
        """
        requests = list(self.requests)
        counts = {minute: list(some) for minute, some in self.open.items()}
        for arm, minute in found.requests:
            requests[arm] += 1
            counts.setdefault(minute, list(NONE))[_REQUESTS + arm] += 1
        values: tuple[list[float], list[float]] = ([], [])
        words = 0
        for arm, minute, value in found.outcomes:
            counts.setdefault(minute, list(NONE))[_OUTCOMES + arm] += 1
            if isinstance(value, str):
                words += 1
            else:
                values[arm].append(value)
        agreement = self.agreement
        for ours, theirs in found.pairs:
            agreement = agreement.merge(Agreement.of(ours, theirs, threshold=threshold))
        return replace(
            self,
            requests=(requests[CHAMPION], requests[CHALLENGER]),
            outcomes=(
                self.outcomes[CHAMPION].merge(Moments.of(values[CHAMPION])),
                self.outcomes[CHALLENGER].merge(Moments.of(values[CHALLENGER])),
            ),
            words=self.words + words,
            agreement=agreement,
            open={minute: (some[0], some[1], some[2], some[3]) for minute, some in counts.items()},
            repeated=self.repeated + found.repeated,
            conflicting=self.conflicting + found.conflicting,
            reused=self.reused + found.reused,
        )

    def settle(self, before: str) -> Tally:
        """With minutes before ``before`` (``2026-11-28T09:05``) settled."""
        ripe = [some for minute, some in self.open.items() if minute < before]
        settled = [sum(column) for column in zip(self.settled, *ripe, strict=True)]
        return replace(
            self,
            settled=(settled[0], settled[1], settled[2], settled[3]),
            open={minute: some for minute, some in self.open.items() if minute >= before},
        )

    def record(self) -> TallyRecord:
        """As the ledger keeps it."""
        return {
            "requests": list(self.requests),
            "outcomes": [one.record() for one in self.outcomes],
            "words": self.words,
            "agreement": self.agreement.record(),
            "settled": list(self.settled),
            "open": {minute: list(some) for minute, some in self.open.items()},
            "repeated": self.repeated,
            "conflicting": self.conflicting,
            "reused": self.reused,
            "unreadable": self.unreadable,
        }

    @classmethod
    def of_record(cls, record: TallyRecord) -> Tally:
        """From the ledger."""
        ours, theirs = record["outcomes"]
        settled = record["settled"]
        return cls(
            requests=(record["requests"][0], record["requests"][1]),
            outcomes=(Moments.of_record(ours), Moments.of_record(theirs)),
            words=record["words"],
            agreement=Agreement.of_record(record["agreement"]),
            settled=(settled[0], settled[1], settled[2], settled[3]),
            open={minute: (some[0], some[1], some[2], some[3]) for minute, some in record["open"].items()},
            repeated=record["repeated"],
            conflicting=record["conflicting"],
            reused=record["reused"],
            unreadable=record["unreadable"],
        )
