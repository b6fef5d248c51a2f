"""What really lies in the data bucket: by S3's own checksums, or by reading it."""

from __future__ import annotations

import base64
import hashlib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

from slipway.adapters.s3_texts import parts_of
from slipway.usecases.check_reproducible import StoredFile

if TYPE_CHECKING:
    from collections.abc import Mapping

THREADS: Final = 8
READ_BYTES: Final = 256 << 20
"""A file without a checksum is read and hashed up to this size; of a larger one only the size is known."""
_CHUNK: Final = 1 << 20


class S3StoredFiles:
    """Port ``StoredFiles`` of ``check_reproducible``."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def files(self, uri: str) -> Mapping[str, StoredFile]:
        bucket, prefix = parts_of(uri)
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        sizes = {one["Key"]: int(one["Size"]) for page in pages for one in page.get("Contents", ())}
        with ThreadPoolExecutor(THREADS) as threads:
            checksums = threads.map(lambda one: self._sha256(bucket, *one), sizes.items())
            return {
                key.removeprefix(prefix): StoredFile(size, checksum)
                for (key, size), checksum in zip(sizes.items(), checksums, strict=True)
            }

    def _sha256(self, bucket: str, key: str, size: int) -> str:
        """Hexadecimal; that of a file sent in parts is not of its bytes, and others may have none."""
        answer = self._client.head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")
        said = str(answer.get("ChecksumSHA256", ""))
        if said and "-" not in said and answer.get("ChecksumType") != "COMPOSITE":
            return base64.b64decode(said).hex()
        return self._read(bucket, key) if size <= READ_BYTES else ""

    def _read(self, bucket: str, key: str) -> str:
        digest, body = hashlib.sha256(), self._client.get_object(Bucket=bucket, Key=key)["Body"]
        while chunk := body.read(_CHUNK):
            digest.update(chunk)
        return digest.hexdigest()
