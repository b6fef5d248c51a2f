"""Ask whether all that a release was trained from is still there, and unchanged."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

from slipway.domain.data_sets import DataSetVersion, InvalidDataSetError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slipway.contracts.release import PinnedDataSet, Plan
    from slipway.usecases.ports import DataSets, ImageRegistry


class StoredFile(NamedTuple):
    """A file as the bucket has it; ``sha256`` is empty where it is too large to be read for it."""

    bytes: int
    sha256: str


class StoredFiles(Protocol):
    """What really lies in the data bucket."""

    def files(self, uri: str) -> Mapping[str, StoredFile]:
        """Below ``s3://bucket/prefix/``, by path."""


class Ingredient(NamedTuple):
    """One thing that training needs, and whether it is as it was."""

    what: str
    state: Literal["unchanged", "changed", "gone"]
    detail: str


def check_reproducible(
    plan: Plan, *, registry: ImageRegistry, data_sets: DataSets, files: StoredFiles
) -> list[Ingredient]:
    """The image by its digest, and every data set version by that of its files."""
    pinned = {
        one["uri"]: one for one in (*plan["training_data"], *plan["evaluation_data"])
    }  # one may be read by several channels
    return [
        _image(plan, registry),
        *(_data_set(plan["project"], one, data_sets, files) for one in pinned.values()),
    ]


def _image(plan: Plan, registry: ImageRegistry) -> Ingredient:
    what = f"image {plan['repository']}@{plan['image_digest']}"
    if registry.manifest(plan["repository"], plan["image_digest"]) is None:
        return Ingredient(what, "gone", "the registry has no image with this digest")
    return Ingredient(what, "unchanged", "the registry has it by its digest")


def _data_set(project: str, pinned: PinnedDataSet, data_sets: DataSets, files: StoredFiles) -> Ingredient:
    what = f"data set {project}/{pinned['data_set']}:{pinned['version']}"
    text = data_sets.document(project, pinned["data_set"], pinned["version"])
    if text is None:
        return Ingredient(what, "gone", "there is no data-set.json")
    try:
        document = DataSetVersion.from_document(json.loads(text))
    except (InvalidDataSetError, ValueError) as error:
        return Ingredient(what, "changed", str(error))
    if document.digest != pinned["digest"]:
        return Ingredient(what, "changed", f"its digest is {document.digest}, and was {pinned['digest']}")
    return _compared(what, document, files.files(pinned["uri"]))


def _compared(what: str, document: DataSetVersion, stored: Mapping[str, StoredFile]) -> Ingredient:
    wanted = {file.path: StoredFile(file.bytes, file.sha256) for file in document.files}
    missing = sorted(wanted.keys() - stored.keys())
    if missing:
        return Ingredient(what, "gone", f"{len(missing)} of {len(wanted)} files are gone: {missing[0]} …")
    added = sorted(stored.keys() - wanted.keys())
    if added:
        return Ingredient(what, "changed", f"files were added that training would read: {added[0]} …")
    other = [
        path
        for path, file in sorted(wanted.items())
        if stored[path].bytes != file.bytes or stored[path].sha256 not in ("", file.sha256)
    ]
    if other:
        return Ingredient(what, "changed", f"{len(other)} files have another content: {other[0]} …")
    unproven = sum(not file.sha256 for file in stored.values())
    sizes = (
        f"; of {unproven} only the size, as they are large and S3 keeps no checksum of them"
        if unproven
        else ""
    )
    return Ingredient(what, "unchanged", f"{len(wanted)} files are as data-set.json has them{sizes}")
