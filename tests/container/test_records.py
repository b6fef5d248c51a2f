"""The common prediction record."""

from __future__ import annotations

import asyncio
import json
import os
import re
import time
from typing import Any

import pytest
from slipway_container.records import RecordLog

IDENTITY = {"project": "pricing", "model": "hotel-rates", "version": "1.0.0", "image_digest": "sha256:ab"}


def written(entries: list[tuple[str, bytes, bytes, bool]], **settings: Any) -> list[dict[str, Any]]:
    """What a log of these entries (id, body, answer, failed) writes."""

    async def write(descriptor: int) -> None:
        loop = asyncio.get_running_loop()
        log = RecordLog(IDENTITY, loop, descriptor=descriptor, **settings)
        for request_id, body, answer, failed in entries:
            log.add(request_id, time.perf_counter(), body, answer, failed=failed)
        log.close()

    reading, writing = os.pipe()
    try:
        asyncio.run(write(writing))
    finally:
        os.close(writing)
    with os.fdopen(reading) as lines:
        return [json.loads(line) for line in lines]


class TestRecordLog:
    def test_record_says_who_predicted_what_when_and_how_fast(self) -> None:
        """
        One JSON line: time, request id, project, model, version, input, output, latency.
        """
        (record,) = written([("id-1", b"1,2", b"3.0\n", False)])

        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", record.pop("time"))
        assert 0 <= record.pop("latency_ms") < 1000
        assert record == {
            "request_id": "id-1",
            "project": "pricing",
            "model": "hotel-rates",
            "version": "1.0.0",
            "input": "1,2",
            "output": "3.0\n",
        }

    def test_exception_stands_in_place_of_the_output(self) -> None:
        """
        A request that failed records why.
        """
        (record,) = written([("id-1", b"x", b"ValueError: x", True)])

        assert record["exception"] == "ValueError: x"
        assert "output" not in record

    def test_long_payloads_are_cut(self) -> None:
        """
        A log line stays short, however large the request was; any bytes make valid JSON.
        """
        (record,) = written([('"\\\n', b"\xff\x00" * 100, b"y" * 100, False)], max_characters=10)

        assert record["request_id"] == '"\\\n'
        assert record["input"] == "\ufffd\x00" * 5
        assert record["output"] == "y" * 10

    @pytest.mark.parametrize(("sampling", "kept"), [(0.0, 0), (1.0, 400)])
    def test_sampling_keeps_a_share(self, sampling: float, kept: int) -> None:
        """
        All or nothing at the ends.
        """
        assert len(written([("id", b"", b"", False)] * 400, sampling=sampling)) == kept

    def test_sampling_keeps_every_exception(self) -> None:
        """
        A small share of the answers is enough; exceptions are rare and all of them wanted.
        """
        entries = [("id", b"", b"", False)] * 500 + [("id", b"", b"E", True)] * 20
        records = written(entries, sampling=0.1)

        assert sum("exception" in record for record in records) == 20
        assert 10 < sum("output" in record for record in records) < 120

    def test_generated_ids_differ(self) -> None:
        """
        A request without an id gets one of its own.
        """

        async def ids() -> set[str]:
            log = RecordLog(IDENTITY, asyncio.get_running_loop())
            made = {log.request_id() for _ in range(1000)}
            log.close()
            return made

        assert len(asyncio.run(ids()) | asyncio.run(ids())) == 2000

    def test_nobody_reading_costs_records_not_answers(self) -> None:
        """
        With standard output blocked, adding goes on at once; what had to be dropped is counted.
        """

        async def fill(descriptor: int) -> RecordLog:
            log = RecordLog(IDENTITY, asyncio.get_running_loop(), descriptor=descriptor)
            for _ in range(12_000):
                log.add("id", time.perf_counter(), b"x" * 2048, b"y", failed=False)
            log.close(seconds=0.01)
            return log

        reading, writing = os.pipe()
        try:
            log = asyncio.run(fill(writing))
            assert log._dropped > 0
        finally:
            os.close(reading)
            # The thread ends with a broken pipe. Until then its descriptor stays open: another file that got
            # the same number would receive the records.
            log._writer.join(60)
            os.close(writing)
