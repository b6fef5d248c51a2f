"""JSONata expressions and the templates that hold them, parsed once and kept."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import jsonata
from jsonata.utils import Utils

from workbench.local import seams
from workbench.local.states.documents import to_text
from workbench.local.states.failures import QUERY, StateFailedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    Bindings = Mapping[str, Any]

_MISSING = object()
_PATH = re.compile(r"\$states((?:\.[A-Za-z_][A-Za-z0-9_]*)+)")
_SCALARS = (str, int, float, bool, type(None))


def is_expression(value: Any) -> bool:
    """Whether it is a string ``{% … %}``."""
    return isinstance(value, str) and value.startswith("{%") and value.endswith("%}")


class Expression:
    """
    One parsed expression; evaluated by one thread at a time (the engine's).

    Raises:
        ValueError: It can't be parsed.
    """

    __slots__ = ("_parsed", "members", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        path = _PATH.fullmatch(text)
        self.members = path[1].split(".")[1:] if path else []
        """Of a plain path below ``$states``; empty for all else."""
        try:
            self._parsed = jsonata.Jsonata(text)
        except Exception as error:  # noqa: BLE001 - the parser raises whatever it stumbles over
            raise ValueError(f"INVALID_JSONATA_EXPRESSION: {error}") from None
        seams.STATES.register_jsonata_functions(self._parsed)

    def evaluate(self, bindings: Bindings) -> Any:
        """
        Evaluate; ``bindings`` holds ``states`` and the variables.

        Raises:
            StateFailedError: States.QueryEvaluationError, also when the result is undefined.
        """
        found = self.selected(bindings)
        if found is not _MISSING:
            return found
        found = _evaluate(self._parsed, self.text, bindings)
        if found is None and not _evaluate(_probe(self.text), self.text, bindings):
            raise StateFailedError(
                QUERY,
                f"The JSONata expression '{self.text}' returned nothing (undefined).",
            )
        return found

    def selected(self, bindings: Bindings) -> Any:
        """What a plain path through objects leads to; ``_MISSING``: it takes an evaluation to say."""
        if not self.members:
            return _MISSING
        found: Any = bindings.get("states", _MISSING)
        for member in self.members:
            if type(found) is not dict:
                return _MISSING
            found = found.get(member, _MISSING)
        return found


def _evaluate(parsed: Any, text: str, bindings: Bindings) -> Any:
    jsonata.Jsonata.CURRENT.jsonata = parsed  # its built-in functions call back through this
    try:
        return parsed.evaluate(None, bindings)
    except (StateFailedError, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001 - so does the evaluator
        code = getattr(error, "error", None)
        said = f"{code}: {error}" if isinstance(code, str) and code else str(error)
        raise StateFailedError(
            QUERY, f"The JSONata expression '{text}' threw an error during evaluation. {said}"
        ) from None


@lru_cache(maxsize=1024)
def _probe(text: str) -> Any:
    """Tell null from undefined, which the engine returns alike."""
    parsed = jsonata.Jsonata(f"$exists(({text}))")
    seams.STATES.register_jsonata_functions(parsed)
    return parsed


@lru_cache(maxsize=8192)
def expression(source: str) -> Expression:
    """The expression inside ``{% … %}``."""
    return Expression(source[2:-2].strip())


def bound(variables: Mapping[str, Any]) -> dict[str, Any]:
    """Variables as bindings: a bare None would read as undefined."""
    return {name: Utils.NULL_VALUE if value is None else value for name, value in variables.items()}


class Template:
    """
    A JSON value in which strings may be expressions.

    >>> Template({"a": 1, "b": ["{% 1 + 1 %}"]}).evaluate({})
    {'a': 1, 'b': [2]}
    """

    __slots__ = ("_dynamic", "_value", "_whole")

    def __init__(self, value: Any) -> None:
        self._value = value
        self._dynamic = _holds_expression(value)
        self._whole = expression(value) if is_expression(value) else None

    def evaluate(self, bindings: Bindings) -> Any:
        """
        Fill it in; the result shares nothing mutable with the evaluator.

        Raises:
            StateFailedError: States.QueryEvaluationError.
        """
        if not self._dynamic:
            return self._value
        if self._whole is not None:
            found = self._whole.selected(bindings)
            if found is not _MISSING:
                return found  # plain JSON already
        found = _fill(self._value, bindings)
        if isinstance(found, _SCALARS):
            return found
        try:
            return json.loads(to_text(found))  # plain lists and dicts; sequences would be flattened later
        except (TypeError, ValueError) as error:
            raise StateFailedError(QUERY, f"The result can't be written as JSON: {error}") from None


def _holds_expression(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_holds_expression(member) for member in value.values())
    if isinstance(value, list):
        return any(_holds_expression(member) for member in value)
    return is_expression(value)


def _fill(value: Any, bindings: Bindings) -> Any:
    if isinstance(value, str):
        return expression(value).evaluate(bindings) if is_expression(value) else value
    if isinstance(value, dict):
        return {name: _fill(member, bindings) for name, member in value.items()}
    if isinstance(value, list):
        return [_fill(member, bindings) for member in value]
    return value
