"""Data set versions in the data bucket: ``<project>/<data set>/<version>/``."""

from __future__ import annotations

from typing import Any

from slipway.adapters.s3_texts import read_text
from slipway.domain.data_sets import files_prefix, record_key, set_prefix


class S3DataSets:
    """Port ``DataSets``."""

    def __init__(self, client: Any, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def versions(self, project: str, data_set: str) -> list[str]:
        prefix = set_prefix(project, data_set)
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=prefix, Delimiter="/"
        )
        return [
            entry["Prefix"].removeprefix(prefix).rstrip("/")
            for page in pages
            for entry in page.get("CommonPrefixes", ())
        ]

    def document(self, project: str, data_set: str, version: str) -> str | None:
        return read_text(self._client, self._bucket, record_key(project, data_set, version))

    def files_uri(self, project: str, data_set: str, version: str) -> str:
        return f"s3://{self._bucket}/{files_prefix(project, data_set, version)}"
