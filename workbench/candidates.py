"""Finds what people name by MODEL, MODEL@ALIAS, MODEL:VERSION or a release's id: a version, or a release."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slipway.domain.compared import Registered, Unregistered
from workbench.releases import RELEASE_ID, UnknownReleaseError, find
from workbench.versions import AmbiguousModelError, UnresolvedReferenceError, resolve

if TYPE_CHECKING:
    from slipway.contracts.ledger import ReleaseRecord
    from slipway.domain.compared import Candidate
    from slipway.usecases.ports import Ledger


def find_candidate(ledger: Ledger, reference: str) -> Candidate:
    """
    A release by its id, else a version, else the newest release of a version that was never registered.

    A release that registered a version is that version.

    Raises:
        InvalidReferenceError: It is no reference.
        UnresolvedReferenceError: There is neither, or more than one model of that name.
    """
    if RELEASE_ID.fullmatch(reference):
        release = ledger.release(reference)
        if release is not None:
            return _of_release(ledger, release)
    try:
        return Registered(resolve(ledger, reference))
    except AmbiguousModelError:
        raise
    except UnresolvedReferenceError as error:
        try:
            return _of_release(ledger, find(ledger, reference))
        except UnknownReleaseError:
            raise error from None


def _of_release(ledger: Ledger, release: ReleaseRecord) -> Candidate:
    held = None
    if release["version"]:
        held = ledger.version(release["project"], release["model"], release["version"])
    if held is not None and held["release_id"] == release["release_id"]:
        return Registered(held)
    return Unregistered(release)
