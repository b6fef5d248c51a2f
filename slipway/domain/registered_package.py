"""
A model package as SageMaker's registry has it, and how it goes together with the ledger's version.

The ledger decides what a version's approval is; people decide in SageMaker Studio as they do by a link.
Stage and metadata belong to whoever changed them last.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

from slipway.domain.approval import IN_STUDIO, MAX_REASON, printable
from slipway.domain.packages import MAX_PROPERTIES, MAX_PROPERTY_KEY, RELEASE_PROPERTY, property_text
from slipway.domain.timestamps import timestamp

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from slipway.contracts.ledger import ApprovalDecision, VersionApproval

PackageApproval = Literal["PendingManualApproval", "Approved", "Rejected"]
OWN_PROPERTIES: Final = ("slipway:", "metric:")
"""What properties that registration writes begin with; all others are people's tags."""
SOMEBODY: Final = "somebody"
MAX_DESCRIPTION: Final = 1024
"""Characters of a package's approval description."""
_MARK: Final = re.compile(r"\[slipway: \w+\]\Z")
_NO_REASON: Final = "no reason was given in SageMaker Studio"


@dataclass(frozen=True, slots=True)
class RegisteredPackage:
    """What DescribeModelPackage says."""

    arn: str
    approval: str
    """``PackageApproval``; empty for a package outside of any group."""
    description: str = ""
    """Of the approval."""
    modified_by: str = SOMEBODY
    """Who changed it last: the Studio user profile, else the caller's ARN."""
    stage: str = ""
    properties: Mapping[str, str] = field(default_factory=dict)

    @property
    def subject(self) -> tuple[str, str, str]:
        """Project, model and version; empty texts where it says none."""
        project, model, version = (
            self.properties.get(f"slipway:{name}", "") for name in ("project", "model", "version")
        )
        return project, model, version

    @property
    def release_id(self) -> str:
        return self.properties.get(RELEASE_PROPERTY, "")

    @property
    def ours(self) -> bool:
        """Whether the approval is as the platform itself wrote it last."""
        return self.description.endswith(_mark(self.approval))

    @property
    def reason(self) -> str:
        """What somebody gave as the reason; empty where the description is still the platform's."""
        return "" if _MARK.search(self.description) else printable(self.description)

    @property
    def tags(self) -> dict[str, str]:
        """The properties that are not Slipway's own."""
        return {key: text for key, text in self.properties.items() if not key.startswith(OWN_PROPERTIES)}

    def decision(self, now: datetime) -> ApprovalDecision:
        """What somebody decided here, as the ledger records decisions."""
        return {
            "status": "approved" if self.approval == "Approved" else "rejected",
            "decided_by": self.modified_by,
            "decided_at": timestamp(now),
            "decision_reason": self.reason[:MAX_REASON] or _NO_REASON,
            "source_ip": "",
            "user_agent": IN_STUDIO,
        }


def marked(description: str, approval: str) -> str:
    """
    A description that tells the platform's own writing of an approval from people's.

    >>> marked("Nobody decided in time.", "Rejected")
    'Nobody decided in time. [slipway: Rejected]'
    """
    mark = _mark(approval)
    return f"{description[: MAX_DESCRIPTION - len(mark) - 1]} {mark}"


def _mark(approval: str) -> str:
    return f"[slipway: {approval}]"


def changed_by(described: Mapping[str, Any]) -> str:
    """
    Who changed a package last, by ``LastModifiedBy`` (or ``CreatedBy`` where nobody did).

    >>> changed_by({"LastModifiedBy": {"UserProfileName": "ana", "DomainId": "d-1"}})
    'ana'
    >>> changed_by({"LastModifiedBy": {"IamIdentity": {"Arn": "arn:aws:iam::111122223333:user/ben"}}})
    'arn:aws:iam::111122223333:user/ben'
    >>> changed_by({})
    'somebody'
    """
    user = described.get("LastModifiedBy") or described.get("CreatedBy") or {}
    identity = user.get("IamIdentity") or {}
    return str(user.get("UserProfileName") or identity.get("Arn") or SOMEBODY)


def approval_of(version: VersionApproval) -> PackageApproval:
    """What a package must say of a version in this state: only what is approved can be deployed."""
    known: dict[str, PackageApproval] = {"pending": "PendingManualApproval", "approved": "Approved"}
    return known.get(version, "Rejected")


def properties_for(tags: Mapping[str, str], own: int) -> dict[str, str]:
    """
    The properties that carry tags, beside ``own`` of Slipway's: as many as fit, in order of their keys.

    >>> properties_for({"team": "rates, eu"}, own=8)
    {'team': 'rates- eu'}
    """
    cleaned = {
        property_text(key, MAX_PROPERTY_KEY): property_text(tags[key])
        for key in sorted(tags)
        if not key.startswith(OWN_PROPERTIES)
    }
    return dict(list(cleaned.items())[: max(MAX_PROPERTIES - own, 0)])


def tags_to_take(package: RegisteredPackage, tags: Mapping[str, str]) -> dict[str, str] | None:
    """
    The ledger's tags after somebody changed the package's metadata; None: it says what the ledger says.

    A tag that the package could not hold as it is keeps the ledger's text.
    """
    said = package.tags
    carried = properties_for(tags, own=len(package.properties) - len(said))
    if said == carried:
        return None
    names = {key: property_text(key, MAX_PROPERTY_KEY) for key in tags}
    kept = {key: tags[key] for key, name in names.items() if said.get(name) == carried.get(name)}
    taken = {key: text for key, text in said.items() if carried.get(key) != text}
    return {**kept, **taken}
