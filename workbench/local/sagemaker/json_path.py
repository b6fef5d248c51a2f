"""The JSONPath expressions that batch transform's DataProcessing takes."""

from __future__ import annotations

import ast
import re
from typing import Any, Final

from workbench.local.sagemaker.errors import invalid

_STEP: Final = re.compile(r"\.(?P<name>[A-Za-z_][\w-]*)|\.(?P<all>\*)|\[(?P<inner>[^\]]*)\]")
_SLICE: Final = re.compile(r"(-?\d+)?\s*:\s*(-?\d+)?")
_NUMBERS: Final = re.compile(r"-?\d+(\s*,\s*-?\d+)*")
_NAMES: Final = re.compile(r"""('[^']*'|"[^"]*")(\s*,\s*('[^']*'|"[^"]*"))*""")

Step = str | slice | list[Any]


class JsonPath:
    """
    A path of names, numbers, lists of either, slices and ``*``.

    >>> JsonPath("$[1:]").of([1, 2, 3]), JsonPath("$.features[0]").of({"features": [7]})
    ([2, 3], 7)
    >>> JsonPath("$['id','SageMakerOutput']").of({"id": 1, "x": 2, "SageMakerOutput": 3})
    {'id': 1, 'SageMakerOutput': 3}
    """

    def __init__(self, text: str) -> None:
        """Raises ServiceError (ValidationException) for what is not served here, or is no path."""
        self.text = text
        self._steps: list[Step] = []
        rest = text.removeprefix("$")
        if not text.startswith("$"):
            raise invalid(f"JSONPath {text!r} must begin with $")
        while rest:
            found = _STEP.match(rest)
            if found is None:
                raise invalid(f"JSONPath {text!r} cannot be read at {rest!r}")
            self._steps.append(self._step(found))
            rest = rest[found.end() :]

    def _step(self, found: re.Match[str]) -> Step:
        if found["name"] is not None:
            return [str(found["name"])]
        inner = "*" if found["all"] else found["inner"].strip()
        if inner == "*":
            return "*"
        if cut := _SLICE.fullmatch(inner):
            return slice(*(int(part) if part else None for part in cut.groups()))
        if _NUMBERS.fullmatch(inner):
            return [int(part) for part in inner.split(",")]
        if _NAMES.fullmatch(inner):
            return list(ast.literal_eval(f"[{inner}]"))
        raise invalid(f"JSONPath {self.text!r}: [{inner}] is not served here")

    def of(self, value: Any) -> Any:
        """
        What the path selects.

        Raises:
            LookupError: The value has nothing there.
        """
        try:
            for step in self._steps:
                value = _select(step, value)
        except (TypeError, LookupError) as error:
            raise LookupError(f"{self.text} selects nothing there: {error}") from error
        return value


def _select(step: Step, value: Any) -> Any:
    if step == "*":
        return list(value.values()) if isinstance(value, dict) else list(value)
    if isinstance(step, slice):
        return list(value)[step] if isinstance(value, list) else value[None]
    if len(step) == 1:
        return value[step[0]]
    return {one: value[one] for one in step} if isinstance(value, dict) else [value[one] for one in step]
