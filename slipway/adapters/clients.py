"""AWS clients: one per service and process; boto3 is loaded with the first of them."""

from __future__ import annotations

from functools import cache
from typing import Any

CONNECT_TIMEOUT_SECONDS = 3
READ_TIMEOUT_SECONDS = 20
ATTEMPTS = 5


@cache
def client(
    service: str, *, attempts: int = ATTEMPTS, read_timeout_seconds: int = READ_TIMEOUT_SECONDS
) -> Any:
    """
    A client with standard retries: throttling, server errors and lost connections, with backoff and jitter.

    Args:
        service: As boto3 names it.
        attempts: In all; 1 where the caller tries again by itself.
        read_timeout_seconds: How long one attempt may be silent.
    """
    import boto3  # noqa: PLC0415 - half a second of a cold start; a function that needs no client doesn't pay it
    from botocore.config import Config  # noqa: PLC0415 - likewise

    config = Config(
        connect_timeout=CONNECT_TIMEOUT_SECONDS,
        read_timeout=read_timeout_seconds,
        retries={"mode": "standard", "total_max_attempts": attempts},
    )
    return boto3.client(service, config=config)
