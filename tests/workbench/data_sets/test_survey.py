from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import pytest

from slipway.domain.data_sets import Column, InvalidDataSetError
from workbench.data_sets import csv_shape, parquet
from workbench.data_sets.survey import survey

PARQUET = Path(__file__).with_name("three_rows.parquet")
"""Columns n (int64), x (double), when (timestamp), day (date), word (string), flag, parts (list)."""


class TestSurvey:
    def test_every_file_is_listed_with_its_digest(self, tmp_path: Path) -> None:
        """
        Paths are relative, in order, and rubbish of operating systems is left out.
        """
        for name in ("b.txt", "a/b.bin", ".DS_Store", "a/.gitkeep"):
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_bytes(b"x")

        found = survey(tmp_path)

        assert [(file.path, file.bytes) for file in found.files] == [("a/b.bin", 1), ("b.txt", 1)]
        assert found.files[0].sha256 == hashlib.sha256(b"x").hexdigest()
        assert (found.columns, found.rows) == ((), None)

    def test_single_file_is_a_data_set(self, tmp_path: Path) -> None:
        """
        A file stands for a directory with nothing else in it.
        """
        (tmp_path / "a.csv").write_text("x\n1\n")

        assert list(survey(tmp_path / "a.csv").places) == ["a.csv"]

    def test_tables_of_one_shape_are_one_table(self, tmp_path: Path) -> None:
        """
        Rows add up, and a column that is an integer here and a number there is a number.
        """
        (tmp_path / "1.csv").write_text("n,x\n1,1\n2,2\n")
        (tmp_path / "2.csv").write_text("n,x\n3,1.5\n")

        found = survey(tmp_path)

        assert found.columns == (Column("n", "integer"), Column("x", "number"))
        assert found.rows == 3

    def test_tables_of_different_shapes_have_rows_but_no_columns(self, tmp_path: Path) -> None:
        """
        Columns are those of all tables, or none.
        """
        (tmp_path / "1.csv").write_text("a\n1\n")
        (tmp_path / "2.csv").write_text("b\n1\n")

        assert (survey(tmp_path).columns, survey(tmp_path).rows) == ((), 2)

    def test_nothing_is_refused(self, tmp_path: Path) -> None:
        """
        An empty directory is no data set.
        """
        with pytest.raises(InvalidDataSetError, match="there is no file in it"):
            survey(tmp_path)

    def test_name_that_s3_cannot_hold_is_refused(self, tmp_path: Path) -> None:
        """
        A file is named before anything is sent.
        """
        (tmp_path / "a\nb").touch()

        with pytest.raises(InvalidDataSetError, match="rename it"):
            survey(tmp_path)


class TestCsv:
    @pytest.mark.parametrize(
        ("values", "kind"),
        [
            (["1", "-2", "", "NA"], "integer"),
            (["1", "2.5", "1e3"], "number"),
            (["2026-01-01", ""], "date"),
            (["2026-01-01T10:00:00Z", "2026-01-01 10:00"], "timestamp"),
            (["true", "false"], "boolean"),
            (["1", "x"], "text"),
            (["", "NA"], "text"),
            (["007", "08"], "integer"),
        ],
    )
    def test_type_is_the_narrowest_that_all_values_have(
        self, tmp_path: Path, values: list[str], kind: str
    ) -> None:
        """
        Every value counts; missing ones say nothing.
        """
        file = tmp_path / "a.csv"
        file.write_text("k,v\n" + "".join(f"0,{value}\n" for value in values))

        assert csv_shape.shape(file) == ([("k", "integer"), ("v", kind)], len(values))

    def test_quotes_and_line_breaks_are_understood(self, tmp_path: Path) -> None:
        """
        A quoted line break is no new row, an empty line neither; a byte order mark is no part of a name.
        """
        file = tmp_path / "a.csv"
        file.write_bytes(b'\xef\xbb\xbfa,b\r\n"x\ny",1\r\n\r\nz,2\r\n')

        assert csv_shape.shape(file) == ([("a", "text"), ("b", "integer")], 2)

    def test_late_value_counts(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """
        A type is not guessed from the first rows.
        """
        monkeypatch.setattr(csv_shape, "BATCH", 10)
        file = tmp_path / "a.csv"
        file.write_text("a\n" + "1\n" * 95 + "one\n")

        assert csv_shape.shape(file) == ([("a", "text")], 96)

    def test_gzipped_table_is_read(self, tmp_path: Path) -> None:
        """
        Compressed CSV is CSV.
        """
        (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"a\n1\n"))

        assert survey(tmp_path).rows == 1

    @pytest.mark.parametrize("content", [b"", b"a,a\n1,2\n", b"\xff\xfe\x00"])
    def test_what_is_no_table_has_no_shape(self, tmp_path: Path, content: bytes) -> None:
        """
        An empty file, one with two columns of one name, and one of bytes are stored all the same.
        """
        (tmp_path / "a.csv").write_bytes(content)

        assert survey(tmp_path).rows is None


class TestParquet:
    def test_columns_and_rows_come_from_the_footer(self) -> None:
        """
        Types are told as for CSV; a nested column is a group.
        """
        assert parquet.footer(PARQUET) == (
            [
                ("n", "integer"),
                ("x", "number"),
                ("when", "timestamp"),
                ("day", "date"),
                ("word", "text"),
                ("flag", "boolean"),
                ("parts", "group"),
            ],
            3,
        )

    @pytest.mark.parametrize("cut", [0, 4, 100])
    def test_broken_file_is_refused(self, tmp_path: Path, cut: int) -> None:
        """
        A Parquet file that was cut short is noticed before it is stored.
        """
        (tmp_path / "a.parquet").write_bytes(PARQUET.read_bytes()[:cut])

        with pytest.raises(InvalidDataSetError, match=r"a\.parquet"):
            survey(tmp_path)
