"""Text files in S3, by ``s3://`` URI."""

from __future__ import annotations

from typing import Any


def read_text(client: Any, bucket: str, key: str) -> str | None:
    """
    A file's text; None when there is none. What is not UTF-8 in it becomes replacement characters.

    Without ``s3:ListBucket`` S3 answers 403 for a key that is not there: who reads needs that as well.
    """
    try:
        body: bytes = client.get_object(Bucket=bucket, Key=key)["Body"].read()
    except client.exceptions.NoSuchKey:
        return None
    # models' programs write these files: a stray byte may spoil one of them, not the page that shows it
    return body.decode("utf-8", "replace")


def parts_of(uri: str) -> tuple[str, str]:
    """
    Bucket and key.

    >>> parts_of("s3://artifacts/pricing/report.json")
    ('artifacts', 'pricing/report.json')
    """
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key
