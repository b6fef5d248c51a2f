from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.domain.data_sets import (
    Column,
    DataFile,
    DataSetReference,
    DataSetVersion,
    InvalidDataSetError,
    InvalidDataSetReferenceError,
    files_prefix,
    record_key,
)
from slipway.domain.semver import Version

if TYPE_CHECKING:
    from collections.abc import Iterable
    from random import Random

FILES = st.lists(
    st.builds(
        DataFile,
        st.lists(st.text("abcé", min_size=1, max_size=2), min_size=1, max_size=3).map("/".join),
        st.integers(0, 9),
        st.sampled_from(["0" * 64, "f" * 64]),
    ),
    max_size=5,
    unique_by=lambda file: file.path,
)


RATES = DataFile("rates.csv", 12, "a" * 64)


def any_data_set(files: Iterable[DataFile] = (RATES,), **changes: Any) -> DataSetVersion:
    return DataSetVersion(
        **{
            "project": "pricing",
            "name": "hotel-rates",
            "version": Version.parse("1.2.0"),
            "files": tuple(files),
            "columns": (Column("rate", "number"),),
            "rows": 3,
        }
        | changes
    )


class TestDataSetReference:
    def test_name_and_range_are_read(self) -> None:
        """
        What stands before the colon names the data set, what stands behind it the versions.
        """
        reference = DataSetReference.parse("hotel-rates:>=1.0.0,<2.0.0")

        assert reference.name == "hotel-rates"
        assert reference.versions.admits(Version.parse("1.4.0"))
        assert str(reference) == "hotel-rates:>=1.0.0,<2.0.0"

    @pytest.mark.parametrize(
        ("text", "why"),
        [
            ("hotel-rates", "missing"),
            ("Hotel:1.0.0", "begins with a letter"),
            ("h:1.0.0", "2 to 63"),
            ("hotel-rates:latest", "neither a version nor a range"),
            ("hotel-rates:", "neither a version nor a range"),
            ("pricing/hotel-rates:1.0.0", "begins with a letter"),
        ],
    )
    def test_wrong_reference_says_what_is_wrong(self, text: str, why: str) -> None:
        """
        A reference that cannot be read is refused with the part that is wrong.
        """
        with pytest.raises(InvalidDataSetReferenceError, match=why):
            DataSetReference.parse(text)


class TestDataSetVersion:
    def test_lies_where_jobs_find_its_files(self) -> None:
        """
        The record lies beside a prefix that holds the files and nothing else.
        """
        assert record_key("pricing", "hotel-rates", "1.2.0") == "pricing/hotel-rates/1.2.0/data-set.json"
        assert files_prefix("pricing", "hotel-rates", "1.2.0") == "pricing/hotel-rates/1.2.0/files/"

    def test_document_reads_back(self) -> None:
        """
        data-set.json holds everything that is known of a version.
        """
        data_set = any_data_set(message="July added", created_at="2026-01-01T00:00:00Z")

        assert DataSetVersion.from_document(data_set.document()) == data_set

    def test_changed_file_list_is_noticed(self) -> None:
        """
        A record whose digest is not that of its files is refused.
        """
        document = any_data_set().document()
        document["files"][0]["sha256"] = "b" * 64

        with pytest.raises(InvalidDataSetError, match=r"hotel-rates:1\.2\.0: the digest"):
            DataSetVersion.from_document(document)

    @pytest.mark.parametrize("key", ["project", "name", "version", "files"])
    def test_missing_key_is_named(self, key: str) -> None:
        """
        A record that lacks something is refused with its name.
        """
        document = any_data_set().document()
        del document[key]

        with pytest.raises(InvalidDataSetError, match=key):
            DataSetVersion.from_document(document)

    def test_path_twice_is_refused(self) -> None:
        """
        Two files cannot lie at one path.
        """
        with pytest.raises(InvalidDataSetError, match=r"'a\.csv' is there twice"):
            any_data_set([DataFile("a.csv", 1, "0" * 64), DataFile("a.csv", 1, "0" * 64)])

    @pytest.mark.parametrize("path", ["../.ssh/authorized_keys", "/etc/passwd", "a/../../b", "a//b", ""])
    def test_path_that_leads_elsewhere_is_refused(self, path: str) -> None:
        """
        Whoever fetches a data set writes its files: none may lie outside of the directory that was asked for.
        """
        with pytest.raises(InvalidDataSetError, match="no path below a directory"):
            any_data_set([DataFile(path, 1, "0" * 64)])

    @given(FILES, st.randoms())
    def test_digest_does_not_depend_on_order(self, files: list[DataFile], random: Random) -> None:
        """
        The digest says what is in the files and where, not how they were listed.
        """
        shuffled = list(files)
        random.shuffle(shuffled)

        assert any_data_set(files).digest == any_data_set(shuffled).digest

    @given(FILES, FILES)
    def test_digest_tells_different_files_apart(self, files: list[DataFile], others: list[DataFile]) -> None:
        """
        Digests are equal exactly when the files are.
        """
        one, other = any_data_set(files), any_data_set(others)

        assert (one.digest == other.digest) == (one.files == other.files)
