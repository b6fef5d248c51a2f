"""Log lines in the embedded metric format become metrics; others do not."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.local.embedded_metrics import extracted

if TYPE_CHECKING:
    from tests.conftest import EmbeddedAws

numbers = st.floats(allow_nan=False, allow_infinity=False, width=32)


def line(target: Any, **changes: Any) -> dict[str, Any]:
    """A line of one metric, as the container's front prints it."""
    directive = {
        "Namespace": "Slipway/Predictions",
        "Dimensions": [["ModelName"]],
        "Metrics": [{"Name": "Prediction", "Unit": "None"}],
    } | changes
    return {
        "ModelName": "prices-1-0-0",
        "Prediction": target,
        "_aws": {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [directive]},
    }


class TestExtraction:
    @given(seen=st.dictionaries(numbers, st.integers(1, 1000), min_size=1, max_size=100))
    def test_values_keep_their_counts(self, seen: dict[float, int]) -> None:
        """
        Values with counts, a list and a single number give the same as they say.
        """
        counted = {"Values": list(seen), "Counts": list(seen.values())}

        (metric,) = extracted(json.dumps(line(counted)))
        (listed,) = extracted(json.dumps(line(list(seen))))
        (single,) = extracted(json.dumps(line(next(iter(seen)))))

        assert dict(metric.values) == seen
        assert [value for value, _ in listed.values] == list(seen)
        assert single.values == ((next(iter(seen)), 1.0),)
        assert metric.dimensions == {"ModelName": "prices-1-0-0"}

    @pytest.mark.parametrize(
        "message",
        [
            "served 3 rows",
            "{}",
            '"_aws"',
            '{"_aws": 3}',
            '{"_aws": {"CloudWatchMetrics": []}}',
            "x" + json.dumps(line(1.0)),
            json.dumps(line("1")),
            json.dumps(line(True)),
            json.dumps(line([1] * 101)),
            json.dumps(line({"Values": [1, 2], "Counts": [1]})),
            json.dumps(line(1.0, Dimensions=[["Nobody"]])),
            json.dumps(line(1.0, Metrics=[{"Name": "Nobody"}])),
            json.dumps(line(float("nan"))),
        ],
    )
    def test_what_breaks_the_format_is_only_a_log_line(self, message: str) -> None:
        """
        Nothing is made of it, and nothing fails.
        """
        assert extracted(message) == []


@pytest.mark.embedded
class TestLogGroup:
    def test_any_groups_lines_become_metrics(self, embedded_aws: EmbeddedAws) -> None:
        """
        A written line is a metric with its statistics and percentiles, and is a log line still.
        """
        logs = embedded_aws.client("logs")
        logs.create_log_group(logGroupName="/tests/emf")
        logs.create_log_stream(logGroupName="/tests/emf", logStreamName="one")
        message = json.dumps(line({"Values": [1.0, 100.0], "Counts": [98, 2]}) | {"ModelName": "emf"})
        events = [{"timestamp": int(time.time() * 1000), "message": message}]
        logs.put_log_events(logGroupName="/tests/emf", logStreamName="one", logEvents=events)

        (found,) = embedded_aws.client("cloudwatch").get_metric_statistics(
            Namespace="Slipway/Predictions",
            MetricName="Prediction",
            Dimensions=[{"Name": "ModelName", "Value": "emf"}],
            StartTime=time.time() - 300,
            EndTime=time.time() + 60,
            Period=3600,
            Statistics=["Sum", "SampleCount", "Minimum", "Maximum", "Average"],
        )["Datapoints"]

        statistics = {name: found[name] for name in ("Sum", "SampleCount", "Minimum", "Maximum", "Average")}
        assert statistics == {
            "Sum": 298.0,
            "SampleCount": 100.0,
            "Minimum": 1.0,
            "Maximum": 100.0,
            "Average": 2.98,
        }
        shown = logs.get_log_events(logGroupName="/tests/emf", logStreamName="one")["events"]
        assert [event["message"] for event in shown] == [message]
