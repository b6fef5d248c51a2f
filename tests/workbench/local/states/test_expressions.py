"""Templates and expressions."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.local.states.expressions import Expression, Template, bound
from workbench.local.states.failures import StateFailedError

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**31), 2**31) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


class TestTemplate:
    @given(JSON)
    def test_input_passes_unchanged(self, document: Any) -> None:
        """
        {% $states.input %} is the input, whatever JSON it is; null is no undefined.
        """
        bindings = {"states": {"input": {"it": document}}}
        assert Template({"x": "{% $states.input %}"}).evaluate(bindings) == {"x": {"it": document}}

    @given(JSON)
    def test_without_expressions_it_is_itself(self, document: Any) -> None:
        """
        Text that is no expression is left alone.
        """
        assert Template(document).evaluate({}) == document

    @given(st.none() | st.booleans() | st.integers(0, 9) | st.text(max_size=5))
    def test_variables_are_bound_by_name(self, value: Any) -> None:
        """
        Also those that are null.
        """
        assert Template(["{% $x %}"]).evaluate(bound({"x": value})) == [value]

    def test_a_result_that_is_no_json_fails(self) -> None:
        """
        A function can't be handed on.
        """
        with pytest.raises(StateFailedError, match=r"States\.QueryEvaluationError"):
            Template(["{% function($x) { $x } %}"]).evaluate({})

    def test_a_filtered_list_stays_a_list_later(self) -> None:
        """
        What an expression selected is plain JSON: it is not flattened when it is used again.
        """
        chosen = Template({"l": "{% [[1, 2], [3]] %}"}).evaluate({})
        assert Template("{% $count($states.input.l) %}").evaluate({"states": {"input": chosen}}) == 2


class TestExpression:
    def test_an_error_names_expression_and_code(self) -> None:
        """
        The cause holds JSONata's code.
        """
        with pytest.raises(StateFailedError, match=r"'1 \+ 'a''.*T2002"):
            Expression("1 + 'a'").evaluate({})

    def test_what_can_not_be_parsed_is_refused(self) -> None:
        """
        At once, not when it is evaluated.
        """
        with pytest.raises(ValueError, match="INVALID_JSONATA_EXPRESSION"):
            Expression("(1 +")

    @given(JSON)
    def test_a_plain_path_gives_what_its_evaluation_gives(self, document: Any) -> None:
        """
        The short cut through objects and the evaluator agree, on lists of one and of none as well.
        """
        bindings = {"states": {"input": {"a": {"b": document}}}}
        short = Template("{% $states.input.a.b %}").evaluate(bindings)
        whole = Template({"x": "{% ($states.input.a.b) %}"}).evaluate(bindings)["x"]
        assert short == whole == document
