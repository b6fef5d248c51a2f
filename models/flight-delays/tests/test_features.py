"""What the model sees of a flight."""

from __future__ import annotations

import math
import tomllib
from pathlib import Path

import pytest
from flight_delays.columns import CATEGORIES, COLUMNS, NUMBERS
from flight_delays.features import features
from slipway_container.codecs import CsvCodec, InvalidRequestError, JsonCodec

MANIFEST = tomllib.loads((Path(__file__).parents[1] / "slipway.toml").read_text())
(SAMPLE,) = JsonCodec(COLUMNS).decode(MANIFEST["serving"]["sample"]["body"].encode())


def changed(**values: object) -> list[object]:
    """The sample flight with other values."""
    return [values.get(name, value) for name, value in zip(COLUMNS, SAMPLE, strict=True)]


class TestFeatures:
    def test_sample_request_has_every_number_and_category(self) -> None:
        """
        The manifest's sample request is a flight as the model takes it.
        """
        numbers, categories = features(SAMPLE)

        assert len(numbers) == len(NUMBERS)
        assert categories == ["EV", "EWR", "ORD"]
        assert len(categories) == len(CATEGORIES)
        assert numbers[:3] == [0.0, 17 * 60 + 45, 19 * 60 + 20]

    def test_missing_weather_is_not_a_number(self) -> None:
        """
        An empty CSV field and a JSON null both stand for a value that is not known.
        """
        row = changed(pressure=None, visib="")

        assert math.isnan(features(row)[0][NUMBERS.index("pressure")])
        assert math.isnan(features(row)[0][NUMBERS.index("visib")])

    def test_text_and_numbers_give_the_same(self) -> None:
        """
        CSV brings strings and JSON numbers; the model sees no difference.
        """
        (row,) = CsvCodec(COLUMNS).decode(",".join(map(str, SAMPLE)).encode())

        assert features(row) == features(SAMPLE)

    @pytest.mark.parametrize(
        ("values", "reason"),
        [
            ({"sched_dep_time": "5:15"}, "sched_dep_time is '5:15', which is no clock time of the form hhmm"),
            ({"distance": "far"}, "distance is 'far', which is no number"),
            ({"date": "Monday"}, "date is 'Monday', which is no date of the form yyyy-mm-dd"),
            ({"date": None}, "date is None, which is no date of the form yyyy-mm-dd"),
        ],
    )
    def test_bad_value_is_named(self, values: dict[str, object], reason: str) -> None:
        """
        A flight that cannot be judged is refused with the column and the value.
        """
        with pytest.raises(InvalidRequestError) as refused:
            features(changed(**values))

        assert str(refused.value) == reason
