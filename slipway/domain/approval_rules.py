"""The rules by which people decide: how many must approve, who may, and whose approvals count."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, cast

from slipway.contracts.policy import AUTOMATIC_IN
from slipway.domain.approval import named_approvers
from slipway.domain.approval_link import is_approver

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from slipway.contracts.ledger import ApprovalDecision, ApprovalRecord, PersonalDecision
    from slipway.contracts.policy import ApprovalRules

Step = Literal["decides", "counts", "repeats", "differs"]
_HOUR: Final = 3600


def rules_for(policy_rules: Mapping[str, ApprovalRules], project: str) -> ApprovalRules:
    """
    A project's rules: its own, else those of ``*``, else none.

    >>> rules_for({"*": {"persons": 2}, "pricing": {"persons": 1}}, "pricing")
    {'persons': 1}
    """
    return policy_rules.get(project) or policy_rules.get("*") or {}


def persons_of(rules: ApprovalRules, manifest: Mapping[str, Any]) -> int:
    """
    How many must approve: the larger of what the environment and the manifest ask for.

    >>> persons_of({"persons": 2}, {"approval": {"persons": 1}})
    2
    >>> persons_of({}, {"approval": {"persons": 2}})
    2
    """
    asked = (manifest.get("approval") or {}).get("persons", 1)
    return max(int(asked), rules.get("persons", 1))


def is_automatic(rules: ApprovalRules, environment: str, *, persons: int, verdict: Mapping[str, Any]) -> bool:
    """
    Whether a release is approved without asking anybody.

    Only where models are tried, never where two people must approve, and never what the rows left undecided.

    >>> is_automatic({"automatic": True}, "dev", persons=1, verdict={"word": "better"})
    True
    >>> is_automatic({"automatic": True}, "prod", persons=1, verdict={"word": "better"})
    False
    """
    return (
        bool(rules.get("automatic"))
        and environment in AUTOMATIC_IN
        and persons == 1
        and verdict.get("word") != "undecided"
    )


def may_decide(
    record: ApprovalRecord,
    address: str,
    *,
    approvers: Mapping[str, Sequence[str]],
    rules: Mapping[str, ApprovalRules],
) -> bool:
    """
    Whether somebody may decide on a release now, by today's settings.

    The second list may from the moment it was asked, and no longer after a redrive that asks anew.
    """
    project = record["project"]
    if address in named_approvers(approvers, project):
        return True
    return record.get("escalated") == record["redrive"] and address in escalation_of(
        rules_for(rules, project)
    )


def escalation_of(rules: ApprovalRules) -> tuple[str, ...]:
    """The second list; only addresses, each once."""
    return tuple(dict.fromkeys(address for address in rules.get("escalation", ()) if is_approver(address)))


def reminder_is_due(record: ApprovalRecord, rules: ApprovalRules, now_epoch: float) -> bool:
    """Whether those who have not decided are to be reminded now; true once for each time they are asked."""
    return record.get("reminded") != record["redrive"] and _is_over(
        record, rules.get("reminder_hours", 0), now_epoch
    )


def escalation_is_due(record: ApprovalRecord, rules: ApprovalRules, now_epoch: float) -> bool:
    """Whether the second list is to be asked now; true once for each time approval is asked for."""
    return (
        record.get("escalated") != record["redrive"]
        and bool(escalation_of(rules))
        and _is_over(record, rules.get("escalation_hours", 0), now_epoch)
    )


def _is_over(record: ApprovalRecord, hours: int, now_epoch: float) -> bool:
    waits = record.get("wait_seconds", 0)
    if record["status"] != "pending" or not hours or not waits:
        return False
    return now_epoch >= record["expires_at_epoch"] - waits + hours * _HOUR


def standing_approvals(record: ApprovalRecord) -> list[PersonalDecision]:
    """
    The approvals that count: of this redrive, by different people, about the evidence as it is now.

    >>> ana = {"status": "approved", "decided_by": "ana@example.com", "redrive": 0, "report_digest": ""}
    >>> len(standing_approvals({"redrive": 0, "decisions": [ana, ana]}))
    1
    >>> standing_approvals({"redrive": 1, "decisions": [ana]})
    []
    """
    counting: dict[str, PersonalDecision] = {}
    for decision in record.get("decisions", ()):
        same = decision["redrive"] == record["redrive"]
        if same and decision["report_digest"] == record.get("report_digest", ""):
            counting.setdefault(_person(decision["decided_by"]), decision)
    return [decision for decision in counting.values() if decision["status"] == "approved"]


def step_of(record: ApprovalRecord, decision: ApprovalDecision) -> Step:
    """
    What one more decision does to a pending record.

    A rejection decides at once, whoever it is from. An approval decides when enough
    different people approve the same; a second one of the same person changes nothing,
    and neither does one under other conditions than those who approved before set.
    """
    if decision["status"] != "approved":
        return "decides"
    standing = standing_approvals(record)
    before = {_person(approval["decided_by"]) for approval in standing}
    if _person(decision["decided_by"]) in before:
        return "repeats"
    if any(approval.get("conditions") != decision.get("conditions") for approval in standing):
        return "differs"
    return "decides" if len(before) + 1 >= record.get("persons", 1) else "counts"


def is_changed(record: ApprovalRecord, report_digest: str) -> bool:
    """
    Whether the report is no longer the one that people were asked about, or can't be read any more.

    >>> is_changed({"report_digest": "sha256:1"}, "sha256:2"), is_changed({}, "sha256:2")
    (True, False)
    """
    return record.get("report_digest", "") not in ("", report_digest)


def has_approved(record: ApprovalRecord, address: str) -> bool:
    """Whether somebody's approval counts already."""
    return _person(address) in {_person(one["decided_by"]) for one in standing_approvals(record)}


def personal(record: ApprovalRecord, decision: ApprovalDecision) -> PersonalDecision:
    """A decision as the record's list keeps it, with the evidence that it names."""
    kept = {**decision, "redrive": record["redrive"], "report_digest": record.get("report_digest", "")}
    return cast("PersonalDecision", kept)


def _person(address: str) -> str:
    # two spellings of one mailbox are one person
    return address.casefold()
