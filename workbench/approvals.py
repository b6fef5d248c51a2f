"""Finds approval links in the embedded AWS's inbox, and decides by them as the page's form does."""

from __future__ import annotations

import html
import json
import re
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from slipway.domain.errors import SlipwayError
from workbench.releases import RELEASE_ID, awaited, find

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from slipway.contracts.ledger import ApprovalRecord, ReleaseRecord
    from slipway.usecases.ports import Ledger

LINK: Final = re.compile(r"^https?://\S+/approvals/(?P<release_id>[0-9a-f]{16})\?\S+$", re.MULTILINE)
RECORDED: Final = 200
_BLOCK: Final = re.compile(r"(?is)<(style|head|header)\b.*?</\1>")
_TAG: Final = re.compile(r"(?s)<[^>]+>")


class NothingWaitsError(SlipwayError):
    """Nothing was named, and nothing waits for a decision."""

    def __init__(self) -> None:
        super().__init__("nothing waits for a decision")


class SeveralWaitError(SlipwayError):
    """More than one of what waits is meant."""

    def __init__(self, waiting: Sequence[ApprovalRecord]) -> None:
        named = ", ".join(f"{one['model']}:{one['version']} ({one['release_id']})" for one in waiting)
        super().__init__(f"{len(waiting)} wait for a decision: {named}")
        self.waiting = waiting


def asked_about(ledger: Ledger, reference: str | None, link: str | None) -> ApprovalRecord | ReleaseRecord:
    """
    What a decision is about: the approval, of a release or a trial, or a release that has none.

    Args:
        ledger: The environment's.
        reference: As of ``awaited``, or what else names a release; None: what the link is for, or the one
            that waits.
        link: The approver's; None: not given.

    Raises:
        NothingWaitsError: Nothing was named and nothing waits.
        SeveralWaitError: What was named, if anything, does not say which of those that wait.
        UnknownReleaseError: Nothing goes by that name.
    """
    if reference is None and link is not None:
        reference = release_id_of(link)
    meant = awaited(ledger.pending_approvals(), reference)
    if len(meant) > 1:
        # by its own id it is meant before a trial of it
        meant = [one for one in meant if one["release_id"] == reference] or meant
    if len(meant) > 1:
        raise SeveralWaitError(meant)
    if meant:
        return meant[0]
    if reference is None:
        raise NothingWaitsError
    decided = ledger.get_approval(reference) if RELEASE_ID.fullmatch(reference) else None
    return decided or find(ledger, reference)


@dataclass(frozen=True, slots=True)
class PageAnswer:
    """What the page answered to a decision."""

    status: int
    """200 recorded; 404 no such link; 409 decided before; 410 too late; 422 something is missing or wrong."""
    text: str
    """The page without its markup."""

    @property
    def recorded(self) -> bool:
        return self.status == RECORDED

    @property
    def sentence(self) -> str:
        r"""
        All of it in one line: the heading, and what it says of it.

        >>> PageAnswer(409, "Too late\n\nNobody decided.\n Ask again.").sentence
        'Too late: Nobody decided. Ask again.'
        """
        heading, _, said = self.text.strip().partition("\n")
        return ": ".join(filter(None, (heading.strip(), " ".join(said.split()))))


def inbox(endpoint_url: str) -> list[dict[str, Any]]:
    """All mail of the embedded AWS, oldest first."""
    with urllib.request.urlopen(f"{endpoint_url}/_slipway/inbox", timeout=10) as answer:  # noqa: S310 - our own server
        mails: list[dict[str, Any]] = json.load(answer)
    return sorted(mails, key=lambda mail: mail["at"])


def link_of(mails: Iterable[Mapping[str, Any]], release_id: str, approver: str | None = None) -> str | None:
    """The newest link for a release (and an approver); None: nobody was asked."""
    found = None
    for mail in mails:
        if approver is not None and mail["to"] != approver:
            continue
        for match in LINK.finditer(mail["body"]):
            if match["release_id"] == release_id:
                found = match[0]
    return found


def release_id_of(link: str) -> str | None:
    """The release that a link decides on; None for anything that is no approval link."""
    match = LINK.fullmatch(link)
    return match["release_id"] if match else None


def decide(link: str, *, decision: str, reason: str, version: str, timeout: float = 60.0) -> PageAnswer:
    """
    Send the page's form.

    Args:
        link: The approver's link.
        decision: ``approved`` or ``rejected``.
        reason: Why; the page demands one to reject.
        version: The version that is decided on, as the form wants it typed.
        timeout: Seconds to wait for the answer.
    """
    form = urllib.parse.urlencode({"decision": decision, "reason": reason, "version": version}).encode()
    request = urllib.request.Request(link, data=form, method="POST")  # noqa: S310 - the pattern allows http(s) alone
    request.add_header("Content-Type", "application/x-www-form-urlencoded")
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:  # noqa: S310 - likewise
            return PageAnswer(answer.status, readable(answer.read().decode()))
    except urllib.error.HTTPError as error:
        return PageAnswer(error.code, readable(error.read().decode("utf-8", "replace")))


def readable(page: str) -> str:
    r"""
    The words of a page, a line per block.

    >>> readable("<head><title>x</title></head><body><h1>Approved</h1><p>By <b>a &amp; b</b></p></body>")
    'Approved\nBy a & b'
    """
    body = _BLOCK.sub("", page)
    broken = re.sub(r"(?i)</(h[1-6]|p|li|div|dt|dd|tr|section)>|<br>", "\n", body)
    lines = (" ".join(line.split()) for line in html.unescape(_TAG.sub("", broken)).splitlines())
    return "\n".join(line for line in lines if line)
