"""Files of outcomes as they are kept: what their keys are, and what they hold."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, cast

from slipway.contracts.outcome import kept_prefix

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from slipway.contracts.outcome import OutcomeLine


def kept_text(lines: Sequence[OutcomeLine]) -> str:
    """One JSON object a line; the same lines give the same bytes."""
    return "".join(json.dumps(line, sort_keys=True, separators=(",", ":")) + "\n" for line in lines)


def kept_lines(text: str) -> list[OutcomeLine]:
    """What ``kept_text`` wrote."""
    return [cast("OutcomeLine", json.loads(line)) for line in text.splitlines()]


def kept_key(project: str, model: str, moment: datetime, text: str) -> str:
    """
    Where a file is kept: keys rise with the moment, and the same lines at one moment are one file.

    >>> from datetime import UTC, datetime
    >>> kept_key("pricing", "hotel-rates", datetime(2026, 11, 28, 9, 5, 7, 250_000, UTC), "")
    'outcomes-kept/pricing/hotel-rates/2026/11/28/09/0507250000-e3b0c44298fc.jsonl'
    """
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    return f"{kept_prefix(project, model)}{moment:%Y/%m/%d/%H/%M%S%f}-{digest}.jsonl"


def first_key(project: str, model: str, moment: datetime) -> str:
    """What is before the keys of all files kept at ``moment`` or later."""
    return f"{kept_prefix(project, model)}{moment:%Y/%m/%d/%H/%M%S%f}"
