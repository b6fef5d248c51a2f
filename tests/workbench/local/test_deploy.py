"""A cloud assembly is deployed by change sets, and only what changed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.workbench.local.functions import until
from workbench.local.deploy import Deployment, DeploymentError, in_order, packaged

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import EmbeddedAws


def assembly(path: Path, **stacks: tuple[dict[str, Any], list[str]]) -> Path:
    """An assembly of stacks by name: their resources, and the stacks that they depend on."""
    path.mkdir(parents=True, exist_ok=True)
    artifacts: dict[str, Any] = {}
    for name, (resources, dependencies) in stacks.items():
        key = f"{name}-{abs(hash(json.dumps(resources)))}.json"
        template = {"Resources": resources, "Outputs": {}}
        (path / f"{name}.template.json").write_text(json.dumps(template))
        destination = {
            "bucketName": "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}",
            "objectKey": key,
        }
        source = {"path": f"{name}.template.json", "packaging": "file"}
        files = {"files": {key: {"source": source, "destinations": {"here": destination}}}}
        (path / f"{name}.assets.json").write_text(json.dumps(files))
        artifacts[f"{name}.assets"] = {
            "type": "cdk:asset-manifest",
            "properties": {"file": f"{name}.assets.json"},
        }
        artifacts[name] = {
            "type": "aws:cloudformation:stack",
            "dependencies": [f"{name}.assets", *dependencies],
            "properties": {
                "templateFile": f"{name}.template.json",
                "stackTemplateAssetObjectUrl": f"s3://{destination['bucketName']}/{key}",
                "tags": {"made-by": "test"},
            },
        }
    (path / "manifest.json").write_text(json.dumps({"artifacts": artifacts}))
    return path


def parameter(value: str, name: str = "/deploy/value") -> dict[str, Any]:
    return {
        "P": {"Type": "AWS::SSM::Parameter", "Properties": {"Name": name, "Type": "String", "Value": value}}
    }


@pytest.fixture
def deployment(embedded_aws: EmbeddedAws) -> Deployment:
    return Deployment(
        embedded_aws.client,
        account=embedded_aws.account,
        region=embedded_aws.region,
        progress=lambda _line: None,
    )


class TestOrder:
    def test_stack_comes_behind_what_it_depends_on(self, tmp_path: Path) -> None:
        """
        The order of the manifest does not matter, the dependencies do.
        """
        path = assembly(tmp_path, app=({}, ["base"]), base=({}, []))
        artifacts = json.loads((path / "manifest.json").read_text())["artifacts"]

        assert [artifact["name"] for artifact in in_order(artifacts)] == ["base", "app"]


class TestPackaged:
    def test_same_files_make_the_same_archive(self, tmp_path: Path) -> None:
        """
        Dates don't get into an archive, so that equal code is equal bytes.
        """
        for name in ("one", "two"):
            (tmp_path / name / "deep").mkdir(parents=True)
            (tmp_path / name / "deep" / "file.py").write_text("x = 1\n")

        assert packaged(tmp_path / "one", "zip") == packaged(tmp_path / "two", "zip")


@pytest.mark.embedded
class TestDeployment:
    def test_second_deployment_changes_what_changed(
        self, tmp_path: Path, deployment: Deployment, embedded_aws: EmbeddedAws
    ) -> None:
        """
        Created, then left alone, then updated; the other stack is left alone each time.
        """
        other = parameter("same", "/deploy/other")
        first = assembly(tmp_path / "1", **{"deploy-a": (parameter("1"), []), "deploy-b": (other, [])})
        second = assembly(tmp_path / "2", **{"deploy-a": (parameter("2"), []), "deploy-b": (other, [])})

        assert [change.action for change in deployment.deploy(first)] == ["created", "created"]
        assert [change.action for change in deployment.deploy(first)] == ["unchanged", "unchanged"]
        assert [change.action for change in deployment.deploy(second)] == ["updated", "unchanged"]
        found = embedded_aws.client("ssm").get_parameter(Name="/deploy/value")
        assert found["Parameter"]["Value"] == "2"

    def test_failure_names_the_resource_and_the_reason(self, tmp_path: Path, deployment: Deployment) -> None:
        """
        Whoever deploys reads which resource failed and why; after it is mended the stack is made anew.
        """
        alarm = {
            "R": {
                "Type": "AWS::CloudWatch::CompositeAlarm",
                "Properties": {"AlarmRule": "ALARM(no-such-alarm)"},
            }
        }
        with pytest.raises(DeploymentError) as failed:
            deployment.deploy(assembly(tmp_path / "1", **{"deploy-c": (alarm, [])}))
        mended = assembly(tmp_path / "2", **{"deploy-c": (parameter("1", "/deploy/c"), [])})

        assert failed.value.stack == "deploy-c"
        assert any(
            resource.startswith("R (AWS::CloudWatch::CompositeAlarm)")
            for resource, _ in failed.value.failures
        )
        assert [change.action for change in deployment.deploy(mended)] == ["created"]

    def test_alarm_of_an_expression_is_made_and_never_rings(
        self, tmp_path: Path, deployment: Deployment, embedded_aws: EmbeddedAws
    ) -> None:
        """
        Templates with metric math deploy here too; the alarm is there, changes and goes with its stack.
        """

        def wish(text: str) -> Path:
            alarm = {
                "Type": "AWS::CloudWatch::Alarm",
                "Properties": {
                    "AlarmName": "expression",
                    "AlarmDescription": text,
                    "Metrics": [{"Id": "e", "Expression": "1 + 1"}],
                    "ComparisonOperator": "GreaterThanThreshold",
                    "Threshold": 0,
                    "EvaluationPeriods": 1,
                },
            }
            return assembly(tmp_path / text, **{"deploy-e": ({"R": alarm}, [])})

        deployment.deploy(wish("one"))
        deployment.deploy(wish("two"))
        cloudwatch = embedded_aws.client("cloudwatch")
        (found,) = cloudwatch.describe_alarms(AlarmNames=["expression"])["MetricAlarms"]
        embedded_aws.client("cloudformation").delete_stack(StackName="deploy-e")

        assert (found["AlarmDescription"], found["StateValue"]) == ("two", "INSUFFICIENT_DATA")
        assert until(lambda: not cloudwatch.describe_alarms(AlarmNames=["expression"])["MetricAlarms"])

    def test_unknown_resource_type_is_refused_before_anything_is_made(
        self, tmp_path: Path, deployment: Deployment
    ) -> None:
        """
        A type that the embedded AWS can't make is named at once.
        """
        wish = {"X": {"Type": "AWS::Nothing::LikeThis", "Properties": {}}}
        with pytest.raises(DeploymentError, match="AWS::Nothing::LikeThis"):
            deployment.deploy(assembly(tmp_path, **{"deploy-d": (wish, [])}))
