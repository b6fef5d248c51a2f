"""What batch transform's DataProcessing does: input filtered, joined with the answer, filtered again."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any, Final

from workbench.local.sagemaker.errors import invalid
from workbench.local.sagemaker.json_path import JsonPath

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workbench.local.sagemaker.store import Document

CSV: Final = "text/csv"
JSON: Final = "application/json"
JSON_LINES: Final = "application/jsonlines"
OUTPUT, INPUT = "SageMakerOutput", "SageMakerInput"


class JoinError(Exception):
    """A record cannot be filtered or joined; the text says why."""


def media_type(header: str | None) -> str:
    """
    A content type without its parameters.

    >>> media_type("text/csv; charset=utf-8")
    'text/csv'
    """
    return (header or "").partition(";")[0].strip().lower()


class Join:
    """
    Args:
        request: CreateTransformJob.

    Raises:
        ServiceError: ValidationException for what SageMaker does not join, or is not served here.
    """

    def __init__(self, request: Document) -> None:
        processing = request.get("DataProcessing") or {}
        self._input = JsonPath(processing.get("InputFilter", "$"))
        self._output = JsonPath(processing.get("OutputFilter", "$"))
        self.joins = processing.get("JoinSource", "None") == "Input"
        self.filters_input = self._input.text != "$"
        self.filters_output = self.joins or self._output.text != "$"
        self._type = media_type(request["TransformInput"].get("ContentType"))
        if self.filters_input or self.filters_output:
            self._check(request)

    def _check(self, request: Document) -> None:
        if self._type not in (CSV, JSON, JSON_LINES):
            raise invalid(f"DataProcessing needs a ContentType of {CSV}, {JSON} or {JSON_LINES}")
        if not self.filters_output:
            return
        split = request["TransformInput"].get("SplitType", "None")
        if request["TransformOutput"].get("AssembleWith", "None") != split:
            raise invalid(
                "SplitType and AssembleWith must be the same where JoinSource or OutputFilter is given"
            )
        accept = media_type(request["TransformOutput"].get("Accept"))
        if accept and (accept == CSV) != (self._type == CSV):
            raise invalid(
                f"Accept {accept} cannot be joined with ContentType {self._type}: both must be CSV or JSON"
            )

    def asked(self, record: bytes) -> bytes:
        """What the model is asked of a record; raises JoinError."""
        return self._write(self._filter(self._input, self._read(record))) if self.filters_input else record

    def answered(self, records: Sequence[bytes], answer: bytes, *, lines: bool) -> list[bytes]:
        """
        What is kept of the answer to records.

        Args:
            records: As they lie in the input.
            answer: Of the model.
            lines: Whether records and answers are lines.

        Raises:
            JoinError: There are not as many answers as records, or one cannot be read.
        """
        if not self.filters_output:
            return [answer]
        answers = answer.splitlines() if lines else [answer]
        if len(answers) != len(records):
            raise JoinError(
                f"{len(records)} records were asked and {len(answers)} answered: they cannot be joined"
            )
        return [self._kept(record, one) for record, one in zip(records, answers, strict=True)]

    def _kept(self, record: bytes, answer: bytes) -> bytes:
        value = self._read(answer)
        if self.joins:
            value = self._joined(self._read(record), value)
        return self._write(self._filter(self._output, value))

    def _joined(self, asked: Any, answer: Any) -> Any:
        if self._type == CSV:
            return [*asked, *answer]
        return asked | {OUTPUT: answer} if isinstance(asked, dict) else {INPUT: asked, OUTPUT: answer}

    def _filter(self, path: JsonPath, value: Any) -> Any:
        try:
            return path.of(value)
        except LookupError as error:
            raise JoinError(str(error)) from error

    def _read(self, record: bytes) -> Any:
        try:
            if self._type == CSV:
                return next(csv.reader(io.StringIO(record.decode())), [])
            return json.loads(record)
        except ValueError as error:
            raise JoinError(f"{record[:80]!r} is no {self._type}: {error}") from error

    def _write(self, value: Any) -> bytes:
        if self._type != CSV:
            return json.dumps(value).encode()
        written = io.StringIO()
        csv.writer(written, lineterminator="").writerow(value if isinstance(value, list) else [value])
        return written.getvalue().encode()
