"""One request and its answer on their way, and what all of a front's connections share."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from .framing import Body, ChunkedBody, CountedBody, declared_length, is_chunked
from .predictions import MAX_ANSWER_BYTES

if TYPE_CHECKING:
    from .answers import Answers
    from .messages import Request
    from .predictions import PredictionMeter
    from .records import RecordLog

END_OF_HEAD = b"\r\n\r\n"
BAD_REQUEST = 400
BAD_GATEWAY = 502
SERVICE_UNAVAILABLE = 503


class Relay:
    """What all connections share."""

    def __init__(
        self, port: int, identity_value: str, answers: Answers, records: RecordLog, meter: PredictionMeter
    ) -> None:
        """Take the port of the model's server, and what is added to its answers."""
        self.port = port
        self.identity_value = identity_value
        self.answers = answers
        self.records = records
        self.meter = meter
        self.kept_of_answers = (
            max(records.max_characters, MAX_ANSWER_BYTES) if meter.counts else records.max_characters
        )
        """Bytes of an answer that are kept for the record and the meter."""


class Exchange:
    """One request and its answer, while they pass."""

    __slots__ = ("answer_body", "began", "body", "keep_alive", "kept", "kept_answer", "request", "status")

    def __init__(self, request: Request) -> None:
        """Begin with a parsed head."""
        self.request = request
        self.began = time.perf_counter()
        chunked = is_chunked(request.headers)
        self.body: Body = ChunkedBody() if chunked else CountedBody(declared_length(request.headers) or 0)
        self.kept = b""
        self.status = 0
        self.answer_body: Body | None = None
        self.kept_answer = b""
        self.keep_alive = request.keep_alive

    def keep(self, content: bytes, limit: int) -> None:
        """Keep the beginning of the request's body for the record."""
        if len(self.kept) < limit:
            self.kept += content[: limit - len(self.kept)]

    def keep_answer(self, content: bytes, limit: int) -> None:
        """Keep the beginning of the answer's body for the record."""
        if len(self.kept_answer) < limit:
            self.kept_answer += content[: limit - len(self.kept_answer)]
