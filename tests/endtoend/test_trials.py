"""A/B test and shadow run on a deployed platform: traffic, outcomes, proposal, approval, new champion."""

from __future__ import annotations

import json
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from slipway.contracts.names import variant_of
from tests.endtoend.test_grants import Grant, Roles
from tests.endtoend.ways import deaf, sweep
from workbench import approvals
from workbench.cli.frame import Refusal
from workbench.outcomes import report, signed_post

if TYPE_CHECKING:
    from typing import Self

    from tests.endtoend.laptop import Laptop

pytestmark = pytest.mark.endtoend

TRIED = """
capture_share = 1.0
[serving.strategy]
kind = "{kind}"
{more}
"""
BODY = json.dumps({"instances": [[1]]})
PATIENCE_SECONDS = 240.0
BANANA = ("--inference-id", "fruit", "--value", "banana")


class Callers:
    """Programs that call an endpoint, and report what came of it by the variant that answered."""

    def __init__(self, laptop: Laptop, project: str, rates: dict[str, float] | None) -> None:
        self._laptop, self._project, self._rates = laptop, project, rates
        self._over = threading.Event()
        self.answered: list[str] = []
        self.failed = 0
        self._pool = ThreadPoolExecutor(2)
        self._done = [self._pool.submit(self._call, seed) for seed in range(2)]

    def _call(self, seed: int) -> None:
        draw, runtime = random.Random(seed), self._laptop.aws.client("sagemaker-runtime")
        post = signed_post(runtime, self._laptop.workspace.platform()["outcomes_url"])
        name, outcomes, number = f"slipway-local-{self._project}-tiny", list[Any](), 0
        while not self._over.is_set():
            number += 1
            inference_id = f"{seed}-{number}-{time.monotonic_ns()}"
            try:
                answer = runtime.invoke_endpoint(
                    EndpointName=name, Body=BODY, ContentType="application/json", InferenceId=inference_id
                )
            except Exception:  # noqa: BLE001 - whatever it is, it is counted
                self.failed += 1
                continue
            answer["Body"].read()
            variant = answer["InvokedProductionVariant"]
            self.answered.append(variant)
            if self._rates is not None:
                value = float(draw.random() < self._rates.get(variant, 0.0))
                outcomes.append({"inference_id": inference_id, "value": value, "outcome": "booked"})
                if len(outcomes) == 100:
                    list(report(self._project, "tiny", outcomes, post))
                    outcomes = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._pool.shutdown(wait=True)


def tried(laptop: Laptop, project: str, kind: str, **settings: Any) -> Any:
    """A first version that serves, and a second whose manifest says that it is tried; its release."""
    laptop.put_numbers(project)
    laptop.deployed(laptop.model(project, bias="2.0"), "1.0.0")
    model = laptop.model(project, bias="1.0")
    manifest, more = model / "slipway.toml", "\n".join(f"{k} = {json.dumps(v)}" for k, v in settings.items())
    head, sample = manifest.read_text().split("[serving.sample]")
    manifest.write_text(f"{head}{TRIED.format(kind=kind, more=more)}\n[serving.sample]{sample}")
    laptop.push(model, "1.1.0")
    release = laptop.release(f"{project}/tiny:1.1.0")
    laptop.reach(release, "awaiting-approval")
    laptop.decide(release)
    laptop.reach(release, "on-trial")
    return release


def trial_of(laptop: Laptop, project: str) -> Any:
    found = laptop.ledger.trials(project, "tiny")
    return found[0] if found else None


def proposal(laptop: Laptop, project: str) -> str:
    """The link by which an approver decides on the trial's proposal."""
    trial = laptop.wait_for(
        lambda: (one := trial_of(laptop, project)) and one["status"] == "proposed" and one,
        "the trial's proposal",
        PATIENCE_SECONDS,
    )
    return str(
        laptop.wait_for(lambda: approvals.link_of(laptop.aws.inbox(), trial["trial_id"], None), "the link")
    )


def champion(laptop: Laptop, project: str) -> str:
    return str(laptop.ledger.alias(project, "tiny", "champion")["version"])


class TestAbTest:
    def test_a_better_challenger_becomes_champion(self, laptop, capfd):
        """
        A fifth of the champion's answers are booked and a half of the challenger's: proposed as better,
        approved, promoted; no request fails on the way.
        """
        project = "trying"
        rates = {"AllTraffic": 0.2, variant_of("1.1.0"): 0.5}
        settings = {"share": 0.5, "requests": 5000, "hours": 1, "outcome": "booked", "minimum_effect": 0.1}
        release = tried(laptop, project, "ab", **settings)
        with Callers(laptop, project, rates) as callers:
            link = proposal(laptop, project)
            capfd.readouterr()
            laptop.slipway("ab", "status", f"{project}/tiny", "--json")
            shown = json.loads(capfd.readouterr().out)
            laptop.slipway("ab", "status", f"{project}/tiny")
            said = capfd.readouterr().out
            with pytest.raises(Refusal, match="1 outcome was refused"):
                laptop.slipway("endpoint", "outcome", f"{project}/tiny", *BANANA)
            assert "counts 'booked' by numbers alone" in capfd.readouterr().out
            laptop.slipway("approval", "open", "--link", link, "--print")
            assert link in capfd.readouterr().out
            laptop.slipway("approval", "approve", f"{project}/tiny:1.1.0", "--reason", "it books more")
            laptop.reach(release, "deployed", seconds=PATIENCE_SECONDS)

        assert (shown["state"]["word"], shown["weights"]) == ("better", {"1.0.0": 0.5, "1.1.0": 0.5})
        assert shown["state"]["effect"]["lower"] > 0
        assert "weights                  1.0.0 50.0%, 1.1.0 50.0%" in said
        assert "interval at every look" in said
        assert "waits for                an approver" in said
        assert "ended" not in said
        assert champion(laptop, project) == "1.1.0"
        assert trial_of(laptop, project)["status"] == "promoted"
        assert callers.failed == 0
        assert set(callers.answered) == {"AllTraffic", variant_of("1.1.0")}
        laptop.wait_for(lambda: laptop.mails("A/B test promoted"), "everybody to be told")


class TestShadowRun:
    def test_after_so_many_copies_a_person_is_asked(self, laptop):
        """
        The challenger answers copies of each request, nobody gets its answers, and on approval it serves.
        """
        project = "mirrored"
        release = tried(laptop, project, "shadow", requests=200, hours=1)
        with Callers(laptop, project, None) as callers:
            link = proposal(laptop, project)
            trial = trial_of(laptop, project)
            answer = approvals.decide(link, decision="approved", reason="alike", version="1.1.0")
            assert answer.status == 200
            laptop.reach(release, "deployed", seconds=PATIENCE_SECONDS)

        tally = trial["state"]["tally"]
        assert trial["state"]["word"] == "compared"
        assert tally["agreement"]["answers"] >= 200
        assert float(tally["agreement"]["distance"]) / int(tally["agreement"]["numbers"]) == pytest.approx(
            1.0
        )
        assert set(callers.answered) == {"AllTraffic"}
        assert callers.failed == 0
        assert champion(laptop, project) == "1.1.0"


@pytest.fixture(scope="module")
def two(laptop):
    """A project in which 1.1.0 serves, and 1.0.0 did."""
    project = "ending"
    laptop.put_numbers(project)
    laptop.deployed(laptop.model(project, bias="2.0"), "1.0.0")
    laptop.deployed(laptop.model(project, bias="1.0"), "1.1.0")
    return project


class TestEndings:
    def test_a_trial_is_stopped_by_hand(self, laptop, two):
        """
        Begun and stopped by the command line: the champion serves on alone.
        """
        project = two
        reference = f"{project}/tiny"
        laptop.slipway("shadow", "start", f"{reference}:1.0.0", "--reason", "look again", "--yes")
        laptop.wait_for(
            lambda: len(laptop.ledger.endpoint_state(f"slipway-local-{project}-tiny")["layout"]) == 2,
            "the shadow to stand there",
        )
        laptop.slipway("shadow", "stop", reference, "--reason", "seen enough", "--yes")
        execution = trial_of(laptop, project)["execution_arn"]
        machines = laptop.aws.client("stepfunctions")
        laptop.wait_for(
            lambda: machines.describe_execution(executionArn=execution)["status"] == "SUCCEEDED",
            "the trial's own execution to end",
            PATIENCE_SECONDS,
        )

        history = laptop.ledger.endpoint_history(f"slipway-local-{project}-tiny")
        assert [one["reason"] for one in history if one["action"] == "remove"] == ["seen enough"]
        assert trial_of(laptop, project)["status"] == "stopped"
        assert len(laptop.ledger.endpoint_state(f"slipway-local-{project}-tiny")["layout"]) == 1
        assert champion(laptop, project) == "1.1.0"

    def test_an_execution_that_is_stopped_leaves_no_challenger(self, laptop, two):
        """
        Whoever stops it in the console has said nothing to the platform: it hears of it, and cleans up.
        """
        project = two
        laptop.slipway("shadow", "start", f"{project}/tiny:1.0.0", "--reason", "once more", "--yes")
        name = f"slipway-local-{project}-tiny"
        laptop.wait_for(lambda: len(laptop.ledger.endpoint_state(name)["layout"]) == 2, "the shadow")
        trial = trial_of(laptop, project)
        laptop.aws.client("stepfunctions").stop_execution(executionArn=trial["execution_arn"])
        laptop.wait_for(lambda: len(laptop.ledger.endpoint_state(name)["layout"]) == 1, "it to leave")

        assert trial_of(laptop, project)["status"] == "stopped"

    def test_an_end_of_which_nobody_heard_is_found_by_the_sweep(self, laptop, two):
        """
        The event that the execution was stopped is lost: the sweep of trials takes the challenger away.
        """
        project = two
        laptop.slipway("shadow", "start", f"{project}/tiny:1.0.0", "--reason", "and again", "--yes")
        # whoever stops it earlier stops the promotion that puts it there, whose lease an event gives back
        laptop.wait_for(lambda: trial_of(laptop, project)["looks"], "the first look")
        name, trial = f"slipway-local-{project}-tiny", trial_of(laptop, project)
        with deaf(laptop, "Step Functions Execution Status Change"):
            laptop.aws.client("stepfunctions").stop_execution(executionArn=trial["execution_arn"])
        assert trial["trial_id"] in str(sweep(laptop, "sweep_trials")) or (
            trial_of(laptop, project)["status"] == "stopped"
        )
        laptop.wait_for(lambda: len(laptop.ledger.endpoint_state(name)["layout"]) == 1, "it to leave")

        assert trial_of(laptop, project)["status"] == "stopped"

    def test_whoever_takes_the_challenger_away_ends_the_trial(self, laptop, two):
        """
        By hand: the trial is superseded at once, and everybody is told.
        """
        project = two
        laptop.slipway("shadow", "start", f"{project}/tiny:1.0.0", "--reason", "for good", "--yes")
        name = f"slipway-local-{project}-tiny"
        laptop.wait_for(lambda: len(laptop.ledger.endpoint_state(name)["layout"]) == 2, "the shadow")
        laptop.slipway(
            "promote", f"{project}/tiny:1.0.0", "--remove", "--reason", "it is in the way", "--yes"
        )
        laptop.wait_for(lambda: trial_of(laptop, project)["status"] == "superseded", "the trial's end")
        laptop.wait_for(lambda: laptop.mails("shadow run superseded"), "everybody to be told")


class TestGrants:
    UNUSED = frozenset(
        {
            # the data key encrypts for its caller, who does not ask for it here
            "kms:Decrypt",
            "kms:GenerateDataKey",
            # S3 says 404 of a missing object, and not 403, to who may list the bucket; here to everybody
            "s3:ListBucket",
            # Step Functions' own: logs, traces, and the rule by which it hears of executions
            "logs:CreateLogDelivery",
            "logs:GetLogDelivery",
            "logs:UpdateLogDelivery",
            "logs:DeleteLogDelivery",
            "logs:ListLogDeliveries",
            "logs:PutResourcePolicy",
            "logs:DescribeResourcePolicies",
            "logs:DescribeLogGroups",
            "xray:PutTraceSegments",
            "xray:PutTelemetryRecords",
            "xray:GetSamplingRules",
            "xray:GetSamplingTargets",
            "events:PutRule",
            "events:PutTargets",
            "events:DescribeRule",
            # a trial that is stopped stops the promotion that it waits for; here none is under way
            "states:StopExecution",
            # what fails again and again becomes a dead letter
            "sqs:SendMessage",
            # who waits for a proposal's decision hears that the trial was stopped; here none waited
            "states:SendTaskSuccess",
        }
    )
    UNUSED_BY_SOME = frozenset(
        {
            # what became of an earlier removal is asked where it bears the name of this one
            Grant("trial/FunctionsStopTrialRole", "states:DescribeExecution"),
        }
    )

    def test_roles_of_trials_may_do_what_they_do_and_little_else(self, laptop):
        """
        Nothing was refused; what was granted was used, or stands above with its reason.
        """
        s3, bucket = laptop.aws.client("s3"), laptop.workspace.platform()["data_bucket"]
        s3.put_object(Bucket=bucket, Key="outcomes/ending/tiny/a.csv", Body=b"inference_id,value\na,1\nb,\n")
        listed = {"Bucket": bucket, "Prefix": "outcomes-refused/ending/tiny/"}
        laptop.wait_for(lambda: s3.list_objects_v2(**listed).get("Contents"), "the dropped file")
        roles = Roles(laptop, ("outcomes", "trial"))

        assert roles.refused() == []
        assert {role for role, _ in roles.used()} == set(roles.names.values())
        needless = roles.granted() - roles.used()
        assert sorted(grant for grant in needless if grant.action not in self.UNUSED) == sorted(
            self.UNUSED_BY_SOME
        )
