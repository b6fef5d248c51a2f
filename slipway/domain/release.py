"""A release's identity, and whether its version may follow what was released before."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Final

from slipway.contracts.names import RELEASE_ID_LENGTH
from slipway.domain import refusals
from slipway.domain.refusals import Refusal
from slipway.domain.semver import InvalidVersionError, Version

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from slipway.contracts.ledger import VersionRecord

_STANDING: Final = {"approved": "was approved", "pending": "waits for approval"}

PUSHED: Final = "push"
"""The cause key of a push, however it was noticed: by event, by the sweep, or by hand."""


def release_id(
    repository: str, version: str, digest: str, data_digests: Sequence[str], cause_key: str
) -> str:
    """
    The same version, image, data and cause give the same release: 64 bits of SHA-256, in hexadecimal.

    >>> release_id("models/pricing/hotel-rates", "1.0.0", "sha256:9f", ["sha256:01"], "push")
    '98e279a1ee46d206'
    """
    # a list in JSON keeps the parts apart: no two different lists give the same text
    text = json.dumps([repository, version, digest, list(data_digests), cause_key])
    return hashlib.sha256(text.encode()).hexdigest()[:RELEASE_ID_LENGTH]


def refusal_id(repository: str, tag: str, digest: str, kind: str) -> str:
    """The same push refused for the same kind of reason is one refusal."""
    return release_id(repository, tag, digest, [], f"refused: {kind}")


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


def version_of(tag: str, retrain: str) -> Version | Refusal:
    """
    The version that a request is for: the tag's own, or that of its retraining.

    Args:
        tag: The image's, or a version that was made by retraining that image.
        retrain: The moment of the retraining; empty: there is none.
    """
    pushed = parse_version(tag)
    if isinstance(pushed, Refusal) or not retrain:
        return pushed
    try:
        return pushed.pushed.retrained(retrain)
    except InvalidVersionError:
        return refusals.no_moment(retrain)


def refuse_old_version(version: Version, released: Iterable[VersionRecord], champion: str) -> Refusal | None:
    """
    A version must follow the champion, every approved one, and those in approval.

    Rejected, expired and abandoned versions do not count: their number may be used again. What retrains the
    champion need only follow other retrainings of it: after a roll-back higher versions are approved.
    """
    counting = [
        (Version.parse(record["version"]), _STANDING[record["approval"]])
        for record in released
        if record["approval"] in _STANDING
    ]
    if champion:
        counting.append((Version.parse(champion), "is in production"))
        if version.retrained_at and version == Version.parse(champion):
            counting = [entry for entry in counting if entry[0] == version]
    for same, where in counting:
        if str(same) == str(version):
            return refusals.decided_already(str(version), where)
    if not counting:
        return None
    newest, where = max(counting, key=lambda entry: (entry[0], entry[0].retrained_at))
    return None if version.follows(newest) else refusals.not_newer(str(version), str(newest), where)
