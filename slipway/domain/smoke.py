"""What an endpoint answers to its sample request, and which version that answer names."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EndpointAnswer:
    """One answer of InvokeEndpoint, or its refusal."""

    status: int
    """HTTP status of the model's server (200), or of the error."""
    body: bytes
    custom_attributes: str
    milliseconds: float
    error: str
    """The error's code and message; empty for an answer."""
