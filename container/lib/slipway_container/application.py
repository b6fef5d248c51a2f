"""From a request to its answer: ``/ping`` and ``/invocations``."""

from __future__ import annotations

import sys
import time
import traceback
from typing import TYPE_CHECKING, Any, Callable, List, Sequence

from .answers import Answers, error_body
from .codecs import JSON, Codecs, InvalidRequestError, Row, UnacceptableError, UnsupportedContentTypeError

if TYPE_CHECKING:
    from .messages import Request
    from .predictions import PredictionMeter
    from .records import RecordLog

Predict = Callable[[List[Row]], Sequence[Any]]
"""One prediction per row, in the rows' order; a list, or anything with ``tolist``."""

BAD_REQUEST = 400
NOT_FOUND = 404
METHOD_NOT_ALLOWED = 405
NOT_ACCEPTABLE = 406
UNSUPPORTED_MEDIA_TYPE = 415
INTERNAL_SERVER_ERROR = 500


class Application:
    """Answers one request after another; knows nothing of connections."""

    def __init__(
        self, predict: Predict, codecs: Codecs, answers: Answers, records: RecordLog, meter: PredictionMeter
    ) -> None:
        """Take the model's ``predict`` and what surrounds it."""
        self._predict = predict
        self._codecs = codecs
        self._answers = answers
        self._records = records
        self._meter = meter

    def respond(self, request: Request, *, keep_alive: bool) -> bytes:
        """The complete answer to a complete request."""
        if request.path == b"/invocations":
            if request.method != b"POST":
                return self._answers.error(METHOD_NOT_ALLOWED, "POST to /invocations", keep_alive=keep_alive)
            return self._invoke(request, keep_alive=keep_alive)
        if request.path == b"/ping":
            if request.method not in (b"GET", b"HEAD"):
                return self._answers.error(METHOD_NOT_ALLOWED, "GET /ping", keep_alive=keep_alive)
            return self._answers.answer(200, "", b"", keep_alive=keep_alive)
        return self._answers.error(NOT_FOUND, "only /ping and /invocations exist", keep_alive=keep_alive)

    def _invoke(self, request: Request, *, keep_alive: bool) -> bytes:
        started = time.perf_counter()
        headers = request.headers
        exception = ""
        try:
            codec = self._codecs.of_body(headers.get(b"content-type", b""))
            wished = self._codecs.of_answer(headers.get(b"accept", b"")) or codec
            rows = codec.decode(request.body)
            predictions = self._predict(rows) if rows else []
            if type(predictions) is not list:
                predictions = _as_list(predictions)
            body = wished.encode(predictions)
            self._meter.add(predictions)
            status, content_type = 200, wished.content_type
        except InvalidRequestError as error:
            exception = str(error)
            status, content_type, body = _status_of(error), JSON, error_body(exception)
        except Exception as error:  # noqa: BLE001 - whatever the model raises becomes an answer and a record
            traceback.print_exc(file=sys.stderr)
            exception = f"{type(error).__name__}: {error}"
            status, content_type, body = INTERNAL_SERVER_ERROR, JSON, error_body(exception)
        answer = self._answers.answer(status, content_type, body, keep_alive=keep_alive)
        inference_id = headers.get(b"x-amzn-sagemaker-inference-id")
        request_id = inference_id.decode("latin-1") if inference_id else self._records.request_id()
        told = exception.encode("utf-8", "replace") if exception else body
        self._records.add(request_id, started, request.body, told, failed=bool(exception))
        return answer


def _as_list(predictions: Any) -> list[Any]:
    return predictions.tolist() if hasattr(predictions, "tolist") else list(predictions)


def _status_of(error: InvalidRequestError) -> int:
    if isinstance(error, UnsupportedContentTypeError):
        return UNSUPPORTED_MEDIA_TYPE
    return NOT_ACCEPTABLE if isinstance(error, UnacceptableError) else BAD_REQUEST
