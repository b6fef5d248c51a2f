"""The rules by which people decide: how many must approve, and whose approvals count."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, cast

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slipway.contracts.ledger import ApprovalDecision, ApprovalRecord, PersonalDecision
    from slipway.contracts.policy import ApprovalRules

Step = Literal["decides", "counts", "repeats"]


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
    different people approve; a second one of the same person changes nothing.
    """
    if decision["status"] != "approved":
        return "decides"
    before = {_person(approval["decided_by"]) for approval in standing_approvals(record)}
    if _person(decision["decided_by"]) in before:
        return "repeats"
    return "decides" if len(before) + 1 >= record.get("persons", 1) else "counts"


def personal(record: ApprovalRecord, decision: ApprovalDecision) -> PersonalDecision:
    """A decision as the record's list keeps it, with the evidence that it names."""
    kept = {**decision, "redrive": record["redrive"], "report_digest": record.get("report_digest", "")}
    return cast("PersonalDecision", kept)


def _person(address: str) -> str:
    # two spellings of one mailbox are one person
    return address.casefold()
