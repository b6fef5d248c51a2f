"""Rows in and predictions out, as application/json and text/csv."""

from __future__ import annotations

import csv
import io
import json
from typing import Any, Callable, List, Sequence

JSON = "application/json"
CSV = "text/csv"

Row = List[Any]
"""One instance's values in the order of the model's columns: anything from JSON, strings from CSV."""


_encode = json.JSONEncoder(allow_nan=False).encode  # json.dumps would make one for each answer


class InvalidRequestError(ValueError):
    """The request cannot be answered as it is; the text tells the client why (status 400)."""


class UnsupportedContentTypeError(InvalidRequestError):
    """The body's type is neither of the two (status 415)."""


class UnacceptableError(InvalidRequestError):
    """The answer is wanted in a type that is neither of the two (status 406)."""


class JsonCodec:
    """``{"instances": [[…], …]}`` in, where an instance may be an object; ``{"predictions": […]}`` out."""

    content_type = JSON

    def __init__(self, columns: Sequence[str] | None) -> None:
        """Take the names of a row's values in order; None: objects are refused, lengths are not checked."""
        self._columns = list(columns) if columns is not None else None
        self._width = len(columns) if columns is not None else None

    def decode(self, body: bytes) -> list[Row]:
        """The rows of a body; raises InvalidRequestError."""
        try:
            document = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise InvalidRequestError(f"the body is no JSON: {error}") from None
        instances = document.get("instances") if isinstance(document, dict) else None
        if not isinstance(instances, list):
            raise InvalidRequestError('the body needs the form {"instances": [[…], …]}')
        width = self._width
        for number, instance in enumerate(instances):
            if not isinstance(instance, list):
                instances[number] = self._by_name(number, instance)
            elif width is not None and len(instance) != width:
                raise _wrong_width(number, len(instance), width)
        return instances

    def encode(self, predictions: list[Any]) -> bytes:
        """The body of an answer; raises ValueError for NaN and infinities."""
        return _encode({"predictions": predictions}).encode()

    def _by_name(self, number: int, instance: object) -> Row:
        if self._columns is None or not isinstance(instance, dict):
            raise InvalidRequestError(f"instance {number} is no list of values")
        try:
            return [instance[column] for column in self._columns]
        except KeyError as missing:
            raise InvalidRequestError(f"instance {number} lacks {missing}") from None


class CsvCodec:
    """One row a line, without a header; one prediction a line."""

    content_type = CSV

    def __init__(self, columns: Sequence[str] | None) -> None:
        """Take the names of a row's values in order; None: lengths are not checked."""
        self._width = len(columns) if columns is not None else None

    def decode(self, body: bytes) -> list[Row]:
        """The rows of a body; raises InvalidRequestError."""
        try:
            text = body.decode("utf-8")
        except UnicodeDecodeError as error:
            raise InvalidRequestError(f"the body is no UTF-8: {error}") from None
        rows: list[Row]
        if '"' in text:
            try:
                rows = [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row]
            except csv.Error as error:
                raise InvalidRequestError(f"the body is no CSV: {error}") from None
        else:
            if "\r" in text:
                text = text.replace("\r\n", "\n")
            rows = [line.split(",") for line in text.split("\n") if line]
        width = self._width
        if width is not None:
            for number, row in enumerate(rows):
                if len(row) != width:
                    raise _wrong_width(number, len(row), width)
        return rows

    def encode(self, predictions: list[Any]) -> bytes:
        """The body of an answer: a prediction a line, the parts of one with commas between."""
        return "".join(map(_csv_line, predictions)).encode()


class Codecs:
    """Chooses the codec of a request and of its answer by ``content-type`` and ``accept``."""

    def __init__(self, columns: Sequence[str] | None = None) -> None:
        """Take the names of a row's values in order."""
        self._by_type: dict[str, JsonCodec | CsvCodec] = {JSON: JsonCodec(columns), CSV: CsvCodec(columns)}
        self.of_body = _remembered(self._of_body)
        self.of_answer = _remembered(self._of_answer)

    def _of_body(self, content_type: bytes) -> JsonCodec | CsvCodec:
        name = _media_type(content_type) or JSON
        codec = self._by_type.get(name)
        if codec is None:
            raise UnsupportedContentTypeError(f"content type {name!r} is not known; send {JSON} or {CSV}")
        return codec

    def _of_answer(self, wishes: bytes) -> JsonCodec | CsvCodec | None:
        """None: the client leaves the choice to us."""
        for wish in wishes.split(b","):
            name = _media_type(wish)
            if name in {"", "*/*", "application/*", "text/*"}:
                return None
            if name in self._by_type:
                return self._by_type[name]
        raise UnacceptableError(
            f"the answer cannot be {wishes[:80].decode('latin-1')!r}; accept {JSON} or {CSV}"
        )


def _remembered(choose: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
    """Clients send the same few headers again and again: look them up. Errors and odd ones are not kept."""
    known: dict[bytes, Any] = {}

    def look_up(header: bytes) -> Any:
        try:
            return known[header]
        except KeyError:
            choice = choose(header)
            if len(known) < 100:  # noqa: PLR2004 - more different headers are an attack, not a client
                known[header] = choice
            return choice

    return look_up


def _media_type(header: bytes) -> str:
    return header.partition(b";")[0].strip().lower().decode("latin-1")


def _csv_line(prediction: object) -> str:
    if isinstance(prediction, (list, tuple)):
        return ",".join(map(str, prediction)) + "\n"
    return f"{prediction}\n"


def _wrong_width(number: int, values: int, width: int) -> InvalidRequestError:
    return InvalidRequestError(f"instance {number} has {values} values; this model takes {width}")
