"""What the model sees of a booking."""

from __future__ import annotations

import json
import math
import tomllib
from pathlib import Path

import pytest
from hotel_rates.columns import COLUMNS, GROUPS, NUMBERS
from hotel_rates.features import features
from slipway_container.codecs import InvalidRequestError, JsonCodec

MANIFEST = tomllib.loads((Path(__file__).parents[1] / "slipway.toml").read_text())
SAMPLE = json.loads(MANIFEST["serving"]["sample"]["body"])["instances"][0]


def changed(**values: object) -> list[object]:
    """The sample booking with other values."""
    return [values.get(name, value) for name, value in zip(COLUMNS, SAMPLE, strict=True)]


class TestFeatures:
    def test_sample_request_has_every_number_and_group(self) -> None:
        """
        The manifest's sample request is a booking as the model takes it.
        """
        (row,) = JsonCodec(COLUMNS).decode(MANIFEST["serving"]["sample"]["body"].encode())
        numbers, groups = features(row)

        assert len(numbers) == len(NUMBERS)
        assert len(groups) == len(GROUPS)
        assert groups[-1] == "sat"
        assert numbers[NUMBERS.index("log_lead_time")] == math.log(15)

    def test_text_and_numbers_give_the_same(self) -> None:
        """
        CSV brings strings and JSON numbers; the model sees no difference.
        """
        assert features([str(value) for value in SAMPLE]) == features(SAMPLE)

    @pytest.mark.parametrize(
        ("values", "reason"),
        [
            ({"adults": "two"}, "adults is 'two', which is no number"),
            ({"adults": None}, "adults is None, which is no number"),
            ({"lead_time": -3}, "lead_time is -3, which is too low"),
            ({"historical_adr": "0"}, "historical_adr is '0', which is too low"),
            ({"arrival_date": "8 July"}, "arrival_date is '8 July', which is no date of the form yyyy-mm-dd"),
            ({"arrival_date": 20170708}, "arrival_date is 20170708, which is no date of the form yyyy-mm-dd"),
        ],
    )
    def test_bad_value_is_named(self, values: dict[str, object], reason: str) -> None:
        """
        A booking that cannot be priced is refused with the column and the value.
        """
        with pytest.raises(InvalidRequestError) as refused:
            features(changed(**values))

        assert str(refused.value) == reason
