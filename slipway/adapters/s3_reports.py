"""Evaluation reports and evidence in the artifact bucket."""

from __future__ import annotations

from typing import Any

from slipway.adapters.s3_texts import parts_of, read_text


class S3Reports:
    """Port ``Reports``."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def read(self, uri: str) -> str | None:
        return read_text(self._client, *parts_of(uri))

    def write(self, uri: str, text: str) -> None:
        bucket, key = parts_of(uri)
        self._client.put_object(Bucket=bucket, Key=key, Body=text.encode(), ContentType="application/json")
