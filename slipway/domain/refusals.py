"""Why a push starts no release: each reason is a value that says what to do next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from slipway.contracts.names import MANIFEST_LABEL

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Refusal:
    """
    A "no" with its reason.

    Attributes:
        kind: A word for it that never changes; the ledger tells one refusal of a push from another by it.
        reason: For the person who pushed.
    """

    kind: str
    reason: str


def no_such_image(repository: str, tag: str) -> Refusal:
    return Refusal("no such image", f"there is no image {repository}:{tag} in the registry; push it first")


def no_semantic_version(tag: str) -> Refusal:
    return Refusal(
        "tag is no semantic version",
        f"the tag {tag!r} is not a semantic version; push the image again as MAJOR.MINOR.PATCH, such as "
        "'1.4.0'",
    )


def oci_media_type(media_type: str) -> Refusal:
    return Refusal(
        "OCI media type",
        f"the image's media type is {media_type}: SageMaker trains such an image, but refuses to host "
        "it. Build it as a Docker image: docker buildx build --platform linux/amd64 --provenance=false "
        "--sbom=false --output type=image,name=REPOSITORY:TAG,oci-mediatypes=false,push=true .",
    )


def no_amd64_image(platforms: Sequence[str]) -> Refusal:
    there = ", ".join(sorted(platforms)) or "nothing"
    return Refusal(
        "no linux/amd64 image",
        f"the image index holds {there}, but no linux/amd64 image; build it with --platform linux/amd64",
    )


def wrong_architecture(operating_system: str, architecture: str) -> Refusal:
    return Refusal(
        "wrong architecture",
        f"the image is for {operating_system}/{architecture}; build it with --platform linux/amd64",
    )


def no_manifest(label: str = MANIFEST_LABEL) -> Refusal:
    return Refusal(
        "no manifest",
        f"the image has no label {label}; build it with `slipway model build`, or pass "
        f'--label {label}="$(slipway model show --canonical DIR)" to docker build',
    )


def invalid_manifest(problems: Sequence[object]) -> Refusal:
    lines = "\n".join(f"- {problem}" for problem in problems)
    return Refusal("invalid manifest", f"the manifest in the image is invalid:\n{lines}")


def other_repository(repository: str, wanted: str) -> Refusal:
    return Refusal(
        "wrong repository",
        f"the manifest says that this image belongs to repository {wanted!r}, but it was pushed to "
        f"{repository!r}; push it there, or put [model] in slipway.toml right",
    )


def not_newer(version: str, newest: str, where: str) -> Refusal:
    return Refusal(
        "version is not newer",
        f"version {version} is not newer than {newest}, which {where}; push the image under a higher "
        "version (an older one that was approved serves again by a promotion, not by a push)",
    )


def decided_already(version: str, where: str) -> Refusal:
    decide = "decide it (`slipway approval open`), " if "waits" in where else ""
    pushed = version.partition("+")[0]
    return Refusal(
        "version is taken",
        f"version {version} {where}: its number can't be used for another release. To go on, {decide}train "
        f"it again under a version of its own with `slipway release start PROJECT/MODEL:{pushed} --retrain`, "
        "or push the image under a higher version",
    )


def no_moment(moment: str) -> Refusal:
    return Refusal(
        "no moment of retraining",
        f"a retraining's moment is {moment!r}; write it in UTC as '20261124T043000Z'",
    )


def policy_forbids(subject: str, value: object, allowed: str, environment: str) -> Refusal:
    return Refusal(
        f"policy: {subject}",
        f"environment {environment!r} does not allow {subject} {value}; it allows {allowed}. Change "
        f"slipway.toml, or have environments/{environment}.toml changed",
    )


def unreadable_gate(problem: str, environment: str) -> Refusal:
    return Refusal(
        "unreadable gate",
        f"a gate of environment {environment!r} can't be read: {problem}; have policy.gates in "
        f"environments/{environment}.toml corrected, and deploy it",
    )


def nobody_may_approve(project: str, environment: str) -> Refusal:
    return Refusal(
        "nobody may approve",
        f"nobody may approve releases of project {project!r}; name approvers for it, or for '*', in "
        f"environments/{environment}.toml",
    )


def too_few_may_approve(project: str, environment: str, persons: int, named: int) -> Refusal:
    return Refusal(
        "too few may approve",
        f"{persons} different people must approve releases of project {project!r}, and {named} may; "
        f"name more under [policy.approvers] in environments/{environment}.toml",
    )


def no_data_set(channel: str, data_set: str, project: str) -> Refusal:
    return Refusal(
        f"no data set: {data_set}",
        f"channel {channel!r} wants data set {data_set!r}, and project {project!r} has none of that "
        f"name; store it with `slipway data put {data_set}:1.0.0 PATH --project {project}`, then try "
        "again with `slipway release start PROJECT/MODEL:VERSION`",
    )


def no_data_version(channel: str, reference: str, versions: Sequence[str]) -> Refusal:
    there = ", ".join(versions)
    return Refusal(
        f"no data set version: {reference}",
        f"channel {channel!r} wants {reference!r}, and there is no such version (there are: {there}); "
        "store one with `slipway data put` and try again with `slipway release start PROJECT/MODEL:VERSION`, "
        "or name another in slipway.toml and push a new version",
    )


def broken_data_set(channel: str, reference: str, problem: str) -> Refusal:
    return Refusal(
        f"broken data set: {reference}",
        f"channel {channel!r} wants {reference!r}, whose record can't be believed: {problem}; store a "
        "new version",
    )
