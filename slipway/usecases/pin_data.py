"""Resolve the data sets that a manifest's channels name to versions with digests."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from slipway.domain import refusals
from slipway.domain.data_sets import DataSetVersion, InvalidDataSetError
from slipway.domain.semver import InvalidVersionError, Version

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from slipway.contracts.release import PinnedDataSet
    from slipway.domain.data_sets import DataSetReference
    from slipway.domain.refusals import Refusal
    from slipway.usecases.ports import DataSets


def pin_channels(
    project: str, channels: Mapping[str, DataSetReference], data_sets: DataSets
) -> list[PinnedDataSet] | Refusal:
    """Each channel with the highest version that its range admits, in the manifest's order."""
    pinned = []
    for channel, reference in channels.items():
        one = _pin(project, channel, reference, data_sets)
        if isinstance(one, refusals.Refusal):
            return one
        pinned.append(one)
    return pinned


def _pin(
    project: str, channel: str, reference: DataSetReference, data_sets: DataSets
) -> PinnedDataSet | Refusal:
    exact = reference.versions.exact
    there = [] if exact else _parsed(data_sets.versions(project, reference.name))
    version = exact or reference.versions.best(there)
    text = None
    while version is not None and text is None:
        text = data_sets.document(project, reference.name, str(version))
        if text is None:
            # its record is written last: a version without it is still being stored
            there = [other for other in there if other != version]
            version = reference.versions.best(there)
    if version is None or text is None:
        there = there or _parsed(data_sets.versions(project, reference.name))
        if not there:
            return refusals.no_data_set(channel, reference.name, project)
        return refusals.no_data_version(channel, str(reference), [str(one) for one in sorted(there)])
    try:
        data_set = DataSetVersion.from_document(json.loads(text))
    except (InvalidDataSetError, ValueError) as error:
        return refusals.broken_data_set(channel, f"{reference.name}:{version}", str(error))
    return {
        "channel": channel,
        "data_set": reference.name,
        "version": str(version),
        "digest": data_set.digest,
        "uri": data_sets.files_uri(project, reference.name, str(version)),
        "rows": data_set.rows,
    }


def _parsed(texts: Iterable[str]) -> list[Version]:
    versions = []
    for text in texts:
        try:
            versions.append(Version.parse(text))
        except InvalidVersionError:
            continue  # something else that lies in the bucket
    return versions
