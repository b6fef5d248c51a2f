"""Data capture's lines, as SageMaker writes them: who answered which request, and what."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from slipway.contracts.names import CAPTURE_PREFIX

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

_KEY_BYTES: Final = 12
"""Among ten million requests, the chance of two with one key is below 1e-14."""

Answer = float | str


@dataclass(frozen=True, slots=True)
class Captured:
    """
    One captured request.

    Attributes:
        key: The same for lines of the same request, whoever answered: by the inference id, else the input.
        identified: Whether it bore an inference id.
        moment: ``2026-11-28T09:05:07Z``, to the second.
        answers: The predictions in their order; None: the output is none that can be read.
    """

    key: str
    identified: bool
    moment: str
    answers: tuple[Answer, ...] | None

    @property
    def minute(self) -> str:
        """``2026-11-28T09:05``."""
        return self.moment[:16]


def capture_folder(endpoint: str, variant: str) -> str:
    """Where SageMaker puts a variant's files, in the artifact bucket."""
    return f"{CAPTURE_PREFIX}{endpoint}/{variant}/"


def first_capture(endpoint: str, variant: str, moment: datetime) -> str:
    """
    What is before the keys of all files that were begun at ``moment`` or later.

    >>> from datetime import UTC, datetime
    >>> first_capture("slipway-dev-p-m", "AllTraffic", datetime(2026, 11, 28, 9, 5, 7, tzinfo=UTC))
    'capture/slipway-dev-p-m/AllTraffic/2026/11/28/09/05-07-'
    """
    return f"{capture_folder(endpoint, variant)}{moment:%Y/%m/%d/%H/%M-%S}-"


def key_of(inference_id: str) -> str:
    """The key of a request that bore an inference id."""
    return _digest(f"id:{inference_id}")


def captured_of(line: str) -> Captured | None:
    """One line; None: it is none of data capture's."""
    try:
        document: Any = json.loads(line)
        data, about = document["captureData"], document["eventMetadata"]
        inference_id = about.get("inferenceId")
        given = f"id:{inference_id}" if inference_id else f"in:{data['endpointInput']['data']}"
        return Captured(
            key=_digest(given),
            identified=bool(inference_id),
            moment=str(about["inferenceTime"]),
            answers=answers_of(data.get("endpointOutput") or {}),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def answers_of(output: Mapping[str, Any]) -> tuple[Answer, ...] | None:
    r"""
    The predictions in a captured output: JSON's ``predictions`` (or a list), or the first column of CSV.

    >>> answers_of({"data": '{"predictions": [1.5, "late"]}', "encoding": "JSON"})
    (1.5, 'late')
    >>> answers_of({"data": "1.5\n2\n", "encoding": "CSV"})
    (1.5, 2.0)
    """
    text = _text_of(output)
    if text is None:
        return None
    kind = str(output.get("observedContentType", ""))
    if output.get("encoding") == "CSV" or "csv" in kind:
        lines = [line for line in text.splitlines() if line.strip()]
        return tuple(_answer(line.partition(",")[0].strip()) for line in lines)
    try:
        document = json.loads(text)
    except ValueError:
        return None
    found = document.get("predictions") if isinstance(document, dict) else document
    values = found if isinstance(found, list) else [found]
    answers = tuple(_answer(value) for value in values if value is not None)
    return answers or None


def _text_of(output: Mapping[str, Any]) -> str | None:
    text = output.get("data")
    if not isinstance(text, str):
        return None
    if output.get("encoding") != "BASE64":
        return text
    try:
        return base64.b64decode(text, validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return None


def _answer(value: Any) -> Answer:
    if isinstance(value, bool | int | float):
        return float(value)
    if isinstance(value, str):
        try:
            number = float(value)
        except ValueError:
            return value
        return number if math.isfinite(number) else value
    return json.dumps(value, sort_keys=True)


def _digest(text: str) -> str:
    digest = hashlib.blake2b(text.encode(), digest_size=_KEY_BYTES).digest()
    return base64.urlsafe_b64encode(digest).decode()
