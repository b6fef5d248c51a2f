"""Data sets and reports in memory."""

from __future__ import annotations

import json
from typing import Any

from slipway.domain.data_sets import DataFile, DataSetVersion
from slipway.domain.semver import Version
from slipway.domain.texts import MAX_PREDICTIONS_BYTES, MAX_REPORT_BYTES, TooLarge


class FakeDataSets:
    """Port ``DataSets``."""

    def __init__(self) -> None:
        self.documents: dict[tuple[str, str, str], str] = {}
        self.unfinished: list[tuple[str, str, str]] = []
        """Versions whose files are still being stored."""

    def put(self, project: str, name: str, version: str, *, rows: int = 100) -> DataSetVersion:
        """Store a version with one file, whose content is its version."""
        file = DataFile("part.csv", 3, version.replace(".", "").ljust(64, "0")[:64])
        stored = DataSetVersion(project, name, Version.parse(version), (file,), rows=rows)
        self.documents[project, name, version] = json.dumps(stored.document())
        return stored

    def versions(self, project: Any, data_set: Any) -> Any:
        there = (*self.documents, *self.unfinished)
        return [version for (p, name, version) in there if (p, name) == (project, data_set)]

    def document(self, project: Any, data_set: Any, version: Any) -> Any:
        return self.documents.get((project, data_set, version))

    def files_uri(self, project: Any, data_set: Any, version: Any) -> Any:
        return f"s3://data/{project}/{data_set}/{version}/files/"

    def stored(self) -> Any:
        return iter((*self.documents, *self.unfinished))


class FakeReports:
    """Port ``Reports``: files by URI."""

    def __init__(self) -> None:
        self.files: dict[str, str] = {}

    def read(self, uri: Any, *, limit: int = MAX_REPORT_BYTES) -> Any:
        text = self.files.get(uri)
        return TooLarge(len(text), limit) if text is not None and len(text) > limit else text

    def read_bytes(self, uri: Any, *, limit: int = MAX_PREDICTIONS_BYTES) -> Any:
        found = self.read(uri, limit=limit)
        return found.encode() if isinstance(found, str) else found

    def write(self, uri: Any, text: Any) -> Any:
        self.files[uri] = text
