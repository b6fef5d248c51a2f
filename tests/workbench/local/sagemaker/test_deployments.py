"""Updates by deployment guardrails: traffic moves in steps, and comes back when an alarm rings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.workbench.local.sagemaker.conftest import until
from tests.workbench.local.sagemaker.load import Load
from tests.workbench.local.sagemaker.test_events import Listener

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.workbench.local.sagemaker.conftest import Account

pytestmark = pytest.mark.embedded

SPEED = 60.0


def percent(value: int) -> dict[str, Any]:
    return {"Type": "CAPACITY_PERCENT", "Value": value}


def routed(kind: str, wait: int, termination: int = 0, limit: int = 3600, **size: Any) -> dict[str, Any]:
    """A blue/green policy; waits in seconds of SageMaker's clock."""
    return {
        "BlueGreenUpdatePolicy": {
            "TrafficRoutingConfiguration": {"Type": kind, "WaitIntervalInSeconds": wait, **size},
            "TerminationWaitInSeconds": termination,
            "MaximumExecutionTimeoutInSeconds": limit,
        }
    }


def rolling(batch: int, wait: int) -> dict[str, Any]:
    return {"RollingUpdatePolicy": {"MaximumBatchSize": percent(batch), "WaitIntervalInSeconds": wait}}


@pytest.fixture(autouse=True)
def fast(account: Account) -> Iterator[None]:
    with account.aws.speed(SPEED):
        yield


class Served:
    """An endpoint of model "1", and a configuration of model "2"."""

    def __init__(self, account: Account, count: int = 2, **environment: str) -> None:
        self.account = account
        self.name = account.name("guard")
        self.new = f"{self.name}-2"
        account.config(self.name, account.model(self.name, TAG="1"), count=count)
        account.config(self.new, account.model(self.new, TAG="2", **environment), count=count)
        account.sagemaker.create_endpoint(EndpointName=self.name, EndpointConfigName=self.name)
        account.settled_endpoint(self.name)

    def update(self, deployment: dict[str, Any], *alarms: str, **options: Any) -> None:
        if alarms:
            deployment = deployment | {
                "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": name} for name in alarms]}
            }
        self.account.sagemaker.update_endpoint(
            EndpointName=self.name, EndpointConfigName=self.new, DeploymentConfig=deployment, **options
        )

    def describe(self) -> dict[str, Any]:
        return dict(self.account.sagemaker.describe_endpoint(EndpointName=self.name))

    def stage(self, status: str) -> dict[str, Any]:
        """Wait until the deployment is so far; what is pending."""

        def pending() -> Any:
            return self.describe().get("PendingDeploymentSummary") or {}

        def reached(summary: Any) -> bool:
            variants = summary.get("ProductionVariants", [])
            return any(variant["VariantStatus"][0]["Status"] == status for variant in variants)

        return dict(until(pending, reached))

    def settled(self) -> dict[str, Any]:
        return self.account.settled_endpoint(self.name, 60)

    def alarm(self, state: str = "OK", **changes: Any) -> str:
        """An alarm that only ``ring`` moves."""
        cloudwatch = self.account.aws.client("cloudwatch")
        metric = {
            "AlarmName": f"{self.name}/{self.new}/5xx",
            "MetricName": "Invocation5XXErrors",
            "Namespace": "AWS/SageMaker",
            "Dimensions": [
                {"Name": "EndpointName", "Value": self.name},
                {"Name": "VariantName", "Value": "AllTraffic"},
                {"Name": "EndpointConfigName", "Value": self.new},
            ],
            "Statistic": "Average",
            "Period": 60,
            "EvaluationPeriods": 1,
            "Threshold": 0.05,
            "ComparisonOperator": "GreaterThanThreshold",
            "TreatMissingData": "notBreaching",
        } | changes
        cloudwatch.put_metric_alarm(**metric)
        if state != "OK":
            cloudwatch.set_alarm_state(AlarmName=metric["AlarmName"], StateValue=state, StateReason="test")
        return str(metric["AlarmName"])


class TestCanary:
    def test_part_of_the_traffic_moves_first_then_all(self, account: Account) -> None:
        """
        A canary of one of two instances gets half of the requests; after the wait interval all of them.
        None is lost, and each stage is told as an event.
        """
        listener = Listener(account)
        served = Served(account)
        with Load(account, served.name) as load:
            served.update(routed("CANARY", 180, 60, CanarySize=percent(50)))
            pending = served.stage("Baking")
            during = load.next(120)
            settled = served.settled()
            afterwards = load.next(20)

        assert load.failed == []
        assert 30 <= during["2"] <= 90
        assert set(afterwards) == {"2"}
        assert pending["EndpointConfigName"] == served.new
        assert pending["ProductionVariants"][0]["DesiredInstanceCount"] == 2
        assert settled["EndpointConfigName"] == served.new
        assert "PendingDeploymentSummary" not in settled
        heard = listener.hear(served.name, lambda events: len(deployment_states(events)) == 6)
        assert deployment_states(heard) == [
            "Creating",
            "ActivatingTraffic",
            "Baking",
            "ActivatingTraffic",
            "Baking",
            "Deleting",
        ]
        changes = [
            e["detail"]["EndpointStatus"]
            for e in heard
            if e["detail-type"] == "SageMaker Endpoint State Change"
        ]
        assert changes[-2:] == ["UPDATING", "IN_SERVICE"]

    def test_is_rolled_back_by_its_alarm_and_few_requests_saw_it(self, account: Account) -> None:
        """
        A canary that answers errors: the alarm on the new configuration's dimensions rings by the requests
        themselves, all traffic is the old fleet's again, and the reason names the alarm.
        """
        served = Served(account, count=4, STATUS="500")
        alarm = served.alarm()
        with Load(account, served.name) as load:
            served.update(routed("CANARY", 1800, CanarySize=percent(25)), alarm)
            served.stage("Baking")
            begun = len(load.tags)
            settled = served.settled()
            failed, answered = len(load.failed), len(load.tags) - begun
            afterwards = load.next(10) if not load.failed else None

        assert (settled["EndpointStatus"], settled["EndpointConfigName"]) == ("InService", served.name)
        assert f"Alarm {alarm} was in ALARM state" in settled["FailureReason"]
        assert set(load.tags) == {"1"}
        assert 0 < failed <= 0.45 * (failed + answered)
        assert afterwards is None or set(afterwards) == {"1"}


def deployment_states(events: list[dict[str, Any]]) -> list[str]:
    """The variant's states that the deployment's events tell."""
    return [
        event["detail"]["PendingDeploymentSummary"]["ProductionVariants"][0]["VariantStatus"][0]["Status"]
        for event in events
        if event["detail-type"] == "SageMaker Endpoint Deployment State Change"
    ]


class TestLinear:
    def test_moves_step_by_step_and_takes_no_longer_than_allowed(self, account: Account) -> None:
        """
        Steps of a quarter, each watched: the deployment would take longer than its limit, so that it comes
        back when that is over.
        """
        served = Served(account, count=4)
        with Load(account, served.name) as load:
            served.update(routed("LINEAR", 240, limit=600, LinearStepSize=percent(25)))
            served.stage("Baking")
            first = load.next(60)
            settled = served.settled()

        assert load.failed == []
        assert 2 <= first["2"] <= 32
        assert settled["EndpointConfigName"] == served.name
        assert "longer than its MaximumExecutionTimeoutInSeconds (600 s)" in settled["FailureReason"]


class TestRolling:
    def test_new_fleet_grows_while_the_old_one_shrinks(self, account: Account) -> None:
        """
        Batches of one of two instances: the old fleet is at one when the new one is; no request is lost.
        """
        served = Served(account)
        counts: set[tuple[int, int]] = set()

        def seen() -> dict[str, Any]:
            found = served.describe()
            pending = found.get("PendingDeploymentSummary")
            if pending:
                old, new = found["ProductionVariants"][0], pending["ProductionVariants"][0]
                counts.add((old["CurrentInstanceCount"], new["CurrentInstanceCount"]))
            return found

        with Load(account, served.name) as load:
            served.update(rolling(50, 60))
            settled = until(seen, lambda found: found["EndpointStatus"] == "InService")
            afterwards = load.next(20)

        assert load.failed == []
        assert counts >= {(2, 1), (1, 1), (1, 2)}
        assert settled["EndpointConfigName"] == served.new
        assert settled["ProductionVariants"][0]["CurrentInstanceCount"] == 2
        assert set(afterwards) == {"2"}

    def test_comes_back_with_all_its_instances(self, account: Account) -> None:
        """
        An alarm after the first batch was replaced: the old fleet has two instances again.
        """
        served = Served(account)
        alarm = served.alarm(Threshold=1e9)
        served.update(rolling(50, 600), alarm)
        until(served.describe, lambda found: found["ProductionVariants"][0]["CurrentInstanceCount"] == 1)
        with Load(account, served.name) as load:
            account.aws.client("cloudwatch").set_alarm_state(
                AlarmName=alarm, StateValue="ALARM", StateReason="as the test wants it"
            )
            settled = served.settled()
            afterwards = load.next(20)

        assert load.failed == []
        assert (settled["EndpointConfigName"], set(afterwards)) == (served.name, {"1"})
        assert settled["ProductionVariants"][0]["CurrentInstanceCount"] == 2


class TestAlarm:
    def test_that_rings_already_ends_the_deployment(self, account: Account) -> None:
        """
        An alarm in ALARM at the start: nothing is moved, the reason says so.
        """
        served = Served(account, count=1)
        alarm = served.alarm("ALARM", TreatMissingData="ignore")

        served.update(routed("ALL_AT_ONCE", 0), alarm)
        settled = served.settled()

        assert settled["EndpointConfigName"] == served.name
        assert settled["FailureReason"] == f"Alarm {alarm} was in ALARM state when the deployment began."

    def test_that_rings_while_the_fleet_starts_ends_it(self, account: Account) -> None:
        """
        Nobody waits for a fleet that will be rolled back anyway.
        """
        served = Served(account, count=1, NEVER="1")
        alarm = served.alarm(TreatMissingData="ignore")
        served.update(routed("ALL_AT_ONCE", 0), alarm)
        served.stage("Creating")
        account.aws.client("cloudwatch").set_alarm_state(
            AlarmName=alarm, StateValue="ALARM", StateReason="as the test wants it"
        )

        settled = served.settled()

        assert settled["FailureReason"] == f"Alarm {alarm} was in ALARM state during the deployment."


class TestRetained:
    def test_deployment_config_and_properties_are_taken_again(self, account: Account) -> None:
        """
        RetainDeploymentConfig takes the last one; RetainAllVariantProperties keeps count, weight and capture,
        but for what is excluded.
        """
        served = Served(account, count=1)
        deployment = routed("ALL_AT_ONCE", 0, limit=777)
        served.update(deployment)
        served.settled()
        account.sagemaker.update_endpoint_weights_and_capacities(
            EndpointName=served.name,
            DesiredWeightsAndCapacities=[
                {"VariantName": "AllTraffic", "DesiredWeight": 3, "DesiredInstanceCount": 2}
            ],
        )
        served.settled()

        account.sagemaker.update_endpoint(
            EndpointName=served.name,
            EndpointConfigName=served.name,
            RetainDeploymentConfig=True,
            RetainAllVariantProperties=True,
            ExcludeRetainedVariantProperties=[{"VariantPropertyType": "DesiredWeight"}],
        )
        settled = served.settled()

        (variant,) = settled["ProductionVariants"]
        assert settled["LastDeploymentConfig"] == deployment
        assert settled["EndpointConfigName"] == served.name
        assert (variant["CurrentInstanceCount"], variant["CurrentWeight"]) == (2, 1.0)


@pytest.fixture(scope="module")
def single(account: Account) -> Served:
    """One instance, which no test updates."""
    return Served(account, count=1)


@pytest.fixture(scope="module")
def several(account: Account) -> Served:
    """Four instances, which no test updates."""
    return Served(account, count=4)


class TestRules:
    @pytest.mark.parametrize(
        ("deployment", "reason"),
        [
            (routed("CANARY", 0, CanarySize=percent(50)), "CanarySize must be"),
            (routed("LINEAR", 0, LinearStepSize=percent(50)), "LinearStepSize must be"),
            (rolling(50, 0), "MaximumBatchSize must be"),
            (routed("CANARY", 0), "needs CanarySize"),
            (routed("ALL_AT_ONCE", 0, CanarySize=percent(10)), "cannot have CanarySize"),
            (routed("ALL_AT_ONCE", 3600, 0, 3600), "greater than the sum of the waiting times"),
            (routed("ALL_AT_ONCE", 0) | rolling(50, 0), "cannot both be given"),
        ],
    )
    def test_what_one_instance_cannot_do_is_refused(
        self, account: Account, single: Served, deployment: dict[str, Any], reason: str
    ) -> None:
        """
        Half of one instance is none; contradictions are refused before anything is touched.
        """
        with pytest.raises(ClientError, match=reason):
            single.update(deployment)

        assert single.describe()["EndpointStatus"] == "InService"

    @pytest.mark.parametrize(
        ("deployment", "reason"),
        [
            (routed("CANARY", 0, CanarySize=percent(51)), "CanarySize must be from 1 to 50 percent"),
            (routed("CANARY", 0, CanarySize={"Type": "INSTANCE_COUNT", "Value": 3}), "CanarySize must be"),
            (routed("LINEAR", 0, LinearStepSize=percent(9)), "LinearStepSize must be from 10 to 50 percent"),
            (rolling(4, 0), "MaximumBatchSize must be from 5 to 50 percent"),
        ],
    )
    def test_steps_are_bounded(
        self, account: Account, several: Served, deployment: dict[str, Any], reason: str
    ) -> None:
        """
        No step moves more than half of a fleet, or next to nothing.
        """
        with pytest.raises(ClientError, match=reason):
            several.update(deployment)

    def test_variants_and_alarms_must_be_there(self, account: Account, single: Served) -> None:
        """
        Guardrails want the same variant names, rolling a single variant, and alarms that exist.
        """
        two = account.config(
            account.name("two"), account.model(account.name("a")), account.model(account.name("b")), count=2
        )

        with pytest.raises(ClientError, match="does not exist"):
            single.update(routed("ALL_AT_ONCE", 0), "nobody")
        with pytest.raises(ClientError, match="same variant names"):
            account.sagemaker.update_endpoint(
                EndpointName=single.name,
                EndpointConfigName=two,
                DeploymentConfig=routed("ALL_AT_ONCE", 0),
            )
        with pytest.raises(ClientError, match="several production variants"):
            account.sagemaker.create_endpoint(
                EndpointName=two, EndpointConfigName=two, DeploymentConfig=rolling(50, 0)
            )
