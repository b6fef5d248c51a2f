from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from slipway.adapters.s3_data_sets import S3DataSets
from slipway.adapters.s3_reports import S3Reports
from slipway.domain.data_sets import DataSetVersion
from slipway.domain.texts import TooLarge
from tests.fakes.storage import FakeDataSets

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def s3() -> Iterator[Any]:
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
        client.create_bucket(Bucket="data")
        yield client


class TestDataSets:
    def test_versions_of_a_data_set(self, s3: Any) -> None:
        """Every version is listed, one that is still being stored too; other data sets are not."""
        for key in (
            "pricing/hotel-rates/1.0.0/data-set.json",
            "pricing/hotel-rates/1.0.0/files/a.csv",
            "pricing/hotel-rates/1.1.0/data-set.json",
            "pricing/hotel-rates/1.2.0/files/a.csv",
            "pricing/hotel-rates-holdout/9.0.0/data-set.json",
        ):
            s3.put_object(Bucket="data", Key=key, Body=b"x")

        assert S3DataSets(s3, "data").versions("pricing", "hotel-rates") == ["1.0.0", "1.1.0", "1.2.0"]
        assert S3DataSets(s3, "data").versions("pricing", "nothing") == []

    def test_document_is_read_as_it_was_stored(self, s3: Any) -> None:
        """The record's text is handed on; one that is not there is none."""
        stored = FakeDataSets().put("pricing", "hotel-rates", "1.0.0")
        text = json.dumps(stored.document())
        s3.put_object(Bucket="data", Key="pricing/hotel-rates/1.0.0/data-set.json", Body=text.encode())

        found = S3DataSets(s3, "data").document("pricing", "hotel-rates", "1.0.0")

        assert found is not None
        assert DataSetVersion.from_document(json.loads(found)) == stored
        assert S3DataSets(s3, "data").document("pricing", "hotel-rates", "2.0.0") is None

    def test_files_are_a_prefix(self, s3: Any) -> None:
        """A channel reads the files, and not the record beside them."""
        assert (
            S3DataSets(s3, "data").files_uri("pricing", "rates", "1.0.0")
            == "s3://data/pricing/rates/1.0.0/files/"
        )


class TestReports:
    def test_written_text_is_read_back(self, s3: Any) -> None:
        """A report is a text under its URI."""
        reports = S3Reports(s3)
        reports.write("s3://data/p/m/report.json", '{"ü": 1}')

        assert reports.read("s3://data/p/m/report.json") == '{"ü": 1}'
        assert reports.read("s3://data/p/m/other.json") is None
        assert s3.head_object(Bucket="data", Key="p/m/report.json")["ContentType"] == "application/json"

    def test_stray_bytes_spoil_no_page(self, s3: Any) -> None:
        """What a model's program wrote is shown as well as it can be."""
        s3.put_object(Bucket="data", Key="p/m/plot.svg", Body=b"<svg>\xff</svg>")

        assert S3Reports(s3).read("s3://data/p/m/plot.svg") == "<svg>\ufffd</svg>"

    def test_what_is_too_large_is_not_read(self, s3: Any) -> None:
        """A program may write gigabytes: the answer says how much, and a function's memory stays its own."""
        s3.put_object(Bucket="data", Key="p/m/plot.svg", Body=b"x" * 101)

        assert S3Reports(s3).read("s3://data/p/m/plot.svg", limit=100) == TooLarge(101, 100)
        assert S3Reports(s3).read("s3://data/p/m/plot.svg", limit=101) == "x" * 101
