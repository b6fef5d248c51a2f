"""What a search of the registry asks for, and whether a version is it."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from slipway.domain.errors import SlipwayError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from slipway.contracts.ledger import VersionRecord

PRODUCTION_READY: Final = ("approved", "pending")
"""Approvals of what the registry shows; what waits is marked as such. All else is an experiment."""
_RANGE: Final = re.compile(r"\s*(?P<metric>[^<>=]*[^<>=\s])\s*(?P<sign><=|>=|<|>|=)\s*(?P<value>\S+)\s*")


class InvalidRangeError(SlipwayError):
    """A text is no range of a metric."""

    def __init__(self, text: str) -> None:
        super().__init__(f"{text!r} is no range of a metric; write 'mae<=25', 'auc>0.9' or 'mae=18..25'")
        self.text = text


@dataclass(frozen=True, slots=True)
class MetricRange:
    """
    The values of one metric that are looked for; a version that lacks it is not.

    >>> MetricRange.parse("mae<=25").holds({"mae": 25.0}), MetricRange.parse("mae<25").holds({"mae": 25.0})
    (True, False)
    >>> MetricRange.parse("mae=18..25").holds({"mae": 18}), MetricRange.parse("mae>1").holds({})
    (True, False)
    """

    metric: str
    low: float = -math.inf
    high: float = math.inf
    low_counts: bool = True
    high_counts: bool = True

    @classmethod
    def parse(cls, text: str) -> MetricRange:
        """
        The range that ``text`` spells: ``mae<=25``, ``mae<25``, ``mae=20``, ``mae=18..25`` and so on.

        Raises:
            InvalidRangeError: It spells none.
        """
        match = _RANGE.fullmatch(text)
        if match is None:
            raise InvalidRangeError(text)
        metric, sign, value = match["metric"], match["sign"], match["value"]
        first, between, last = value.partition("..")
        try:
            low, high = float(first), float(last if between else first)
        except ValueError:
            raise InvalidRangeError(text) from None
        if math.isnan(low) or math.isnan(high) or (between and (sign != "=" or low > high)):
            raise InvalidRangeError(text)
        match sign:
            case "=":
                return cls(metric, low, high)
            case "<" | "<=":
                return cls(metric, high=high, high_counts=sign == "<=")
            case _:
                return cls(metric, low=low, low_counts=sign == ">=")

    def holds(self, metrics: Mapping[str, float]) -> bool:
        value = metrics.get(self.metric)
        if value is None:
            return False
        above = value >= self.low if self.low_counts else value > self.low
        below = value <= self.high if self.high_counts else value < self.high
        return above and below


@dataclass(frozen=True, slots=True)
class Criteria:
    """All that a version must be; what is empty is not asked."""

    text: str = ""
    """Words that its card holds, each of them, in any case and order."""
    project: str = ""
    model: str = ""
    ranges: tuple[MetricRange, ...] = ()
    data: tuple[str, ...] = ()
    """``<name>``, ``<name>:<version>`` or ``sha256:…``, which may be cut off."""
    tags: Mapping[str, str] = field(default_factory=dict)
    stage: str = ""
    since: str = ""
    """Registered at that moment or after it."""
    removed: bool = False
    """Also those whose artifact was removed."""

    def matches(self, version: VersionRecord) -> bool:
        return all(self._answers(version))

    def _answers(self, version: VersionRecord) -> Iterator[bool]:
        yield version["approval"] in PRODUCTION_READY
        yield self.removed or "artifact_removed_at" not in version
        yield self.project in ("", version["project"])
        yield self.model in ("", version["model"])
        yield version["registered_at"] >= self.since
        yield self.stage.casefold() in ("", version.get("stage", "").casefold())
        yield self.tags.items() <= version.get("tags", {}).items()
        yield all(one.holds(version["metrics"]) for one in self.ranges)
        terms = version.get("data_sets", [])
        yield all(_names_data(asked, terms) for asked in self.data)
        card = version.get("card", "").casefold()
        yield all(word in card for word in self.text.casefold().split())


def _names_data(asked: str, terms: Iterable[str]) -> bool:
    whole = ":" in asked and not asked.startswith("sha256:")
    if whole:
        return asked in terms
    if asked.startswith("sha256:"):
        return any(term.startswith(asked) for term in terms)
    return any(term.partition(":")[0] == asked for term in terms if not term.startswith("sha256:"))


def found(versions: Iterable[VersionRecord], criteria: Criteria) -> Iterator[VersionRecord]:
    """Those that match, in their order, as soon as they are read."""
    return (version for version in versions if criteria.matches(version))
