"""Data sets, artifacts, reports and other files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from slipway.domain.texts import MAX_PREDICTIONS_BYTES, MAX_REPORT_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from slipway.contracts.ledger import ArtifactDigests
    from slipway.domain.texts import TooLarge


class DataSets(Protocol):
    """Immutable data set versions in the data bucket."""

    def versions(self, project: str, data_set: str) -> list[str]:
        """In no order; one that is still being stored has no document yet."""

    def document(self, project: str, data_set: str, version: str) -> str | None:
        """The text of its ``data-set.json``."""

    def files_uri(self, project: str, data_set: str, version: str) -> str:
        """``s3://bucket/<project>/<data set>/<version>/files/``."""

    def stored(self) -> Iterator[tuple[str, str, str]]:
        """Project, name and version of all there are, in no order; some may still be being stored."""


class Reports(Protocol):
    """Evaluation reports and evidence in the artifact bucket."""

    def read(self, uri: str, *, limit: int = MAX_REPORT_BYTES) -> str | TooLarge | None:
        """The text of a file of at most ``limit`` bytes; None when there is none."""

    def read_bytes(self, uri: str, *, limit: int = MAX_PREDICTIONS_BYTES) -> bytes | TooLarge | None:
        """A file of at most ``limit`` bytes as it is; None when there is none."""

    def write(self, uri: str, text: str) -> None: ...


class KeptFiles(Protocol):
    """Text files in the data bucket, by key."""

    def read(self, key: str, *, limit: int) -> str | TooLarge | None:
        """The text of a file of at most ``limit`` bytes; None when there is none."""

    def write(self, key: str, text: str) -> None: ...

    def keys(self, prefix: str, *, after: str = "") -> Iterator[str]:
        """Keys that begin with ``prefix``, in their order; only those greater than ``after``."""

    def remove(self, keys: list[str]) -> None:
        """Those that are there."""


class Artifacts(Protocol):
    """Model artifacts (``model.tar.gz``) in the artifact bucket."""

    def digests(self, uri: str) -> ArtifactDigests:
        """Read it once, in bounded memory; ArtifactUnreadableError when it is not there, or no archive."""

    def remove(self, uri: str) -> bool:
        """False when there was none (any more)."""

    def trained_by(self, prefix: str) -> list[str]:
        """URIs of the artifacts that the training jobs of one release left, by its artifact prefix."""
