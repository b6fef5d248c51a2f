"""One release's approval: who may decide, what was decided, and what a decision must say."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from slipway.domain.amounts import day_and_time
from slipway.domain.approval_conditions import AllowedConditions, conditions_in_words, conditions_of
from slipway.domain.approval_link import is_approver
from slipway.domain.errors import SlipwayError
from slipway.domain.timestamps import timestamp

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from slipway.contracts.ledger import ApprovalDecision, ApprovalRecord
    from slipway.contracts.release import Approval

MAX_REASON: Final = 1000
"""Characters of a reason; it travels in the workflow's document."""
MAX_VERSION: Final = 128
_MARGIN_SECONDS: Final = 30
ANY_CONDITIONS: Final = AllowedConditions()
IN_STUDIO: Final = "SageMaker Studio"
"""``user_agent`` of a decision that was taken by changing the model package, and not by a link."""


AUTOMATIC: Final = "automatic approval"
"""``decided_by`` of a release that nobody was asked about."""


class NoApproversError(SlipwayError):
    """Nobody may approve what a project releases."""

    def __init__(self, project: str, environment: str) -> None:
        super().__init__(
            f"nobody may approve project {project!r} in environment {environment!r}; name e-mail addresses "
            f'under [approvers] in environments/{environment}.toml, for {project!r} or for "*"'
        )
        self.project, self.environment = project, environment


class TooFewApproversError(SlipwayError):
    """More people must approve than may."""

    def __init__(self, project: str, environment: str, persons: int, named: int) -> None:
        super().__init__(
            f"{persons} different people must approve project {project!r} in environment {environment!r}, "
            f"and {named} may; name more under [policy.approvers] in environments/{environment}.toml"
        )
        self.project, self.environment, self.persons, self.named = project, environment, persons, named


def sentence_of(record: ApprovalRecord) -> str:
    """
    Who decided what and when; empty while nobody has.

    >>> sentence_of({"status": "approved", "decided_by": "ana@example.com",
    ...              "decided_at": "2026-11-22T14:03:11.000Z"})
    'ana@example.com approved this release on 2026-11-22 14:03 UTC.'
    """
    if record["status"] == "pending":
        return ""
    when = day_and_time(record.get("decided_at", ""))
    if never_decided(record):
        return f"The release ended on {when}, before anybody had decided."
    if record["status"] == "expired":
        return f"Nobody decided in time; the request expired on {when}."
    if record.get("decided_by") == AUTOMATIC:
        return f"Approved automatically on {when}, as the settings of {record['environment']} allow."
    where = " in SageMaker Studio" if record.get("user_agent") == IN_STUDIO else ""
    who, did = record.get("decided_by", "Somebody"), record["status"]
    conditions = conditions_in_words(record.get("conditions")) if did == "approved" else ""
    how = f", on condition of {conditions}" if conditions else ""
    return f"{who} {did} this release{where} on {when}{_after(record)}{how}."


def _after(record: ApprovalRecord) -> str:
    """Whose approval the last one of two followed."""
    if record["status"] != "approved" or record.get("persons", 1) < 2:  # noqa: PLR2004 - one decides alone
        return ""
    others = dict.fromkeys(
        one["decided_by"]
        for one in record.get("decisions", ())
        if one["status"] == "approved"
        and one["decided_by"] != record.get("decided_by")
        and (one["redrive"], one["report_digest"]) == (record["redrive"], record.get("report_digest", ""))
    )
    return f", after {' and '.join(others)} had approved it" if others else ""


def never_decided(record: ApprovalRecord) -> bool:
    """Whether the release ended, stopped or failed, while its approval was still awaited."""
    return record["status"] == "expired" and bool(record.get("undeliverable"))


def title_of(record: ApprovalRecord) -> str:
    """``project/model version``: how every message names a release."""
    return f"{record['project']}/{record['model']} {record['version']}"


def release_of(record: ApprovalRecord) -> str:
    """The release that registered the version: the record's own, unless a trial proposes it."""
    trial = record.get("trial")
    return trial["release_id"] if trial is not None else record["release_id"]


def output_of(record: ApprovalRecord) -> Approval:
    """What the waiting execution gets; nobody's decision counts as expired."""
    output: Approval = {
        "decision": "expired" if record["status"] == "pending" else record["status"],
        "approver": record.get("decided_by", ""),
        "reason": record.get("decision_reason", ""),
        "decided_at": record.get("decided_at", ""),
    }
    conditions = record.get("conditions")
    if record["status"] == "approved" and conditions:
        output["conditions"] = conditions
    return output


def named_approvers(policy_approvers: Mapping[str, Sequence[str]], project: str) -> tuple[str, ...]:
    """
    Who may approve a project: those named for it, else those named for ``*``; only addresses, each once.

    The one rule, asked before a release starts, when it asks for approval, and when somebody decides.

    >>> named_approvers({"*": ["ana@example.com"], "pricing": ["ben"]}, "pricing")
    ()
    """
    named = policy_approvers.get(project) or policy_approvers.get("*") or ()
    return tuple(dict.fromkeys(address for address in named if is_approver(address)))


def approvers_of(
    policy_approvers: Mapping[str, Sequence[str]], project: str, environment: str, *, persons: int = 1
) -> tuple[str, ...]:
    """
    Whom to ask: ``named_approvers``, of whom there must be as many as must approve.

    Raises:
        NoApproversError: Nobody is named, or none with an e-mail address.
        TooFewApproversError: More must approve than are named.
    """
    addresses = named_approvers(policy_approvers, project)
    if not addresses:
        raise NoApproversError(project, environment)
    if different_people(addresses) < persons:
        raise TooFewApproversError(project, environment, persons, len(addresses))
    return addresses


def different_people(addresses: Sequence[str]) -> int:
    """How many people these addresses are: two spellings of one mailbox are one person."""
    return len({address.casefold() for address in addresses})


def may_approve(policy_approvers: Mapping[str, Sequence[str]], project: str, address: str) -> bool:
    """
    Whether somebody may approve a project now; they may have been asked when they still could.

    >>> may_approve({"*": ["ana@example.com"]}, "pricing", "ana@example.com")
    True
    >>> may_approve({"*": ["ana@example.com"], "pricing": ["ben@example.com"]}, "pricing", "ana@example.com")
    False
    """
    return address in named_approvers(policy_approvers, project)


def expiry(now: datetime, timeout_seconds: float) -> int:
    """
    When a request expires, in seconds since 1970: a little before the execution stops waiting.

    A decision in the very last moment would otherwise be recorded, but reach nobody.
    """
    margin = min(_MARGIN_SECONDS, timeout_seconds // 20)
    return int(now.timestamp() + timeout_seconds - margin)


@dataclass(frozen=True, slots=True)
class DecisionForm:
    """What an approver sent: as typed, so that the form can be shown again."""

    decision: str = ""
    reason: str = ""
    version: str = ""
    strategy: str = ""
    share: str = ""

    def problems(self, wanted: str, allowed: AllowedConditions = ANY_CONDITIONS) -> dict[str, str]:
        """
        What is wrong with it for version ``wanted``, by field; empty when the form decides.

        Typing the version is what a mail scanner that submits forms cannot do.
        """
        found = {}
        if self.decision not in {"approved", "rejected"}:
            found["decision"] = "Choose whether to approve or to reject."
        if self.decision == "rejected" and not self.reason.strip():
            found["reason"] = "Say why: the model's authors get to read it."
        elif len(self.reason.strip()) > MAX_REASON:
            found["reason"] = f"At most {MAX_REASON:,} characters; this has {len(self.reason.strip()):,}."
        typed = self.version.strip()
        if not typed:
            found["version"] = f"Type the version that you decide on: {wanted}"
        elif typed != wanted:
            found["version"] = f"This is release {wanted}, not {typed[:MAX_VERSION]!r}."
        if self.decision == "rejected":
            return found
        return found | allowed.problems(self.strategy, self.share)

    def decided(
        self, approver: str, now: datetime, *, source_ip: str = "", user_agent: str = ""
    ) -> ApprovalDecision:
        """The decision of a form without problems, with where it came from."""
        decision: ApprovalDecision = {
            "status": "approved" if self.decision == "approved" else "rejected",
            "decided_by": approver,
            "decided_at": timestamp(now),
            "decision_reason": printable(self.reason),
            "source_ip": source_ip[:64],
            "user_agent": printable(user_agent)[:200],
        }
        conditions = conditions_of(self.strategy, self.share)
        if conditions and self.decision == "approved":
            decision["conditions"] = conditions
        return decision


def expired_at(now: datetime) -> ApprovalDecision:
    """The decision that time took."""
    return {
        "status": "expired",
        "decided_by": "",
        "decided_at": timestamp(now),
        "decision_reason": "nobody decided in time",
        "source_ip": "",
        "user_agent": "",
    }


def approved_automatically(now: datetime) -> ApprovalDecision:
    """The decision that the settings took: it says so, and names nobody."""
    return {
        "status": "approved",
        "decided_by": AUTOMATIC,
        "decided_at": timestamp(now),
        "decision_reason": "approved automatically: nobody was asked",
        "source_ip": "",
        "user_agent": "",
    }


def closed_at(ended_at: str) -> ApprovalDecision:
    """What stands for a decision where the release ended before there was one."""
    return {
        "status": "expired",
        "decided_by": "",
        "decided_at": ended_at,
        "decision_reason": "the release ended before anybody had decided",
        "source_ip": "",
        "user_agent": "",
    }


def printable(text: str) -> str:
    """Without control characters but line feeds: it is shown, sent and logged."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return re.sub(r"[\x00-\x09\x0b-\x1f\x7f]", " ", lines).strip()
