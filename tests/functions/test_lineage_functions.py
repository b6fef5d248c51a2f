"""Lineage's functions as Lambda calls them: events in AWS's own shapes, the ledger by moto."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest

from slipway.adapters.dynamodb_lineage import DynamoDbLineage
from tests.fakes.storage import FakeDataSets
from tests.functions.test_release_functions import REGION, aws, call

pytestmark = pytest.mark.usefixtures(aws.__name__)
__all__ = ["aws"]  # pytest finds the fixture here

STORED: dict[str, Any] = {
    "version": "0",
    "id": "17793124-05d4-b198-2fde-7ededc63b103",
    "detail-type": "Object Created",
    "source": "aws.s3",
    "account": "123456789012",
    "time": "2026-11-22T03:00:00Z",
    "region": REGION,
    "resources": ["arn:aws:s3:::data"],
    "detail": {
        "version": "0",
        "bucket": {"name": "data"},
        "object": {
            "key": "pricing/hotel-rates/1.1.0/data-set.json",
            "size": 5,
            "etag": "b1946ac92492d2347c6235b4d2611184",
        },
        "request-id": "N4N7GDK58NMKJ12R",
        "requester": "123456789012",
        "source-ip-address": "192.0.2.1",
        "reason": "PutObject",
    },
}


class TestRecordLineage:
    def test_a_data_set_that_was_stored(self) -> None:
        """What the event tells is looked up, and recorded once."""
        s3 = boto3.client("s3", region_name="us-east-1")
        s3.create_bucket(Bucket="data")
        text = json.dumps(FakeDataSets().put("pricing", "hotel-rates", "1.1.0", rows=42).document())
        s3.put_object(Bucket="data", Key=STORED["detail"]["object"]["key"], Body=text.encode())

        assert [call("record_lineage", STORED) for _ in range(2)] == [{"changed": 1}, {"changed": 0}]

        lineage = DynamoDbLineage(boto3.client("dynamodb", region_name=REGION), "ledger")
        node = lineage.node("data-set:pricing/hotel-rates:1.1.0")
        assert node is not None
        assert node["facts"]["rows"] == 42

    def test_an_event_of_a_release_that_nobody_knows(self) -> None:
        """Another environment's, or one that is gone: nothing is recorded, and nothing raised."""
        event = {"source": "slipway", "detail-type": "Release Started", "detail": {"release_id": "0" * 16}}

        assert call("record_lineage", event) == {"changed": 0}
