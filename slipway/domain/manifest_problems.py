"""What is wrong with a manifest, all of it at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from slipway.domain.errors import SlipwayError

if TYPE_CHECKING:
    from collections.abc import Sequence

SHOWN_VALUE = 60
"""Characters of a wrong value that a message shows."""


@dataclass(frozen=True, slots=True)
class ManifestProblem:
    """
    One thing to put right.

    >>> str(ManifestProblem("slipway.toml", "training.volume_gb", 0, "a whole number from 1 to 16384"))
    'slipway.toml: training.volume_gb is 0; expected a whole number from 1 to 16384'
    """

    file: str
    key: str
    """Dotted path, such as ``gates[0].metric``; empty: the file as a whole."""
    value: Any
    """None: the key is missing."""
    expected: str

    def __str__(self) -> str:
        where = f"{self.file}: {self.key}" if self.key else self.file
        if self.value is None:
            return f"{where} is missing; expected {self.expected}"
        shown = self.value if isinstance(self.value, _Said) else repr(self.value)
        if len(shown) > SHOWN_VALUE:
            shown = shown[: SHOWN_VALUE - 1] + "…"
        return f"{where} is {shown}; expected {self.expected}"


class _Said(str):
    """A value in words, shown without quotes."""

    __slots__ = ()


UNKNOWN = _Said("no key of a manifest")
UNREADABLE = _Said("not readable")


def said(text: str) -> str:
    """A value that is described rather than quoted: ``too large``."""
    return _Said(text)


class InvalidManifestError(SlipwayError):
    """A manifest breaks one or more rules; ``problems`` lists each."""

    def __init__(self, problems: Sequence[ManifestProblem]) -> None:
        count = f"{len(problems)} problem{'s' if len(problems) != 1 else ''}"
        super().__init__(f"the manifest has {count}:\n" + "\n".join(f"  {problem}" for problem in problems))
        self.problems = tuple(problems)
