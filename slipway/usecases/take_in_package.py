"""
Keeps ledger and SageMaker Model Registry in step, whoever changed a model package.

What an event says is not used but for the package's ARN and the names of the fields: events come late,
twice and out of order. The package is read and compared with the ledger; where both agree there is nothing
to do. So our own writes, each of which makes another event, end the matter instead of going round.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from slipway.contracts.events import PACKAGE_SET_BACK, VERSION_WITHDRAWN
from slipway.contracts.names import CHAMPION
from slipway.domain.approval import sentence_of
from slipway.domain.registered_package import approval_of, properties_for, tags_to_take
from slipway.domain.succession import sentence_of as sentence_of_successor
from slipway.domain.timestamps import timestamp
from slipway.usecases.deliver_decision import MAX_DESCRIPTION, deliver_decision
from slipway.usecases.find_successor import find_successor
from slipway.usecases.take_decision import take_decision

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slipway.contracts.ledger import ApprovalRecord, VersionRecord
    from slipway.domain.registered_package import RegisteredPackage
    from slipway.usecases.ports import Clock, EventBus, Ledger, ModelRegistry, TaskTokens

Outcome = Literal["in step", "not ours", "decided", "set back", "withdrawn", "later"]
STAGE_FIELD: Final = "ModelLifeCycle"
METADATA_FIELD: Final = "CustomerMetadataProperties"


@dataclass(frozen=True, slots=True)
class PackageIntake:
    """What it needs."""

    ledger: Ledger
    registry: ModelRegistry
    tokens: TaskTokens
    events: EventBus
    clock: Clock

    def take_in_package(self, arn: str, changed: Sequence[str] | None = None) -> Outcome:
        """
        Bring ledger and package together.

        Args:
            arn: The package's.
            changed: ``UpdatedModelPackageFields``; None: not known, look at everything.

        Returns:
            What was done about its approval; stage and metadata are taken in beside that.
        """
        package = self.registry.package(arn)
        if package is None:
            return "not ours"
        version = self.ledger.version(*package.subject) if all(package.subject) else None
        current = version is not None and version["package_arn"] == arn
        approval = self.ledger.get_approval(package.release_id) if package.release_id else None
        if approval is not None and approval["package_arn"] != arn:
            approval = None
        if version is not None and current:
            self._take_words(package, version, changed)
        return self._take_approval(package, version if current else None, approval)

    def tell_package(self, project: str, model: str, version: str) -> bool:
        """Write a version's tags to its package; False where there is nothing to write, or no package."""
        record = self.ledger.version(project, model, version)
        package = self.registry.package(record["package_arn"]) if record is not None else None
        if record is None or package is None:
            return False
        there = package.tags
        wanted = properties_for(record.get("tags", {}), own=len(package.properties) - len(there))
        if there == wanted:
            return False
        gone = sorted(there.keys() - wanted.keys())
        self.registry.set_properties(package.arn, wanted, gone)
        return True

    def _take_words(
        self, package: RegisteredPackage, version: VersionRecord, changed: Sequence[str] | None
    ) -> None:
        """Stage and metadata: nothing depends on them, and who changed them last is right."""
        subject = version["project"], version["model"], version["version"]
        moved = package.stage not in ("", version.get("stage", ""))
        if moved and (changed is None or STAGE_FIELD in changed):
            self.ledger.set_version_stage(*subject, stage=package.stage)
        # another change's event may overtake our own writing of tags: only what was changed is taken
        if changed is None or METADATA_FIELD in changed:
            known = version.get("tags", {})
            tags = tags_to_take(package, known)
            if tags is not None and self.ledger.tag_version(*subject, tags=tags, instead_of=known):
                # where one tag went, there may be room for another that did not fit before
                self.tell_package(*subject)

    def _take_approval(
        self, package: RegisteredPackage, version: VersionRecord | None, approval: ApprovalRecord | None
    ) -> Outcome:
        if approval is not None and approval["status"] == "pending":
            return self._decide(package, approval)
        if version is not None:
            standing = version["approval"]
        elif approval is not None:
            standing = approval["status"]
        else:
            return "not ours"
        wanted = approval_of(standing)
        # of a release that ended, nobody has told the package: it can't be deployed either way
        if package.approval in (wanted, "PendingManualApproval" if standing == "abandoned" else wanted):
            return "in step"
        if standing == "pending" or (approval is not None and not approval["delivered"]):
            # not asked yet, or a decision is on its way to the package: the sweep looks here again
            return "later"
        if version is not None and standing == "approved" and package.approval == "Rejected":
            return self._withdraw(package, version)
        why = sentence_of(approval) if approval is not None else f"The ledger has it as {standing}."
        return self._set_back(package, wanted, f"{why} A decision is taken once.")

    def _decide(self, package: RegisteredPackage, approval: ApprovalRecord) -> Outcome:
        # a request that expired and is asked again: the package says what we wrote of its first end
        if package.ours or package.approval not in ("Approved", "Rejected"):
            return "in step"
        now = self.clock()
        successor = find_successor(approval, self.ledger)
        if successor and package.approval == "Approved":
            why = sentence_of_successor(successor, approval.get("judged_against"))
            return self._set_back(package, "PendingManualApproval", why)
        if approval.get("persons", 1) > 1 and package.approval == "Approved":
            # whose profile it is can't be told from whose link: one person could approve twice
            why = "Two different people must approve it, each by the link of their own."
            return self._set_back(package, "PendingManualApproval", why)
        taken, recorded = take_decision(approval, package.decision(now), approvals=self.ledger, now=now)
        if taken != "decides":
            # too late, and not yet noted so: the sweep ends the request, and rejects the package
            return "later" if recorded["status"] == "pending" else self._contradicted(package, recorded)
        deliver_decision(
            recorded,
            ledger=self.ledger,
            tokens=self.tokens,
            registry=self.registry,
            events=self.events,
            now=now,
        )
        return "decided"

    def _contradicted(self, package: RegisteredPackage, decided: ApprovalRecord) -> Outcome:
        """Somebody decided by a link in the same moment."""
        wanted = approval_of(decided["status"])
        if package.approval == wanted:
            return "in step"
        return self._set_back(package, wanted, f"{sentence_of(decided)} A decision is taken once.")

    def _set_back(self, package: RegisteredPackage, wanted: str, why: str) -> Outcome:
        # told first: who dies between both tells twice
        self.events.emit(
            PACKAGE_SET_BACK,
            {
                **_subject(package),
                "found": package.approval,
                "wanted": wanted,
                "who": package.modified_by,
                "reason": why,
                "package_arn": package.arn,
            },
        )
        description = f"{why} Set back from {package.approval}, which {package.modified_by} had made it."
        self.registry.set_approval(package.arn, wanted, description[:MAX_DESCRIPTION])
        return "set back"

    def _withdraw(self, package: RegisteredPackage, version: VersionRecord) -> Outcome:
        project, model, number = version["project"], version["model"], version["version"]
        champion = self.ledger.alias(project, model, CHAMPION)
        now = self.clock()
        decision = package.decision(now)
        self.events.emit(
            VERSION_WITHDRAWN,
            {
                **_subject(package),
                "who": package.modified_by,
                "reason": decision["decision_reason"],
                "serves": champion is not None and champion["version"] == number,
                "package_arn": package.arn,
            },
        )
        self.ledger.revoke_version_approval(
            project,
            model,
            number,
            release_id=version["release_id"],
            approver=package.modified_by,
            at=timestamp(now),
            reason=decision["decision_reason"],
        )
        return "withdrawn"


def _subject(package: RegisteredPackage) -> dict[str, str]:
    project, model, version = package.subject
    return {"release_id": package.release_id, "project": project, "model": model, "version": version}
