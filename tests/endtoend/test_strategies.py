"""Versions take each other's place while requests come: no answer is lost, a bad one goes back by itself."""

from __future__ import annotations

import math
import threading
import time
from typing import Self

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from slipway.domain.identity import parse_identity
from workbench.cli.frame import Refusal

pytestmark = pytest.mark.endtoend

PROJECT = "strategies"
MODEL = f"{PROJECT}/tiny"
INSTANCES = 4
SHARE = 0.25
HOLDOUT_ROWS = 300
COUNTS = f"instance_count = {INSTANCES}\nmax_instances = {INSTANCES}\n"
STRATEGY = f"""
[serving.strategy]
kind = "canary"
share = {SHARE}
interval_minutes = 5
bake_minutes = 5
[serving.alarms]
latency_p99_ms = 2000
"""
FAST = 300.0
"""Five minutes in one second."""
WATCHED = {"errors": 15.0, "slow": 15.0, "wrong": 60.0}
"""Five minutes in twenty seconds; in five, at the speed that the guide to operations recommends."""
BAD = {
    "errors": ("3.0.0", "[prediction for _ in rows]", "1 / 0", "5xx"),
    "slow": (
        "3.1.0",
        "[prediction for _ in rows]",
        "time.sleep(4) or [prediction]",
        "latency-p99",
    ),
    "wrong": ("3.2.0", "[prediction for _ in rows]", "[prediction + 1000 for _ in rows]", "prediction-high"),
}
"""Version, what of its server is replaced by what, and the alarm that has to ring."""


class Load:
    """Asks from ``with`` to its end, in several threads; every answer is counted."""

    def __init__(self, laptop, threads=4) -> None:
        self._runtime = laptop.aws.client("sagemaker-runtime")
        self._endpoint = name_of(laptop)
        self.answers = []
        """Version by version in the order of the answers; ``error`` where there was none."""
        self.errors = []
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._ask) for _ in range(threads)]

    def _ask(self) -> None:
        while not self._ended.is_set():
            try:
                answer = self._runtime.invoke_endpoint(
                    EndpointName=self._endpoint, Body=b'{"instances": [[1]]}', ContentType="application/json"
                )
                answer["Body"].read()
                self.answers.append(parse_identity(answer["CustomAttributes"])["version"])
            except (ClientError, BotoCoreError) as error:
                self.answers.append("error")
                self.errors.append(str(error))
            time.sleep(0.01)

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def share_of(self, bad):
        """Of the answers from the first bad one to the last: the bad ones' share, and how many there were."""
        places = [place for place, answer in enumerate(self.answers) if answer == bad]
        among = self.answers[places[0] : places[-1] + 1]
        return len(places) / len(among), len(among)


def name_of(laptop):
    return f"{laptop.workspace.platform()['resource_prefix']}-{PROJECT}-tiny"


def model(laptop, *, bias="0.0", replaced=("", "")):
    """The tiny model on four instances with a canary; ``replaced`` of its server."""
    directory = laptop.model(PROJECT, bias=bias)
    manifest, serve = directory / "slipway.toml", directory / "serve"
    text = manifest.read_text().replace("instance_count = 1\nstartup", f"{COUNTS}startup")
    # rows, so that the platform knows where predictions lie; nothing is measured of servers that are bad
    text = text.replace("[evaluation]\n", '[evaluation]\ntask = "regression"\nserving_requests = 0\n')
    manifest.write_text(text + STRATEGY)
    program = serve.read_text().replace("import json\n", "import json\nimport time\n")
    serve.write_text(program.replace(*replaced) if replaced[0] else program)
    return directory


def config_of(laptop):
    described = laptop.aws.client("sagemaker").describe_endpoint(EndpointName=name_of(laptop))
    assert described["EndpointStatus"] == "InService"
    return described["EndpointConfigName"]


def alarms(laptop, config=""):
    """Names of the alarms of the endpoint's configs."""
    prefix = f"{name_of(laptop)}/{config}"
    found = laptop.aws.client("cloudwatch").describe_alarms(AlarmNamePrefix=prefix)["MetricAlarms"]
    return {alarm["AlarmName"] for alarm in found}


@pytest.fixture(scope="module")
def served(laptop):
    """1.0.0 served first; 1.1.0 took its place by the canary of its manifest, under load."""
    for data, rows in (("numbers", 3), ("numbers-holdout", HOLDOUT_ROWS)):
        folder = laptop.scratch / f"{PROJECT}-{data}"
        folder.mkdir()
        values = "".join(f"{8 + 2 * (row % 3)}\n" for row in range(rows))
        (folder / "values.csv").write_text(f"value\n{values}")
        laptop.slipway("data", "put", f"{data}:1.0.0", str(folder), "--project", PROJECT)
    laptop.deployed(model(laptop, bias="2.0"), "1.0.0")
    with laptop.aws.speed(FAST), Load(laptop) as load:
        laptop.deployed(model(laptop), "1.1.0")
    return load


def promote(laptop, version, *options):
    laptop.slipway("promote", f"{MODEL}:{version}", "--reason", "seen", "-y", *options)


class TestGoodVersion:
    def test_from_push_by_canary(self, laptop, served):
        """
        The release's own strategy: no request fails, both versions answer on the way, in the end the new one.
        """
        assert served.errors == []
        assert set(served.answers) == {"1.0.0", "1.1.0"}
        assert laptop.invoke(PROJECT)["identity"]["version"] == "1.1.0"
        assert len(alarms(laptop, config_of(laptop))) == len(alarms(laptop)) == 5

    @pytest.mark.parametrize(
        ("strategy", "version"),
        [("all-at-once", "1.0.0"), ("linear", "1.1.0"), ("rolling", "1.0.0"), ("canary", "1.1.0")],
    )
    def test_by_every_strategy(self, laptop, served, strategy, version):
        """
        Not one request fails, whatever the strategy, and everything that answered was one of both versions.
        """
        with laptop.aws.speed(FAST), Load(laptop) as load:
            promote(laptop, version, "--strategy", strategy)

        assert load.errors == []
        assert set(load.answers) == {"1.0.0", "1.1.0"}
        assert laptop.invoke(PROJECT)["identity"]["version"] == version
        assert laptop.ledger.endpoint_state(name_of(laptop))["layout"][0]["version"] == version


@pytest.fixture(scope="module", params=BAD)
def rolled_back(request, laptop, served):
    """A bad version, approved and rolled back under load: ``(kind, release, load, config before)``."""
    version, before, after, _ = BAD[request.param]
    laptop.push(model(laptop, replaced=(before, after)), version)
    release = laptop.reach(laptop.release(f"{MODEL}:{version}"), "awaiting-approval")
    config = config_of(laptop)
    with laptop.aws.speed(WATCHED[request.param]), Load(laptop, threads=8) as load:
        assert laptop.decide(release).recorded
        ended = laptop.reach(release, "failed", seconds=120)
    return request.param, ended, load, config


class TestBadVersion:
    def test_goes_back_by_alarm(self, laptop, rolled_back):
        """
        It fails as rolled back, and says which alarm rang at what.
        """
        kind, release, _, _ = rolled_back
        failure = release["failure"]
        _, _, _, alarm = BAD[kind]

        assert (failure["step"], failure["error"]) == ("RolledBackByAlarm", "RolledBackByAlarm")
        assert f"/{alarm}: Threshold Crossed" in failure["cause"]
        assert "serving.alarms" in failure["next_action"]

    def test_is_seen_by_no_more_than_the_canary_s_share(self, laptop, rolled_back):
        """
        Of the requests from its first answer to its last, no more than one instance of four gets.
        """
        kind, _, load, _ = rolled_back
        version = BAD[kind][0]
        seen, requests = load.share_of("error" if kind == "errors" else version)

        assert seen <= SHARE + 3 * math.sqrt(SHARE * (1 - SHARE) / requests)
        assert kind == "errors" or load.errors == []

    def test_leaves_the_champion_intact(self, laptop, rolled_back):
        """
        The same config serves, the same alias stands, and nothing of the bad one is left.
        """
        _, _, _, config = rolled_back

        assert config_of(laptop) == config
        assert laptop.invoke(PROJECT)["identity"]["version"] == "1.1.0"
        assert laptop.ledger.alias(PROJECT, "tiny", "champion")["version"] == "1.1.0"
        assert alarms(laptop) == alarms(laptop, config)
        configs = laptop.aws.client("sagemaker").list_endpoint_configs(NameContains="tiny-3-")
        assert configs["EndpointConfigs"] == []

    def test_everyone_is_told(self, laptop, rolled_back):
        """
        Approvers and recipients get the alarm with its value, and what to do.
        """
        kind, release, _, _ = rolled_back
        subject = f"{MODEL} {release['version']}: failed at RolledBackByAlarm"

        for address in ("approver@example.com", "team@example.com"):
            (mail,) = laptop.wait_for(lambda to=address: laptop.mails(subject, to), f"mail to {address}")
            assert f"/{BAD[kind][3]}:ThresholdCrossed" in "".join(mail["body"].split())


class TestBadDays:
    """AWS does not answer, does not see what was made, has no instances; somebody changes things by hand."""

    def test_throttled_and_eventually_consistent(self, laptop, served):
        """
        A version takes its place all the same.
        """
        for fault in (
            {"kind": "throttle", "operation": "UpdateEndpoint", "times": 2},
            {"kind": "throttle", "operation": "CreateEndpointConfig", "times": 2},
            {"kind": "eventual", "seconds": 2},
        ):
            laptop.aws.post("faults", **fault)
        try:
            with Load(laptop) as load:
                promote(laptop, "1.0.0", "--strategy", "all-at-once")
        finally:
            laptop.aws.post("faults/clear", id=None)

        assert load.errors == []
        assert laptop.invoke(PROJECT)["identity"]["version"] == "1.0.0"

    def test_capacity_that_comes_back(self, laptop, served):
        """
        SageMaker goes back for want of instances; the machine asks again and gets them.
        """
        laptop.aws.post("faults", kind="capacity", endpoint=name_of(laptop), times=1)
        promote(laptop, "1.1.0", "--strategy", "all-at-once")

        assert laptop.invoke(PROJECT)["identity"]["version"] == "1.1.0"

    def test_hand_made_change_is_left_alone_until_somebody_says_so(self, laptop, served):
        """
        Drift is refused and told; naming the config replaces it.
        """
        sagemaker, name = laptop.aws.client("sagemaker"), name_of(laptop)
        config = sagemaker.describe_endpoint_config(EndpointConfigName=config_of(laptop))
        variant = config["ProductionVariants"][0] | {"InitialInstanceCount": 1}
        sagemaker.create_endpoint_config(EndpointConfigName="by-hand", ProductionVariants=[variant])
        sagemaker.update_endpoint(EndpointName=name, EndpointConfigName="by-hand")
        laptop.wait_for(lambda: described_config(sagemaker, name) == "by-hand", "the change by hand")

        with pytest.raises(Refusal, match="EndpointDriftedError"):
            promote(laptop, "1.0.0")
        assert config_of(laptop) == "by-hand"
        promote(laptop, "1.0.0", "--strategy", "all-at-once", "--accept-drift", "by-hand")
        assert laptop.invoke(PROJECT)["identity"]["version"] == "1.0.0"


def described_config(sagemaker, name):
    described = sagemaker.describe_endpoint(EndpointName=name)
    return described["EndpointConfigName"] if described["EndpointStatus"] == "InService" else ""
