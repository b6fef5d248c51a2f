"""
ECR's scan of an image, as far as this machine can: the image's libraries against a list of advisories.

No list comes with the embedded AWS, so that a scan finds nothing unless ``advisories.json`` in its home
names something: ``[{"name": "CVE-2026-1", "package": "requests", "versions": "<2.32", "severity":
"CRITICAL"}]``, with versions as ``pip`` writes them. The libraries are those that the image's label names.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, Final

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from slipway.contracts.names import LIBRARIES_LABEL
from workbench.local import seams
from workbench.local.repositories import RegistryError

if TYPE_CHECKING:
    from pathlib import Path

    from workbench.local.repositories import Repositories

SCAN_SECONDS: Final = 2.0
"""A scan takes so long here."""
FILE: Final = "advisories.json"


class ImageScans:
    """Answers DescribeImageScanFindings."""

    def __init__(self, repositories: Repositories, home: Path) -> None:
        self._repositories = repositories
        self._advisories = home / FILE

    def findings(self, name: str, image: dict[str, Any]) -> dict[str, Any]:
        """
        The answer for an image that is there.

        Raises:
            RegistryError: Its repository was not scanned on push when it was pushed.
        """
        digest = image["imageDigest"]
        account = seams.RESPONSES.get_account_id()
        answer = {"registryId": account, "repositoryName": name, "imageId": {"imageDigest": digest}}
        if not self._repositories.scans_on_push(name):
            raise RegistryError(
                400,
                "",
                "ScanNotFoundException",
                f"Image scan does not exist for the image with '{{imageDigest:'{digest}'}}' in the "
                f"repository with name '{name}' in the registry with id '{account}'",
            )
        ended = float(image["imagePushedAt"]) + SCAN_SECONDS
        if time.time() < ended:
            return {
                **answer,
                "imageScanStatus": {"status": "IN_PROGRESS", "description": "It goes on."},
            }
        found = self._found(name, image)
        counts: dict[str, int] = {}
        for finding in found:
            counts[finding["severity"]] = counts.get(finding["severity"], 0) + 1
        return {
            **answer,
            "imageScanStatus": {"status": "COMPLETE", "description": "The scan was completed successfully."},
            "imageScanFindings": {
                "imageScanCompletedAt": ended,
                "vulnerabilitySourceUpdatedAt": ended,
                "findings": found,
                "findingSeverityCounts": counts,
            },
        }

    def _found(self, name: str, image: dict[str, Any]) -> list[dict[str, Any]]:
        libraries = self._libraries(name, image)
        return [
            {
                "name": advisory["name"],
                "severity": advisory["severity"],
                "attributes": [
                    {"key": "package_name", "value": advisory["package"]},
                    {"key": "package_version", "value": version},
                ],
            }
            for advisory in self._known()
            if (version := libraries.get(canonicalize_name(advisory["package"])))
            and _affects(advisory["versions"], version)
        ]

    def _known(self) -> list[dict[str, str]]:
        try:
            known: list[dict[str, str]] = json.loads(self._advisories.read_text())
        except FileNotFoundError:
            return []
        return known

    def _libraries(self, name: str, image: dict[str, Any]) -> dict[str, str]:
        manifest = self._repositories.manifest(name, image["imageDigest"])
        document = json.loads(manifest[1]) if manifest else {}
        blob = self._repositories.blob(name, (document.get("config") or {}).get("digest", ""))
        labels = (json.loads(blob or b"{}").get("config") or {}).get("Labels") or {}
        listed = json.loads(labels.get(LIBRARIES_LABEL) or "{}").get("libraries") or {}
        return {canonicalize_name(library): str(version) for library, version in listed.items()}


def _affects(versions: str, version: str) -> bool:
    try:
        return SpecifierSet(versions).contains(version, prereleases=True)
    except InvalidSpecifier:
        return False
