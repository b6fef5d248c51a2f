"""Text files of one bucket, by key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from slipway.adapters.s3_texts import read_text_up_to

if TYPE_CHECKING:
    from collections.abc import Iterator

    from slipway.domain.texts import TooLarge


class S3KeptFiles:
    """Port ``KeptFiles``."""

    def __init__(self, client: Any, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def read(self, key: str, *, limit: int) -> str | TooLarge | None:
        return read_text_up_to(self._client, self._bucket, key, limit=limit)

    def write(self, key: str, text: str) -> None:
        kind = "application/json" if key.endswith(".json") else "application/x-ndjson"
        self._client.put_object(Bucket=self._bucket, Key=key, Body=text.encode(), ContentType=kind)

    def keys(self, prefix: str, *, after: str = "") -> Iterator[str]:
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=prefix, **({"StartAfter": after} if after else {})
        )
        for page in pages:
            for found in page.get("Contents", ()):
                yield found["Key"]

    def remove(self, keys: list[str]) -> None:
        for start in range(0, len(keys), 1000):  # as many as S3 takes
            some = [{"Key": key} for key in keys[start : start + 1000]]
            self._client.delete_objects(Bucket=self._bucket, Delete={"Objects": some, "Quiet": True})
