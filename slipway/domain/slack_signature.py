"""Whether a request comes from Slack: its signature over time and body, by the app's signing secret."""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

VERSION: Final = "v0"
MAX_AGE_SECONDS: Final = 300
"""An older request may be somebody's recording of one; Slack's own advice."""


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """
    As the header ``X-Slack-Signature`` has it.

    >>> signature("secret", "1531420618", b"payload=x")[:13]
    'v0=c6e66b411b'
    """
    message = f"{VERSION}:{timestamp}:".encode() + body
    return f"{VERSION}={hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()}"


def is_from_slack(secret: str, *, timestamp: str, signed: str, body: bytes, now: float) -> bool:
    """
    Whether signature and time are right; never without a secret.

    Args:
        secret: The app's; empty: none is configured.
        timestamp: ``X-Slack-Request-Timestamp``: seconds since 1970.
        signed: ``X-Slack-Signature``.
        body: As it arrived.
        now: Seconds since 1970.
    """
    genuine = hmac.compare_digest(signature(secret, timestamp, body).encode(), signed.encode())
    recent = timestamp.isascii() and timestamp.isdigit() and abs(now - int(timestamp)) <= MAX_AGE_SECONDS
    return bool(secret) and genuine and recent
