"""
What a model predicts, as a CloudWatch metric.

At most every 10 s (``SLIPWAY_PREDICTION_SECONDS``) one line in the embedded metric format goes to standard
output: namespace ``Slipway/Predictions``, dimension ``ModelName`` (SageMaker's model, so one version),
metrics ``Prediction`` (each row's number), ``Rows`` and ``UnreadableAnswers`` (answers without a number for
every row).
CloudWatch Logs makes metrics of such lines in any log group.

A row's number is the number itself; of a list (a class's probabilities) the last; of an object its
``probability``, ``score``, ``prediction`` or ``value``.
"""

from __future__ import annotations

import json
import math
import os
import time
from typing import TYPE_CHECKING, Any, Iterable, Mapping

if TYPE_CHECKING:
    import asyncio

    from .records import RecordLog

VARIABLE = "SLIPWAY_MODEL_NAME"
"""SageMaker's name of the model; without it nothing is counted."""
NAMESPACE = "Slipway/Predictions"

INTERVAL_VARIABLE = "SLIPWAY_PREDICTION_SECONDS"
"""How often a line is written; AWS sets nothing. The embedded one does, as its alarms' periods shrink."""
EMIT_SECONDS = 10.0
MAX_BINS = 100
"""CloudWatch takes no more values of one metric in one line."""
_MAX_DISTINCT = 2000
"""So many different numbers are kept apart before neighbours are put together."""
_LARGEST = 2.0**360
"""CloudWatch takes no larger value."""
MAX_ANSWER_BYTES = 65536
"""Longer answers of a model's own server are not read."""

_MEMBERS = ("probability", "score", "prediction", "value")


class PredictionMeter:
    """Counts predictions on the event loop; a request pays for one dictionary entry per row."""

    def __init__(
        self,
        model_name: str,
        loop: asyncio.AbstractEventLoop,
        records: RecordLog,
        *,
        seconds: float = EMIT_SECONDS,
    ) -> None:
        """Take SageMaker's model name (empty: count nothing), where the lines go, and how far apart."""
        self._model_name = model_name
        self._loop = loop
        self._records = records
        self._seconds = seconds
        self._counts: dict[float, int] = {}
        self._low = math.inf
        self._high = -math.inf
        self._rows = 0
        self._unreadable = 0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def counts(self) -> bool:
        """Whether anything is counted."""
        return bool(self._model_name)

    def add(self, predictions: Iterable[Any]) -> None:
        """Count an answer's predictions, one per row."""
        if not self._model_name:
            return
        counts = self._counts
        rows = unreadable = 0
        for prediction in predictions:
            rows += 1
            number = prediction if type(prediction) is float else _number(prediction)
            if number is None or not -_LARGEST <= number <= _LARGEST:  # NaN is not, either
                unreadable = 1
            else:
                counts[number] = counts.get(number, 0) + 1
        self._note(rows, unreadable)

    def add_answer(self, body: bytes, *, complete: bool) -> None:
        """Count the answer of a model's own server: JSON or CSV as the samples answer, or unreadable."""
        if not self._model_name:
            return
        predictions = _parsed(body) if complete else None
        if predictions is None:
            self._note(0, 1)
        else:
            self.add(predictions)

    def flush(self) -> None:
        """Write what was counted, if anything was."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._rows or self._unreadable:
            self._records.add_line(self._line())
            self._counts = {}
            self._low, self._high = math.inf, -math.inf
            self._rows = self._unreadable = 0

    def _note(self, rows: int, unreadable: int) -> None:
        self._rows += rows
        self._unreadable += unreadable
        if self._timer is None:
            self._timer = self._loop.call_later(self._seconds, self.flush)
        if len(self._counts) > _MAX_DISTINCT:
            self._keep_ends()
            self._counts = binned(self._counts, _MAX_DISTINCT // 2)

    def _keep_ends(self) -> None:
        if self._counts:
            self._low = min(self._low, *self._counts)
            self._high = max(self._high, *self._counts)

    def _line(self) -> str:
        self._keep_ends()
        bins = binned(self._counts, MAX_BINS)
        metrics = [{"Name": "Rows", "Unit": "Count"}, {"Name": "UnreadableAnswers", "Unit": "Count"}]
        document: dict[str, Any] = {"ModelName": self._model_name}
        if bins:
            metrics.insert(0, {"Name": "Prediction"})
            document["Prediction"] = {
                "Values": list(bins),
                "Counts": list(bins.values()),
                "Min": self._low,
                "Max": self._high,
                "Sum": math.fsum(value * count for value, count in bins.items()),
                "Count": sum(bins.values()),
            }
        document["Rows"] = self._rows
        document["UnreadableAnswers"] = self._unreadable
        document["_aws"] = {
            "Timestamp": int(time.time() * 1000),
            "CloudWatchMetrics": [
                {"Namespace": NAMESPACE, "Dimensions": [["ModelName"]], "Metrics": metrics}
            ],
        }
        return json.dumps(document, separators=(",", ":")) + "\n"


def from_environment(loop: asyncio.AbstractEventLoop, records: RecordLog) -> PredictionMeter:
    """The meter of this container."""
    seconds = _seconds(os.environ.get(INTERVAL_VARIABLE) or "")
    return PredictionMeter(os.environ.get(VARIABLE) or "", loop, records, seconds=seconds)


def _seconds(text: str) -> float:
    """As the variable says; what is no number above 0 counts for nothing: a model has to serve anyway."""
    try:
        seconds = float(text)
    except ValueError:
        return EMIT_SECONDS
    return seconds if 0 < seconds <= EMIT_SECONDS else EMIT_SECONDS


def binned(counts: Mapping[float, int], most: int) -> dict[float, int]:
    """
    At most so many bins, in order of their values; exact where no more values differ.

    Neighbours are put together into bins of about the same count, each standing at its mean: the mean stays
    what it was, a quantile moves by a bin's width at most.

    >>> binned({2.0: 1, 1.0: 3}, 100)
    {1.0: 3, 2.0: 1}
    >>> binned({1.0: 1, 2.0: 1, 3.0: 1, 5.0: 1}, 2)
    {1.5: 2, 4.0: 2}
    """
    ordered = sorted(counts.items())
    if len(ordered) <= most:
        return dict(ordered)
    total = sum(counts.values())
    bins: dict[float, int] = {}
    below = weight = 0
    weighted: list[float] = []
    for index, (value, count) in enumerate(ordered):
        weight += count
        weighted.append(value * count)
        reached = (below + weight) * most >= (len(bins) + 1) * total
        if reached or index == len(ordered) - 1:
            mean = math.fsum(weighted) / weight
            bins[mean] = bins.get(mean, 0) + weight
            below, weight, weighted = below + weight, 0, []
    return bins


def _number(prediction: Any) -> float | None:
    if isinstance(prediction, dict):
        prediction = next((prediction[name] for name in _MEMBERS if name in prediction), None)
    elif isinstance(prediction, (list, tuple)):
        prediction = prediction[-1] if prediction else None
    try:
        return float(prediction)  # numbers of any library; a CSV's text
    except (TypeError, ValueError, OverflowError):
        return None


def _parsed(body: bytes) -> list[Any] | None:
    """The predictions of ``{"predictions": […]}``, of a bare list, or of CSV's lines; None: neither."""
    text = body.strip()
    if text[:1] in (b"{", b"["):
        try:
            document = json.loads(text)
        except (ValueError, RecursionError):
            return None
        if isinstance(document, dict):
            document = document.get("predictions", document)
            if isinstance(document, dict):
                return [document] if _number(document) is not None else None
        return document if isinstance(document, list) else None
    try:
        lines = text.decode("utf-8").splitlines()
    except UnicodeDecodeError:
        return None
    return [line.rpartition(",")[2] for line in lines if line]
