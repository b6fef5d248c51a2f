"""Requests checked, and answers cut, by botocore's model of the service."""

from __future__ import annotations

import functools
import re
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from workbench.local.sagemaker.errors import invalid

if TYPE_CHECKING:
    from collections.abc import Callable

_TYPES: Final[dict[str, tuple[type, ...]]] = {
    "string": (str,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "boolean": (bool,),
    "list": (list,),
    "map": (dict,),
    "structure": (dict,),
    "timestamp": (int, float, str),
}
_COUNTED: Final = {"string": "length", "list": "length", "map": "length"}


_UNICODE_CLASSES: Final = (
    (r"\p{L}\p{M}\p{Z}\p{S}\p{N}\p{P}", r"\S\s"),
    (r"\p{L}\p{M}\p{S}\p{N}\p{P}", r"\S"),
    (r"\p{L}\p{M}\p{Z}\p{N}\p{P}", r"\S\s"),
    (r"\p{L}\p{Z}\p{N}", r"\w\s"),
    (r"\p{Alnum}", "a-zA-Z0-9"),
)
"""Java's classes of Unicode and what comes nearest to them in Python."""


@functools.cache
def service_model(service: str = "sagemaker") -> Any:
    """Botocore's ServiceModel; takes some 0.2 s the first time."""
    import botocore.loaders  # noqa: PLC0415 - costs start-up time of every importer
    import botocore.model  # noqa: PLC0415 - likewise

    loaded = botocore.loaders.Loader().load_service_model(service, "service-2")
    return botocore.model.ServiceModel(loaded, service)


@functools.cache
def operation_names() -> frozenset[str]:
    """Every operation that the service has, served here or not."""
    return frozenset(service_model().operation_names)


@functools.cache
def _pattern(text: str) -> re.Pattern[str] | None:
    """A model's (Java) pattern; None for what Python's engine does not read."""
    text = re.sub(r"\$\{\d+,\d+\}$", "", text)
    for java, python in _UNICODE_CLASSES:
        text = text.replace(java, python)
    try:
        return re.compile(text)
    except re.error:
        return None


def _lower(name: str) -> str:
    return name[:1].lower() + name[1:]


def _refuse(problems: list[str]) -> None:
    count = len(problems)
    if count:
        noun = "error" if count == 1 else "errors"
        raise invalid(f"{count} validation {noun} detected: " + "; ".join(problems))


def validate(operation: str, request: dict[str, Any], service: str = "sagemaker") -> None:
    """
    Check a request: required members, types, enums, patterns, lengths and ranges, unknown members.

    Raises:
        ServiceError: ValidationException that lists every violation, as SageMaker words them.
    """
    shape = service_model(service).operation_model(operation).input_shape
    problems: list[str] = []
    if shape is not None:
        _check(shape, request, "", problems)
    _refuse(problems)


def _fails(value: Any, path: str, constraint: str) -> str:
    shown = "null" if value is None else str(value)
    return f"Value '{shown[:1024]}' at '{path}' failed to satisfy constraint: Member must {constraint}"


def _check(shape: Any, value: Any, path: str, problems: list[str]) -> None:
    kind = shape.type_name
    expected = _TYPES.get(kind)
    if expected is not None and (
        not isinstance(value, expected) or (isinstance(value, bool) and kind != "boolean")
    ):
        problems.append(_fails(value, path, f"be of type {kind}"))
        return
    _check_bounds(shape, value, path, problems)
    if kind == "structure":
        _check_structure(shape, value, path, problems)
    elif kind == "list":
        for number, item in enumerate(value, 1):
            _check(shape.member, item, f"{path}.{number}.member", problems)
    elif kind == "map":
        for key, item in value.items():
            _check(shape.key, key, f"{path}.key", problems)
            _check(shape.value, item, f"{path}.{key}.member", problems)


def _check_structure(shape: Any, value: dict[str, Any], path: str, problems: list[str]) -> None:
    prefix = f"{path}." if path else ""
    problems.extend(
        _fails(None, prefix + _lower(name), "not be null")
        for name in shape.required_members
        if value.get(name) is None
    )
    for name, item in value.items():
        member = shape.members.get(name)
        if member is None:
            problems.append(f"'{prefix}{name}' is no member of {shape.name}")
        elif item is not None:
            _check(member, item, prefix + _lower(name), problems)


def _check_bounds(shape: Any, value: Any, path: str, problems: list[str]) -> None:
    metadata = shape.metadata
    if not metadata:
        return
    if "enum" in metadata and value not in metadata["enum"]:
        problems.append(_fails(value, path, f"satisfy enum value set: [{', '.join(metadata['enum'])}]"))
    if "pattern" in metadata and isinstance(value, str):
        pattern = _pattern(metadata["pattern"])
        if pattern is not None and pattern.fullmatch(value) is None:
            problems.append(_fails(value, path, f"satisfy regular expression pattern: {metadata['pattern']}"))
    if shape.type_name in _COUNTED:
        size, what = len(value), "have length"
    elif shape.type_name in ("integer", "long", "float", "double"):
        size, what = value, "have value"
    else:
        return
    if "min" in metadata and size < metadata["min"]:
        problems.append(_fails(value, path, f"{what} greater than or equal to {metadata['min']}"))
    if "max" in metadata and size > metadata["max"]:
        problems.append(_fails(value, path, f"{what} less than or equal to {metadata['max']}"))


def answer(operation: str, document: dict[str, Any], service: str = "sagemaker") -> dict[str, Any]:
    """What of ``document`` the operation's answer may hold; the rest stays inside."""
    shape = service_model(service).operation_model(operation).output_shape
    return _cut(shape, document) if shape is not None else {}


@functools.cache
def shape_cutter(name: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Cuts documents to the members of the named shape (a list operation's summary)."""
    shape = service_model().shape_for(name)
    return functools.partial(_cut, shape)


def _cut(shape: Any, value: Any) -> Any:
    if shape.type_name == "structure" and isinstance(value, dict):
        return {
            name: _cut(member, value[name])
            for name, member in shape.members.items()
            if value.get(name) is not None
        }
    if shape.type_name == "list" and isinstance(value, list):
        return [_cut(shape.member, item) for item in value]
    return value


def timestamp(value: Any) -> float:
    """Seconds since the epoch of a request's timestamp (a number, or ISO 8601)."""
    if isinstance(value, str):
        return datetime.fromisoformat(value).timestamp()
    return float(value)
