"""
The kinds of value that a manifest is made of.

Each kind does two things from one description: ``check`` a value (and bring it
into its canonical form), and say itself as JSON Schema for editors.
"""

from __future__ import annotations

import difflib
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

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


@dataclass(frozen=True, slots=True)
class Text:
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


@dataclass(frozen=True, slots=True)
class Choice:
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


@dataclass(frozen=True, slots=True)
class Whole:
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


@dataclass(frozen=True, slots=True)
class Number:
    """A finite number; its canonical form is a float."""

    min: float | None = None

    @property
    def expected(self) -> str:
        return "a finite number" if self.min is None else f"a finite number, {self.min:g} or more"

    def check(self, key: str, value: Any, report: Report) -> Any:
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            report(key, value, self.expected)
            return value
        if self.min is not None and value < self.min:
            report(key, value, self.expected)
        return float(value)

    def schema(self) -> dict[str, Any]:
        return {"type": "number"} | ({} if self.min is None else {"minimum": self.min})


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false."""

    expected: str = "true or false"

    def check(self, key: str, value: Any, report: Report) -> Any:
        if not isinstance(value, bool):
            report(key, value, self.expected)
        return value

    def schema(self) -> dict[str, Any]:
        return {"type": "boolean"}


@dataclass(frozen=True, slots=True)
class Scalar:
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


@dataclass(frozen=True, slots=True)
class ListOf:
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


@dataclass(frozen=True, slots=True)
class MapOf:
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


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a table."""

    kind: Kind
    says: str
    default: Any = REQUIRED


@dataclass(frozen=True, slots=True)
class Table:
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
