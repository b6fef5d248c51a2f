"""
The language of gates: what a line of a manifest's ``gates`` says.

    gate       = [ "every slice of" column ":" ] subject comparison bound
    subject    = metric
               | "latency" ( "p50" | "p90" | "p95" | "p99" )
               | "cost per 1,000 predictions"
               | "critical image findings"
    comparison = ">=" | "<=" | ">" | "<" | "=="
    bound      = number [ unit ]
               | "champion" [ ( "-" | "+" ) ( number [ unit ] | "margin" ) ]
    metric     = a letter or digit, then letters, digits and _ . : / @ ( ) -
    column     = letters, digits, _ . -, or anything but a quote between double quotes
    number     = digits, with a point or an exponent: 20, 0.85, 1e-3, -2
    unit       = a word without a digit in front, such as ms, s, USD, EUR, %

Words are separated by spaces. Latency takes ms or s (ms where none is written), cost takes USD,
findings take none; a metric takes the unit that the manifest declares for it. Slices and
``champion`` go with metrics only; ``margin`` is the manifest's. What ``str`` prints of a gate
parses to the same gate.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Final, Literal

from slipway.domain.errors import SlipwayError

Comparison = Literal[">=", "<=", ">", "<", "=="]
Subject = Literal["metric", "latency", "cost", "findings"]

LATENCIES: Final = ("p50", "p90", "p95", "p99")
_COST: Final = "cost per 1,000 predictions"
_FINDINGS: Final = "critical image findings"
_COMPARISONS: Final[tuple[Comparison, ...]] = (">=", "<=", "==", ">", "<")
_METRIC: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/@()-]*")
_COLUMN: Final = re.compile(r'[A-Za-z0-9_.-]+|"[^"]+"')
_PLAIN_COLUMN: Final = re.compile(r"[A-Za-z0-9_.-]+")
_NUMBER: Final = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?")
_UNIT: Final = re.compile(r"[^\s\d][^\s]{0,31}")
_UNITS: Final = {"latency": ("ms", "s"), "cost": ("USD",), "findings": ()}


class GateSyntaxError(SlipwayError):
    """A gate that can't be read; the message points to the column."""

    def __init__(self, text: str, column: int, expected: str) -> None:
        found = f"found {text[column - 1 :][:30]!r}" if text[column - 1 :].strip() else "the gate ends there"
        super().__init__(
            f"gate {text!r}, column {column}: expected {expected}, {found}; such as 'auc >= 0.8' or "
            "'mae <= champion + margin'"
        )
        self.text, self.column, self.expected = text, column, expected


@dataclass(frozen=True, slots=True)
class Bound:
    """
    What a subject is compared with.

    Attributes:
        number: The number, or what is added to the champion's value.
        unit: As written; empty: none.
        champion: Whether it is relative to the champion's value.
        margin: 1 or -1: the manifest's margin is added so many times, in place of a number.
    """

    number: float = 0.0
    unit: str = ""
    champion: bool = False
    margin: int = 0

    def __str__(self) -> str:
        if not self.champion:
            return _with_unit(self.number, self.unit)
        if self.margin:
            return f"champion {'+' if self.margin > 0 else '-'} margin"
        if not self.number:
            return "champion"
        return f"champion {'+' if self.number > 0 else '-'} {_with_unit(abs(self.number), self.unit)}"


@dataclass(frozen=True, slots=True)
class GateRule:
    """
    One gate.

    Attributes:
        subject: What is compared.
        name: The metric, or which latency, such as ``p99``; empty for cost and findings.
        column: The slice column of which every slice must meet it; empty: all rows together.

    >>> str(parse_gate("every slice of  country: auc>=champion -0.01"))
    'every slice of country: auc >= champion - 0.01'
    """

    subject: Subject
    name: str
    comparison: Comparison
    bound: Bound
    column: str = ""

    @property
    def subject_in_words(self) -> str:
        """The subject as it is written."""
        if self.subject == "metric":
            return self.name
        return {"latency": f"latency {self.name}", "cost": _COST, "findings": _FINDINGS}[self.subject]

    def __str__(self) -> str:
        column = self.column if _PLAIN_COLUMN.fullmatch(self.column) else f'"{self.column}"'
        slices = f"every slice of {column}: " if self.column else ""
        return f"{slices}{self.subject_in_words} {self.comparison} {self.bound}"


def _with_unit(number: float, unit: str) -> str:
    text = repr(number)
    return f"{text.removesuffix('.0')}{f' {unit}' if unit else ''}"


def parse_gate(text: str) -> GateRule:
    """
    Read one gate.

    Raises:
        GateSyntaxError: With the column at which it can't be read on.
    """
    return _Reader(text).gate()


class _Reader:
    """Reads a gate from left to right; ``at`` is where it is."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0

    def gate(self) -> GateRule:
        column = self._slice_column()
        began = self._skip()
        subject, name = self._subject()
        if column and subject != "metric":
            raise GateSyntaxError(self.text, began + 1, "a metric, the only subject that slices have")
        comparison = self._comparison()
        bound = self._bound(subject)
        self._skip()
        if self.at < len(self.text):
            raise self._error("the end of the gate")
        return GateRule(subject, name, comparison, bound, column)

    def _error(self, expected: str) -> GateSyntaxError:
        return GateSyntaxError(self.text, self.at + 1, expected)

    def _skip(self) -> int:
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1
        return self.at

    def _words(self, words: str) -> bool:
        """Take words that are separated by any number of spaces, if they stand here."""
        self._skip()
        pattern = r"\s+".join(map(re.escape, words.split(" "))) + r"(?![\w(@/-])"
        found = re.compile(pattern).match(self.text, self.at)
        if found:
            self.at = found.end()
        return found is not None

    def _take(self, pattern: re.Pattern[str], expected: str) -> str:
        self._skip()
        found = pattern.match(self.text, self.at)
        if not found:
            raise self._error(expected)
        self.at = found.end()
        return found.group()

    def _slice_column(self) -> str:
        if not self._words("every slice of"):
            return ""
        column = self._take(_COLUMN, "a slice column")
        self._skip()
        if not self.text.startswith(":", self.at):
            raise self._error("':' after the slice column")
        self.at += 1
        return column.strip('"')

    def _subject(self) -> tuple[Subject, str]:
        if self._words("latency"):
            for name in LATENCIES:
                if self._words(name):
                    return "latency", name
            self._skip()
            raise self._error("one of " + ", ".join(LATENCIES))
        if self._words(_COST):
            return "cost", ""
        if self._words(_FINDINGS):
            return "findings", ""
        return "metric", self._take(_METRIC, f"a metric, 'latency p99', '{_COST}' or '{_FINDINGS}'")

    def _comparison(self) -> Comparison:
        self._skip()
        for comparison in _COMPARISONS:
            if self.text.startswith(comparison, self.at):
                self.at += len(comparison)
                return comparison
        raise self._error("one of " + ", ".join(_COMPARISONS))

    def _bound(self, subject: Subject) -> Bound:
        self._skip()
        began = self.at
        if not self._words("champion"):
            number = self._number("a number or 'champion'")
            return Bound(number, self._unit(subject))
        if subject != "metric":
            self.at = began
            raise self._error("a number: only metrics are compared with the champion's")
        self._skip()
        sign = {"-": -1, "+": 1}.get(self.text[self.at : self.at + 1], 0)
        if not sign:
            return Bound(champion=True)
        self.at += 1
        if self._words("margin"):
            return Bound(champion=True, margin=sign)
        self._skip()
        if self.text[self.at : self.at + 1] in ("-", "+"):
            raise self._error("a number without a sign, or 'margin'")
        number = sign * self._number("a number or 'margin'")
        unit = self._unit(subject)
        return Bound(number, unit, champion=True) if number else Bound(champion=True)

    def _number(self, expected: str) -> float:
        self._skip()
        began = self.at
        number = float(self._take(_NUMBER, expected))
        if not math.isfinite(number):
            self.at = began
            raise self._error("a number that a double can hold")
        return number + 0.0 if number else 0.0

    def _unit(self, subject: Subject) -> str:
        self._skip()
        if self.at == len(self.text):
            return ""
        allowed = _UNITS.get(subject)
        expected = (
            "the end of the gate" if allowed == () else "a unit" if allowed is None else " or ".join(allowed)
        )
        began = self.at
        unit = self._take(_UNIT, expected)
        if allowed is not None and unit not in allowed:
            self.at = began
            raise self._error(expected)
        return unit
