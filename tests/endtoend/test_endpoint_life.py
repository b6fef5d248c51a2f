"""What people do to an endpoint by hand: promote, look back, stop, start, go back, and tidy up."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from slipway.contracts.ledger_keys import lease_key
from workbench.cli.frame import Refusal

pytestmark = [pytest.mark.embedded, pytest.mark.endtoend]
PROJECT = "life"
MODEL = f"{PROJECT}/tiny"
ENDPOINT = f"slipway-local-{PROJECT}-tiny"


@pytest.fixture(scope="module")
def harbour(laptop):
    """Two versions: 1.1.0 serves, 1.0.0 served before."""
    laptop.put_numbers(PROJECT)
    laptop.deployed(laptop.model(PROJECT, bias="2.0"), "1.0.0")
    laptop.deployed(laptop.model(PROJECT, bias="1.0"), "1.1.0")
    return laptop


@pytest.fixture
def answer(harbour, capfd):
    """Runs a command with ``--json``; what it printed."""

    def run(*arguments: str) -> Any:
        capfd.readouterr()
        harbour.slipway(*arguments, "--json")
        return json.loads(capfd.readouterr().out)

    return run


def promoted(answer: Any, version: str, *more: str) -> Any:
    return answer("promote", f"{MODEL}:{version}", "--reason", "a test", "--yes", *more)


def history(answer: Any, *more: str) -> list[Any]:
    return [
        [(one["version"], one["share"], one["role"]) for one in state["layout"]]
        for state in answer("endpoint", "history", MODEL, *more)
    ]


class TestSeveralVersions:
    def test_stand_side_by_side_and_answer_by_version(self, answer, harbour):
        """
        One without a share of the traffic is reached by its version alone; one with a share gets it.
        """
        promoted(answer, "1.0.0", "--beside")
        answers = {answer("endpoint", "invoke", MODEL)["identity"]["version"] for _ in range(10)}
        assert answers == {"1.1.0"}
        named = answer("endpoint", "invoke", f"{MODEL}:1.0.0")
        assert (named["identity"]["version"], named["variant"]) == ("1.0.0", "v-1-0-0")
        promoted(answer, "1.0.0", "--beside", "--share", "0.5")
        answers = {harbour.invoke(PROJECT)["identity"]["version"] for _ in range(40)}
        assert answers == {"1.0.0", "1.1.0"}
        shares = {
            one["identity"]["version"]: one["share"] for one in answer("endpoint", "show", MODEL)["Variants"]
        }
        assert shares == pytest.approx({"1.1.0": 0.5, "1.0.0": 0.5})
        promoted(answer, "1.0.0", "--remove")
        with pytest.raises(Refusal, match="does not answer"):
            harbour.slipway("endpoint", "invoke", f"{MODEL}:1.0.0")
        assert history(answer)[:3] == [
            [("1.1.0", 1.0, "champion")],
            [("1.1.0", 0.5, "champion"), ("1.0.0", 0.5, "beside")],
            [("1.1.0", 1.0, "champion"), ("1.0.0", 0.0, "beside")],
        ]


class TestHistory:
    def test_says_what_served_then(self, answer, harbour):
        """
        At any moment since the first promotion, by whom and why.
        """
        states = answer("endpoint", "history", MODEL)
        oldest = states[-1]
        (then,) = answer("endpoint", "history", MODEL, "--at", oldest["changed_at"])
        assert then == oldest
        assert [one["version"] for one in then["layout"]] == ["1.0.0"]
        assert then["actor"]
        assert then["reason"]
        with pytest.raises(Refusal, match="served nothing at"):
            harbour.slipway("endpoint", "history", MODEL, "--at", "2020-01-01")


class TestDrift:
    def test_is_shown_and_never_overwritten_silently(self, answer, harbour):
        """
        What somebody set by hand stays until somebody says that it may go.
        """
        sagemaker = harbour.aws.client("sagemaker")
        serving = sagemaker.describe_endpoint(EndpointName=ENDPOINT)["EndpointConfigName"]
        config = sagemaker.describe_endpoint_config(EndpointConfigName=serving)
        by_hand = f"{ENDPOINT}-by-hand"
        sagemaker.create_endpoint_config(
            EndpointConfigName=by_hand, ProductionVariants=config["ProductionVariants"]
        )
        sagemaker.update_endpoint(EndpointName=ENDPOINT, EndpointConfigName=by_hand)
        sagemaker.get_waiter("endpoint_in_service").wait(
            EndpointName=ENDPOINT, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
        )
        assert by_hand in answer("endpoint", "show", MODEL)["Drift"]
        with pytest.raises(Refusal, match="EndpointDrifted"):
            promoted(answer, "1.0.0")
        assert sagemaker.describe_endpoint(EndpointName=ENDPOINT)["EndpointConfigName"] == by_hand
        promoted(answer, "1.0.0", "--accept-drift", by_hand)
        assert harbour.invoke(PROJECT)["identity"]["version"] == "1.0.0"
        assert answer("endpoint", "show", MODEL)["Drift"] == ""
        promoted(answer, "1.1.0")


class TestStopping:
    def test_a_stopped_endpoint_answers_nobody_and_comes_back(self, answer, harbour):
        """
        With what it served; the ledger knows of both, and what it comes back with is no leftover.
        """
        served = harbour.aws.client("sagemaker").describe_endpoint(EndpointName=ENDPOINT)[
            "EndpointConfigName"
        ]
        answer("endpoint", "stop", MODEL, "--reason", "nobody needs it", "--yes")
        with pytest.raises(ClientError, match="not found"):
            harbour.invoke(PROJECT)
        with pytest.raises(Refusal, match="was stopped at"):
            harbour.slipway("endpoint", "stop", MODEL, "--reason", "again", "--yes")
        targets = harbour.aws.client("application-autoscaling").describe_scalable_targets(
            ServiceNamespace="sagemaker", ResourceIds=[f"endpoint/{ENDPOINT}/variant/AllTraffic"]
        )
        assert targets["ScalableTargets"] == []
        left = next(one for one in answer("doctor") if one["check"] == "Leftovers")
        assert served not in left["found"]
        answer("endpoint", "start", MODEL)
        assert harbour.invoke(PROJECT)["identity"]["version"] == "1.1.0"
        newest, stopped, *_ = answer("endpoint", "history", MODEL)
        assert (newest["status"], stopped["status"]) == ("in-service", "stopped")


class TestRollback:
    def test_any_registered_version_serves_again(self, answer, harbour):
        """
        By one command, recorded with its reason.
        """
        answer("rollback", MODEL, "--to", "1.0.0", "--reason", "1.1.0 misprices suites", "--yes")
        assert harbour.invoke(PROJECT)["identity"]["version"] == "1.0.0"
        newest = answer("endpoint", "history", MODEL)[0]
        assert (newest["cause"], newest["reason"]) == ("rollback", "1.1.0 misprices suites")


class TestLeftovers:
    def test_are_named_and_removed_and_nothing_else_is(self, answer, harbour, capfd):
        """
        An endpoint config, its model and an alarm that no endpoint needs; what serves goes on serving.
        """
        sagemaker, cloudwatch = harbour.aws.client("sagemaker"), harbour.aws.client("cloudwatch")
        serving = sagemaker.describe_endpoint(EndpointName=ENDPOINT)["EndpointConfigName"]
        variant = sagemaker.describe_endpoint_config(EndpointConfigName=serving)["ProductionVariants"][0]
        served = sagemaker.describe_model(ModelName=variant["ModelName"])
        orphan = "slipway-local-tiny-9-9-9-00000000"
        sagemaker.create_model(
            ModelName=orphan,
            ExecutionRoleArn=served["ExecutionRoleArn"],
            PrimaryContainer={key: served["PrimaryContainer"][key] for key in ("Image", "ModelDataUrl")},
        )
        sagemaker.create_endpoint_config(
            EndpointConfigName=orphan, ProductionVariants=[{**variant, "ModelName": orphan}]
        )
        cloudwatch.put_metric_alarm(
            AlarmName=f"{ENDPOINT}/{orphan}/5xx",
            Namespace="AWS/SageMaker",
            MetricName="Invocation5XXErrors",
            Statistic="Average",
            Period=60,
            EvaluationPeriods=1,
            Threshold=0.05,
            ComparisonOperator="GreaterThanThreshold",
        )
        time.sleep(0.01)
        found = next(one for one in answer("doctor") if one["check"] == "Leftovers")
        assert {"ok": False, "warning": True}[found["outcome"]]
        assert found["found"].count(orphan) >= 3
        assert serving not in found["found"]
        harbour.slipway("doctor", "--mend", "--yes")
        capfd.readouterr()
        left = next(one for one in answer("doctor") if one["check"] == "Leftovers")
        assert orphan not in left["found"]
        assert harbour.invoke(PROJECT)["identity"]["version"] == "1.0.0"


class TestLease:
    @pytest.fixture
    def stuck(self, harbour):
        """The endpoint's lease is held by a promotion that has ended, as if nobody had heard of it."""
        platform = harbour.workspace.platform()
        (last, *_) = harbour.aws.client("stepfunctions").list_executions(
            stateMachineArn=platform["promote_machine_arn"], maxResults=1
        )["executions"]
        harbour.aws.client("dynamodb").update_item(
            TableName=platform["ledger_table"],
            Key={name: {"S": value} for name, value in lease_key(ENDPOINT).items()},
            UpdateExpression="SET #owner = :owner, expires_at_epoch = :late",
            ExpressionAttributeNames={"#owner": "owner"},
            ExpressionAttributeValues={
                ":owner": {"S": last["executionArn"]},
                ":late": {"N": str(int(time.time()) + 200_000)},
            },
        )

    def leases(self, answer):
        return next(one for one in answer("doctor") if one["check"] == "Leases")

    def test_of_a_promotion_that_has_ended_is_given_back_by_doctor(self, answer, harbour, stuck):
        """
        It is named, and others need not wait for it.
        """
        assert ENDPOINT in self.leases(answer)["found"]
        harbour.slipway("doctor", "--mend", "--yes")
        assert self.leases(answer)["outcome"] == "ok"

    def test_is_in_the_way_of_no_rollback(self, answer, stuck):
        """
        Who goes back is in a hurry: the lease is given back at once.
        """
        before = answer("endpoint", "show", MODEL)["Identity"]["version"]
        other = "1.1.0" if before == "1.0.0" else "1.0.0"
        done = answer("rollback", MODEL, "--to", other, "--reason", "a test", "--yes")
        assert done["status"] == "deployed"
        assert before not in done["serves"].split("serves ")[1].split(",")[0]
