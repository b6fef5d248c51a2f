"""
Puts data set versions into the data bucket and fetches them.

A version exists once its record, ``data-set.json``, does; the record is written
last and never again. Until then ``upload.json`` says whose files lie there, so
that an interrupted upload can go on and another content cannot get in between.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from slipway.domain.data_sets import DataSetVersion, files_prefix, record_key
from slipway.domain.errors import SlipwayError
from workbench.data_sets.survey import digest
from workbench.sizes import size

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from workbench.data_sets.objects import Bucket

    Progress = Callable[[str], None]

CLAIM_FILE: Final = "upload.json"
AT_ONCE: Final = 8
"""Files sent or fetched at a time."""


class DataSetTakenError(SlipwayError):
    """The version exists already, with other content."""

    def __init__(self, data_set: DataSetVersion, there: str) -> None:
        super().__init__(
            f"data set {data_set.name}:{data_set.version} of project {data_set.project} exists already "
            f"with other content ({there[:19]}…, not {data_set.digest[:19]}…), and versions never change; "
            "put this content under a new version"
        )
        self.data_set, self.there = data_set, there


class UploadClaimedError(SlipwayError):
    """An upload of other content to this version has begun and not ended."""

    def __init__(self, data_set: DataSetVersion, claim: Mapping[str, Any]) -> None:
        super().__init__(
            f"an upload of other content to {data_set.name}:{data_set.version} began at "
            f"{claim.get('begun_at', 'an unknown time')} and has not ended; let it end, put this content "
            "under a new version, or take its place with --take-over"
        )
        self.data_set, self.claim = data_set, claim


class DamagedFileError(SlipwayError):
    """A file in the bucket is not what the record says."""

    def __init__(self, place: str, expected: str, found: str) -> None:
        super().__init__(f"{place} is damaged: its sha256 is {found}, the record says {expected}")
        self.place, self.expected, self.found = place, expected, found


@dataclass(frozen=True, slots=True)
class Stored:
    """How a put went."""

    data_set: DataSetVersion
    outcome: Literal["stored", "already there"]
    sent_bytes: int
    """Less than the data set has where an interrupted upload went on."""


class Store:
    """Data set versions in one bucket."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    def put(
        self,
        data_set: DataSetVersion,
        places: Mapping[str, Path],
        progress: Progress,
        *,
        take_over: bool = False,
    ) -> Stored:
        """
        Store a version whose files lie at ``places``; goes on where an earlier attempt ended.

        Raises:
            DataSetTakenError: The version exists with other content.
            UploadClaimedError: Another content is being uploaded to it; not with ``take_over``.
        """
        if there := self._digest_there(data_set):
            return self._settled(data_set, there)
        if not self._claim(data_set, take_over=take_over):
            self._sweep(data_set)
            self._claim(data_set, take_over=False)
        sent = self._send(data_set, places, progress)
        record = json.dumps(data_set.document(), indent=1, ensure_ascii=False).encode()
        key = record_key(data_set.project, data_set.name, str(data_set.version))
        if not self._bucket.create(key, record, "application/json"):
            return self._settled(data_set, self._digest_there(data_set) or "")
        self._bucket.delete(data_set.prefix + CLAIM_FILE)
        return Stored(data_set, "stored", sent)

    def fetch(self, data_set: DataSetVersion, target: Path, progress: Progress) -> int:
        """
        Write a version's files below ``target``; what is there already and right stays. The bytes fetched.

        Raises:
            DamagedFileError: A file is not what the record says.
        """
        prefix = files_prefix(data_set.project, data_set.name, str(data_set.version))

        def fetch_one(file: Any) -> int:
            place = target / file.path
            if place.is_file() and place.stat().st_size == file.bytes and digest(place) == file.sha256:
                return 0
            place.parent.mkdir(parents=True, exist_ok=True)
            partial = place.with_name(place.name + ".partial")
            self._bucket.download(prefix + file.path, partial)
            if (found := digest(partial)) != file.sha256:
                partial.unlink()
                raise DamagedFileError(self._bucket.uri(prefix + file.path), file.sha256, found)
            partial.replace(place)
            progress(f"{file.path}  {size(file.bytes)}")
            return int(file.bytes)

        with ThreadPoolExecutor(AT_ONCE) as threads:
            return sum(threads.map(fetch_one, data_set.files))

    def _digest_there(self, data_set: DataSetVersion) -> str | None:
        text = self._bucket.read(record_key(data_set.project, data_set.name, str(data_set.version)))
        return str(json.loads(text)["digest"]) if text else None

    def _settled(self, data_set: DataSetVersion, there: str) -> Stored:
        if there != data_set.digest:
            raise DataSetTakenError(data_set, there)
        return Stored(data_set, "already there", 0)

    def _claim(self, data_set: DataSetVersion, *, take_over: bool) -> bool:
        """Whether the version's files are ours to write; False: its former files must be swept first."""
        key = data_set.prefix + CLAIM_FILE
        claim = {"digest": data_set.digest, "begun_at": data_set.created_at}
        if self._bucket.create(key, json.dumps(claim).encode(), "application/json"):
            return True
        there = json.loads(self._bucket.read(key) or "{}")
        if there.get("digest") == data_set.digest:
            return True
        if not take_over:
            raise UploadClaimedError(data_set, there)
        return False

    def _sweep(self, data_set: DataSetVersion) -> None:
        """Take away what an upload of other content left; the claim last."""
        for key in self._bucket.keys(files_prefix(data_set.project, data_set.name, str(data_set.version))):
            self._bucket.delete(key)
        self._bucket.delete(data_set.prefix + CLAIM_FILE)

    def _send(self, data_set: DataSetVersion, places: Mapping[str, Path], progress: Progress) -> int:
        prefix = files_prefix(data_set.project, data_set.name, str(data_set.version))

        def send_one(file: Any) -> bool:
            return bool(self._bucket.upload(prefix + file.path, places[file.path], file.sha256))

        total = 0
        with ThreadPoolExecutor(AT_ONCE) as threads:
            for file, sent in zip(data_set.files, threads.map(send_one, data_set.files), strict=True):
                progress(f"{file.path}  {size(file.bytes)}{'' if sent else '  already there'}")
                total += file.bytes if sent else 0
        return total
