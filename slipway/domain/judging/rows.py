"""The rows of one side: what it predicted for each row of the evaluation data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from slipway.domain.errors import SlipwayError
from slipway.domain.judging.refusal import EXAMPLES, RowsRefusal, rows_in_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slipway.domain.judging.arrays import Codes, Floats, Mask, Texts

Task = Literal["regression", "binary", "multiclass", "ranking"]

TASKS: Final[tuple[Task, ...]] = ("regression", "binary", "multiclass", "ranking")
SCORED: Final = "score:"
"""Begins the name of a column with one class's probability, such as ``score:cat``."""


class ColumnMissingError(SlipwayError):
    """A metric was computed from rows that lack its column."""

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__(
            f"the predictions have no column {' or '.join(names)}; ask Metric.missing before computing it"
        )
        self.names = names


@dataclass(frozen=True, slots=True)
class Slicing:
    """One slice column: a code per row, and the value that each code stands for."""

    codes: Codes
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Side:
    """
    What metrics read of one side, one entry per row.

    Attributes:
        task: What kind of model predicted.
        label: The truth: a number, 0 or 1, the class's place in ``classes``, or the relevance (0 or more).
        prediction: A number, or the class's place; None where the side gave scores only.
        score: Binary: the probability of 1. Ranking: by what a group's rows are ordered. None otherwise.
        class_scores: Multiclass: probabilities, shape ``(rows, classes)``; None where not given.
        weight: How much each row counts; None: all the same.
        group: Ranking: the query that a row belongs to.
        classes: Multiclass: names, sorted.
    """

    task: Task
    label: Floats
    prediction: Floats | None = None
    score: Floats | None = None
    class_scores: Floats | None = None
    weight: Floats | None = None
    group: Codes | None = None
    classes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.label)

    @property
    def weights(self) -> Floats:
        """The weights, ones where none were given."""
        return np.ones(len(self)) if self.weight is None else self.weight

    def has(self, column: str) -> bool:
        """Whether the side gave a column: ``prediction``, ``score``, ``class_scores`` or ``group``."""
        return getattr(self, column) is not None

    def column(self, *names: str) -> Floats:
        """
        The first of some columns that the side gave.

        Raises:
            ColumnMissingError: It gave none; ``Metric.missing`` tells before.
        """
        for name in names:
            values: Floats | None = getattr(self, name)
            if values is not None:
                return values
        raise ColumnMissingError(names)


@dataclass(frozen=True, slots=True)
class Rows:
    """One side's rows with their ids and slices, in the order in which they were written."""

    ids: Texts
    side: Side
    slices: Mapping[str, Slicing] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.ids)


def checked(rows: Rows) -> Rows | RowsRefusal:
    """The rows, or why they can't be judged: none, twice the same id, a value that is no finite number."""
    if not len(rows):
        return RowsRefusal("no-rows", "there are no rows")
    side = rows.side
    for name, values in (
        ("label", side.label),
        ("prediction", side.prediction),
        ("score", side.score),
        ("class score", side.class_scores),
        ("weight", side.weight),
    ):
        if values is None:
            continue
        wrong = ~np.isfinite(values.reshape(len(rows), -1).sum(axis=1))
        refusal = among(rows, wrong, "not-finite", name, "no finite number")
        if refusal:
            return refusal
    for refusal in _out_of_range(rows):
        if refusal:
            return refusal
    return _twice(rows) or rows


def _out_of_range(rows: Rows) -> tuple[RowsRefusal | None, ...]:
    side = rows.side
    found: list[RowsRefusal | None] = []
    if side.weight is not None:
        found.append(among(rows, side.weight < 0, "not-finite", "weight", "below nought"))
        if not side.weight.any():
            found.append(RowsRefusal("no-rows", "every weight is nought", len(rows)))
    if side.task == "binary":
        found.append(among(rows, ~np.isin(side.label, (0, 1)), "not-a-class", "label", "neither 0 nor 1"))
        if side.prediction is not None:
            wrong = ~np.isin(side.prediction, (0, 1))
            found.append(among(rows, wrong, "not-a-class", "prediction", "neither 0 nor 1"))
    if side.task == "ranking":
        found.append(among(rows, side.label < 0, "not-a-class", "label", "below nought"))
    return tuple(found)


def among(rows: Rows, wrong: Mask, kind: str, name: str, what: str) -> RowsRefusal | None:
    """The refusal of rows that a mask marks; None if it marks none."""
    count = int(np.count_nonzero(wrong))
    if not count:
        return None
    return RowsRefusal(
        kind, f"{name} is {what} in {rows_in_words(count)}", count, named(rows.ids[np.flatnonzero(wrong)])
    )


def named(ids: Texts) -> tuple[str, ...]:
    """The first few ids as text."""
    return tuple(one.decode("utf-8", "replace") for one in ids[:EXAMPLES].tolist())


def _twice(rows: Rows) -> RowsRefusal | None:
    order = np.argsort(rows.ids, kind="stable")
    ids = rows.ids[order]
    again = ids[1:][ids[1:] == ids[:-1]]
    if not len(again):
        return None
    return RowsRefusal(
        "duplicate-rows",
        f"row_id is that of an earlier row in {rows_in_words(len(again))}",
        len(again),
        named(np.unique(again)),
    )
