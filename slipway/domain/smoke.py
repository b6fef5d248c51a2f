"""What an endpoint answers to its sample request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

HTTP_OK: Final = 200
_SHOWN_BYTES: Final = 300


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

    @property
    def problem(self) -> str:
        """Why this is no answer; empty when it is one."""
        if self.error:
            return f"status {self.status}: {self.error}"
        if self.status != HTTP_OK:
            return f"status {self.status}: {self.body[:_SHOWN_BYTES].decode(errors='replace')}"
        return ""
