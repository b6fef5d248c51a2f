"""Data set versions: how a channel names one, what one holds, and the digest that pins it."""

from __future__ import annotations

import itertools
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from slipway.domain.errors import SlipwayError
from slipway.domain.semver import InvalidVersionError, InvalidVersionRangeError, Version, VersionRange

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_NAME: Final = 63
RECORD_FILE: Final = "data-set.json"
"""Written last: a version without it does not exist."""

_NAME: Final = re.compile(r"[a-z][a-z0-9-]*[a-z0-9]", re.ASCII)


class InvalidDataSetReferenceError(SlipwayError):
    """A text names no data set with a version or a range."""

    def __init__(self, text: str, why: str) -> None:
        super().__init__(
            f"{text!r} does not name a data set: {why}; write NAME:VERSION or NAME:RANGE, such as "
            "'hotel-rates:1.2.0', 'hotel-rates:1.x' or 'hotel-rates:*'"
        )
        self.text, self.why = text, why


class InvalidDataSetError(SlipwayError):
    """A data set's record or its files break a rule; ``subject`` says which one."""

    def __init__(self, subject: str, why: str) -> None:
        super().__init__(f"{subject}: {why}")
        self.subject, self.why = subject, why


@dataclass(frozen=True, slots=True)
class DataSetReference:
    """
    A data set and the versions of it that will do.

    >>> str(DataSetReference.parse("hotel-rates:1.x"))
    'hotel-rates:1.x'
    """

    name: str
    versions: VersionRange

    @classmethod
    def parse(cls, text: str) -> DataSetReference:
        """
        Read ``name:version-or-range``.

        Raises:
            InvalidDataSetReferenceError: It is none.
        """
        name, colon, versions = text.partition(":")
        if not colon:
            raise InvalidDataSetReferenceError(text, "the version or range is missing")
        if not is_data_set_name(name):
            raise InvalidDataSetReferenceError(
                text, f"a name has 2 to {MAX_NAME} of a-z, 0-9 and '-', and begins with a letter"
            )
        try:
            return cls(name, VersionRange.parse(versions))
        except InvalidVersionRangeError:
            raise InvalidDataSetReferenceError(
                text, f"{versions!r} is neither a version nor a range"
            ) from None

    def __str__(self) -> str:
        return f"{self.name}:{self.versions}"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a tabular data set: its name, and its type as the files show it."""

    name: str
    type: str
    """``integer``, ``number``, ``boolean``, ``timestamp``, ``date`` or ``text``."""


@dataclass(frozen=True, slots=True)
class DataFile:
    """One file of a data set version."""

    path: str
    """Relative to ``files/``, with ``/`` between its parts."""
    bytes: int
    sha256: str
    """64 hexadecimal digits."""


@dataclass(frozen=True, slots=True)
class DataSetVersion:
    """An immutable version of a data set: what ``data-set.json`` says."""

    project: str
    name: str
    version: Version
    files: tuple[DataFile, ...]
    """By path, ascending."""
    columns: tuple[Column, ...] = field(default=())
    """Of all tabular files together; empty: there are none, or they differ."""
    rows: int | None = None
    """Of all tabular files together; None: not known."""
    message: str = ""
    created_at: str = ""

    def __post_init__(self) -> None:
        """Put the files in order; refuse a path twice, and one that leads out of the data set."""
        files = tuple(sorted(self.files, key=lambda file: file.path))
        for file in files:
            # they become paths on the machine of whoever fetches them
            if any(part in ("", ".", "..") for part in file.path.split("/")):
                raise InvalidDataSetError(
                    f"{self.name}:{self.version}", f"file {file.path!r} is no path below a directory"
                )
        for one, other in itertools.pairwise(files):
            if one.path == other.path:
                raise InvalidDataSetError(f"{self.name}:{self.version}", f"file {one.path!r} is there twice")
        object.__setattr__(self, "files", files)

    @property
    def bytes(self) -> int:
        """Of all files together."""
        return sum(file.bytes for file in self.files)

    @property
    def digest(self) -> str:
        """``sha256:…`` over the canonical list of files: equal exactly when every path and content is."""
        import hashlib  # noqa: PLC0415 - not where only a reference is read

        listing = [{"bytes": file.bytes, "path": file.path, "sha256": file.sha256} for file in self.files]
        canonical = json.dumps(listing, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return f"sha256:{hashlib.sha256(canonical.encode()).hexdigest()}"

    @property
    def prefix(self) -> str:
        """Where it lies in the data bucket, with a slash at its end."""
        return version_prefix(self.project, self.name, str(self.version))

    def document(self) -> dict[str, Any]:
        """As JSON, the content of ``data-set.json``."""
        return {
            "project": self.project,
            "name": self.name,
            "version": str(self.version),
            "digest": self.digest,
            "bytes": self.bytes,
            "rows": self.rows,
            "schema": [{"name": column.name, "type": column.type} for column in self.columns],
            "message": self.message,
            "created_at": self.created_at,
            "files": [{"path": file.path, "bytes": file.bytes, "sha256": file.sha256} for file in self.files],
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> DataSetVersion:
        """
        Read ``data-set.json``.

        Raises:
            InvalidDataSetError: A key is missing or wrong, or the digest is not that of the files.
        """
        subject = f"{document.get('name')}:{document.get('version')}"
        try:
            data_set = cls(
                project=document["project"],
                name=document["name"],
                version=Version.parse(document["version"]),
                files=tuple(
                    DataFile(file["path"], file["bytes"], file["sha256"]) for file in document["files"]
                ),
                columns=tuple(
                    Column(column["name"], column["type"]) for column in document.get("schema") or ()
                ),
                rows=document.get("rows"),
                message=document.get("message", ""),
                created_at=document.get("created_at", ""),
            )
        except (KeyError, TypeError, InvalidVersionError) as error:
            raise InvalidDataSetError(subject, f"its {RECORD_FILE} cannot be read: {error!r}") from error
        if data_set.digest != document.get("digest"):
            raise InvalidDataSetError(
                subject, f"the digest in its {RECORD_FILE} is not that of its list of files"
            )
        return data_set


def is_data_set_name(text: str) -> bool:
    """
    Whether ``text`` may name a data set: 2 to 63 of a-z, 0-9 and ``-``.

    >>> is_data_set_name("hotel-rates"), is_data_set_name("Hotel Rates")
    (True, False)
    """
    return len(text) <= MAX_NAME and _NAME.fullmatch(text) is not None


def set_prefix(project: str, name: str) -> str:
    """
    Where all versions of a data set lie in the data bucket.

    >>> set_prefix("pricing", "hotel-rates")
    'pricing/hotel-rates/'
    """
    return f"{project}/{name}/"


def version_prefix(project: str, name: str, version: str) -> str:
    """
    Where one version lies in the data bucket.

    >>> version_prefix("pricing", "hotel-rates", "1.2.0")
    'pricing/hotel-rates/1.2.0/'
    """
    return f"{project}/{name}/{version}/"


def record_key(project: str, name: str, version: str) -> str:
    """The key of a version's ``data-set.json``."""
    return version_prefix(project, name, version) + RECORD_FILE


def files_prefix(project: str, name: str, version: str) -> str:
    """Where a version's files lie: what a job's channel reads, and nothing else lies there."""
    return version_prefix(project, name, version) + "files/"
