"""
What OpenLineage's spec 2-0-2 demands of a run event, written out as JSON Schema.

After https://openlineage.io/spec/2-0-2/OpenLineage.json: RunEvent with BaseEvent, Run, Job, Dataset,
BaseFacet, and the standard facets that are used here.
"""

from __future__ import annotations

from typing import Any

_URI = {"type": "string", "format": "uri", "pattern": "^[a-z][a-z0-9+.-]*:"}
_FACET: dict[str, Any] = {
    "type": "object",
    "properties": {"_producer": _URI, "_schemaURL": _URI},
    "required": ["_producer", "_schemaURL"],
}
_UUID = {
    "type": "string",
    "format": "uuid",
    "pattern": "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$",
}


def _facet(**required: Any) -> dict[str, Any]:
    return {**_FACET, "properties": {**_FACET["properties"], **required},
            "required": [*_FACET["required"], *required]}  # fmt: skip


_TEXT = {"type": "string"}
_NAMED: dict[str, Any] = {
    "type": "object",
    "properties": {"namespace": _TEXT, "name": _TEXT},
    "required": ["namespace", "name"],
}
_DATASET = {
    **_NAMED,
    "properties": {
        **_NAMED["properties"],
        "facets": {
            "type": "object",
            "properties": {
                "version": _facet(datasetVersion=_TEXT),
                "dataSource": {**_FACET, "properties": {**_FACET["properties"], "name": _TEXT, "uri": _URI}},
            },
            "additionalProperties": _FACET,
        },
    },
}
RUN_EVENT: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "properties": {
        "eventTime": {
            "type": "string",
            "format": "date-time",
            "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$",
        },
        "eventType": {"enum": ["START", "RUNNING", "COMPLETE", "ABORT", "FAIL", "OTHER"]},
        "producer": _URI,
        "schemaURL": _URI,
        "run": {
            "type": "object",
            "properties": {
                "runId": _UUID,
                "facets": {
                    "type": "object",
                    "properties": {
                        "parent": _facet(
                            run={"type": "object", "properties": {"runId": _UUID}, "required": ["runId"]},
                            job=_NAMED,
                        ),
                        "errorMessage": _facet(message=_TEXT, programmingLanguage=_TEXT),
                    },
                    "additionalProperties": _FACET,
                },
            },
            "required": ["runId"],
        },
        "job": {
            **_NAMED,
            "properties": {
                **_NAMED["properties"],
                "facets": {
                    "type": "object",
                    "properties": {"jobType": _facet(processingType=_TEXT, integration=_TEXT)},
                    "additionalProperties": _FACET,
                },
            },
        },
        "inputs": {"type": "array", "items": _DATASET},
        "outputs": {"type": "array", "items": _DATASET},
    },
    "required": ["eventTime", "producer", "schemaURL", "run", "job"],
}
