"""What an endpoint answers to its sample request, and which version that answer names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

_NAMES: Final = {
    "project": "project",
    "model": "model",
    "version": "version",
    "image": "image_digest",
    "data": "data_version",
}
"""Keys of the header as the container's front writes them, and of ``contracts.promotion.Identity``."""

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


def identity_of_attributes(attributes: str) -> dict[str, str]:
    """
    The identity that an answer's custom attributes name; keys that are not ours are left out.

    >>> identity_of_attributes("project=pricing;version=1.0.0;data=a%3Bb;trace=7")
    {'project': 'pricing', 'version': '1.0.0', 'data_version': 'a;b'}
    """
    identity: dict[str, str] = {}
    for part in attributes.split(";"):
        key, _, text = part.partition("=")
        name = _NAMES.get(key.strip())
        if name is not None:
            identity.setdefault(name, unquote(text))  # a server's own attributes follow the front's
    return identity
