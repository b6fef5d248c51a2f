"""What is done about endpoints that nobody calls."""

from __future__ import annotations

from typing import Literal, TypedDict


class IdleRule(TypedDict):
    """An environment's rule; travels as JSON in the environment variable ``SLIPWAY_IDLE``."""

    days: int
    """Without a call for so long, an endpoint is idle; 0: none ever is."""
    warn_days: int
    """So long before it is stopped, its people are told."""
    action: Literal["tell", "stop"]
    """``tell``: they are told, and nothing is done."""
