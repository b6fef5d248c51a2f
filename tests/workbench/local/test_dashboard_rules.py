"""What PutDashboard refuses."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from workbench.local.dashboard_rules import problems

if TYPE_CHECKING:
    from tests.conftest import EmbeddedAws

GOOD = {
    "type": "metric",
    "x": 0,
    "y": 0,
    "width": 8,
    "height": 6,
    "properties": {
        "region": "eu-west-1",
        "period": 60,
        "metrics": [
            ["AWS/SageMaker", "Invocations", "EndpointName", "e", {"stat": "Sum", "color": "#1f77b4"}]
        ],
        "annotations": {"vertical": [{"label": "1.1.0", "value": "2026-11-22T03:00:00.000Z"}]},
    },
}


def chart(**properties: Any) -> dict[str, Any]:
    return {**GOOD, "properties": {**GOOD["properties"], **properties}}  # type: ignore[dict-item]


class TestProblems:
    def test_good_body_has_none(self) -> None:
        """
        What CloudWatch takes passes.
        """
        assert problems(json.dumps({"start": "-PT24H", "periodOverride": "inherit", "widgets": [GOOD]})) == []

    @pytest.mark.parametrize(
        ("widget", "path"),
        [
            ({**GOOD, "x": 24}, "/x"),
            ({**GOOD, "width": 25}, "/width"),
            ({**GOOD, "type": "chart"}, "/type"),
            ({"type": "text", "properties": {}}, "/properties"),
            ({"type": "alarm", "properties": {"alarms": ["name"]}}, "/alarms/0"),
            (chart(region=None), "/properties"),
            (chart(period=45), "/period"),
            (chart(view="line"), "/view"),
            (chart(metrics=[["AWS/SageMaker"]]), "/metrics/0"),
            (chart(metrics=[["AWS/SageMaker", "Invocations", "EndpointName"]]), "/metrics/0"),
            (chart(metrics=[["AWS/SageMaker", "Invocations", {"colour": "red"}]]), "/metrics/0/colour"),
            (chart(metrics=[]), "/metrics"),
            (chart(annotations={"vertical": [{"value": "yesterday"}]}), "/annotations/vertical/0/value"),
            (chart(yAxis={"left": {"minimum": 0}}), "/yAxis/left/minimum"),
        ],
    )
    def test_says_where_it_is_wrong(self, widget: dict[str, Any], path: str) -> None:
        """
        Each mistake is told by its path.
        """
        (found,) = problems(json.dumps({"widgets": [widget]}))

        assert f"{path}:" in found

    @pytest.mark.parametrize("body", ["{", "[]", "{}", '{"widgets": [], "title": "x"}'])
    def test_body_that_is_none(self, body: str) -> None:
        """
        Not JSON, no object, no widgets, keys that nobody knows.
        """
        assert problems(body)


@pytest.mark.embedded
class TestPutDashboard:
    def test_is_refused_by_the_embedded_aws_as_by_aws(self, embedded_aws: EmbeddedAws) -> None:
        """
        A bad body is an error and nothing is stored; a good one is given back as it was put.
        """
        cloudwatch = embedded_aws.client("cloudwatch")
        with pytest.raises(ClientError, match="/widgets/0/width"):
            cloudwatch.put_dashboard(
                DashboardName="d", DashboardBody=json.dumps({"widgets": [{**GOOD, "width": 30}]})
            )
        body = json.dumps({"widgets": [GOOD]})
        cloudwatch.put_dashboard(DashboardName="d", DashboardBody=body)

        assert cloudwatch.get_dashboard(DashboardName="d")["DashboardBody"] == body
        cloudwatch.delete_dashboards(DashboardNames=["d"])
