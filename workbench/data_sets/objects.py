"""What the store needs of S3: objects that are created once and never overwritten."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from slipway.domain.errors import SlipwayError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PART_BYTES: Final = 32 << 20
"""A file that is larger is sent in parts of this size."""
_EXISTS: Final = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "412", "409"})
_ABSENT: Final = frozenset({"NoSuchKey", "404", "NotFound"})


class ForeignObjectError(SlipwayError):
    """An object lies where a file is to be stored, and it is another one."""

    def __init__(self, uri: str) -> None:
        super().__init__(
            f"{uri} holds another content, left by an upload that was interrupted; "
            "put this content under a new version, or take its place with --take-over"
        )
        self.uri = uri


class Bucket:
    """One S3 bucket; ``s3`` is boto3's client."""

    def __init__(self, s3: Any, name: str) -> None:
        self._s3, self.name = s3, name

    def uri(self, key: str) -> str:
        return f"s3://{self.name}/{key}"

    def read(self, key: str) -> str | None:
        """A small object's text; None: there is none."""
        try:
            response = self._s3.get_object(Bucket=self.name, Key=key)
        except ClientError as error:
            if _code(error) in _ABSENT:
                return None
            raise
        return str(response["Body"].read().decode())

    def create(self, key: str, content: bytes, media_type: str) -> bool:
        """Write an object that does not exist yet; False: it does."""
        try:
            self._s3.put_object(
                Bucket=self.name, Key=key, Body=content, ContentType=media_type, IfNoneMatch="*"
            )
        except ClientError as error:
            if _code(error) in _EXISTS:
                return False
            raise
        return True

    def upload(self, key: str, file: Path, sha256: str) -> bool:
        """
        Write a file that does not exist yet; False: it is there already.

        Raises:
            ForeignObjectError: Another one is there.
        """
        if self._is_there(key, file, sha256):
            return False
        send = self._upload_parts if file.stat().st_size > PART_BYTES else self._upload_whole
        try:
            send(key, file, sha256)
        except ClientError as error:
            if _code(error) not in _EXISTS or not self._is_there(key, file, sha256):
                raise
            return False
        return True

    def download(self, key: str, target: Path) -> None:
        self._s3.download_file(self.name, key, str(target))

    def delete(self, key: str) -> None:
        self._s3.delete_object(Bucket=self.name, Key=key)

    def keys(self, prefix: str) -> Iterator[str]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=prefix)
        for page in pages:
            for entry in page.get("Contents", ()):
                yield entry["Key"]

    def folders(self, prefix: str) -> Iterator[str]:
        """The names between ``prefix`` and the next slash."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self.name, Prefix=prefix, Delimiter="/"
        )
        for page in pages:
            for entry in page.get("CommonPrefixes", ()):
                yield entry["Prefix"].removeprefix(prefix).rstrip("/")

    def _is_there(self, key: str, file: Path, sha256: str) -> bool:
        try:
            head = self._s3.head_object(Bucket=self.name, Key=key)
        except ClientError as error:
            if _code(error) in _ABSENT:
                return False
            raise
        if head["ContentLength"] != file.stat().st_size or head["Metadata"].get("sha256") != sha256:
            raise ForeignObjectError(self.uri(key))
        return True

    def _upload_whole(self, key: str, file: Path, sha256: str) -> None:
        with file.open("rb") as body:
            self._s3.put_object(
                Bucket=self.name,
                Key=key,
                Body=body,
                ChecksumSHA256=base64.b64encode(bytes.fromhex(sha256)).decode(),
                Metadata={"sha256": sha256},
                IfNoneMatch="*",
            )

    def _upload_parts(self, key: str, file: Path, sha256: str) -> None:
        place = {"Bucket": self.name, "Key": key}
        upload = self._s3.create_multipart_upload(**place, Metadata={"sha256": sha256})["UploadId"]
        parts = []
        try:
            with file.open("rb") as body:
                for number, part in enumerate(iter(lambda: body.read(PART_BYTES), b""), start=1):
                    answer = self._s3.upload_part(**place, UploadId=upload, PartNumber=number, Body=part)
                    parts.append({"PartNumber": number, "ETag": answer["ETag"]})
            self._s3.complete_multipart_upload(
                **place, UploadId=upload, MultipartUpload={"Parts": parts}, IfNoneMatch="*"
            )
        except BaseException:
            # Parts that were sent are paid for until they are taken away.
            self._s3.abort_multipart_upload(**place, UploadId=upload)
            raise


def _code(error: ClientError) -> str:
    return str(error.response["Error"]["Code"])
