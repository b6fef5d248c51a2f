"""
The kinds of value that a manifest is made of.

Each kind does two things from one description: ``check`` a value (and bring it
into its canonical form), and say itself as JSON Schema for editors. They are
named tuples because functions import them at every cold start: a frozen
dataclass takes five times as long to define.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from slipway.domain.manifest_problems import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Report = Callable[[str, Any, str], None]
    """Takes the key, the value and what is expected."""

REQUIRED: Final = object()
"""The default of a key that must be there."""
ABSENT: Final = object()
"""The default of a key that stays away when it is not given."""


class Kind(Protocol):
    """What a value may be."""

    @property
    def expected(self) -> str:
        """Completes "expected …"."""
        ...

    def check(self, key: str, value: Any, report: Report) -> Any:
        """The value in canonical form; what is wrong is reported."""
        ...

    def schema(self) -> dict[str, Any]:
        """The kind as JSON Schema (draft 2020-12)."""
        ...


class Text(NamedTuple):
    """A string that matches ``pattern`` as a whole."""

    expected: str
    pattern: str = r"[\s\S]*"
    max: int = 1000
    """Characters."""
    accepts: Callable[[str], bool] | None = None
    """What a pattern cannot say."""

    def check(self, key: str, value: Any, report: Report) -> Any:
        if (
            not isinstance(value, str)
            or len(value) > self.max
            or re.fullmatch(self.pattern, value) is None
            or (self.accepts is not None and not self.accepts(value))
        ):
            report(key, value, self.expected)
        return value

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": f"^(?:{self.pattern})$", "maxLength": self.max}


class Choice(NamedTuple):
    """One of a few strings."""

    options: tuple[str, ...]

    @property
    def expected(self) -> str:
        return "one of " + ", ".join(f"'{option}'" for option in self.options)

    def check(self, key: str, value: Any, report: Report) -> Any:
        if value not in self.options:
            report(key, value, self.expected)
        return value

    def schema(self) -> dict[str, Any]:
        return {"enum": list(self.options)}


class Whole(NamedTuple):
    """A whole number, bounds included."""

    min: int
    max: int

    @property
    def expected(self) -> str:
        return f"a whole number from {self.min} to {self.max}"

    def check(self, key: str, value: Any, report: Report) -> Any:
        if isinstance(value, bool) or not isinstance(value, int) or not self.min <= value <= self.max:
            report(key, value, self.expected)
        return value

    def schema(self) -> dict[str, Any]:
        return {"type": "integer", "minimum": self.min, "maximum": self.max}


class Number(NamedTuple):
    """A finite number; its canonical form is a float."""

    min: float | None = None
    max: float | None = None

    @property
    def expected(self) -> str:
        if self.min is None:
            return "a finite number"
        return (
            f"a finite number, {self.min:g} or more"
            if self.max is None
            else f"a number from {self.min:g} to {self.max:g}"
        )

    def check(self, key: str, value: Any, report: Report) -> Any:
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            report(key, value, self.expected)
            return value
        if (self.min is not None and value < self.min) or (self.max is not None and value > self.max):
            report(key, value, self.expected)
        return float(value)

    def schema(self) -> dict[str, Any]:
        limits = {"minimum": self.min, "maximum": self.max}
        return {"type": "number"} | {name: limit for name, limit in limits.items() if limit is not None}


class Flag(NamedTuple):
    """True or false."""

    expected: str = "true or false"

    def check(self, key: str, value: Any, report: Report) -> Any:
        if not isinstance(value, bool):
            report(key, value, self.expected)
        return value

    def schema(self) -> dict[str, Any]:
        return {"type": "boolean"}


class Scalar(NamedTuple):
    """A string, number or boolean that a program reads as a string: what SageMaker's hyperparameters are."""

    max: int
    """Characters of the string."""

    @property
    def expected(self) -> str:
        return f"a string of at most {self.max} characters, a finite number, or true or false"

    def check(self, key: str, value: Any, report: Report) -> Any:
        match value:
            case bool():
                text = "true" if value else "false"
            case str():
                text = value
            case int() | float() if math.isfinite(value):
                text = repr(value)
            case _:
                report(key, value, self.expected)
                return value
        if len(text) > self.max:
            report(key, value, self.expected)
        return text

    def schema(self) -> dict[str, Any]:
        return {"type": ["string", "number", "boolean"], "maxLength": self.max}


class ListOf(NamedTuple):
    """A list of one kind."""

    item: Kind
    min: int
    max: int

    @property
    def expected(self) -> str:
        return f"a list of {self.min} to {self.max} values"

    def check(self, key: str, value: Any, report: Report) -> Any:
        if not isinstance(value, list) or not self.min <= len(value) <= self.max:
            report(key, value, self.expected)
            return value
        return [self.item.check(f"{key}[{place}]", item, report) for place, item in enumerate(value)]

    def schema(self) -> dict[str, Any]:
        return {
            "type": "array",
            "items": self.item.schema(),
            "minItems": self.min,
            "maxItems": self.max,
        }


class MapOf(NamedTuple):
    """A table whose keys the model chooses."""

    names: Text
    value: Kind
    min: int
    max: int

    @property
    def expected(self) -> str:
        return f"a table of {self.min} to {self.max} keys"

    def check(self, key: str, value: Any, report: Report) -> Any:
        if not isinstance(value, dict) or not self.min <= len(value) <= self.max:
            report(key, value, self.expected)
            return value
        checked = {}
        for name, item in value.items():
            self.names.check(f"{key}.{name}", name, report)
            checked[name] = self.value.check(f"{key}.{name}", item, report)
        return checked

    def schema(self) -> dict[str, Any]:
        return {
            "type": "object",
            "propertyNames": self.names.schema(),
            "additionalProperties": self.value.schema(),
            "minProperties": self.min,
            "maxProperties": self.max,
        }


class Key(NamedTuple):
    """One key of a table."""

    kind: Kind
    says: str
    default: Any = REQUIRED


class Table(NamedTuple):
    """A table whose keys are given; any other key is a mistake."""

    keys: Mapping[str, Key]
    expected: str = "a table"

    def check(self, key: str, value: Any, report: Report) -> Any:
        if not isinstance(value, dict):
            report(key, value, self.expected)
            return value
        for name in value:
            if name not in self.keys:
                report(_dotted(key, name), UNKNOWN, self._meant(name))
        checked = {}
        for name, known in self.keys.items():
            path = _dotted(key, name)
            if name in value:
                checked[name] = known.kind.check(path, value[name], report)
            elif known.default is REQUIRED:
                report(path, None, known.kind.expected)
            elif known.default is not ABSENT:
                checked[name] = known.kind.check(path, known.default, report)
        return checked

    def _meant(self, name: str) -> str:
        import difflib  # noqa: PLC0415 - only for a mistake

        close = difflib.get_close_matches(name, self.keys, n=1, cutoff=0.6)
        known = "one of " + ", ".join(self.keys)
        return f"{close[0]!r} (did you mean it?), or {known}" if close else known

    def schema(self) -> dict[str, Any]:
        required = [name for name, key in self.keys.items() if key.default is REQUIRED]
        return {
            "type": "object",
            "additionalProperties": False,
            "properties": {name: _described(key) for name, key in self.keys.items()},
        } | ({"required": required} if required else {})


def _described(key: Key) -> dict[str, Any]:
    given = key.default is not REQUIRED and key.default is not ABSENT
    return key.kind.schema() | {"description": key.says} | ({"default": key.default} if given else {})


def _dotted(key: str, name: str) -> str:
    return f"{key}.{name}" if key else name
