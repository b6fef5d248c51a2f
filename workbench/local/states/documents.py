"""JSON as it travels from state to state."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, Final

from workbench.local.states.failures import DATA_LIMIT, RUNTIME, StateFailedError

MAX_BYTES: Final = 256 * 1024
"""The limit of one input or output."""

_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode


def to_text(value: Any) -> str:
    """Canonical enough: no spaces, raw UTF-8; NaN and infinities are refused with ``ValueError``."""
    return _encode(value)


def within_limit(text: str, what: str) -> str:
    """
    Return ``text`` unless it is larger than 256 KiB.

    Raises:
        StateFailedError: States.DataLimitExceeded.
    """
    if len(text) * 4 > MAX_BYTES and len(text.encode()) > MAX_BYTES:
        raise StateFailedError(
            DATA_LIMIT,
            f"The state/task '{what}' returned a result with a size exceeding "
            "the maximum number of bytes service limit.",
        )
    return text


def from_text(text: str, what: str) -> Any:
    """
    Parse JSON.

    Raises:
        StateFailedError: States.Runtime, naming ``what`` was no JSON.
    """
    try:
        return json.loads(text)
    except ValueError as error:
        raise StateFailedError(RUNTIME, f"{what} is not JSON: {error}") from None


def iso(moment: float) -> str:
    """Seconds since the epoch as AWS writes them in the context object: ``2026-01-31T10:00:00.123Z``."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def from_iso(text: str) -> float:
    """
    Seconds since the epoch.

    Raises:
        ValueError: It is no ISO-8601 timestamp with an offset.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no offset")
    return moment.timestamp()
