from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest

from slipway.domain.data_sets import DataSetVersion
from slipway.domain.semver import Version
from tests.fakes.bucket import FakeBucket
from workbench.data_sets import objects
from workbench.data_sets.objects import Bucket, ForeignObjectError
from workbench.data_sets.store import DamagedFileError, DataSetTakenError, Store, UploadClaimedError
from workbench.data_sets.survey import survey

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.conftest import EmbeddedAws


def silent(_line: str) -> None:
    """Nobody listens."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three files, one below the others."""
    path = tmp_path / "rates"
    (path / "more").mkdir(parents=True)
    (path / "a.csv").write_text("x\n1\n")
    (path / "b.csv").write_text("x\n2\n")
    (path / "more" / "c d.csv").write_text("x\n3\n")
    return path


def looked_at(folder: Path, version: str = "1.0.0") -> tuple[DataSetVersion, Mapping[str, Path]]:
    found = survey(folder)
    parsed = Version.parse(version)
    return DataSetVersion("pricing", "rates", parsed, found.files, found.columns, found.rows), found.places


@pytest.fixture(params=["fake", pytest.param("s3", marks=pytest.mark.embedded)])
def bucket(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """The same rules hold for the fake and for S3 as the embedded AWS has it."""
    if request.param == "fake":
        return FakeBucket()
    aws: EmbeddedAws = request.getfixturevalue("embedded_aws")
    name = "store-" + hashlib.sha256(str(tmp_path).encode()).hexdigest()[:12]
    aws.client("s3").create_bucket(Bucket=name)
    return Bucket(aws.client("s3"), name)


class TestStore:
    def test_version_is_whole_once_its_record_is_there(self, bucket: Any, folder: Path) -> None:
        """
        Files lie below files/, the record beside them, and nothing else remains.
        """
        data_set, places = looked_at(folder)

        stored = Store(bucket).put(data_set, places, silent)

        assert (stored.outcome, stored.sent_bytes) == ("stored", 12)
        prefix = "pricing/rates/1.0.0/"
        names = ["data-set.json", "files/a.csv", "files/b.csv", "files/more/c d.csv"]
        assert sorted(bucket.keys(prefix)) == [prefix + name for name in names]
        assert DataSetVersion.from_document(json.loads(bucket.read(prefix + "data-set.json"))) == data_set

    def test_same_content_is_already_there(self, bucket: Any, folder: Path) -> None:
        """
        Putting a version twice sends nothing and is no mistake.
        """
        data_set, places = looked_at(folder)
        Store(bucket).put(data_set, places, silent)

        stored = Store(bucket).put(data_set, places, silent)

        assert (stored.outcome, stored.sent_bytes) == ("already there", 0)

    def test_other_content_is_refused_and_changes_nothing(self, bucket: Any, folder: Path) -> None:
        """
        A version never changes: both digests are named.
        """
        Store(bucket).put(*looked_at(folder), silent)
        (folder / "a.csv").write_text("x\n9\n")

        with pytest.raises(DataSetTakenError, match="under a new version"):
            Store(bucket).put(*looked_at(folder), silent)

        assert bucket.read("pricing/rates/1.0.0/files/a.csv") == "x\n1\n"

    def test_fetched_files_are_those_that_were_put(self, bucket: Any, folder: Path, tmp_path: Path) -> None:
        """
        Every file comes back; a second fetch finds them all.
        """
        data_set, places = looked_at(folder)
        Store(bucket).put(data_set, places, silent)

        assert Store(bucket).fetch(data_set, tmp_path / "out", silent) == 12
        assert Store(bucket).fetch(data_set, tmp_path / "out", silent) == 0
        assert survey(tmp_path / "out").files == data_set.files

    def test_damaged_file_is_not_kept(self, bucket: Any, folder: Path, tmp_path: Path) -> None:
        """
        What is not what the record says is refused and does not stay on disk.
        """
        data_set, places = looked_at(folder)
        Store(bucket).put(data_set, places, silent)
        bucket.delete("pricing/rates/1.0.0/files/a.csv")
        bucket.create("pricing/rates/1.0.0/files/a.csv", b"x\n7\n", "text/csv")

        with pytest.raises(DamagedFileError, match=r"files/a\.csv is damaged"):
            Store(bucket).fetch(data_set, tmp_path / "out", silent)

        assert not (tmp_path / "out" / "a.csv").exists()

    def test_version_and_file_names_are_listed_by_folder(self, bucket: Any, folder: Path) -> None:
        """
        Projects, data sets and versions are found by their folders.
        """
        for version in ("1.0.0", "1.1.0"):
            Store(bucket).put(*looked_at(folder, version), silent)

        assert list(bucket.folders("")) == ["pricing"]
        assert list(bucket.folders("pricing/rates/")) == ["1.0.0", "1.1.0"]


class TestInterruptedPut:
    @pytest.fixture
    def broken(self, folder: Path) -> FakeBucket:
        """A bucket in which an upload ended after its second file."""
        bucket = FakeBucket()
        bucket.breaks_after = 2
        with pytest.raises(ConnectionError):
            Store(bucket).put(*looked_at(folder), silent)  # type: ignore[arg-type]
        bucket.breaks_after = None
        return bucket

    def test_leaves_no_version(self, broken: FakeBucket) -> None:
        """
        Without its record the version does not exist.
        """
        assert broken.read("pricing/rates/1.0.0/data-set.json") is None

    def test_goes_on_where_it_ended(self, broken: FakeBucket, folder: Path) -> None:
        """
        What arrived is not sent again.
        """
        lines: list[str] = []

        stored = Store(broken).put(*looked_at(folder), lines.append)  # type: ignore[arg-type]

        assert stored.outcome == "stored"
        assert 0 < stored.sent_bytes < 12
        assert sum("already there" in line for line in lines) == 2

    def test_other_content_does_not_get_in_between(self, broken: FakeBucket, folder: Path) -> None:
        """
        Until the upload ends or is given up, another content is refused, with the way out.
        """
        (folder / "a.csv").write_text("x\n9\n")

        with pytest.raises(UploadClaimedError, match="--take-over"):
            Store(broken).put(*looked_at(folder), silent)  # type: ignore[arg-type]

    def test_other_content_may_take_over(self, broken: FakeBucket, folder: Path) -> None:
        """
        Taking over removes what the other upload left.
        """
        for name in ("a.csv", "b.csv"):
            (folder / name).unlink()
        data_set, places = looked_at(folder)

        stored = Store(broken).put(data_set, places, silent, take_over=True)  # type: ignore[arg-type]

        assert stored.outcome == "stored"
        assert [key for key in broken.keys("") if "/files/" in key] == [
            "pricing/rates/1.0.0/files/more/c d.csv"
        ]


@pytest.mark.embedded
class TestBucket:
    @pytest.fixture
    def real(self, embedded_aws: EmbeddedAws, tmp_path: Path) -> Bucket:
        name = "bucket-" + hashlib.sha256(str(tmp_path).encode()).hexdigest()[:12]
        embedded_aws.client("s3").create_bucket(Bucket=name)
        return Bucket(embedded_aws.client("s3"), name)

    def test_object_is_created_once(self, real: Bucket) -> None:
        """
        The second one is told that it came too late, and changes nothing.
        """
        assert real.create("k", b"1", "text/plain")
        assert not real.create("k", b"2", "text/plain")
        assert real.read("k") == "1"

    def test_large_file_is_sent_in_parts(
        self, real: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """
        A file above the size of a part arrives whole, and is known again.
        """
        monkeypatch.setattr(objects, "PART_BYTES", 5 << 20)
        file = tmp_path / "large"
        file.write_bytes(bytes(range(256)) * (12 << 12))
        sha256 = hashlib.sha256(file.read_bytes()).hexdigest()

        assert real.upload("large", file, sha256)
        assert not real.upload("large", file, sha256)
        real.download("large", tmp_path / "back")
        assert (tmp_path / "back").read_bytes() == file.read_bytes()

    def test_foreign_object_is_refused(self, real: Bucket, tmp_path: Path) -> None:
        """
        Another content at a file's place is neither overwritten nor taken for it.
        """
        (tmp_path / "file").write_bytes(b"mine")
        real.create("k", b"else", "text/plain")

        with pytest.raises(ForeignObjectError, match="another content"):
            real.upload("k", tmp_path / "file", hashlib.sha256(b"mine").hexdigest())
