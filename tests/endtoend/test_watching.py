"""A model that was promoted is watched: dashboard, alarms, and what it predicts."""

from __future__ import annotations

import json

import pytest

from slipway.contracts import names
from workbench.local.dashboard_rules import problems

pytestmark = pytest.mark.endtoend

PROJECT = "watching"


@pytest.fixture(scope="module")
def watched(laptop):
    """1.0.0 served, 1.1.0 serves; both were called."""
    laptop.put_numbers(PROJECT)
    for version, bias in (("1.0.0", "2.0"), ("1.1.0", "0.0")):
        laptop.deployed(laptop.model(PROJECT, bias=bias), version)
        for _ in range(5):
            laptop.invoke(PROJECT)
    return f"{laptop.workspace.platform()['resource_prefix']}-{PROJECT}-tiny"


def dashboard(laptop, name):
    """The dashboard's body, once it has a mark for both promotions."""
    cloudwatch = laptop.aws.client("cloudwatch")

    def there():
        try:
            text = cloudwatch.get_dashboard(DashboardName=name)["DashboardBody"]
        except cloudwatch.exceptions.ClientError:
            return None
        return text if "# watching/tiny 1.1.0" in text else None

    return laptop.wait_for(there, f"dashboard {name}")


class TestWatching:
    def test_dashboard_puts_itself(self, laptop, watched):
        """
        After a promotion the model has a dashboard that CloudWatch takes, with a mark for each promotion and
        who did it; nobody asked for it.
        """
        text = dashboard(laptop, watched)
        charts = [one["properties"] for one in json.loads(text)["widgets"] if one["type"] == "metric"]

        assert problems(text) == []
        marks = charts[0]["annotations"]["vertical"]
        assert [mark["label"] for mark in marks] == [
            "1.1.0 by approver@example.com",
            "1.0.0 by approver@example.com",
        ]

    def test_what_guarded_the_promotion_goes_on_standing(self, laptop, watched):
        """
        What a promotion was watched by is watched as long as it serves, on the variant whatever its config,
        and each alarm stands on the dashboard.
        """
        cloudwatch = laptop.aws.client("cloudwatch")

        def standing():
            prefix = names.standing_alarm_prefix(watched)
            found = cloudwatch.describe_alarms(AlarmNamePrefix=prefix)["MetricAlarms"]
            return {one["AlarmName"].removeprefix(prefix): one for one in found}

        alarms = laptop.wait_for(standing, "standing alarms")
        body = json.loads(dashboard(laptop, watched))
        (widget,) = [one for one in body["widgets"] if one["type"] == "alarm"]

        assert "5xx" in alarms
        assert {one["Name"] for one in alarms["5xx"]["Dimensions"]} == {"EndpointName", "VariantName"}
        assert len(widget["properties"]["alarms"]) == len(alarms)

    def test_predictions_are_counted(self, laptop, watched):
        """
        Each container knows under which name its predictions are charted: that which serves, and that before.
        """
        models = {
            line[3]: line[-1]["label"]
            for one in json.loads(dashboard(laptop, watched))["widgets"]
            if one["type"] == "metric"
            for line in one["properties"]["metrics"]
            if line[0] == "Slipway/Predictions"
        }
        describe = laptop.aws.client("sagemaker").describe_model
        containers = {name: describe(ModelName=name)["PrimaryContainer"] for name in models}

        assert {name: one["Environment"]["SLIPWAY_MODEL_NAME"] for name, one in containers.items()} == {
            name: name for name in models
        }
        assert sorted("earlier" in label for label in models.values()) == [False, True]

    def test_page_is_drawn_from_the_same_dashboard(self, laptop, watched, tmp_path):
        """
        `slipway dashboard MODEL --html` needs nothing but what the platform has put.
        """
        dashboard(laptop, watched)
        laptop.slipway("dashboard", f"{PROJECT}/tiny", "--html", str(tmp_path / "page.html"))
        page = (tmp_path / "page.html").read_text()

        assert "<h1>watching/tiny 1.1.0</h1>" in page
        assert page.count("<svg") >= 9
        assert "1.1.0 by approver@example.com" in page

    def test_numbers_are_a_table(self, laptop, watched, tmp_path, capsys):
        """
        `slipway endpoint metrics MODEL --plot` shows a row for each variant, and draws the same minutes.
        """
        dashboard(laptop, watched)
        picture = tmp_path / "page.html"

        def counted():
            capsys.readouterr()
            laptop.slipway(
                "endpoint", "metrics", f"{PROJECT}/tiny", "--html", str(picture), "--plot", "--json"
            )
            (row,) = json.loads(capsys.readouterr().out)["variants"]
            return row if row["requests"] else None

        row = laptop.wait_for(counted, "requests in CloudWatch")

        assert (row["label"], row["serves"]) == ("AllTraffic", "1.1.0")
        assert row["latency_p50"] <= row["latency_p99"]
        assert picture.read_text().count("<svg") >= 9

    def test_goes_with_the_endpoint(self, laptop, watched):
        """
        An endpoint that is deleted leaves no dashboard behind.
        """
        cloudwatch = laptop.aws.client("cloudwatch")
        dashboard(laptop, watched)
        laptop.aws.client("sagemaker").delete_endpoint(EndpointName=watched)

        def gone():
            found = cloudwatch.list_dashboards(DashboardNamePrefix=watched)["DashboardEntries"]
            return not found

        laptop.wait_for(gone, "the dashboard to go")
