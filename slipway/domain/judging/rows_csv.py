"""
The rows of one side from ``predictions.csv``.

``row_id`` and ``label``, then ``prediction``, ``score`` or both; multiclass models may give
``score:<class>`` for each class, ranking models give ``group``; ``weight`` where rows count
differently. Every other column is a slice column.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from slipway.domain.judging.csv_table import read_table
from slipway.domain.judging.refusal import RowsRefusal, rows_in_words
from slipway.domain.judging.rows import SCORED, Rows, Side, Slicing, checked, named

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from slipway.domain.judging.arrays import Codes, Floats, Texts
    from slipway.domain.judging.rows import Task

RESERVED: Final = ("row_id", "label", "prediction", "score", "group", "weight")
_SHORT: Final = 8
"""Bytes that fit a machine's word: values of this length are told apart as numbers."""


def read_rows(content: bytes, task: Task, slice_columns: Collection[str] | None = None) -> Rows | RowsRefusal:
    """
    Read one side's predictions.

    Args:
        content: The file.
        task: Says what labels and predictions are.
        slice_columns: Those wanted; None: every column that is not reserved.
    """
    table = read_table(content)
    if isinstance(table, RowsRefusal):
        return table
    return rows_from_columns(table.columns, task, slice_columns)


def rows_from_columns(
    columns: Mapping[str, Texts], task: Task, slice_columns: Collection[str] | None = None
) -> Rows | RowsRefusal:
    """The same from columns that were cut already, each value as its bytes."""
    found = [name for name in columns if name not in RESERVED and not name.startswith(SCORED)]
    wanted = found if slice_columns is None else list(slice_columns)
    lacking = [name for name in ("row_id", "label", *wanted) if name not in columns]
    if task == "ranking":
        lacking += [name for name in ("group", "score") if name not in columns]
    elif "prediction" not in columns and "score" not in columns and len(_class_columns(columns)) == 0:
        lacking.append("prediction")
    if lacking:
        return RowsRefusal(
            "columns", f"the predictions lack {', '.join(lacking)}; they have {', '.join(columns)}"
        )
    ids = columns["row_id"]
    side = _multiclass(columns, ids) if task == "multiclass" else _numeric(columns, ids, task)
    if isinstance(side, RowsRefusal):
        return side
    return checked(Rows(ids, side, {name: _slicing(columns[name]) for name in wanted}))


def _class_columns(columns: Mapping[str, Texts]) -> list[str]:
    return [name for name in columns if name.startswith(SCORED)]


def _numeric(columns: Mapping[str, Texts], ids: Texts, task: Task) -> Side | RowsRefusal:
    read = {
        name: _numbers(columns[name], name, ids)
        for name in ("label", "prediction", "score", "weight")
        if name in columns
    }
    for values in read.values():
        if isinstance(values, RowsRefusal):
            return values
    numbers = {name: values for name, values in read.items() if not isinstance(values, RowsRefusal)}
    return Side(
        task=task,
        label=numbers["label"],
        prediction=numbers.get("prediction"),
        score=numbers.get("score"),
        weight=numbers.get("weight"),
        group=_coded(columns["group"])[0] if task == "ranking" else None,
    )


def _multiclass(columns: Mapping[str, Texts], ids: Texts) -> Side | RowsRefusal:
    scored = _class_columns(columns)
    of_scores = [name.removeprefix(SCORED) for name in scored]
    labels, label_names = _coded(columns["label"])
    predictions, predicted_names = _coded(columns["prediction"]) if "prediction" in columns else (None, ())
    classes = tuple(sorted({*label_names, *predicted_names, *of_scores}))
    place = {name: index for index, name in enumerate(classes)}
    scores = None
    if scored:
        scores = np.zeros((len(ids), len(classes)))
        for column, name in zip(scored, of_scores, strict=True):
            numbers = _numbers(columns[column], column, ids)
            if isinstance(numbers, RowsRefusal):
                return numbers
            scores[:, place[name]] = numbers
    weight = _numbers(columns["weight"], "weight", ids) if "weight" in columns else None
    if isinstance(weight, RowsRefusal):
        return weight
    prediction = None
    if predictions is not None:
        prediction = _places_of(predicted_names, place)[predictions]
    elif scores is not None:
        prediction = scores.argmax(axis=1).astype(np.float64)
    return Side(
        task="multiclass",
        label=_places_of(label_names, place)[labels],
        prediction=prediction,
        class_scores=scores,
        weight=weight,
        classes=classes,
    )


def _places_of(names: tuple[str, ...], place: Mapping[str, int]) -> Floats:
    return np.array([place[name] for name in names], dtype=np.float64)


def _numbers(texts: Texts, name: str, ids: Texts) -> Floats | RowsRefusal:
    try:
        numbers: Floats = texts.astype(np.float64)
    except ValueError:
        wrong = np.array([not _is_number(text) for text in texts.tolist()])
        count = int(np.count_nonzero(wrong))
        return RowsRefusal(
            "not-finite", f"{name} is no number in {rows_in_words(count)}", count, named(ids[wrong])
        )
    return numbers


def _is_number(text: bytes) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _coded(texts: Texts) -> tuple[Codes, tuple[str, ...]]:
    """A code per row, and the values in their order."""
    if texts.dtype.itemsize <= _SHORT:
        # big-endian words sort as their bytes do, and several times as fast
        words = texts.astype(f"S{_SHORT}").view(">u8").astype(np.uint64)
        unique, codes = np.unique(words, return_inverse=True)
        values = unique.astype(">u8").view(f"S{_SHORT}")
    else:
        values, codes = np.unique(texts, return_inverse=True)
    return codes.astype(np.int64), tuple(value.decode("utf-8", "replace") for value in values.tolist())


def _slicing(texts: Texts) -> Slicing:
    return Slicing(*_coded(texts))
