"""
What the embedded ECR knows beside its blobs: repositories, images, tags, creation templates.

Repositories and images live in ministack's stores, so that its ECR API sees what
is pushed over the OCI protocol, and the other way round.
"""

from __future__ import annotations

import fnmatch
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from slipway.domain.errors import SlipwayError
from workbench.local import seams
from workbench.local.services import put_aws_event

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.local.blobs import BlobStore

DOCKER_MANIFEST: Final = "application/vnd.docker.distribution.manifest.v2+json"
ROOT_TEMPLATE: Final = "ROOT"
"""The prefix of the template that applies where no other does."""


class RegistryError(SlipwayError):
    """A refusal in the words of the registry: HTTP status, OCI error code, ECR exception."""

    def __init__(self, status: int, code: str, exception: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.exception = status, code, exception


@dataclass(frozen=True, slots=True)
class PushedImage:
    """What was written under a digest, and whether it changed anything."""

    digest: str
    media_type: str
    changed: bool


class Repositories:
    """
    Repositories of the request's account and region.

    Args:
        blobs: Where layers and manifests lie.
        registry: Host and port that image URIs begin with.
        keep: Writes ECR's state to disk; not needed by who only reads.
    """

    def __init__(self, blobs: BlobStore, registry: str, *, keep: Callable[[], object] = bool) -> None:
        self._keep = keep
        self.blobs = blobs
        self.registry = registry
        self.on_push: list[Callable[[str, str], None]] = []
        """Called with repository and digest of each pushed manifest."""
        self.templates: Any = seams.RESPONSES.ScopedDict()
        """Prefix to repository creation template, as the ECR API describes it."""

    # -- what ministack asks of everything that is kept ------------------------------------------

    def get_state(self) -> dict[str, Any]:
        return {"templates": self.templates}

    def load_persisted_state(self, state: dict[str, Any]) -> None:
        self.templates.update(state.get("templates", {}))

    def reset(self) -> None:
        self.templates.clear()

    # -- repositories ----------------------------------------------------------------------------

    def uri(self, name: str) -> str:
        """What ``docker push`` from this machine takes."""
        return f"{self.registry}/{name}"

    def arn(self, name: str) -> str:
        region, account = seams.RESPONSES.get_region(), seams.RESPONSES.get_account_id()
        return f"arn:aws:ecr:{region}:{account}:repository/{name}"

    def exists(self, name: str) -> bool:
        return name in seams.ECR.repositories

    def template_for(self, name: str) -> dict[str, Any] | None:
        """The creation template whose prefix is the longest that the name begins with."""
        fitting = [
            template
            for prefix, template in self.templates.items()
            if "CREATE_ON_PUSH" in template["appliedFor"]
            and (prefix == ROOT_TEMPLATE or name.startswith(prefix.rstrip("/") + "/"))
        ]
        return max(
            fitting,
            key=lambda found: -1 if found["prefix"] == ROOT_TEMPLATE else len(found["prefix"]),
            default=None,
        )

    def create_on_push(self, name: str) -> None:
        """
        Make the repository as its template says.

        Raises:
            RegistryError: It does not exist and no template is for its name.
        """
        if self.exists(name):
            return
        template = self.template_for(name)
        if template is None:
            raise RegistryError(
                404,
                "NAME_UNKNOWN",
                "RepositoryNotFoundException",
                f"The repository with name '{name}' does not exist in the registry with id "
                f"'{seams.RESPONSES.get_account_id()}'",
            )
        seams.ECR.create_repository(
            {
                "repositoryName": name,
                "imageTagMutability": template["imageTagMutability"],
                "imageScanningConfiguration": {"scanOnPush": self.scans_on_push(name)},
                "encryptionConfiguration": template["encryptionConfiguration"],
                "tags": template["resourceTags"],
            }
        )
        repository = seams.ECR.repositories[name]
        repository["imageTagMutabilityExclusionFilters"] = template["imageTagMutabilityExclusionFilters"]
        if template.get("lifecyclePolicy"):
            seams.ECR.lifecycle_policies[name] = template["lifecyclePolicy"]
        if template.get("repositoryPolicy"):
            seams.ECR.repository_policies[name] = template["repositoryPolicy"]

    def scans_on_push(self, name: str) -> bool:
        """Whether the registry's configuration has images of this repository scanned."""
        rules = self.templates.get("slipway:scanning", {}).get("rules", [])
        return any(
            rule.get("scanFrequency") == "SCAN_ON_PUSH"
            and any(fnmatch.fnmatch(name, item["filter"]) for item in rule.get("repositoryFilters", []))
            for rule in rules
        )

    # -- images ----------------------------------------------------------------------------------

    def find(self, name: str, reference: str) -> dict[str, Any] | None:
        """The image that a tag or digest names."""
        for image in seams.ECR.images.get(name, []):
            if reference in (image["imageDigest"], *image.get("imageTags", [])):
                return dict(image)
        return None

    def manifest(self, name: str, reference: str) -> tuple[str, bytes, str] | None:
        """Digest, bytes and media type of the manifest that a tag or digest names."""
        image = self.find(name, reference)
        if image is None:
            return None
        digest = str(image["imageDigest"])
        body = self.blobs.read(digest)
        return None if body is None else (digest, body, str(image["imageManifestMediaType"]))

    def blob(self, _name: str, digest: str) -> bytes | None:
        """A layer's or configuration's bytes."""
        return self.blobs.read(digest)

    def put_image(self, name: str, tag: str | None, body: bytes, media_type: str | None) -> PushedImage:
        """
        Keep a manifest, move the tag to it, tell EventBridge.

        Raises:
            RegistryError: The tag is immutable, or something the manifest names is missing.
        """
        try:
            document = json.loads(body)
        except ValueError:
            raise RegistryError(
                400, "MANIFEST_INVALID", "InvalidParameterException", "The manifest is not JSON"
            ) from None
        media_type = media_type or document.get("mediaType") or DOCKER_MANIFEST
        self._check_parts(name, document)
        digest = self.blobs.put(body)
        holder = self.find(name, tag) if tag else None
        if holder is not None and holder["imageDigest"] == digest:
            return PushedImage(digest, media_type, changed=False)
        if tag and holder is not None and self.is_immutable(name, tag):
            raise RegistryError(
                400,
                "TAG_INVALID",
                "ImageTagAlreadyExistsException",
                f"The image tag '{tag}' already exists in the '{name}' repository and cannot be overwritten "
                "because the tag is immutable.",
            )
        images = seams.ECR.images.setdefault(name, [])
        for image in images:
            if tag and tag in image["imageTags"]:
                image["imageTags"].remove(tag)
        known = next((image for image in images if image["imageDigest"] == digest), None)
        if known is None:
            known = self._image(name, digest, body, document, media_type)
            images.append(known)
        if tag:
            known["imageTags"].append(tag)
            known["imageId"]["imageTag"] = tag
        self._keep()  # whoever is told of a push finds it, whatever happens to this process
        self.tell(name, tag, known, "PUSH")
        return PushedImage(digest, media_type, changed=True)

    def is_immutable(self, name: str, tag: str) -> bool:
        """Whether a tag may not be moved, exclusion filters considered."""
        repository = seams.ECR.repositories[name]
        mutability = repository.get("imageTagMutability", "MUTABLE")
        filters = repository.get("imageTagMutabilityExclusionFilters") or []
        excluded = any(fnmatch.fnmatchcase(tag, item["filter"]) for item in filters)
        return {
            "IMMUTABLE": True,
            "IMMUTABLE_WITH_EXCLUSION": not excluded,
            "MUTABLE_WITH_EXCLUSION": excluded,
        }.get(mutability, False)

    def _check_parts(self, name: str, document: dict[str, Any]) -> None:
        layers = [document["config"], *document.get("layers", [])] if "config" in document else []
        missing = [part["digest"] for part in layers if self.blobs.path(part["digest"]) is None]
        if missing:
            raise RegistryError(
                400,
                "BLOB_UNKNOWN",
                "LayersNotFoundException",
                f"The following layers with digests '[{', '.join(missing)}]' do not exist",
            )
        children = [part["digest"] for part in document.get("manifests", [])]
        absent = [digest for digest in children if self.find(name, digest) is None]
        if absent:
            raise RegistryError(
                400,
                "MANIFEST_UNKNOWN",
                "ReferencedImagesNotFoundException",
                f"The images referenced by the manifest do not exist: {', '.join(absent)}",
            )

    def _image(
        self, name: str, digest: str, body: bytes, document: dict[str, Any], media_type: str
    ) -> dict[str, Any]:
        config = document.get("config") or {}
        parts = [config, *document.get("layers", [])]
        return {
            "registryId": seams.RESPONSES.get_account_id(),
            "repositoryName": name,
            "imageId": {"imageDigest": digest},
            "imageManifest": body.decode(),
            "imageManifestMediaType": media_type,
            "artifactMediaType": config.get("mediaType"),
            "imageTags": [],
            "imagePushedAt": int(time.time()),
            "imageDigest": digest,
            "imageSizeInBytes": sum(int(part.get("size", 0)) for part in parts),
        }

    def tell(self, name: str, tag: str | None, image: dict[str, Any], action: str) -> None:
        """Put ECR's event; a child of an index carries an empty tag."""
        detail = {
            "action-type": action,
            "image-digest": image["imageDigest"],
            "image-tag": tag or "",
            "manifest-media-type": image["imageManifestMediaType"],
            "repository-name": name,
            "result": "SUCCESS",
        }
        if image.get("artifactMediaType"):
            detail["artifact-media-type"] = image["artifactMediaType"]
        put_aws_event("aws.ecr", "ECR Image Action", detail)
        if action == "PUSH":
            for hear in self.on_push:
                hear(name, image["imageDigest"])
