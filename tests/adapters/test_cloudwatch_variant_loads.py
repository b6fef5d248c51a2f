"""How variants of an endpoint did, from CloudWatch."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from slipway.adapters.cloudwatch_variant_loads import CloudWatchVariantLoads
from slipway.domain.timestamps import moment_of

NOW = datetime(2026, 11, 20, 12, 30, 20, tzinfo=UTC)


@pytest.fixture
def cloudwatch(monkeypatch):
    """CloudWatch, empty."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        yield boto3.client("cloudwatch", region_name="eu-west-1")


def put(cloudwatch, metric: str, value: float, at: datetime, variant: str = "v-1-1-0") -> None:
    dimensions = [{"Name": "EndpointName", "Value": "rates"}, {"Name": "VariantName", "Value": variant}]
    cloudwatch.put_metric_data(
        Namespace="AWS/SageMaker",
        MetricData=[{"MetricName": metric, "Dimensions": dimensions, "Timestamp": at, "Value": value}],
    )


def load(cloudwatch, since: datetime, variant: str = "v-1-1-0"):
    return CloudWatchVariantLoads(cloudwatch).load("rates", variant, since=since, until=NOW)


class TestLoads:
    def test_a_variant_s_requests_and_errors_are_summed(self, cloudwatch):
        """
        All since the moment, of this variant alone.
        """
        for minutes in (50, 30, 10):
            put(cloudwatch, "Invocations", 7, NOW - timedelta(minutes=minutes))
            put(cloudwatch, "Invocations", 5, NOW - timedelta(minutes=minutes), "AllTraffic")
        put(cloudwatch, "Invocation5XXErrors", 2, NOW - timedelta(minutes=10))
        put(cloudwatch, "Invocations", 100, NOW - timedelta(hours=3))
        found = load(cloudwatch, NOW - timedelta(hours=1))

        assert (found["invocations"], found["errors"]) == (21, 2)

    def test_latencies_are_percentiles_in_milliseconds(self):
        """
        SageMaker writes microseconds; of a time that falls into two of CloudWatch's periods the worse counts.
        """
        client = boto3.client(
            "cloudwatch", region_name="eu-west-1", aws_access_key_id="test", aws_secret_access_key="test"
        )
        found = {"p50": [50_000.0], "p99": [99_000.0, 120_000.0]}  # moto computes no percentiles
        with Stubber(client) as stub:
            results = [{"Id": name, "Values": values} for name, values in found.items()]
            stub.add_response("get_metric_data", {"MetricDataResults": results})
            answer = load(client, NOW - timedelta(hours=1))

        assert (answer["latency_p50_ms"], answer["latency_p99_ms"]) == (50, 120)

    def test_without_a_request_nothing_is_known(self, cloudwatch):
        """
        No latency is not a latency of 0.
        """
        assert load(cloudwatch, NOW - timedelta(hours=1)) == {
            "invocations": 0,
            "errors": 0,
            "latency_p50_ms": None,
            "latency_p99_ms": None,
        }

    @pytest.mark.parametrize(
        ("age", "unit"),
        [
            (timedelta(minutes=5), 60),
            (timedelta(days=14, hours=22), 60),
            (timedelta(days=14, hours=23, minutes=30), 300),
            (timedelta(days=40, minutes=7), 300),
            (timedelta(days=62, hours=23, minutes=30), 3600),
            (timedelta(days=90, minutes=7), 3600),
        ],
    )
    def test_what_is_old_is_asked_for_as_it_is_kept(self, cloudwatch, age, unit):
        """
        Else CloudWatch answers nothing: from 15 days on it has five minutes, from 63 on hours.
        """
        seen = []
        cloudwatch.meta.events.register(
            "provide-client-params.cloudwatch.GetMetricData", lambda params, **_: seen.append(params)
        )
        load(cloudwatch, NOW - age)
        start, end = (moment_of(seen[0][name]) for name in ("StartTime", "EndTime"))
        (period,) = {one["MetricStat"]["Period"] for one in seen[0]["MetricDataQueries"]}

        assert (period % unit, start.timestamp() % unit) == (0, 0)
        assert start <= NOW - age < start + timedelta(seconds=unit)
        assert end - start == timedelta(seconds=period)
        assert end >= NOW
