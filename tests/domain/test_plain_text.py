from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from slipway.domain.plain_text import ascii_text, columns, one_line, subject


class TestSubject:
    @given(st.text(max_size=400))
    def test_every_text_becomes_a_subject_that_sns_takes(self, text):
        """
        A subject is ASCII, has 1 to 99 characters, and holds no control character or line break.
        """
        line = subject(text)

        assert 1 <= len(line) < 100
        assert all(" " <= sign <= "~" for sign in line)

    def test_a_plain_line_stays_as_it_is(self):
        """
        Nothing is changed without need.
        """
        assert subject("[prod] pricing/hotel-rates 1.1.0: in service") == (
            "[prod] pricing/hotel-rates 1.1.0: in service"
        )


class TestAsciiText:
    @given(st.text())
    def test_line_breaks_are_all_that_stays_beside_printable_ascii(self, text):
        """
        The text of a message is plain ASCII in lines.
        """
        assert all(sign == "\n" or " " <= sign <= "~" for sign in ascii_text(text))

    @given(st.text(st.characters(min_codepoint=32, max_codepoint=126)))
    def test_ascii_is_left_alone(self, text):
        """
        What is ASCII already does not change.
        """
        assert ascii_text(text) == text

    def test_names_and_units_stay_readable(self):
        """
        Accents are dropped and common signs spelled out.
        """
        assert (
            ascii_text("Jos\u00e9 M\u00fcller: 31 \u20ac \u2264 40 \u2192 ok")
            == "Jose Muller: 31 EUR <= 40 -> ok"
        )


class TestOneLine:
    @given(st.text(max_size=200), st.integers(4, 80))
    def test_the_limit_holds(self, text, limit):
        """
        However long the text, the line is no longer than asked.
        """
        assert len(one_line(text, limit)) <= limit


class TestColumns:
    def test_numbers_stand_under_each_other(self):
        """
        The first column is flush left, the others right.
        """
        assert columns([["", "new", "old"], ["mae", "31.20", "33"]]) == [
            "         new  old",
            "  mae  31.20   33",
        ]
