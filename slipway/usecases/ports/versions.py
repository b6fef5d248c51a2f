"""Model versions and their aliases; the model registry beside the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from slipway.contracts.ledger import AliasRecord, PromotionRecord, VersionApproval, VersionRecord
    from slipway.domain.registered_package import RegisteredPackage


class Versions(Protocol):
    """The ledger's registered versions, aliases and promotions."""

    def put_version(self, record: VersionRecord) -> VersionRecord | None:
        """
        Register a version; None, or the record of another release that holds it.

        A version that was rejected, expired or abandoned may be registered anew.
        """

    def version(self, project: str, model: str, version: str) -> VersionRecord | None: ...

    def versions(self, project: str, model: str) -> list[VersionRecord]: ...

    def models(self) -> list[tuple[str, str]]:
        """Project and name of every model of which a version was ever registered."""

    def projects_of(self, model: str) -> list[str]:
        """The projects that registered a version of a model of this name, sorted."""

    def listed_versions(
        self, *, project: str = "", model: str = "", since: str = ""
    ) -> Iterator[VersionRecord]:
        """
        Registered versions as lists show them (``LISTED``), page by page as asked for.

        Newest first; those of a project without a model, model by model. ``model`` needs its project.
        """

    def versions_until(self, until: str) -> Iterator[VersionRecord]:
        """Those registered before ``until``, as lists show them, oldest first."""

    def set_version_approval(
        self,
        project: str,
        model: str,
        version: str,
        *,
        release_id: str,
        approval: VersionApproval,
        approver: str,
        at: str,
        reason: str = "",
    ) -> bool:
        """Decide a pending or abandoned version of this release; False when it was decided already."""

    def withdraw_version_approval(
        self, project: str, model: str, version: str, *, release_id: str, at: str
    ) -> bool:
        """An approval came too late: the release's approved version is abandoned; False when it is not so."""

    def revoke_version_approval(
        self, project: str, model: str, version: str, *, release_id: str, approver: str, at: str, reason: str
    ) -> bool:
        """The release's approved version is rejected after all; False when it is not approved."""

    def set_version_stage(self, project: str, model: str, version: str, *, stage: str) -> bool:
        """Note the life cycle's stage; False when there is no such version, or it has this stage."""

    def tag_version(
        self,
        project: str,
        model: str,
        version: str,
        *,
        tags: Mapping[str, str],
        instead_of: Mapping[str, str],
    ) -> bool:
        """Replace all tags; False when there is no such version, or its tags are not ``instead_of``."""

    def note_artifact_removed(self, record: VersionRecord, at: str) -> bool:
        """The version can't serve any more; False when it is another release's, or was noted before."""

    def withdraw_artifact_removal(self, record: VersionRecord, at: str) -> bool:
        """Its artifact was needed after all, and is there; False when it was not noted at ``at``."""

    def alias(self, project: str, model: str, alias: str) -> AliasRecord | None:
        """Where it points, by one strongly consistent read; None: nowhere (any more)."""

    def alias_tip(self, project: str, model: str, alias: str) -> AliasRecord | None:
        """The last move, also when that was the alias's removal."""

    def aliases(self, project: str, model: str) -> list[AliasRecord]:
        """The last moves of all its aliases by name, removals too; one read each, however often it moved."""

    def alias_at(self, project: str, model: str, alias: str, moment: str) -> AliasRecord | None:
        """The last move until ``moment``, by one read; None: it was not there yet."""

    def move_alias(self, record: AliasRecord) -> bool:
        """
        Move an alias from revision ``record.revision - 1`` and append its history, or False.

        It moves to no version whose artifact was removed, and never to a time before its last move.
        """

    def alias_history(self, project: str, model: str, alias: str) -> list[AliasRecord]:
        """Newest first."""

    def put_promotion(self, record: PromotionRecord) -> bool:
        """Record a promotion's end once; False when it is recorded already."""

    def promotion(self, project: str, model: str, execution_arn: str) -> PromotionRecord | None: ...

    def note_promotion_told(self, record: PromotionRecord) -> None:
        """People were told of this end."""

    def promotions(self, project: str, model: str) -> list[PromotionRecord]:
        """Newest first."""


class ModelRegistry(Protocol):
    """SageMaker's model packages."""

    def ensure_group(self, name: str, description: str, tags: list[dict[str, str]]) -> None: ...

    def find_package(self, group: str, release_id: str, since: str) -> str | None:
        """ARN of the release's package, if one was made after ``since`` (ISO 8601)."""

    def create_package(self, request: Mapping[str, Any]) -> str: ...

    def await_package(self, arn: str) -> None:
        """Return when the package is Completed; PackageNotReadyError when it fails, or takes too long."""

    def package(self, arn: str) -> RegisteredPackage | None:
        """As it is now; None when there is none."""

    def set_properties(self, arn: str, properties: Mapping[str, str], remove: Sequence[str]) -> None:
        """Put and remove ``CustomerMetadataProperties``; others stay."""

    def approval_status(self, arn: str) -> str:
        """``ModelApprovalStatus``; empty when there is no such package."""

    def set_approval(self, arn: str, status: str, description: str) -> None:
        """``ModelApprovalStatus``, with a description that is marked as ours."""

    def set_stage(self, arn: str, stage: str, status: str, description: str) -> None:
        """``ModelLifeCycle``."""
