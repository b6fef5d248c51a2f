from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.adapters.dynamodb_values import from_attribute, to_attribute

documents = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


class TestAttributeValues:
    @given(documents)
    def test_round_trip(self, document: Any) -> None:
        """Every JSON document comes back equal."""
        assert from_attribute(to_attribute(document)) == document

    @pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
    def test_not_finite(self, number: float) -> None:
        """What DynamoDB can't hold is refused here, by name, and not by the service."""
        with pytest.raises(ValueError, match="DynamoDB holds no"):
            to_attribute({"mae": number})

    def test_whole_numbers_as_dynamodb_writes_them(self) -> None:
        """DynamoDB normalises 60.0 to 60; it comes back equal, as int."""
        assert from_attribute({"N": "60"}) == 60.0

    def test_unknown_types(self) -> None:
        """A value that JSON does not know is refused."""
        with pytest.raises(TypeError, match="bytes"):
            to_attribute(b"x")
        with pytest.raises(TypeError, match="NS"):
            from_attribute({"NS": ["1"]})
