"""The last call of an endpoint, from CloudWatch."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import boto3
import pytest
from moto import mock_aws

from slipway.adapters.cloudwatch_traffic import CloudWatchTraffic

NOW = datetime(2026, 11, 20, 12, 30, tzinfo=UTC)


@pytest.fixture
def cloudwatch(monkeypatch):
    """CloudWatch, empty."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        yield boto3.client("cloudwatch", region_name="eu-west-1")


def call(cloudwatch, variant: str, at: datetime, times: int = 1) -> None:
    dimensions = [{"Name": "EndpointName", "Value": "rates"}, {"Name": "VariantName", "Value": variant}]
    cloudwatch.put_metric_data(
        Namespace="AWS/SageMaker",
        MetricData=[{"MetricName": "Invocations", "Dimensions": dimensions, "Timestamp": at, "Value": times}],
    )


class TestTraffic:
    def test_the_last_call_of_any_variant_counts_to_the_end_of_its_hour(self, cloudwatch):
        """
        An hour's sum tells no more; its end errs on the side of keeping the endpoint.
        """
        call(cloudwatch, "AllTraffic", NOW - timedelta(days=4))
        call(cloudwatch, "v-1-1-0", NOW - timedelta(days=3))
        found = CloudWatchTraffic(cloudwatch).called_at(
            "rates", ["AllTraffic", "v-1-1-0"], NOW - timedelta(days=14), NOW
        )
        assert found == datetime(2026, 11, 17, 13, tzinfo=UTC)

    def test_a_call_of_this_hour_is_not_in_the_future(self, cloudwatch):
        """
        The hour's end has not come yet.
        """
        call(cloudwatch, "AllTraffic", NOW - timedelta(minutes=1))
        traffic = CloudWatchTraffic(cloudwatch)
        assert traffic.called_at("rates", ["AllTraffic"], NOW - timedelta(days=14), NOW) == NOW

    def test_without_a_call_there_is_none(self, cloudwatch):
        """
        Zeros that SageMaker reports are no calls, and others' endpoints do not count.
        """
        call(cloudwatch, "AllTraffic", NOW - timedelta(hours=2), times=0)
        traffic = CloudWatchTraffic(cloudwatch)
        assert traffic.called_at("rates", ["AllTraffic"], NOW - timedelta(days=14), NOW) is None
        call(cloudwatch, "AllTraffic", NOW - timedelta(hours=2))
        assert traffic.called_at("others", ["AllTraffic"], NOW - timedelta(days=14), NOW) is None
