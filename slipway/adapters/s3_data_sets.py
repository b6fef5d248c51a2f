"""Data set versions in the data bucket: ``<project>/<data set>/<version>/``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from slipway.adapters.s3_texts import read_text
from slipway.domain.data_sets import files_prefix, record_key, set_prefix

if TYPE_CHECKING:
    from collections.abc import Iterator


class S3DataSets:
    """Port ``DataSets``."""

    def __init__(self, client: Any, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def versions(self, project: str, data_set: str) -> list[str]:
        return list(self._folders(set_prefix(project, data_set)))

    def document(self, project: str, data_set: str, version: str) -> str | None:
        return read_text(self._client, self._bucket, record_key(project, data_set, version))

    def files_uri(self, project: str, data_set: str, version: str) -> str:
        return f"s3://{self._bucket}/{files_prefix(project, data_set, version)}"

    def stored(self) -> Iterator[tuple[str, str, str]]:
        # level by level: files may be many, versions are few
        for project in self._folders(""):
            for name in self._folders(f"{project}/"):
                for version in self._folders(set_prefix(project, name)):
                    yield project, name, version

    def _folders(self, prefix: str) -> Iterator[str]:
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=prefix, Delimiter="/"
        )
        for page in pages:
            for entry in page.get("CommonPrefixes", ()):
                yield entry["Prefix"].removeprefix(prefix).rstrip("/")
