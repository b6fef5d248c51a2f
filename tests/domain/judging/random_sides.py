"""Random rows of every kind of model, with ties, constant scores and weights among them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from hypothesis import strategies as st

from slipway.domain.judging.pairing import Pair
from slipway.domain.judging.rows import TASKS, Side

if TYPE_CHECKING:
    from slipway.domain.judging.rows import Task

CLASSES = ("ant", "bee", "cat", "dog")


def scores(random: np.random.Generator, rows: int, ties: str) -> Any:
    """Probabilities: all different, of a few values, or all the same."""
    if ties == "constant":
        return np.full(rows, 0.4)
    found = random.random(rows)
    return np.round(found * 7) / 8 if ties == "many" else found


def side(random: np.random.Generator, task: Task, rows: int, ties: str, label: Any, rest: Any) -> Side:
    """One side's predictions of given labels."""
    if task == "regression":
        prediction = label + random.normal(0, 2, rows)
        return Side(task, label, prediction if ties == "none" else np.round(prediction), **rest)
    if task == "multiclass":
        raw = random.random((rows, len(CLASSES))) + 0.01
        raw = raw / raw.sum(axis=1, keepdims=True)
        return Side(task, label, raw.argmax(axis=1).astype(float), None, raw, classes=CLASSES, **rest)
    return Side(task, label, None, scores(random, rows, ties), **rest)


def labels(random: np.random.Generator, task: Task, rows: int) -> Any:
    if task == "regression":
        return random.gamma(3, 10, rows) + 0.1
    if task == "binary":
        found = (random.random(rows) < 0.4).astype(float)
        found[:2] = 0, 1
        return found
    return random.integers(0, len(CLASSES), rows).astype(float)


def random_pair(seed: int, task: Task, rows: int, ties: str = "none", *, weighted: bool = False) -> Pair:
    """Both sides on the same rows."""
    random = np.random.default_rng(seed)
    label = labels(random, task, rows)
    weight = np.where(random.random(rows) < 0.1, 0.0, random.random(rows) * 3) if weighted else None
    if weight is not None:
        weight[:2] = 1.0
    group = random.integers(0, max(1, rows // 5), rows) if task == "ranking" else None
    rest = {"weight": weight, "group": group}
    champion, challenger = (side(random, task, rows, ties, label, rest) for _ in range(2))
    return Pair(champion, challenger, {})


@st.composite
def pairs(draw: st.DrawFn, tasks: tuple[Task, ...] = TASKS) -> Pair:
    return random_pair(
        draw(st.integers(0, 2**32)),
        draw(st.sampled_from(tasks)),
        draw(st.integers(25, 120)),
        draw(st.sampled_from(["none", "many", "constant"])),
        weighted=draw(st.booleans()),
    )
