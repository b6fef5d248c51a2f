"""Text files in S3, by ``s3://`` URI."""

from __future__ import annotations

from typing import Any

from slipway.domain.texts import TooLarge


def read_text(client: Any, bucket: str, key: str) -> str | None:
    """
    A file's text; None when there is none. What is not UTF-8 in it becomes replacement characters.

    Without ``s3:ListBucket`` S3 answers 403 for a key that is not there: who reads needs that as well.
    """
    answer = _get(client, bucket, key)
    return None if answer is None else _text(answer)


def read_text_up_to(client: Any, bucket: str, key: str, *, limit: int) -> str | TooLarge | None:
    """As ``read_text``, but what has more than ``limit`` bytes is not read."""
    answer = _get(client, bucket, key)
    if answer is None:
        return None
    if answer["ContentLength"] > limit:
        answer["Body"].close()
        return TooLarge(answer["ContentLength"], limit)
    return _text(answer)


def read_bytes_up_to(client: Any, bucket: str, key: str, *, limit: int) -> bytes | TooLarge | None:
    """As ``read_text_up_to``, for what is read as it is."""
    answer = _get(client, bucket, key)
    if answer is None:
        return None
    if answer["ContentLength"] > limit:
        answer["Body"].close()
        return TooLarge(answer["ContentLength"], limit)
    content: bytes = answer["Body"].read()
    return content


def _get(client: Any, bucket: str, key: str) -> Any:
    try:
        return client.get_object(Bucket=bucket, Key=key)
    except client.exceptions.NoSuchKey:
        return None


def _text(answer: Any) -> str:
    body: bytes = answer["Body"].read()
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
