"""Where the data of a channel lies on this machine."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from slipway.domain.data_sets import DataSetVersion, record_key
from slipway.domain.errors import SlipwayError
from slipway.domain.semver import InvalidVersionError, Version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from slipway.domain.data_sets import DataSetReference
    from workbench.data_sets.objects import Bucket
    from workbench.images.model_directory import ModelDirectory

    Progress = Callable[[str], None]


class ChannelWithoutDataError(SlipwayError):
    """No data for a channel was found anywhere."""

    def __init__(self, channel: str, reference: DataSetReference, tried: Iterable[str]) -> None:
        places = "; ".join(tried)
        super().__init__(
            f"channel {channel!r} ({reference}) has no data here; looked for: {places}. "
            f"Name it with --data {channel}=PATH, or put it with "
            f"`slipway data put {reference.name}:1.0.0 PATH`"
        )
        self.channel, self.reference, self.tried = channel, reference, tuple(tried)


class UnknownChannelError(SlipwayError):
    """The command line names a channel that the manifest does not."""

    def __init__(self, channel: str, known: list[str]) -> None:
        super().__init__(f"--data names channel {channel!r}; the manifest's channels are {', '.join(known)}")
        self.channel, self.known = channel, known


class LocalChannels:
    """
    Finds directories for channels, nearest first.

    Args:
        model: The model whose manifest names the channels.
        given: Channel to path, as the command line says.
        bucket: Opens the platform's data bucket; it may raise if there is none.
        progress: Hears of what is fetched.
    """

    def __init__(
        self,
        model: ModelDirectory,
        given: Mapping[str, Path],
        bucket: Callable[[], Bucket],
        progress: Progress,
    ) -> None:
        self._model, self._given, self._bucket, self._progress = model, given, bucket, progress
        manifest = model.manifest
        known = {*manifest.training.channels, *manifest.evaluation.channels}
        for channel in given:
            if channel not in known:
                raise UnknownChannelError(channel, sorted(known))

    def directory(self, channel: str, reference: DataSetReference) -> Path:
        """
        The directory (or file) with a channel's data.

        Raises:
            ChannelWithoutDataError: There is none.
        """
        if channel in self._given:
            path = self._given[channel]
            if not path.exists():
                raise ChannelWithoutDataError(channel, reference, [str(path)])
            return path.absolute()
        data = self._model.path / "data"
        tried = [data / channel, data / reference.name / str(reference.versions), data / reference.name]
        if _holds_something(tried[0]):
            return tried[0].absolute()
        found = self._version_in(data / reference.name, reference)
        if found is not None:
            return found.absolute()
        if _holds_something(tried[2]) and not _versions(path.name for path in tried[2].iterdir()):
            return tried[2].absolute()
        fetched, why_not = self._fetched(reference)
        if fetched is None:
            raise ChannelWithoutDataError(channel, reference, [*map(str, tried), why_not])
        return fetched.absolute()

    def _version_in(self, folder: Path, reference: DataSetReference) -> Path | None:
        names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
        best = reference.versions.best(_versions(names))
        return folder / str(best) if best is not None else None

    def _fetched(self, reference: DataSetReference) -> tuple[Path | None, str]:
        """From the platform, into ``.slipway/channels``; or None and why not."""
        from workbench.data_sets.store import Store  # noqa: PLC0415 - only where the data is not here

        project = self._model.manifest.model.project
        try:
            bucket = self._bucket()
        except Exception as error:  # noqa: BLE001 - whatever it is, there is no platform to ask
            return None, f"the platform ({error})"
        versions = _versions(bucket.folders(f"{project}/{reference.name}/"))
        for version in sorted(filter(reference.versions.admits, versions), reverse=True):
            record = bucket.read(record_key(project, reference.name, str(version)))
            if record is not None:
                target = self._model.path / ".slipway" / "channels" / reference.name / str(version)
                self._progress(f"fetching {reference.name}:{version}")
                Store(bucket).fetch(DataSetVersion.from_document(json.loads(record)), target, self._progress)
                return target, ""
        return None, f"project {project} on the platform"


def _holds_something(path: Path) -> bool:
    return path.is_dir() and any(path.iterdir())


def _versions(names: Iterable[str]) -> list[Version]:
    versions = []
    for name in names:
        try:
            versions.append(Version.parse(name))
        except InvalidVersionError:
            continue
    return versions
