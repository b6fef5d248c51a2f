"""Semantic versions 2.0.0 (https://semver.org), and ranges of them: ``1.x``, ``^1.2``, ``>=1.0.0,<2.0.0``."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import total_ordering
from typing import TYPE_CHECKING, Final

from slipway.domain.errors import SlipwayError

if TYPE_CHECKING:
    from collections.abc import Iterable

_NUMBER = r"0|[1-9][0-9]*"
_PRERELEASE_PART = rf"(?:{_NUMBER}|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*)"
_VERSION: Final = re.compile(
    rf"(?P<major>{_NUMBER})\.(?P<minor>{_NUMBER})\.(?P<patch>{_NUMBER})"
    rf"(?:-(?P<prerelease>{_PRERELEASE_PART}(?:\.{_PRERELEASE_PART})*))?"
    r"(?:\+(?P<build>[0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*))?",
    re.ASCII,
)
MAX_LENGTH: Final = 128
"""Characters: as many as an image tag may have."""
_RETRAINED: Final = "retrain"
_MOMENT: Final = re.compile(r"[0-9]{8}T[0-9]{6}Z", re.ASCII)


class InvalidVersionError(SlipwayError):
    """A text is no semantic version."""

    def __init__(self, text: str) -> None:
        super().__init__(
            f"{text!r} is not a semantic version; write MAJOR.MINOR.PATCH, such as '1.4.0' or '2.0.0-rc.1'"
        )
        self.text = text


@total_ordering
@dataclass(frozen=True, slots=True, eq=False)
class Version:
    """
    One semantic version. Build metadata is kept, but has no part in order or equality (semver 2.0, rule 10).

    >>> Version.parse("1.0.0-rc.2") < Version.parse("1.0.0-rc.11") < Version.parse("1.0.0")
    True
    >>> str(Version.parse("1.4.0+20260101"))
    '1.4.0+20260101'
    """

    major: int
    minor: int
    patch: int
    prerelease: tuple[str, ...] = field(default=())
    build: tuple[str, ...] = field(default=())

    @classmethod
    def parse(cls, text: str) -> Version:
        """
        The version that ``text`` spells, with no space, no leading ``v`` and nothing left out.

        Raises:
            InvalidVersionError: It is none.
        """
        match = _VERSION.fullmatch(text) if len(text) <= MAX_LENGTH else None
        if match is None:
            raise InvalidVersionError(text)
        prerelease, build = match["prerelease"], match["build"]
        return cls(
            int(match["major"]),
            int(match["minor"]),
            int(match["patch"]),
            tuple(prerelease.split(".")) if prerelease else (),
            tuple(build.split(".")) if build else (),
        )

    @property
    def core(self) -> tuple[int, int, int]:
        """Major, minor and patch."""
        return self.major, self.minor, self.patch

    @property
    def is_prerelease(self) -> bool:
        return bool(self.prerelease)

    @property
    def retrained_at(self) -> str:
        """
        The moment in ``+retrain.<moment>``; empty: the version was pushed.

        >>> Version.parse("1.4.0+retrain.20261124T043000Z").retrained_at
        '20261124T043000Z'
        """
        match self.build:
            case (word, moment) if word == _RETRAINED and _MOMENT.fullmatch(moment):
                return moment
            case _:
                return ""

    @property
    def pushed(self) -> Version:
        """The version that was pushed: this one without build metadata, which no image tag can hold."""
        return replace(self, build=())

    def retrained(self, moment: str) -> Version:
        """
        The same version, trained again at ``moment``, which is written ``20261124T043000Z``.

        Raises:
            InvalidVersionError: It is written in another way.
        """
        version = replace(self, build=(_RETRAINED, moment))
        if version.retrained_at != moment:
            raise InvalidVersionError(str(version))
        return version

    def follows(self, other: Version) -> bool:
        """
        Whether it may take the place of ``other``: it is higher, or the same trained again later.

        semver leaves build metadata out of the order; that a retraining is newer than what it retrains is
        the platform's rule.

        >>> Version.parse("1.0.0+retrain.20261124T043000Z").follows(Version.parse("1.0.0"))
        True
        """
        return self > other or (self == other and self.retrained_at > other.retrained_at)

    def _precedence(self) -> tuple[tuple[int, int, int], int, tuple[tuple[int, int, str], ...]]:
        # Numbers come before words, a shorter list of equal parts before a longer one, no list at all last.
        parts = tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in self.prerelease)
        return self.core, 0 if parts else 1, parts

    def __eq__(self, other: object) -> bool:
        return self._precedence() == other._precedence() if isinstance(other, Version) else NotImplemented

    def __lt__(self, other: object) -> bool:
        return self._precedence() < other._precedence() if isinstance(other, Version) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._precedence())

    def __str__(self) -> str:
        prerelease = f"-{'.'.join(self.prerelease)}" if self.prerelease else ""
        build = f"+{'.'.join(self.build)}" if self.build else ""
        return f"{self.major}.{self.minor}.{self.patch}{prerelease}{build}"


_PART: Final = re.compile(r"(?P<sign>\^|~|<=|>=|<|>|=)?\s*(?P<version>[0-9A-Za-z.+*-]+)", re.ASCII)
_PARTIAL: Final = re.compile(
    r"(?P<major>0|[1-9][0-9]*)(?:\.(?P<minor>0|[1-9][0-9]*|[xX*]))?(?:\.(?P<patch>[xX*]))?", re.ASCII
)


class InvalidVersionRangeError(SlipwayError):
    """A text is no range of semantic versions."""

    def __init__(self, text: str) -> None:
        super().__init__(
            f"{text!r} is not a range of versions; write an exact one ('1.2.0'), '1.x', '^1.2', '~1.2.3', "
            "comparisons ('>=1.0.0,<2.0.0') or '*'"
        )
        self.text = text


@dataclass(frozen=True, slots=True)
class _Comparator:
    sign: str
    version: Version

    def admits(self, candidate: Version) -> bool:
        match self.sign:
            case "=":
                return candidate == self.version
            case ">=":
                return candidate >= self.version
            case ">":
                return candidate > self.version
            case "<=":
                return candidate <= self.version
            case _:
                return candidate < self.version


@dataclass(frozen=True, slots=True)
class VersionRange:
    """
    A set of versions. A prerelease belongs to it only if the range names a prerelease of the same
    major, minor and patch: who asks for ``1.x`` does not want ``1.3.0-rc.1``.

    >>> released = [Version.parse(text) for text in ("1.2.0", "1.9.3", "1.10.0-rc.1", "2.0.0")]
    >>> str(VersionRange.parse("^1.2").best(released))
    '1.9.3'
    """

    text: str
    comparators: tuple[_Comparator, ...]
    """All of them hold; none: every version."""

    @classmethod
    def parse(cls, text: str) -> VersionRange:
        """
        The range that ``text`` spells; comparisons are separated by commas.

        Raises:
            InvalidVersionRangeError: It is none.
        """
        if text.strip() in {"*", "x", "X"}:
            return cls("*", ())
        comparators: list[_Comparator] = []
        for part in text.split(","):
            match = _PART.fullmatch(part.strip())
            if match is None:
                raise InvalidVersionRangeError(text)
            comparators += _comparators(match["sign"] or "", match["version"], text)
        return cls(text.strip(), tuple(comparators))

    @property
    def exact(self) -> Version | None:
        """The one version that the range names, if it names one."""
        match self.comparators:
            case (_Comparator("=", version),):
                return version
            case _:
                return None

    def admits(self, version: Version) -> bool:
        """Whether ``version`` belongs to the range."""
        if version.is_prerelease and not any(
            comparator.version.is_prerelease and comparator.version.core == version.core
            for comparator in self.comparators
        ):
            return False
        return all(comparator.admits(version) for comparator in self.comparators)

    def best(self, versions: Iterable[Version]) -> Version | None:
        """The highest of ``versions`` that belongs to the range; None: there is none."""
        return max((version for version in versions if self.admits(version)), default=None)

    def __str__(self) -> str:
        return self.text


def _comparators(sign: str, text: str, whole: str) -> list[_Comparator]:
    low, given = _lowest(text, whole)
    partial = given < 3  # noqa: PLR2004 - major, minor and patch
    if sign in {"~", "^"} or (partial and sign in {"", "="}):
        return [_Comparator(">=", low), _Comparator("<", _bump(low, _fixed(sign, low, given)))]
    if partial and sign in {">", "<="}:
        return [_Comparator(">=" if sign == ">" else "<", _bump(low, given - 1))]
    return [_Comparator(sign or "=", low)]


def _fixed(sign: str, low: Version, given: int) -> int:
    """The place of the last number that may not change: 0 is major."""
    if sign == "~":
        return min(given - 1, 1)
    if sign == "^":
        # The first number that is not 0, as far as numbers are given.
        return next((place for place in range(given) if low.core[place]), given - 1)
    return given - 1


def _lowest(text: str, whole: str) -> tuple[Version, int]:
    """The lowest version that a full or partial version stands for, and how many numbers were given."""
    match = _PARTIAL.fullmatch(text)
    if match is None:
        try:
            return Version.parse(text), 3
        except InvalidVersionError:
            raise InvalidVersionRangeError(whole) from None
    minor = match["minor"]
    if minor is None or not minor.isdigit():
        return Version(int(match["major"]), 0, 0), 1
    return Version(int(match["major"]), int(minor), 0), 2


def _bump(version: Version, place: int) -> Version:
    core = (*version.core[:place], version.core[place] + 1, 0, 0)
    return Version(core[0], core[1], core[2])
