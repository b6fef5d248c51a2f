"""
The link by which one approver decides on one release: bound to both, to the image, and to a time.

What is signed names its version first, so that a later form can be told from this one.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, unquote

_FORM: Final = "slipway-approval-link/1"
_FORM_WITH_REPORT: Final = "slipway-approval-link/2"
_KEYS: Final = ("a", "e", "k", "s")
_RELEASE_ID: Final = re.compile(r"[0-9a-f]{16}\Z")
_APPROVER: Final = re.compile(r"[^\s\x00-\x1f\x7f@]{1,64}@[^\s\x00-\x1f\x7f@]{1,190}\Z")
_EXPIRY: Final = re.compile(r"[1-9][0-9]{0,11}\Z")
_KEY: Final = re.compile(r"[0-9a-f]{8}\Z")
_MAC: Final = re.compile(r"[A-Za-z0-9_-]{43}\Z")
MAX_QUERY: Final = 1024
"""Characters; no link of ours is longer, so nothing longer is looked at."""


def key_tag(key_id: str) -> str:
    """
    A short name of the key that signed, so that a link of a former key is told apart.

    >>> key_tag("1234abcd-12ab-34cd-56ef-1234567890ab")
    '0ee49f6f'
    """
    return hashlib.sha256(key_id.encode()).hexdigest()[:8]


def nonce_hash(nonce: bytes) -> str:
    """What the ledger keeps of an approver's nonce, and what is signed; the nonce itself is kept nowhere."""
    return hashlib.sha256(nonce).hexdigest()


@dataclass(frozen=True, slots=True)
class LinkClaims:
    """
    What a link says before its signature.

    Attributes:
        release_id: 16 hexadecimal digits.
        approver: An e-mail address, exactly as the environment's settings spell it.
        expires_at: Seconds since 1970; the link is refused from then on.
        key: The signing key's ``key_tag``.
    """

    release_id: str
    approver: str
    expires_at: int
    key: str

    def canonical(self, *, image_digest: str, nonce: str, report_digest: str = "") -> bytes:
        """
        What is signed: the claims with what only the ledger knows of them.

        Args:
            image_digest: ``sha256:…`` of the image that is to be approved.
            nonce: The approver's ``nonce_hash`` of this release.
            report_digest: ``sha256:…`` of the report that is to be shown; empty: not known when asked.
        """
        parts = (
            _FORM_WITH_REPORT if report_digest else _FORM,
            self.release_id,
            image_digest,
            self.approver,
            str(self.expires_at),
            nonce,
            self.key,
            *([report_digest] if report_digest else []),
        )
        return "\n".join(parts).encode()


@dataclass(frozen=True, slots=True)
class ApprovalLink:
    """A link as it arrived or leaves: claims and the 32 bytes that vouch for them."""

    claims: LinkClaims
    mac: bytes

    def url(self, base: str) -> str:
        """
        The whole URL; under 200 characters with an execute-api host and an address of up to 40.

        Args:
            base: The approval API's URL, without a slash at its end.
        """
        claims = self.claims
        signature = base64.urlsafe_b64encode(self.mac).decode().rstrip("=")
        return (
            f"{base}/approvals/{claims.release_id}"
            f"?a={quote(claims.approver, safe='')}&e={claims.expires_at}&k={claims.key}&s={signature}"
        )

    @classmethod
    def parse(cls, release_id: str, raw_query: str) -> ApprovalLink | None:
        """
        A link from its path parameter and query string; None for everything that ``url`` does not make.

        Exactly the four parameters, each once and in its only spelling: what
        cannot have come from us is refused before any key is asked.
        """
        values = _parameters(raw_query)
        if values is None or not _RELEASE_ID.match(release_id):
            return None
        approver, expiry, key, signature = (values[name] for name in _KEYS)
        well_formed = (
            _APPROVER.match(approver) and _EXPIRY.match(expiry) and _KEY.match(key) and _MAC.match(signature)
        )
        if not well_formed:
            return None
        mac = base64.urlsafe_b64decode(signature + "=")
        if base64.urlsafe_b64encode(mac).decode().rstrip("=") != signature:
            # 43 characters hold two bits more than 32 bytes: four spellings would decode alike.
            return None
        return cls(LinkClaims(release_id, approver, int(expiry), key), mac)


def _parameters(raw_query: str) -> dict[str, str] | None:
    if len(raw_query) > MAX_QUERY:
        return None
    pairs = [pair.partition("=") for pair in raw_query.split("&")]
    if sorted(name for name, _, _ in pairs) != sorted(_KEYS):
        return None
    try:
        return {name: unquote(value, errors="strict") for name, _, value in pairs}
    except UnicodeDecodeError:
        return None


def is_approver(address: str) -> bool:
    """Whether an address can stand in a link: one ``@``, no white space, at most 255 characters."""
    return bool(_APPROVER.match(address))
