"""
How large a change is, from 0 to 1: rules of thumb, so that changes of different kinds can be put in an order.

They are stated here and in docs/lineage.md, and are no statistics: nobody measured them.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

LEARNING: Final = (
    "tensorflow", "torch", "scikit-learn", "xgboost", "lightgbm", "catboost", "transformers", "jax", "numpy",
    "scipy", "pandas",
)  # fmt: skip
"""Libraries that compute: a change of theirs counts twice."""

_PARTS: Final = ((0.5, "major"), (0.25, "minor"), (0.1, "patch"))
_DIRTY: Final = "+dirty"


def together(sizes: Iterable[float]) -> float:
    """
    Several changes of one kind: each takes its share of what the others left.

    >>> together([0.5, 0.5]), together([]), together([1.0, 0.3])
    (0.75, 0.0, 1.0)
    """
    left = 1.0
    for size in sizes:
        left *= 1.0 - size
    return 1.0 - left


def content_size(before: int | None, after: int | None) -> tuple[float, str]:
    """
    Of data with another content: at least a half, and 1 where the rows are twice as many, or half.

    >>> content_size(2000, 4000), content_size(2000, 2000)
    ((1.0, 'twice the rows: 2,000 → 4,000'), (0.5, 'as many rows, other content'))
    """
    if not before or not after:
        return 0.75, "other content; the rows are not counted"
    if before == after:
        return 0.5, "as many rows, other content"
    factor = after / before
    return _doubling(factor, least=0.5), f"{times(factor)} the rows: {before:,} → {after:,}"


def times(factor: float) -> str:
    """
    A factor in words.

    >>> times(2.0), times(1.5), times(0.25)
    ('twice', '1.5 ×', '0.25 ×')
    """
    return "twice" if factor == 2 else f"{factor:.3g} ×"  # noqa: PLR2004 - the word for it


def _doubling(factor: float, *, least: float) -> float:
    return least + (1.0 - least) * min(1.0, abs(math.log2(factor)))


def parameter_size(before: str | None, after: str | None) -> tuple[float, str]:
    """
    Of a hyperparameter: a quarter at least, 1 where a number is doubled or halved; a half where it is none.

    >>> parameter_size("6", "12")
    (1.0, 'twice as much')
    >>> parameter_size("gini", "entropy")
    (0.5, '')
    >>> parameter_size("200", "200.0")
    (0.0, 'the same number')
    """
    if before is None or after is None:
        return 0.5, "it was not set" if before is None else "it is not set any more"
    was, now = _number(before), _number(after)
    if was is None or now is None:
        return 0.5, ""
    if was == now:
        return 0.0, "the same number"
    if was * now <= 0:
        return 1.0, "another sign, or nought"
    factor = now / was
    return _doubling(factor, least=0.25), "twice as much" if factor == 2 else f"{times(factor)} as much"  # noqa: PLR2004 - the word for it


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def library_size(name: str, before: str, after: str) -> tuple[float, str]:
    """
    Of a library: a major version a half, a minor one a quarter, less a tenth; twice that where it computes.

    >>> library_size("scikit-learn", "1.6.1", "1.7.0")
    (0.5, 'minor version')
    >>> library_size("urllib3", "2.6.0", "2.6.1")
    (0.1, 'patch version')
    """
    weight = 2.0 if name.lower() in LEARNING else 1.0
    if not before or not after:
        return 0.25 * weight, "new" if not before else "gone"
    was, now = (re.findall(r"\d+", text)[:2] for text in (before, after))
    place = next((index for index in range(2) if was[index : index + 1] != now[index : index + 1]), 2)
    if name == "python":  # its minor versions are what others call major
        place = max(0, place - 1)
    size, word = _PARTS[place]
    return size * weight, f"{word} version"


def code_size(before: str, after: str, *, explained: bool) -> tuple[bool, float, str]:
    """
    Of code, from the commits of two different images: whether it is certain, the size, and why.

    Args:
        before: The commit; empty: the image does not say. ``+dirty`` at its end: with further changes.
        after: Likewise.
        explained: Whether something else that an image holds changed, so that its digest had to.
    """
    if before and after and before.removesuffix(_DIRTY) != after.removesuffix(_DIRTY):
        return True, 0.75, "another commit"
    if before and after:
        if not before.endswith(_DIRTY) and not after.endswith(_DIRTY):
            return True, 0.0, "the same commit"
        return False, 0.5, "the same commit, with changes that no commit holds"
    why = "the image differs, and it does not say of which commit it is"
    return False, 0.25 if explained else 0.5, why
