"""Images in ECR: manifests, labels and tags, read without pulling."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Final
from urllib.error import URLError
from urllib.request import urlopen

from slipway.domain.errors import RegistryAnswerError
from slipway.domain.image import MEDIA_TYPES, PushedImage, RegistryManifest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from slipway.contracts.release import ImageScan

MAX_CONFIG_BYTES: Final = 4 * 1024 * 1024
TIMEOUT_SECONDS: Final = 10

_SCANNED: Final = ("COMPLETE", "ACTIVE")
"""Basic scanning; enhanced scanning, which goes on for ever."""
_SCANNING: Final = ("IN_PROGRESS", "PENDING")


class EcrRegistry:
    """
    Port ``ImageRegistry``.

    Needs ``ecr:BatchGetImage``, ``GetDownloadUrlForLayer`` and, for the sweep, ``DescribeRepositories``
    and ``DescribeImages``; for gates on findings ``DescribeImageScanFindings``. A layer's bytes come
    from a presigned S3 URL, not from ECR.
    """

    def __init__(self, client: Any) -> None:
        self._client = client

    def manifest(self, repository: str, reference: str) -> RegistryManifest | None:
        kind = "imageDigest" if reference.startswith("sha256:") else "imageTag"
        try:
            answer = self._client.batch_get_image(
                repositoryName=repository,
                imageIds=[{kind: reference}],
                acceptedMediaTypes=list(MEDIA_TYPES),
            )
        except self._client.exceptions.RepositoryNotFoundException:
            return None
        if not answer["images"]:
            return None
        image = answer["images"][0]
        document = json.loads(image["imageManifest"])
        return RegistryManifest(
            repository_uri=f"{self._host(image['registryId'])}/{repository}",
            digest=image["imageId"]["imageDigest"],
            media_type=image.get("imageManifestMediaType") or document.get("mediaType", ""),
            document=document,
        )

    def blob(self, repository: str, digest: str) -> bytes:
        url = self._client.get_download_url_for_layer(repositoryName=repository, layerDigest=digest)[
            "downloadUrl"
        ]
        if not url.startswith(("https://", "http://")):
            raise RegistryAnswerError(repository, digest, f"it is said to lie at {url!r}")
        try:
            with urlopen(url, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310 - the scheme is checked above
                body: bytes = answer.read(MAX_CONFIG_BYTES + 1)
        except URLError as error:
            raise RegistryAnswerError(repository, digest, f"it can't be downloaded: {error}") from error
        if f"sha256:{hashlib.sha256(body).hexdigest()}" != digest:
            raise RegistryAnswerError(repository, digest, "what was downloaded has another digest")
        return body

    def repositories(self, prefix: str) -> Iterator[str]:
        for page in self._client.get_paginator("describe_repositories").paginate():
            for repository in page["repositories"]:
                name: str = repository["repositoryName"]
                if not prefix or name.startswith(f"{prefix}/"):
                    yield name

    def pushed_since(self, repository: str, since: datetime) -> Iterator[PushedImage]:
        pages = self._client.get_paginator("describe_images").paginate(
            repositoryName=repository, filter={"tagStatus": "TAGGED"}
        )
        for page in pages:
            for image in page["imageDetails"]:
                if image["imagePushedAt"] >= since:
                    for tag in image.get("imageTags", ()):
                        yield PushedImage(repository, tag, image["imageDigest"], image["imagePushedAt"])

    def scan(self, repository: str, digest: str) -> ImageScan:
        try:
            answer = self._client.describe_image_scan_findings(
                repositoryName=repository, imageId={"imageDigest": digest}, maxResults=1
            )
        except self._client.exceptions.ScanNotFoundException:
            return _missing("the registry has never scanned it; switch on scanning on push")
        status = answer.get("imageScanStatus") or {}
        word, described = str(status.get("status", "")), str(status.get("description", ""))
        if word in _SCANNING:
            return {"status": "pending", "findings": {}, "reason": described}
        if word not in _SCANNED:
            return _missing(f"{word} {described}".strip())
        counts = (answer.get("imageScanFindings") or {}).get("findingSeverityCounts") or {}
        found = {str(severity): int(count) for severity, count in counts.items()}
        return {"status": "complete", "findings": found, "reason": ""}

    def _host(self, account: str) -> str:
        region: str = self._client.meta.region_name
        suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
        return f"{account}.dkr.ecr.{region}.{suffix}"


def _missing(reason: str) -> ImageScan:
    return {"status": "missing", "findings": {}, "reason": reason}
