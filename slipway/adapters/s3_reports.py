"""Evaluation reports and evidence in the artifact bucket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from slipway.adapters.s3_texts import parts_of, read_bytes_up_to, read_text_up_to
from slipway.domain.texts import MAX_PREDICTIONS_BYTES, MAX_REPORT_BYTES

if TYPE_CHECKING:
    from slipway.domain.texts import TooLarge


class S3Reports:
    """Port ``Reports``."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def read(self, uri: str, *, limit: int = MAX_REPORT_BYTES) -> str | TooLarge | None:
        return read_text_up_to(self._client, *parts_of(uri), limit=limit)

    def read_bytes(self, uri: str, *, limit: int = MAX_PREDICTIONS_BYTES) -> bytes | TooLarge | None:
        return read_bytes_up_to(self._client, *parts_of(uri), limit=limit)

    def write(self, uri: str, text: str) -> None:
        bucket, key = parts_of(uri)
        self._client.put_object(Bucket=bucket, Key=key, Body=text.encode(), ContentType=_content_type(key))


def _content_type(key: str) -> str:
    return "text/html; charset=utf-8" if key.endswith(".html") else "application/json"
