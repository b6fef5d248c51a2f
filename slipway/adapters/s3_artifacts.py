"""Model artifacts in the artifact bucket."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any, Final, cast

from slipway.adapters.s3_texts import parts_of
from slipway.domain.artifacts import ArtifactUnreadableError, digests_of

if TYPE_CHECKING:
    from slipway.contracts.ledger import ArtifactDigests

ARTIFACT: Final = "model.tar.gz"
RESUMPTIONS: Final = 8
"""So often in a row may a connection break without a byte between."""


class S3Artifacts:
    """Port ``Artifacts``."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def digests(self, uri: str) -> ArtifactDigests:
        return digests_of(cast("IO[bytes]", _Resumed(self._client, uri)), uri)

    def remove(self, uri: str) -> bool:
        bucket, key = parts_of(uri)
        if not key.endswith(f"/{ARTIFACT}"):
            raise ValueError(f"{uri} is no model artifact")
        # a look at the list takes no right to read what is in it
        listed = self._client.list_objects_v2(Bucket=bucket, Prefix=key, MaxKeys=1).get("Contents", ())
        if [one["Key"] for one in listed] != [key]:
            return False
        self._client.delete_object(Bucket=bucket, Key=key)
        return True

    def trained_by(self, prefix: str) -> list[str]:
        bucket, folder = parts_of(f"{prefix.rstrip('/')}/training/")
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=folder)
        return [
            f"s3://{bucket}/{found['Key']}"
            for page in pages
            for found in page.get("Contents", ())
            if found["Key"].endswith(f"/{ARTIFACT}")
        ]


class _Resumed:
    """
    An object as a stream; when the connection breaks it goes on from the byte that it had come to.

    The entity tag of the first answer is asked for again: never are two objects' parts read as one.
    """

    def __init__(self, client: Any, uri: str) -> None:
        self._client, self._uri = client, uri
        self._tag = ""
        self._size = 0
        self._position = 0
        self._body: Any = None

    def read(self, size: int) -> bytes:
        for _ in range(RESUMPTIONS):
            if self._body is None:
                self._open()
            if self._position == self._size:
                return b""
            try:
                chunk: bytes = self._body.read(size)
            except Exception as error:
                # botocore's and urllib3's ways of saying that the connection broke, neither imported here
                if type(error).__module__.split(".")[0] not in ("botocore", "urllib3"):
                    raise
                chunk = b""
            if chunk:
                self._position += len(chunk)
                return chunk
            self._close()
        problem = f"the connection broke {RESUMPTIONS} times at byte {self._position} of {self._size}"
        raise ArtifactUnreadableError(self._uri, problem)

    def _open(self) -> None:
        bucket, key = parts_of(self._uri)
        going_on = {"Range": f"bytes={self._position}-", "IfMatch": self._tag} if self._position else {}
        try:
            answer = self._client.get_object(Bucket=bucket, Key=key, **going_on)
        except self._client.exceptions.NoSuchKey:
            raise ArtifactUnreadableError(self._uri, "there is no such object") from None
        if not self._tag:
            self._tag, self._size = answer["ETag"], answer["ContentLength"]
        self._body = answer["Body"]

    def _close(self) -> None:
        self._body.close()
        self._body = None
