"""
Gradient-boosted trees without scikit-learn and numpy: microseconds a row, for one row and for many.

Each tree becomes a Python expression of nested conditions, compiled once when the model is loaded. A
comparison with NaN is false, so the way that a missing value takes decides how a condition is written: no
test is spent on it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

LEAF = -1
"""Stands for a feature in a node that has none."""


class Forest:
    """
    Trees whose leaves' values are added up.

    The document holds ``roots`` (the first node of each tree) and, one value per node: ``feature`` (LEAF for
    a leaf), ``threshold``, ``left`` (the node for values up to it), ``right``, ``missing_left``, ``value``.
    """

    def __init__(self, document: dict[str, Any]) -> None:
        """Take the trees' document."""
        self._document = document
        self.score: Callable[[Sequence[float]], float] = self._compiled()
        """The sum of one row's leaves; the row holds as many floats as there are features."""

    def _compiled(self) -> Callable[[Sequence[float]], float]:
        used = sorted({int(feature) for feature in self._document["feature"] if feature != LEAF})
        lines = ["def score(row):"]
        lines += [f" x{feature}=row[{feature}]" for feature in used]
        lines.append(" total=0.0")
        lines += [f" total+={self._expression(root)}" for root in self._document["roots"]]
        lines.append(" return total")
        names: dict[str, Any] = {}
        exec("\n".join(lines), names)  # noqa: S102 - built from int() and float() values only, see _expression
        score: Callable[[Sequence[float]], float] = names["score"]
        return score

    def _expression(self, node: int) -> str:
        trees = self._document
        feature = int(trees["feature"][node])
        if feature == LEAF:
            return repr(float(trees["value"][node]))
        left, right = self._expression(trees["left"][node]), self._expression(trees["right"][node])
        threshold = repr(float(trees["threshold"][node])).replace("inf", "1e999")
        if trees["missing_left"][node]:
            return f"({right} if x{feature}>{threshold} else {left})"
        return f"({left} if x{feature}<={threshold} else {right})"
