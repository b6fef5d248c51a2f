"""Both sides' rows beside each other: the same rows, labels, slices and weights, or a refusal."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from slipway.domain.judging.refusal import RowsRefusal, rows_in_words
from slipway.domain.judging.rows import Rows, Slicing, named

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slipway.domain.judging.arrays import Floats, Mask, Places, Texts
    from slipway.domain.judging.rows import Side


@dataclass(frozen=True, slots=True)
class Pair:
    """
    The same rows judged by both sides, in the champion's order.

    Labels, weights, groups and slices are the same on both sides; ``pair`` saw to it.
    """

    champion: Side
    challenger: Side
    slices: Mapping[str, Slicing]

    def __len__(self) -> int:
        return len(self.champion)


def pair(champion: Rows, challenger: Rows) -> Pair | RowsRefusal:
    """
    Bring the challenger's rows into the champion's order.

    A refusal says what differs: rows that one side lacks, labels, slices, weights or groups. All of these
    are of the evaluation data, so a difference means that both sides did not see the same.
    """
    if champion.side.task != challenger.side.task:
        return RowsRefusal(
            "columns", f"the champion is a {champion.side.task} model, the challenger {challenger.side.task}"
        )
    places = _places(champion.ids, challenger.ids)
    if isinstance(places, RowsRefusal):
        return places
    ours, theirs = _same_classes(champion.side, challenger.side)
    if places is not None:
        theirs = _ordered(theirs, places)
    for name, kind in (("label", "labels-differ"), ("weight", "weights-differ"), ("group", "groups-differ")):
        one, other = getattr(ours, name), getattr(theirs, name)
        if (one is None) != (other is None):
            return RowsRefusal("columns", f"only one side has the column {name}")
        if one is None:
            continue
        differs = ~_same_groups(one, other) if name == "group" else one != other
        refusal = _differing(champion.ids, differs, kind, name)
        if refusal:
            return refusal
    refusal = _slices_differ(champion, challenger, places)
    if refusal:
        return refusal
    return Pair(
        ours, replace(theirs, label=ours.label, weight=ours.weight, group=ours.group), champion.slices
    )


def _places(ours: Texts, theirs: Texts) -> Places | RowsRefusal | None:
    """Where each of our rows lies among theirs; None: at the same places."""
    if len(ours) == len(theirs) and np.array_equal(ours, theirs):
        return None
    our_order, their_order = np.argsort(ours, kind="stable"), np.argsort(theirs, kind="stable")
    if len(ours) == len(theirs) and np.array_equal(ours[our_order], theirs[their_order]):
        places = np.empty(len(ours), dtype=np.intp)
        places[our_order] = their_order
        return places
    lacking = {
        "challenger": np.setdiff1d(ours, theirs, assume_unique=True),
        "champion": np.setdiff1d(theirs, ours, assume_unique=True),
    }
    said = [f"the {side} lacks {rows_in_words(len(ids))}" for side, ids in lacking.items() if len(ids)]
    missing = np.concatenate(list(lacking.values()))
    return RowsRefusal(
        "missing-rows",
        f"both sides did not predict the same rows: {' and '.join(said)}",
        len(missing),
        named(missing),
    )


def _ordered(side: Side, places: Places) -> Side:
    changed = {
        name: values[places]
        for name in ("label", "prediction", "score", "class_scores", "weight", "group")
        if (values := getattr(side, name)) is not None
    }
    return replace(side, **changed)


def _same_classes(ours: Side, theirs: Side) -> tuple[Side, Side]:
    """Both sides with one list of classes: a class that only one of them ever names counts on both."""
    if ours.classes == theirs.classes:
        return ours, theirs
    classes = tuple(sorted({*ours.classes, *theirs.classes}))
    return _with_classes(ours, classes), _with_classes(theirs, classes)


def _with_classes(side: Side, classes: tuple[str, ...]) -> Side:
    place = {name: index for index, name in enumerate(classes)}
    new = np.array([place[name] for name in side.classes], dtype=np.float64)

    def coded(values: Floats | None) -> Floats | None:
        return None if values is None else new[values.astype(np.intp)]

    scores = side.class_scores
    if scores is not None:
        scores = np.zeros((len(side), len(classes)))
        scores[:, new.astype(np.intp)] = side.class_scores
    label = new[side.label.astype(np.intp)]
    return replace(side, label=label, prediction=coded(side.prediction), class_scores=scores, classes=classes)


def _same_groups(ours: Floats, theirs: Floats) -> Mask:
    """Where two codings of groups agree: codes are each side's own, so they are matched by first rows."""
    _, first, back = np.unique(ours, return_index=True, return_inverse=True)
    forth = theirs[first][back] == theirs
    _, first, back = np.unique(theirs, return_index=True, return_inverse=True)
    same: Mask = forth & (ours[first][back] == ours)
    return same


def _differing(ids: Texts, differs: Mask, kind: str, name: str) -> RowsRefusal | None:
    count = int(np.count_nonzero(differs))
    if not count:
        return None
    where = "in" if count < len(ids) else "in all"
    return RowsRefusal(
        kind, f"both sides have another {name} {where} {rows_in_words(count)}", count, named(ids[differs])
    )


def _slices_differ(champion: Rows, challenger: Rows, places: Places | None) -> RowsRefusal | None:
    if set(champion.slices) != set(challenger.slices):
        alone = sorted(set(champion.slices) ^ set(challenger.slices))
        return RowsRefusal("columns", f"only one side has the slice columns {', '.join(alone)}")
    for name, ours in champion.slices.items():
        theirs = challenger.slices[name]
        codes = theirs.codes if places is None else theirs.codes[places]
        if ours.values != theirs.values:
            place = {value: index for index, value in enumerate(ours.values)}
            codes = np.array([place.get(value, -1) for value in theirs.values], dtype=np.int64)[codes]
        refusal = _differing(champion.ids, codes != ours.codes, "slices-differ", f"value of {name}")
        if refusal:
            return refusal
    return None
