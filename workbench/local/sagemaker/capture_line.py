"""What data capture writes: which requests, and one JSON line for each."""

from __future__ import annotations

import base64
import json
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbench.local.sagemaker.store import Document


@dataclass(frozen=True, slots=True)
class CaptureRule:
    """A DataCaptureConfig that captures."""

    share: float
    """Of the requests, 0 to 1."""
    destination: str
    takes_input: bool
    takes_output: bool
    csv_types: frozenset[str]
    json_types: frozenset[str]

    @classmethod
    def of(cls, config: Document | None) -> CaptureRule | None:
        """What a DataCaptureConfig says; None: nothing is captured."""
        if not config or not config.get("EnableCapture"):
            return None
        modes = {option["CaptureMode"] for option in config["CaptureOptions"]}
        types = config.get("CaptureContentTypeHeader") or {}
        return cls(
            share=config["InitialSamplingPercentage"] / 100,
            destination=config["DestinationS3Uri"].rstrip("/"),
            takes_input=bool(modes & {"Input", "InputAndOutput"}),
            takes_output=bool(modes & {"Output", "InputAndOutput"}),
            csv_types=frozenset(kind.lower() for kind in types.get("CsvContentTypes", [])),
            json_types=frozenset(kind.lower() for kind in types.get("JsonContentTypes", [])),
        )

    def encoded(self, body: bytes, content_type: str) -> tuple[str, str]:
        """
        Data and encoding of a body.

        >>> rule = CaptureRule(1, "s3://b", True, True, frozenset({"text/csv"}), frozenset())
        >>> rule.encoded(b"1,2", "text/csv; charset=utf-8"), rule.encoded(b"{}", "application/json")
        (('1,2', 'CSV'), ('e30=', 'BASE64'))
        """
        kind = content_type.partition(";")[0].strip().lower()
        encoding = "CSV" if kind in self.csv_types else "JSON" if kind in self.json_types else None
        if encoding is not None:
            try:
                return body.decode("utf-8"), encoding
            except UnicodeDecodeError:
                pass
        return base64.b64encode(body).decode("ascii"), "BASE64"


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer, as they are captured."""

    moment: float
    """Seconds since the epoch."""
    inference_id: str | None
    input_type: str
    input_body: bytes
    output_type: str
    output_body: bytes


def line_of(rule: CaptureRule, exchange: Exchange) -> str:
    """The line of an exchange, without its end."""
    captured: dict[str, Any] = {}
    parts = (
        (rule.takes_input, "endpointInput", "INPUT", exchange.input_type, exchange.input_body),
        (rule.takes_output, "endpointOutput", "OUTPUT", exchange.output_type, exchange.output_body),
    )
    for taken, member, mode, kind, body in parts:
        if taken:
            data, encoding = rule.encoded(body, kind)
            captured[member] = {
                "observedContentType": kind,
                "mode": mode,
                "data": data,
                "encoding": encoding,
            }
    metadata = {"eventId": str(uuid.uuid4())}
    if exchange.inference_id is not None:
        metadata["inferenceId"] = exchange.inference_id
    metadata["inferenceTime"] = moment_of(exchange).strftime("%Y-%m-%dT%H:%M:%SZ")
    return json.dumps({"captureData": captured, "eventMetadata": metadata, "eventVersion": "0"})


def moment_of(exchange: Exchange) -> datetime:
    """When it was, in UTC."""
    return datetime.fromtimestamp(exchange.moment, UTC)
