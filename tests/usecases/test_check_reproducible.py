"""What a release was trained from is asked for before anything is started."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from slipway.domain.data_sets import DataFile, DataSetVersion
from slipway.domain.semver import Version
from slipway.usecases.check_reproducible import StoredFile, check_reproducible
from tests.fakes.models import a_plan

TEXTS = {"a.csv": b"price\n1\n", "sub/b.csv": b"price\n2\n"}


class Storage:
    """Image, records and files as they were when the release ran."""

    def __init__(self) -> None:
        self.plan = a_plan()
        self.images = {self.plan["image_digest"]}
        self.records: dict[str, str] = {}
        self.stored: dict[str, dict[str, StoredFile]] = {}
        for pinned in (*self.plan["training_data"], *self.plan["evaluation_data"]):
            files = {
                path: StoredFile(len(text), hashlib.sha256(text).hexdigest()) for path, text in TEXTS.items()
            }
            data_set = DataSetVersion(
                project="pricing", name=pinned["data_set"], version=Version.parse(pinned["version"]),
                files=tuple(DataFile(path, file.bytes, file.sha256) for path, file in files.items()),
            )  # fmt: skip
            pinned["digest"] = data_set.digest
            self.records[pinned["data_set"]] = json.dumps(data_set.document())
            self.stored[pinned["uri"]] = files

    def manifest(self, _repository: str, digest: str) -> Any:
        return {"there": True} if digest in self.images else None

    def document(self, _project: str, data_set: str, _version: str) -> Any:
        return self.records.get(data_set)

    def files(self, uri: str) -> Any:
        return self.stored[uri]

    @property
    def rates(self) -> dict[str, StoredFile]:
        return self.stored[self.plan["training_data"][0]["uri"]]

    def check(self) -> Any:
        found = check_reproducible(self.plan, registry=self, data_sets=self, files=self)  # type: ignore[arg-type]
        return {one.what.split(" ")[-1].partition("@")[0]: one for one in found}


@pytest.fixture
def storage() -> Storage:
    return Storage()


def test_what_is_unchanged_is_said_to_be(storage: Storage) -> None:
    found = storage.check()
    assert len(found) == 3
    assert {one.state for one in found.values()} == {"unchanged"}


def test_an_image_that_was_deleted_is_missed(storage: Storage) -> None:
    storage.images.clear()
    assert storage.check()["models/pricing/hotel-rates"].state == "gone"


def rates(storage: Storage) -> Any:
    return storage.check()["pricing/hotel-rates:1.2.0"]


def test_a_data_set_that_was_deleted_is_missed(storage: Storage) -> None:
    del storage.records["hotel-rates"]
    assert rates(storage).state == "gone"


def test_a_file_that_was_deleted_is_missed(storage: Storage) -> None:
    del storage.rates["a.csv"]
    assert (rates(storage).state, "1 of 2 files are gone: a.csv" in rates(storage).detail) == ("gone", True)


def test_a_file_that_was_written_over_is_found_by_its_checksum(storage: Storage) -> None:
    storage.rates["a.csv"] = StoredFile(storage.rates["a.csv"].bytes, "0" * 64)
    assert (rates(storage).state, "another content" in rates(storage).detail) == ("changed", True)


def test_a_file_that_was_added_would_be_trained_on_and_is_found(storage: Storage) -> None:
    storage.rates["c.csv"] = StoredFile(1, "0" * 64)
    assert (rates(storage).state, "added" in rates(storage).detail) == ("changed", True)


def test_a_record_that_was_written_anew_is_found_by_its_digest(storage: Storage) -> None:
    storage.plan["training_data"][0]["digest"] = "sha256:other"
    assert rates(storage).state == "changed"


def test_a_broken_record_is_no_proof(storage: Storage) -> None:
    storage.records["hotel-rates"] = "{}"
    assert rates(storage).state == "changed"


def test_files_without_a_checksum_are_compared_by_size_and_that_is_said(storage: Storage) -> None:
    storage.rates["a.csv"] = StoredFile(storage.rates["a.csv"].bytes, "")
    assert rates(storage).state == "unchanged"
    assert "of 1 only the size" in rates(storage).detail
    storage.rates["a.csv"] = StoredFile(storage.rates["a.csv"].bytes + 1, "")
    assert rates(storage).state == "changed"
