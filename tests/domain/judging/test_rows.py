from __future__ import annotations

import csv
import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slipway.domain.judging.csv_table import CsvTable, read_table
from slipway.domain.judging.pairing import Pair, pair
from slipway.domain.judging.refusal import RowsRefusal
from slipway.domain.judging.rows import Rows
from slipway.domain.judging.rows_csv import read_rows

HEAD = "row_id,label,prediction,city\n"
GOOD = HEAD + "a,1,2,Ulm\nb,3,4,Bonn\nc,5,6,Ulm\n"
UNLIKE = (
    "both sides did not predict the same rows: the challenger lacks 1 row and the champion lacks 1 row, "
    "such as 'c', 'd'"
)
PLAIN = st.text(st.characters(codec="utf-8", exclude_characters='",\r\n\0'), max_size=12)
ANY = st.text(st.characters(codec="utf-8", exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)


def rows(text: str, task: str = "regression") -> Rows:
    read = read_rows(text.encode(), task)  # type: ignore[arg-type]
    assert isinstance(read, Rows), str(read)
    return read


def refusal(text: str | bytes, task: str = "regression") -> RowsRefusal:
    read = read_rows(text if isinstance(text, bytes) else text.encode(), task)  # type: ignore[arg-type]
    assert isinstance(read, RowsRefusal)
    return read


class TestTable:
    @given(st.lists(st.tuples(PLAIN, PLAIN, PLAIN), min_size=1, max_size=8), st.sampled_from(["\n", "\r\n"]))
    @settings(max_examples=100, deadline=None)
    def test_plain_file_is_cut_as_the_csv_module_cuts_it(
        self, lines: list[tuple[str, ...]], end: str
    ) -> None:
        """Whatever stands between the commas, of any alphabet."""
        text = end.join(["x,y,z", *(",".join(line) for line in lines)]) + end
        table = read_table(text.encode())

        assert isinstance(table, CsvTable)
        found = [[value.decode() for value in column.tolist()] for column in table.columns.values()]
        assert found == [list(column) for column in zip(*lines, strict=True)]

    @given(st.lists(st.tuples(ANY, ANY), min_size=1, max_size=8))
    @settings(max_examples=100, deadline=None)
    def test_quoted_file_gives_what_was_written(self, lines: list[tuple[str, str]]) -> None:
        """Commas, quotes and line ends within values come back."""
        file = io.StringIO(newline="")
        csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows([("x", "y"), *lines])
        table = read_table(file.getvalue().replace("\r\n", "\n").encode())

        assert isinstance(table, CsvTable)
        found = [[value.decode() for value in column.tolist()] for column in table.columns.values()]
        assert found == [[v.replace("\r\n", "\n") for v in column] for column in zip(*lines, strict=True)]

    def test_byte_order_mark_and_missing_last_line_end(self) -> None:
        """As spreadsheets and scripts write them."""
        table = read_table(b"\xef\xbb\xbfx,y\n1,2\n3,4")

        assert isinstance(table, CsvTable)
        assert {name: column.tolist() for name, column in table.columns.items()} == {
            "x": [b"1", b"3"],
            "y": [b"2", b"4"],
        }

    @pytest.mark.parametrize(
        ("content", "problem"),
        [
            (b"", "the file of predictions is empty"),
            (b"a,b\n1,2\n3\n4,5,6\n", "2 rows without the 2 fields of the heading, the first in line 3"),
            (b'a,b\n"1",2\n3\n', "1 row without the 2 fields of the heading, the first in line 3"),
            (b'a,b\n"1"x,2\n', "the file of predictions is not CSV: ',' expected after '\"'"),
            (b"a,a\n1,2\n", "the heading names 'a' twice"),
            (b"a,b\n1," + b"x" * 201 + b"\n", "b has more than 200 bytes in 1 row"),
        ],
    )
    def test_file_that_is_no_table(self, content: bytes, problem: str) -> None:
        """Each says what and where."""
        assert str(read_table(content)) == problem


class TestRead:
    def test_columns_that_are_not_reserved_are_slices(self) -> None:
        """Values are coded; their names are kept."""
        read = rows(GOOD)

        assert read.side.label.tolist() == [1, 3, 5]
        assert read.slices["city"].values == ("Bonn", "Ulm")
        assert read.slices["city"].codes.tolist() == [1, 0, 1]

    def test_long_and_short_values_are_coded_alike(self) -> None:
        """Values beyond a machine's word take another way to the same codes."""
        long = GOOD.replace("Ulm", "Ulm an der Donau")
        assert rows(long).slices["city"].codes.tolist() == rows(GOOD).slices["city"].codes.tolist()

    def test_multiclass_labels_are_names(self) -> None:
        """Predictions follow from the scores where none are written."""
        text = "row_id,label,score:cat,score:dog\n1,dog,0.1,0.9\n2,cat,0.3,0.7\n"
        side = rows(text, "multiclass").side

        assert side.classes == ("cat", "dog")
        assert side.label.tolist() == [1, 0]
        assert side.column("prediction").tolist() == [1, 1]

    @pytest.mark.parametrize(
        ("text", "kind", "said"),
        [
            (HEAD, "no-rows", "there are no rows"),
            ("row_id,label\na,1\n", "columns", "the predictions lack prediction; they have row_id, label"),
            (
                GOOD.replace(",4,", ",nan,"),
                "not-finite",
                "prediction is no finite number in 1 row, such as 'b'",
            ),
            (
                GOOD.replace(",4,", ",inf,"),
                "not-finite",
                "prediction is no finite number in 1 row, such as 'b'",
            ),
            (GOOD.replace(",4,", ",,"), "not-finite", "prediction is no number in 1 row, such as 'b'"),
            (
                GOOD.replace("c,", "a,"),
                "duplicate-rows",
                "row_id is that of an earlier row in 1 row, such as 'a'",
            ),
        ],
    )
    def test_rows_that_nobody_may_be_judged_by(self, text: str, kind: str, said: str) -> None:
        """A refusal says how many, and names the first few."""
        found = refusal(text)

        assert (found.kind, str(found)) == (kind, said)

    def test_binary_labels_are_0_and_1(self) -> None:
        """Anything else is another task."""
        found = refusal("row_id,label,score\na,2,0.5\nb,1,0.5\n", "binary")

        assert str(found) == "label is neither 0 nor 1 in 1 row, such as 'a'"

    def test_weights_are_not_negative(self) -> None:
        """And not all nought."""
        assert "weight is below nought" in str(refusal("row_id,label,prediction,weight\na,2,1,-1\n"))
        assert "every weight" in str(refusal("row_id,label,prediction,weight\na,2,1,0\n"))

    def test_ranking_needs_groups_and_scores(self) -> None:
        """Both are named."""
        assert "lack group, score" in str(refusal(GOOD, "ranking"))


def both(ours: str, theirs: str, task: str = "regression") -> Pair | RowsRefusal:
    return pair(rows(ours, task), rows(theirs, task))


class TestPair:
    @given(st.permutations(range(30)))
    @settings(max_examples=30, deadline=None)
    def test_order_of_the_rows_does_not_matter(self, order: list[int]) -> None:
        """The challenger's rows are brought into the champion's order."""
        lines = [f"r{n},{n},{n * 7 % 13},s{n % 4}\n" for n in range(30)]
        found = both(HEAD + "".join(lines), HEAD + "".join(lines[place] for place in order))

        assert isinstance(found, Pair)
        assert np.array_equal(found.champion.column("prediction"), found.challenger.column("prediction"))

    @pytest.mark.parametrize(
        ("theirs", "kind", "said"),
        [
            (
                HEAD + "a,1,2,Ulm\nb,3,4,Bonn\nd,5,6,Ulm\n",
                "missing-rows",
                UNLIKE,
            ),
            (
                HEAD + "a,1,2,Ulm\n",
                "missing-rows",
                "both sides did not predict the same rows: the challenger lacks 2 rows, such as 'b', 'c'",
            ),
            (
                GOOD.replace("b,3", "b,3.5"),
                "labels-differ",
                "both sides have another label in 1 row, such as 'b'",
            ),
            (
                GOOD.replace("Bonn", "Ulm"),
                "slices-differ",
                "both sides have another value of city in 1 row, such as 'b'",
            ),
            (GOOD.replace("city", "town"), "columns", "only one side has the slice columns city, town"),
        ],
    )
    def test_sides_that_did_not_see_the_same(self, theirs: str, kind: str, said: str) -> None:
        """A verdict over different data would be none."""
        found = both(GOOD, theirs)

        assert isinstance(found, RowsRefusal)
        assert (found.kind, str(found)) == (kind, said)

    def test_weight_on_one_side_only(self) -> None:
        """Weights are of the data, not of a side."""
        weighted = "row_id,label,prediction,weight\na,1,2,1\n"
        assert (
            str(both("row_id,label,prediction\na,1,2\n", weighted)) == "only one side has the column weight"
        )

    def test_classes_of_both_sides_are_one_list(self) -> None:
        """A class that only one side ever predicts counts on both."""
        found = both(
            "row_id,label,prediction\n1,dog,dog\n2,cat,cat\n",
            "row_id,label,prediction\n2,cat,emu\n1,dog,bee\n",
            "multiclass",
        )

        assert isinstance(found, Pair)
        assert found.champion.classes == found.challenger.classes == ("bee", "cat", "dog", "emu")
        assert found.champion.label.tolist() == found.challenger.label.tolist() == [2, 1]
        assert found.challenger.column("prediction").tolist() == [0, 3]

    def test_groups_are_the_same_whatever_their_order(self) -> None:
        """Groups are told apart by name, and a row that changed its group is refused."""
        head = "row_id,label,score,group\n"
        ours = head + "1,1,0.5,q1\n2,0,0.5,q1\n3,0,0.5,q2\n"
        moved = head + "3,0,0.5,q2\n1,1,0.5,q1\n2,0,0.5,q2\n"

        assert isinstance(both(ours, head + "3,0,0.1,q2\n2,0,0.2,q1\n1,1,0.5,q1\n", "ranking"), Pair)
        assert "another group" in str(both(ours, moved, "ranking"))
