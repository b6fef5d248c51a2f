"""A release's identity, and whether its version may follow what was released before."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Final

from slipway.contracts.names import RELEASE_ID_LENGTH
from slipway.domain import refusals
from slipway.domain.semver import InvalidVersionError, Version

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from slipway.contracts.ledger import VersionRecord
    from slipway.domain.refusals import Refusal

_STANDING: Final = {"approved": "was approved", "pending": "waits for approval"}

PUSHED: Final = "push"
"""The cause key of a push, however it was noticed: by event, by the sweep, or by hand."""


def release_id(repository: str, digest: str, data_digests: Sequence[str], cause_key: str) -> str:
    """
    The same image, data and cause give the same release; 64 bits of SHA-256 as 16 hexadecimal digits.

    >>> release_id("models/pricing/hotel-rates", "sha256:9f", ["sha256:01"], "push")
    '7e4b47379a05b4fc'
    """
    # a list in JSON keeps the parts apart: no two different lists give the same text
    text = json.dumps([repository, digest, list(data_digests), cause_key])
    return hashlib.sha256(text.encode()).hexdigest()[:RELEASE_ID_LENGTH]


def refusal_id(repository: str, tag: str, digest: str, kind: str) -> str:
    """The same push refused for the same kind of reason is one refusal."""
    return release_id(repository, digest, [], f"refused: {tag}: {kind}")


def parse_version(tag: str) -> Version | Refusal:
    """The semantic version that a tag is; an image tag can't hold ``+``, so there is no build metadata."""
    try:
        return Version.parse(tag)
    except InvalidVersionError:
        return refusals.no_semantic_version(tag)


def belongs_to(repository: str, prefix: str) -> tuple[str, str]:
    """
    The project and model of a repository; empty where its name has another form.

    >>> belongs_to("models/pricing/hotel-rates", "models")
    ('pricing', 'hotel-rates')
    >>> belongs_to("something", "models")
    ('', 'something')
    """
    inner = repository.removeprefix(f"{prefix}/") if prefix else repository
    project, slash, model = inner.partition("/")
    return (project, model) if slash and "/" not in model else ("", repository)


def refuse_old_version(version: Version, released: Iterable[VersionRecord], champion: str) -> Refusal | None:
    """
    A version must be higher than the champion, than every approved one, and than those in approval.

    Rejected, expired and abandoned versions do not count: their number may be used again.
    """
    counting = [
        (Version.parse(record["version"]), _STANDING[record["approval"]])
        for record in released
        if record["approval"] in _STANDING
    ]
    if champion:
        counting.append((Version.parse(champion), "is in production"))
    if not counting:
        return None
    newest, where = max(counting, key=lambda entry: entry[0])
    return None if version > newest else refusals.not_newer(str(version), str(newest), where)
