"""Spans, with ids that follow from what they are of: the same release gives the same trace, however often."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

AttributeValue = str | int | float | bool


def trace_id(kind: str, name: str) -> str:
    """
    32 hexadecimal digits.

    >>> trace_id("release", "9f2c41d07b3a55e1")
    '6d23ab51a20cc1ef04ca81ff1d5ba0bc'
    """
    return hashlib.sha256(f"slipway {kind} {name}".encode()).hexdigest()[:32]


def span_id(*parts: str) -> str:
    """
    16 hexadecimal digits.

    >>> len(span_id("arn:aws:states:…:execution:release:1", "Train"))
    16
    """
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Span:
    """
    Something that took time.

    Attributes:
        name: What it is called.
        span_id: 16 hexadecimal digits.
        parent_id: Of the span that it is a part of; empty: it is the root.
        start: When it began.
        end: When it ended; None: it has not.
        status: ``ok``, ``error``, or ``unset`` where nobody can say.
        message: Of an error.
        attributes: OpenTelemetry's names where it has one, else ``slipway.…``.
        links: Trace and span ids of other traces that it has to do with.
    """

    name: str
    span_id: str
    parent_id: str
    start: datetime
    end: datetime | None
    status: Literal["ok", "error", "unset"] = "unset"
    message: str = ""
    attributes: Mapping[str, AttributeValue] = field(default_factory=dict)
    links: tuple[tuple[str, str], ...] = ()

    @property
    def seconds(self) -> float | None:
        """How long it took; None while it runs."""
        return None if self.end is None else (self.end - self.start).total_seconds()


@dataclass(frozen=True, slots=True)
class Trace:
    """All spans of one release or one promotion; the root first, parents before their parts."""

    trace_id: str
    spans: tuple[Span, ...]

    @property
    def root(self) -> Span:
        """The whole."""
        return self.spans[0]

    def depth(self, span: Span) -> int:
        """How many spans it is a part of."""
        by_id = {one.span_id: one for one in self.spans}
        depth = 0
        while span.parent_id in by_id:
            span, depth = by_id[span.parent_id], depth + 1
        return depth
