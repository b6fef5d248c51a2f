from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.domain.trials.kept_outcomes import first_key, kept_key, kept_lines, kept_text
from slipway.domain.trials.outcome import documents_of, no_number, read_outcome, take

moments = st.datetimes(datetime(2020, 1, 1), datetime(2090, 1, 1)).map(lambda one: one.replace(tzinfo=UTC))  # noqa: DTZ001


class TestReadOutcome:
    @pytest.mark.parametrize(
        ("value", "read"),
        [(1, 1.0), (True, 1.0), ("false", 0.0), ("3.5", 3.5), (" 2", 2.0), ("late", "late"), (-0.25, -0.25)],
    )
    def test_numbers_words_and_classes_are_values(self, value, read):
        """CSV knows only text, so numbers and yes or no may be text; any other text is a class."""
        assert read_outcome({"inference_id": "a", "value": value}) == {"inference_id": "a", "value": read}

    @pytest.mark.parametrize(
        ("document", "problem"),
        [
            ([], "it is no object"),
            ({"value": 1}, "its inference_id is not the text"),
            ({"inference_id": 7, "value": 1}, "its inference_id is not the text"),
            ({"inference_id": "é", "value": 1}, "its inference_id is not the text"),
            ({"inference_id": "a" * 65, "value": 1}, "its inference_id has more than 64 characters"),
            ({"inference_id": "a"}, "it has no value"),
            ({"inference_id": "a", "value": None}, "it has no value"),
            ({"inference_id": "a", "value": float("nan")}, "its value nan is neither"),
            ({"inference_id": "a", "value": "inf"}, "its value 'inf' is neither"),
            ({"inference_id": "a", "value": [1]}, "its value [1] is neither"),
            ({"inference_id": "a", "value": "x" * 257}, "its value 'xx"),
            ({"inference_id": "a", "value": 1, "outcome": 3}, "its outcome is not a short name"),
            ({"inference_id": "a", "value": 1, "id": "b"}, "it has 'id'; known are"),
        ],
    )
    def test_what_is_wrong_is_said(self, document, problem):
        """Each mistake has a sentence of its own."""
        found = read_outcome(document)

        assert isinstance(found, str)
        assert found.startswith(problem)


def trial(**changes: Any) -> Any:
    running = {"kind": "ab", "status": "running", "challenger": "1.1.0", "settings": {"outcome": "booked"}}
    return running | changes


class TestNoNumber:
    @pytest.mark.parametrize("name", [{}, {"outcome": "booked"}])
    def test_a_word_that_an_ab_test_would_count_is_refused(self, name):
        """It would be the first outcome of its inference id, and no number could mend that later."""
        lines = [
            (1, {"inference_id": "a", "value": "banana", **name}),
            (2, {"inference_id": "b", "value": "1"}),
        ]
        taken = take(lines, lambda line: no_number(line, [trial()]))

        assert [line["inference_id"] for line in taken.lines] == ["b"]
        (problem,) = taken.problems
        assert (problem["index"], problem["inference_id"]) == (1, "a")
        assert problem["problem"].startswith(
            "its value 'banana' is no number, and the A/B test of 1.1.0 counts 'booked' by numbers alone"
        )

    @pytest.mark.parametrize("other", [{"kind": "shadow"}, {"status": "stopped"}])
    def test_a_word_is_taken_where_no_ab_test_runs(self, other):
        """A shadow run compares classes, and what has ended counts nothing."""
        assert no_number({"inference_id": "a", "value": "late"}, [trial(**other)]) == ""
        assert no_number({"inference_id": "a", "value": "late"}, []) == ""

    def test_a_word_under_another_name_is_taken(self):
        """The test does not count it."""
        assert no_number({"inference_id": "a", "value": "late", "outcome": "class"}, [trial()]) == ""


class TestFiles:
    def test_csv_and_json_lines_say_the_same(self):
        """Both kinds of file hold the same outcomes; an optional column may be empty."""
        table = "inference_id,value,outcome\na,1,booked\nb,0,\n"
        lines = (
            '{"inference_id": "a", "value": 1, "outcome": "booked"}\n\n{"inference_id": "b", "value": 0}\n'
        )

        assert take(documents_of("x.csv", table)) == take(documents_of("x.jsonl", lines))
        assert [line["inference_id"] for line in take(documents_of("x.csv", table)).lines] == ["a", "b"]

    def test_a_bad_line_is_refused_alone_by_its_number(self):
        """The others are taken."""
        taken = take(documents_of("x.jsonl", '{"inference_id": "a", "value": 1}\nnonsense\n{"value": 2}\n'))

        assert len(taken.lines) == 1
        assert [(one["index"], one["problem"][:13]) for one in taken.problems] == [
            (2, "it is no JSON"),
            (3, "its inference"),
        ]

    def test_a_table_with_another_head_is_refused_as_a_whole(self):
        """Rather than line by line."""
        taken = take(documents_of("x.csv", "id,booked\na,1\nb,0\n"))

        assert [(one["index"], one["problem"]) for one in taken.problems] == [
            (1, "the file's head lacks inference_id or value")
        ]


class TestKeptOutcomes:
    @given(
        lines=st.lists(
            st.fixed_dictionaries(
                {"inference_id": st.text(min_size=1), "value": st.floats(allow_nan=False) | st.text()}
            )
        )
    )
    def test_what_is_kept_is_read_again(self, lines):
        """Whatever ids and values hold."""
        assert kept_lines(kept_text(lines)) == lines

    @given(first=moments, apart=st.timedeltas(timedelta(microseconds=1), timedelta(days=900)))
    def test_keys_rise_with_time(self, first, apart):
        """So that what is new can be listed without looking at what is old."""
        one, other = (kept_key("p", "m", moment, "x") for moment in (first, first + apart))

        assert one < other
        assert one < first_key("p", "m", first + apart) <= other
