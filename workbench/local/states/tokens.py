"""Task tokens: they say themselves whose they are, so nothing about them needs to be kept."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from workbench.local.states.frames import Path

_HEAD: Final = b"AQC"
_KEY: Final = b"embedded-step-functions"
_MAC_BYTES: Final = 12


@dataclass(frozen=True, slots=True)
class Address:
    """Which attempt at which state waits for the token."""

    execution_arn: str
    path: Path
    nonce: str


def token_of(address: Address) -> str:
    """The opaque token; the same address gives the same token, also after a restart."""
    body = json.dumps([address.execution_arn, list(address.path), address.nonce]).encode()
    return base64.urlsafe_b64encode(_HEAD + _mac(body) + body).decode()


def address_of(token: str) -> Address | None:
    """
    Whose token it is; None: no token of ours.

    >>> address_of("nonsense") is None
    True
    """
    try:
        raw = base64.b64decode(token.encode("ascii"), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError, ValueError):
        return None
    mac, body = raw[len(_HEAD) : len(_HEAD) + _MAC_BYTES], raw[len(_HEAD) + _MAC_BYTES :]
    if not raw.startswith(_HEAD) or not hmac.compare_digest(mac, _mac(body)):
        return None
    arn, path, nonce = json.loads(body)
    return Address(arn, tuple(path), nonce)


def _mac(body: bytes) -> bytes:
    return hmac.digest(_KEY, body, hashlib.sha256)[:_MAC_BYTES]
