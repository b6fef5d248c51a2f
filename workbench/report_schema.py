"""
The JSON Schema of ``report.json``, from its types.

``python -m workbench.report_schema`` writes ``docs/report.schema.json``; a test compares.
"""

from __future__ import annotations

import json
import types
import typing
from pathlib import Path
from typing import Any, Final, Literal, NotRequired, Union, get_args, get_origin

from slipway.contracts import release, report
from slipway.domain.evidence_report import SCHEMA_VERSION

FILE: Final = Path(__file__).parents[1] / "docs" / "report.schema.json"
_PLAIN: Final = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    type(None): {"type": "null"},
    Any: {},
}


def schema() -> dict[str, Any]:
    """The whole; keys that it does not name are allowed, as a later version adds some."""
    definitions: dict[str, Any] = {}
    _typed(report.EvidenceReport, definitions)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:slipway:report:{SCHEMA_VERSION}",
        "title": "Evidence of a release (report.json)",
        "$ref": "#/$defs/EvidenceReport",
        "$defs": dict(sorted(definitions.items())),
    }


def _typed(  # noqa: PLR0911 - one return per kind
    kind: Any, definitions: dict[str, Any]
) -> dict[str, Any]:
    """The schema of a type; a TypedDict becomes a definition and a reference to it."""
    if kind in _PLAIN:
        return dict(_PLAIN[kind])
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is NotRequired:
        return _typed(arguments[0], definitions)
    if origin is Literal:
        return {"enum": list(arguments)}
    if origin is list:
        return {"type": "array", "items": _typed(arguments[0], definitions)}
    if origin is dict:
        return {"type": "object", "additionalProperties": _typed(arguments[1], definitions)}
    if origin in (Union, types.UnionType):
        return {"anyOf": [_typed(one, definitions) for one in arguments]}
    _define(kind, definitions)
    return {"$ref": f"#/$defs/{kind.__name__}"}


def _define(kind: Any, definitions: dict[str, Any]) -> None:
    if kind.__name__ not in definitions:
        definitions[kind.__name__] = {}  # a type may hold itself
        names = {**vars(release), **vars(report)}
        hints = typing.get_type_hints(kind, localns=names, include_extras=True)
        definitions[kind.__name__] = {
            "type": "object",
            "description": " ".join((kind.__doc__ or "").split()),
            "properties": {name: _typed(hint, definitions) for name, hint in hints.items()},
            "required": [name for name, hint in hints.items() if get_origin(hint) is not NotRequired],
        }


def text() -> str:
    """As the file holds it."""
    return json.dumps(schema(), indent=2) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
