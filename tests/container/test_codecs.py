"""Rows in, predictions out."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slipway_container.codecs import (
    Codecs,
    CsvCodec,
    InvalidRequestError,
    JsonCodec,
    UnacceptableError,
    UnsupportedContentTypeError,
)

COLUMNS = ["a", "b"]
FIELDS = st.text(alphabet=st.characters(blacklist_characters=',"\r\n', blacklist_categories=["Cs"]))


class TestJsonCodec:
    def test_instances_may_be_lists_or_objects(self) -> None:
        """
        An object's values are put into the order of the model's columns.
        """
        assert JsonCodec(COLUMNS).decode(b'{"instances": [[1, "x"], {"b": "y", "a": 2}]}') == [
            [1, "x"],
            [2, "y"],
        ]

    @pytest.mark.parametrize(
        ("body", "reason"),
        [
            (b"{", "the body is no JSON"),
            (b"\xff", "the body is no JSON"),
            (b"[" * 100_000, "the body is no JSON"),
            (b"[1]", "the body needs the form"),
            (b'{"instances": 3}', "the body needs the form"),
            (b'{"instances": [[1, 2], [1]]}', "instance 1 has 1 values; this model takes 2"),
            (b'{"instances": [3]}', "instance 0 is no list of values"),
            (b'{"instances": [{"a": 1}]}', "instance 0 lacks 'b'"),
        ],
    )
    def test_bad_bodies_are_refused_with_the_reason(self, body: bytes, reason: str) -> None:
        """
        The client learns which instance is wrong, and how.
        """
        with pytest.raises(InvalidRequestError, match=reason):
            JsonCodec(COLUMNS).decode(body)

    def test_nan_is_no_answer(self) -> None:
        """
        JSON has no NaN: a model that predicts one fails instead of sending what no client can read.
        """
        with pytest.raises(ValueError, match="not JSON compliant"):
            JsonCodec(None).encode([math.nan])


class TestCsvCodec:
    @given(st.lists(st.tuples(FIELDS, FIELDS), max_size=5))
    def test_rows_are_read_as_written(self, rows: list[tuple[str, str]]) -> None:
        """
        Every line is a row, every field a string.
        """
        body = "".join(f"{first},{second}\r\n" for first, second in rows).encode()

        assert CsvCodec(COLUMNS).decode(body) == [list(row) for row in rows]

    def test_quoted_fields_may_hold_commas(self) -> None:
        """
        Quotes are read as in RFC 4180.
        """
        assert CsvCodec(COLUMNS).decode(b'"x,""y""",2\n') == [['x,"y"', "2"]]

    @pytest.mark.parametrize(
        ("body", "reason"),
        [
            (b"1,2\n3\n", "instance 1 has 1 values; this model takes 2"),
            (b"\xff,1\n", "the body is no UTF-8"),
            (b'"1,2\n', "the body is no CSV"),
        ],
    )
    def test_bad_bodies_are_refused_with_the_reason(self, body: bytes, reason: str) -> None:
        """
        The client learns which line is wrong, and how.
        """
        with pytest.raises(InvalidRequestError, match=reason):
            CsvCodec(COLUMNS).decode(body)

    def test_each_prediction_is_a_line(self) -> None:
        """
        A prediction of several values has commas between them.
        """
        assert CsvCodec(None).encode([1.5, [0.25, 0.75]]) == b"1.5\n0.25,0.75\n"


class TestCodecs:
    @pytest.mark.parametrize(
        ("accept", "chosen"),
        [
            (b"", None),
            (b"*/*", None),
            (b"text/csv; charset=utf-8", "text/csv"),
            (b"image/png, application/json", "application/json"),
        ],
    )
    def test_answer_is_what_the_client_accepts(self, accept: bytes, chosen: str | None) -> None:
        """
        The first type that we speak counts; no wish leaves the choice to us.
        """
        codec = Codecs().of_answer(accept)

        assert (codec.content_type if codec else None) == chosen

    def test_other_types_are_refused(self) -> None:
        """
        What we do not speak is refused both ways, not guessed.
        """
        with pytest.raises(UnsupportedContentTypeError, match="application/xml"):
            Codecs().of_body(b"application/xml")
        with pytest.raises(UnacceptableError, match="image/png"):
            Codecs().of_answer(b"image/png")
