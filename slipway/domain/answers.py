"""What a question is answered with: a sentence, facts for programs, and details for people."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

from slipway.domain.amounts import day_and_time

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Question = Literal["data", "parameters", "run", "libraries", "failure", "deployed"]
QUESTIONS: Final[Mapping[Question, str]] = {
    "data": "On which data set was this model trained?",
    "parameters": "With which hyperparameters?",
    "run": "Which pipeline run made it?",
    "libraries": "Which versions of Python and libraries?",
    "failure": "Why did it fail?",
    "deployed": "Which version was deployed last?",
}
"""In the order in which they are answered."""

_SHOWN: Final = 19


@dataclass(frozen=True, slots=True)
class Listing:
    """
    A table of plain text.

    Attributes:
        heads: Its columns.
        rows: As many cells each.
        numbers: Places of the columns that are read from the right.
    """

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Answer:
    """
    One question's answer.

    Attributes:
        question: Which one.
        said: In words, one or two sentences.
        facts: JSON, for programs.
        details: Term and plain text, for people; empty ones are left out.
        listing: What is best read as a table.
        lines: The end of a log, as it was written.
        good: False where people should look: it failed.
    """

    question: Question
    said: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    details: tuple[tuple[str, str], ...] = ()
    listing: Listing | None = None
    lines: tuple[str, ...] = ()
    good: bool = True

    @property
    def asked(self) -> str:
        """The question in words."""
        return QUESTIONS[self.question]

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {"question": self.question, "asked": self.asked, "answer": self.said, **self.facts}


def known(pairs: Iterable[tuple[str, object]]) -> tuple[tuple[str, str], ...]:
    """
    The pairs that say something.

    >>> known([("rows", 3), ("notes", ""), ("cost", None)])
    (('rows', '3'),)
    """
    return tuple((term, str(value)) for term, value in pairs if value not in (None, "", (), [], {}))


def short(digest: str) -> str:
    """
    As much of a digest as tells it from others.

    >>> short("sha256:9f2c41d07b3a55e1ffff")
    'sha256:9f2c41d07b3a'
    """
    return digest[:_SHOWN]


def moment(text: object) -> str:
    """A time for people; empty stays empty."""
    return day_and_time(text) if isinstance(text, str) and text else ""


def counted(number: int, noun: str) -> str:
    """
    A number with its noun.

    >>> counted(1, "row"), counted(3000, "row")
    ('1 row', '3,000 rows')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def listed(parts: Iterable[str]) -> str:
    """
    Parts as a sentence lists them.

    >>> listed(["a", "b", "c"]), listed(["a"])
    ('a, b and c', 'a')
    """
    all_parts = list(parts)
    return " and ".join(filter(None, [", ".join(all_parts[:-1]), *all_parts[-1:]]))
