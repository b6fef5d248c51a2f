"""What a model predicts, as a CloudWatch metric."""

from __future__ import annotations

import asyncio
import json
import math
import os
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slipway_container import predictions
from slipway_container.predictions import PredictionMeter, binned
from slipway_container.records import RecordLog

from slipway.contracts import container, names

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.container.conftest import Endpoint


def emitted(count: Callable[[PredictionMeter], None], model_name: str = "m-1") -> list[dict[str, Any]]:
    """The lines that a meter writes once it was fed."""

    async def write(descriptor: int) -> None:
        loop = asyncio.get_running_loop()
        log = RecordLog({}, loop, descriptor=descriptor, sampling=0)
        meter = PredictionMeter(model_name, loop, log)
        count(meter)
        meter.flush()
        log.close()

    reading, writing = os.pipe()
    try:
        asyncio.run(write(writing))
    finally:
        os.close(writing)
    with os.fdopen(reading) as lines:
        return [json.loads(line) for line in lines]


class TestPredictionMeter:
    def test_line_is_in_the_embedded_metric_format(self) -> None:
        """
        One line: namespace, dimension ModelName, values with their counts, rows; equal values stand once.
        """
        (line,) = emitted(lambda meter: meter.add([2.0, 1.5, 2.0]))

        (directive,) = line["_aws"]["CloudWatchMetrics"]
        assert (directive["Namespace"], directive["Dimensions"]) == ("Slipway/Predictions", [["ModelName"]])
        assert [metric["Name"] for metric in directive["Metrics"]] == [
            "Prediction",
            "Rows",
            "UnreadableAnswers",
        ]
        assert line["ModelName"] == "m-1"
        assert line["Prediction"] == {
            "Values": [1.5, 2.0],
            "Counts": [1, 2],
            "Min": 1.5,
            "Max": 2.0,
            "Sum": 5.5,
            "Count": 3,
        }
        assert (line["Rows"], line["UnreadableAnswers"]) == (3, 0)

    def test_names_are_the_contracts(self) -> None:
        """
        The platform's plan, alarms and dashboards name what the container writes.
        """
        assert predictions.VARIABLE == container.MODEL_NAME
        assert predictions.NAMESPACE == names.PREDICTION_NAMESPACE
        assert predictions.INTERVAL_VARIABLE == container.PREDICTION_SECONDS

    @pytest.mark.parametrize(
        ("said", "seconds"), [("0.2", 0.2), ("", 10), ("soon", 10), ("0", 10), ("nan", 10), ("60", 10)]
    )
    def test_reports_as_often_as_it_is_told(
        self, said: str, seconds: float, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """
        Every 10 s, or more often where the variable says so; what makes no sense is as if it weren't there.
        """
        monkeypatch.setenv(container.PREDICTION_SECONDS, said)
        monkeypatch.setenv(container.MODEL_NAME, "m-1")

        async def due_in() -> float:
            loop = asyncio.get_running_loop()
            meter = predictions.from_environment(loop, RecordLog({}, loop, descriptor=2, sampling=0))
            meter.add([1.0])
            timer = meter._timer
            assert timer is not None
            timer.cancel()
            return timer.when() - loop.time()

        assert asyncio.run(due_in()) == pytest.approx(seconds, abs=0.1)

    def test_without_a_model_name_nothing_is_written(self) -> None:
        """
        A model tried at home writes no metrics.
        """
        assert emitted(lambda meter: meter.add([1.0]), model_name="") == []

    def test_nothing_counted_nothing_written(self) -> None:
        """
        An endpoint without traffic logs nothing.
        """
        assert emitted(lambda _meter: None) == []

    @pytest.mark.parametrize(
        ("prediction", "number"),
        [
            (3, 3.0),
            (True, 1.0),
            ([0.2, 0.8], 0.8),
            ({"label": "late", "probability": 0.7}, 0.7),
            ({"score": 4}, 4.0),
            ("0.25", 0.25),
        ],
    )
    def test_number_of_a_row(self, prediction: object, number: float) -> None:
        """
        A class's answer counts with its probability or score.
        """
        (line,) = emitted(lambda meter: meter.add([prediction]))

        assert line["Prediction"]["Values"] == [number]

    @pytest.mark.parametrize(
        "prediction", ["late", math.nan, math.inf, 1e200, None, [], {"label": "x"}, [[1.0]], 10**400]
    )
    def test_row_without_a_number_makes_its_answer_unreadable(self, prediction: object) -> None:
        """
        The others of the answer still count; the answer is one unreadable one.
        """
        (line,) = emitted(lambda meter: meter.add([1.0, prediction, prediction]))

        assert line["Prediction"]["Count"] == 1
        assert (line["Rows"], line["UnreadableAnswers"]) == (3, 1)

    @pytest.mark.parametrize(
        ("body", "values"),
        [
            (b'{"predictions": [1.5, 2.5]}', [1.5, 2.5]),
            (b"[1.5, 2.5]", [1.5, 2.5]),
            (b'{"predictions": [{"label": "late", "score": 0.9}]}', [0.9]),
            (b'{"score": 0.9}', [0.9]),
            (b"1.5\n2.5\n", [1.5, 2.5]),
            (b"0.1,0.9\r\n", [0.9]),
        ],
    )
    def test_answer_of_a_models_own_server(self, body: bytes, values: list[float]) -> None:
        """
        JSON and CSV as the sample models and most servers answer.
        """
        (line,) = emitted(lambda meter: meter.add_answer(body, complete=True))

        assert (line["Prediction"]["Values"], line["UnreadableAnswers"]) == (values, 0)

    @pytest.mark.parametrize("body", [b"\x00\xff", b'{"text": "x"}', b'{"broken', b"late\n", b"[[[1]]]"])
    def test_unreadable_answer_is_counted_as_one(self, body: bytes) -> None:
        """
        Nobody guesses; the metric says that something was not counted.
        """
        (line,) = emitted(lambda meter: meter.add_answer(body, complete=True))

        assert line["UnreadableAnswers"] == 1
        assert "Prediction" not in line

    def test_half_an_answer_is_not_read(self) -> None:
        """
        What was cut could parse as something else.
        """
        (line,) = emitted(lambda meter: meter.add_answer(b"1.0\n2.", complete=False))

        assert (line["Rows"], line["UnreadableAnswers"]) == (0, 1)

    def test_many_values_keep_mean_ends_and_quantiles(self) -> None:
        """
        At most 100 bins go out, however many numbers differ; memory stays bounded on the way.
        """
        (line,) = emitted(lambda meter: meter.add(float(n) for n in range(50_000)))

        told = line["Prediction"]
        assert len(told["Values"]) <= 100
        assert told["Count"] == 50_000
        assert (told["Min"], told["Max"]) == (0.0, 49_999.0)
        assert told["Sum"] / told["Count"] == pytest.approx(24_999.5)
        below = sum(
            count
            for value, count in zip(told["Values"], told["Counts"], strict=True)
            if value <= 0.95 * 50_000
        )
        assert below == pytest.approx(0.95 * 50_000, rel=0.02)


class TestBinned:
    @given(
        st.dictionaries(st.floats(-1e6, 1e6), st.integers(1, 1000), min_size=1, max_size=300),
        st.integers(1, 100),
    )
    def test_counts_and_mean_are_kept(self, counts: dict[float, int], most: int) -> None:
        """
        Bins lose no prediction and move no mean, and are in order.
        """
        bins = binned(counts, most)

        assert len(bins) <= most
        assert sum(bins.values()) == sum(counts.values())
        assert list(bins) == sorted(bins)
        total = sum(value * count for value, count in counts.items())
        assert sum(value * count for value, count in bins.items()) == pytest.approx(total, rel=1e-9, abs=1e-3)


OWN_SERVER = """
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.answer(200, b"")

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.answer(500 if body == b"fail" else 200, body)

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

ThreadingHTTPServer(("127.0.0.1", int(os.environ["SAGEMAKER_BIND_TO_PORT"])), Handler).serve_forever()
"""
NATIVE = """
from slipway_container.serving import serve

serve(lambda rows: [float(row[0]) for row in rows], columns=["a"])
"""


class TestServing:
    @pytest.mark.parametrize(("program", "identity"), [(NATIVE, "native"), (OWN_SERVER, "proxy")])
    def test_container_tells_its_predictions_once(
        self, serve: Callable[..., Endpoint], program: str, identity: str
    ) -> None:
        """
        With the platform's model name, what was answered goes out when the container ends at the latest:
        once, also where a model's own server stands behind the front; errors are no predictions.
        """
        endpoint = serve(program, identity=identity, **{container.MODEL_NAME: "hotel-rates-1"})
        assert endpoint.invoke(b"1.5\n2.5\n", "text/csv")[0] == 200
        assert endpoint.invoke(b"fail", "text/csv")[0] >= 400
        endpoint.stop()

        (line,) = [record for record in endpoint.records if "_aws" in record]
        assert line["ModelName"] == "hotel-rates-1"
        assert line["Prediction"]["Values"] == [1.5, 2.5]
        assert (line["Rows"], line["UnreadableAnswers"]) == (2, 0)
