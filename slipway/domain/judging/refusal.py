"""Why rows can't be judged: an expected "no", with how many rows and which."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

EXAMPLES: Final = 5
"""As many rows does a refusal name."""
_SHOWN: Final = 40
"""As many characters of each."""


@dataclass(frozen=True, slots=True)
class RowsRefusal:
    """
    Predictions that nobody may be judged by.

    Attributes:
        kind: ``not-csv``, ``columns``, ``not-finite``, ``not-a-class``, ``duplicate-rows``, ``missing-rows``,
            ``labels-differ``, ``slices-differ``, ``weights-differ``, ``groups-differ``, ``no-rows``.
        problem: A sentence without its examples.
        count: Rows that are concerned.
        examples: Ids of the first few.
    """

    kind: str
    problem: str
    count: int = 0
    examples: tuple[str, ...] = ()

    def __str__(self) -> str:
        """
        The sentence with its examples.

        >>> str(RowsRefusal("not-finite", "prediction is no finite number in 2 rows", 2, ("a", "b")))
        "prediction is no finite number in 2 rows, such as 'a', 'b'"
        """
        if not self.examples:
            return self.problem
        shown = (name if len(name) <= _SHOWN else f"{name[: _SHOWN - 1]}…" for name in self.examples)
        return f"{self.problem}, such as {', '.join(map(repr, shown))}"


def rows_in_words(count: int) -> str:
    """
    A number of rows.

    >>> rows_in_words(1), rows_in_words(12000)
    ('1 row', '12,000 rows')
    """
    return "1 row" if count == 1 else f"{count:,} rows"
