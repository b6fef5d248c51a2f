"""Whether files are in S3, and whether they are the same as before, without reading them."""

from __future__ import annotations

from typing import Any

from slipway.adapters.s3_texts import parts_of


class S3Fingerprints:
    """Port ``Fingerprints``."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def fingerprint(self, uri: str) -> str:
        bucket, key = parts_of(uri)
        try:
            answer = self._client.head_object(Bucket=bucket, Key=key)
        except self._client.exceptions.ClientError as error:
            # HEAD has no body: S3 can't say NoSuchKey
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:  # noqa: PLR2004 - not found
                return ""
            raise
        return str(answer["ETag"]).strip('"')
