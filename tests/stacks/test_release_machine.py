from __future__ import annotations

from typing import Any

import pytest

from slipway.contracts import events
from slipway.contracts.ledger_keys import endpoint_state_key
from slipway.contracts.release import ReleaseDocument, Training
from stacks.machines.release import definition
from stacks.machines.turn import FIRST_POLLS, LONGEST_SECONDS
from stacks.trial import TRIAL_SECONDS
from tests.fakes.state_machine import Run, answers, fails
from workbench.local.states.failures import StateFailedError

DEFINITION = definition(environment="dev", timeout_seconds=600_000, poll_seconds=15)
MODEL = "s3://artifacts/pricing/hotel-rates/releases/9f2c/training/t-0-0/output/model.tar.gz"
TRAINED = {
    "TrainingJobName": "t-0-0",
    "TrainingJobArn": "arn:training",
    "ModelArtifacts": {"S3ModelArtifacts": MODEL},
    "TrainingTimeInSeconds": 40,
    "BillableTimeInSeconds": 12,
    "FinalMetricDataList": [
        {"MetricName": "validation:mae", "Value": 31.5, "Timestamp": 1},
        {"MetricName": "train:mae", "Value": 29.0, "Timestamp": 1},
    ],
}
APPROVED = {"decision": "approved", "approver": "ann@example.com", "reason": "better", "decided_at": "now"}
ENDPOINT = {"endpoint_name": "slipway-dev-pricing-hotel-rates"}


def plan(*, champion: bool) -> dict[str, Any]:
    def processing(image: str) -> dict[str, Any]:
        return {
            "AppSpecification": {"ImageUri": image},
            "ProcessingInputs": [
                {"InputName": "model", "S3Input": {"LocalPath": "/opt/ml/processing/model"}},
                {"InputName": "holdout", "S3Input": {"S3Uri": "s3://data/holdout/"}},
            ],
        }

    return {
        "release_id": "9f2c41d07b3a55e1",
        "project": "pricing",
        "model": "hotel-rates",
        "version": "1.1.0",
        "champion": {"version": "1.0.0"} if champion else None,
        "job_names": {"training": "t", "challenger": "e", "champion": "c"},
        "requests": {
            "training": {"RoleArn": "arn:role"},
            "challenger": processing("new"),
            "champion": processing("old") if champion else None,
        },
        "approval_timeout_seconds": 259_200,
    }


def evaluated(request: dict[str, Any]) -> dict[str, Any]:
    name = request["ProcessingJobName"]
    outputs = [{"OutputName": "evaluation", "S3Output": {"S3Uri": f"s3://artifacts/{name}"}}]
    return {"ProcessingJobName": name, "ProcessingOutputConfig": {"Outputs": outputs}}


def looked_up(step: str, result: str = "miss", **more: Any) -> dict[str, Any]:
    return {"step": step, "key": "k", "result": result, "explanation": f"{result}: …", **more}


def training_is(result: str, outputs: dict[str, Any] | None = None) -> dict[str, Any]:
    """What ``look_up_steps`` answers before training."""
    found = {"lookups": {"training": looked_up("training", result)}}
    return {"Payload": found | ({"training": outputs} if outputs is not None else {})}


def evaluations_are(challenger: dict[str, Any], champion: dict[str, Any] | None) -> dict[str, Any]:
    """What it answers before evaluation."""
    before = {"training": looked_up("training")}
    return {"Payload": {"lookups": {**before, "challenger": challenger, "champion": champion}}}


SCANNED = {"status": "complete", "findings": {"CRITICAL": 1}, "reason": ""}
MISSED = evaluations_are(looked_up("challenger"), looked_up("champion"))


def run(**tasks: Any) -> Run:
    script = {
        "LookUpTraining": answers(training_is("miss")),
        "LookUpEvaluation": answers(MISSED),
        "Train": answers(TRAINED),
        "EvaluateChallenger": evaluated,
        "EvaluateChampion": evaluated,
        "LookAtScan": answers({"Payload": SCANNED}),
        "Judge": answers({"Payload": {"accepted": True, "summary": "better"}}),
        "TellVerdict": answers({"FailedEntryCount": 0}),
        "Register": answers({"Payload": {"group": "g", "arn": "arn:package", "version": 3}}),
        "RequestApproval": answers(APPROVED),
        "Promote": answers({"Output": {"endpoint": ENDPOINT}, "Status": "SUCCEEDED"}),
    }
    return Run(DEFINITION, script | tasks)


def ended(execution: Run, *, champion: bool = True, **planned: Any) -> dict[str, Any]:
    document: dict[str, Any] = execution.start({"plan": {**plan(champion=champion), **planned}})
    return document


TRIED = {"serving": {"strategy": {"kind": "ab"}}}


class TestTurn:
    """Where the settings let a trial on the endpoint end before a newer version comes."""

    WAITING = definition(environment="dev", timeout_seconds=600_000, poll_seconds=15, waits_for_trials=True)

    def run(self, *states: dict[str, Any], **tasks: Any) -> Run:
        execution = run(LookForTrial=answers(*states), **tasks)
        execution.definition = self.WAITING
        return execution

    def test_an_approved_version_waits_until_the_trial_has_ended(self) -> None:
        """Nothing is started meanwhile; then it is promoted."""
        tried = {"Item": {"status": {"S": "in-service"}, "trial_id": {"S": "7d" * 8}}}
        alone = {"Item": {"status": {"S": "in-service"}}}
        execution = self.run(tried, tried, alone)
        document = ended(execution, endpoint_name="slipway-dev-pricing-hotel-rates")

        assert execution.path.count("WaitForTrial") == 2
        assert execution.path[-4:] == ["LookForTrial", "IsATrialRunning", "IsItTried", "Promote"]
        assert document["endpoint"] == ENDPOINT
        key = execution.calls["LookForTrial"][0]["Key"]
        wanted = endpoint_state_key("slipway-dev-pricing-hotel-rates")
        assert key == {name: {"S": value} for name, value in wanted.items()}

    @pytest.mark.parametrize(
        "state", [{}, {"Item": {"status": {"S": "stopped"}, "trial_id": {"S": "7d" * 8}}}]
    )
    def test_where_no_trial_runs_it_goes_on_at_once(self, state: dict[str, Any]) -> None:
        """Nothing was ever promoted, or the endpoint is stopped."""
        execution = self.run(state)
        ended(execution, endpoint_name="e")

        assert "WaitForTrial" not in execution.path

    def test_its_own_trial_waits_too(self) -> None:
        """What is to be tried is tried after the other."""
        won = {"Output": {"ended": {"status": "promoted", "reason": "ann"}, "endpoint": ENDPOINT}}
        execution = self.run({}, Try=answers(won))
        ended(execution, endpoint_name="e", manifest=TRIED)

        assert execution.path[-2:] == ["IsItTried", "Try"]

    def test_what_is_not_approved_waits_for_nothing(self) -> None:
        """It ends."""
        execution = self.run({}, RequestApproval=answers({**APPROVED, "decision": "rejected"}))
        ended(execution, endpoint_name="e")

        assert execution.path[-1] == "NotApproved"

    def test_the_longest_trial_leaves_room_in_the_history(self) -> None:
        """Nine events for each look with its wait, of 25,000; waits are two hours at most."""
        seconds, looks = 0, 0
        while seconds < TRIAL_SECONDS + 240 * 3600:
            looks += 1
            seconds += min(15 * FIRST_POLLS * looks, LONGEST_SECONDS)

        assert looks * 9 < 12_000

    def test_elsewhere_nobody_looks(self) -> None:
        """The settings say that a newer version ends the trial."""
        assert "LookForTrial" not in DEFINITION["States"]


class TestTrial:
    def test_an_approved_version_is_tried_where_its_strategy_is_a_trial(self) -> None:
        """The release ends with how its trial ended, and with the endpoint if it serves."""
        won = {"Output": {"ended": {"status": "promoted", "reason": "ann"}, "endpoint": ENDPOINT}}
        execution = run(Try=answers(won))
        document = ended(execution, manifest=TRIED)

        assert "Promote" not in execution.path
        assert (document["trial"]["status"], document["endpoint"]) == ("promoted", ENDPOINT)
        assert execution.calls["Try"][0]["Input"]["request"] == {
            "project": "pricing",
            "model": "hotel-rates",
            "version": "1.1.0",
            "release_id": "9f2c41d07b3a55e1",
            "cause": "approval",
            "actor": "ann@example.com",
            "reason": "better",
            "strategy": {},
        }

    def test_a_challenger_that_lost_is_no_endpoint(self) -> None:
        """The release says how its trial ended."""
        lost = {"Output": {"ended": {"status": "rejected", "reason": "worse"}}}
        document = ended(run(Try=answers(lost)), manifest=TRIED)

        assert "endpoint" not in document
        assert document["trial"] == {"status": "rejected", "reason": "worse"}

    def test_whoever_approves_may_ask_for_a_trial(self) -> None:
        """Or for none, whatever the manifest says."""
        won = {"Output": {"ended": {"status": "promoted", "reason": "ann"}, "endpoint": ENDPOINT}}
        asked, spared = (
            run(
                Try=answers(won),
                RequestApproval=answers(APPROVED | {"conditions": {"strategy": kind, "share": None}}),
            )
            for kind in ("shadow", "all-at-once")
        )
        ended(asked, manifest={"serving": {"strategy": {"kind": "canary"}}})
        ended(spared, manifest=TRIED)

        assert asked.path[-1] == "Try"
        assert spared.path[-1] == "Promote"

    def test_a_first_version_is_promoted(self) -> None:
        """There is nothing beside which it could be tried."""
        execution = run()
        ended(execution, champion=False, manifest=TRIED)

        assert execution.path[-1] == "Promote"


class TestDocument:
    def test_grows_by_one_key_for_each_step(self) -> None:
        """The execution ends with the contract's document, its keys in the order of the steps."""
        steps = [key for key in ReleaseDocument.__annotations__ if key != "trial"]
        assert list(ended(run(), awaits_scan=True)) == steps

    def test_no_step_rewrites_the_plan(self) -> None:
        """What was planned is what the execution ends with."""
        assert ended(run())["plan"] == plan(champion=True)


class TestScan:
    def test_is_waited_for_where_a_gate_looks_at_it(self) -> None:
        """The judge comes after the scan's end, however often it must be looked at."""
        pending = {"status": "pending", "findings": {}, "reason": ""}
        execution = run(LookAtScan=answers({"Payload": pending}, {"Payload": pending}, {"Payload": SCANNED}))

        assert ended(execution, awaits_scan=True)["scan"] == SCANNED
        assert len(execution.calls["LookAtScan"]) == 3
        assert execution.calls["Judge"][0]["Payload"]["scan"] == SCANNED

    def test_is_not_looked_at_otherwise(self) -> None:
        """Nor by releases that were planned before there was such a gate."""
        execution = run()

        assert "scan" not in ended(execution)
        assert not execution.calls.get("LookAtScan")


class TestTraining:
    def test_request_is_the_plan_s_with_a_name(self) -> None:
        """The machine adds only the job's name: stem, redrives, retries."""
        execution = run()
        ended(execution)
        assert execution.calls["Train"] == [{"RoleArn": "arn:role", "TrainingJobName": "t-0-0"}]

    def test_retry_has_another_name(self) -> None:
        """Names are unique for ever: what was refused is asked for under another."""
        busy = StateFailedError("SageMaker.AmazonSageMakerException", "Rate exceeded")
        execution = run(Train=answers(busy, TRAINED))
        ended(execution)
        assert [call["TrainingJobName"] for call in execution.calls["Train"]] == ["t-0-0", "t-0-1"]

    def test_failed_job_is_not_run_again(self) -> None:
        """A program that failed would fail again, at its price."""
        execution = run(Train=fails("States.TaskFailed", '{"FailureReason": "exit code 1"}'))
        with pytest.raises(StateFailedError, match="exit code 1"):
            ended(execution)
        assert len(execution.calls["Train"]) == 1

    def test_summary_is_the_contract_s(self) -> None:
        """Artifact, times and last metrics are taken from the job's description."""
        training = ended(run())["training"]
        assert set(training) == set(Training.__annotations__) - {"cached_from"}
        assert training == {
            "job_name": "t-0-0",
            "job_arn": "arn:training",
            "model_uri": MODEL,
            "seconds": 40,
            "billable_seconds": 12,
            "metrics": {"validation:mae": 31.5, "train:mae": 29.0},
        }

    def test_one_metric_is_still_a_table(self) -> None:
        """A job with a single metric has metrics like any other."""
        one = TRAINED | {"FinalMetricDataList": [{"MetricName": "mae", "Value": 1.5}]}
        assert ended(run(Train=answers(one)))["training"]["metrics"] == {"mae": 1.5}

    def test_what_sagemaker_leaves_out_is_zero_or_empty(self) -> None:
        """Times that SageMaker does not know, and metrics that never appeared, are no failure."""
        keys = ("TrainingTimeInSeconds", "BillableTimeInSeconds", "FinalMetricDataList")
        bare = {key: value for key, value in TRAINED.items() if key not in keys}
        training = ended(run(Train=answers(bare)))["training"]
        assert (training["seconds"], training["billable_seconds"], training["metrics"]) == (0, 0, {})


class TestEvaluation:
    def test_challenger_gets_the_trained_model(self) -> None:
        """The trained artifact becomes the source of the input named model; others stay."""
        execution = run()
        ended(execution)
        (request,) = execution.calls["EvaluateChallenger"]
        assert request["ProcessingJobName"] == "e-0-0"
        assert request["ProcessingInputs"] == [
            {
                "InputName": "model",
                "S3Input": {"LocalPath": "/opt/ml/processing/model", "S3Uri": MODEL},
            },
            {"InputName": "holdout", "S3Input": {"S3Uri": "s3://data/holdout/"}},
        ]

    def test_champion_is_measured_beside_it(self) -> None:
        """Both sides' reports are told apart."""
        assert ended(run())["evaluation"] == {
            "challenger": {"job_name": "e-0-0", "report_prefix": "s3://artifacts/e-0-0"},
            "champion": {"job_name": "c-0-0", "report_prefix": "s3://artifacts/c-0-0"},
        }

    def test_first_version_has_no_champion(self) -> None:
        """Where nothing is in production, only the challenger is measured."""
        execution = run()
        assert ended(execution, champion=False)["evaluation"]["champion"] is None
        assert "EvaluateChampion" not in execution.calls


OURS = {"job_name": "old-e", "report_prefix": "s3://artifacts/old/e/", "cached_from": "aaaa"}
THEIRS = {"job_name": "old-c", "report_prefix": "s3://artifacts/old/c/", "cached_from": "bbbb"}
LEARNED = {"job_name": "old-t", "model_uri": "s3://artifacts/old/model.tar.gz", "cached_from": "aaaa"}


class TestStepCache:
    def test_training_that_ran_before_is_not_run(self) -> None:
        """Its recorded outputs take the place of the job's; the evaluation gets the recorded artifact."""
        execution = run(LookUpTraining=answers(training_is("hit", LEARNED)))
        assert ended(execution)["training"] == LEARNED
        assert "Train" not in execution.calls
        (request,) = execution.calls["EvaluateChallenger"]
        assert request["ProcessingInputs"][0]["S3Input"]["S3Uri"] == LEARNED["model_uri"]

    def test_each_side_is_taken_by_itself(self) -> None:
        """A new challenger is measured, the champion's report is taken; and the other way round."""
        theirs = looked_up("champion", "hit", outputs=THEIRS)
        execution = run(LookUpEvaluation=answers(evaluations_are(looked_up("challenger"), theirs)))
        evaluation = ended(execution)["evaluation"]
        assert (evaluation["challenger"]["job_name"], evaluation["champion"]) == ("e-0-0", THEIRS)
        assert "EvaluateChampion" not in execution.calls

        ours = looked_up("challenger", "hit", outputs=OURS)
        execution = run(LookUpEvaluation=answers(evaluations_are(ours, looked_up("champion"))))
        evaluation = ended(execution)["evaluation"]
        assert (evaluation["challenger"], evaluation["champion"]["job_name"]) == (OURS, "c-0-0")
        assert "EvaluateChallenger" not in execution.calls

    def test_nothing_runs_when_nothing_changed(self) -> None:
        """No job is asked for, and the verdict is judged anew all the same."""
        sides = evaluations_are(
            looked_up("challenger", "hit", outputs=OURS), looked_up("champion", "hit", outputs=THEIRS)
        )
        execution = run(LookUpTraining=answers(training_is("hit", LEARNED)), LookUpEvaluation=answers(sides))
        assert ended(execution)["evaluation"] == {"challenger": OURS, "champion": THEIRS}
        assert not {"Train", "EvaluateChallenger", "EvaluateChampion"} & set(execution.calls)
        assert len(execution.calls["Judge"]) == 1

    def test_waits_for_an_identical_release(self) -> None:
        """It looks again after a while, and takes what the other one made."""
        looks = answers(training_is("wait"), training_is("wait"), training_is("hit", LEARNED))
        execution = run(LookUpTraining=looks)
        assert ended(execution)["training"] == LEARNED
        assert execution.path[:5] == [
            "LookUpTraining",
            "IsItTrained",
            "WaitForTraining",
            "LookUpTraining",
            "IsItTrained",
        ]

    @pytest.mark.parametrize("side", ["challenger", "champion"])
    def test_waits_for_either_evaluation(self, side: str) -> None:
        """Both sides are settled before one is measured."""
        sides = {one: looked_up(one, "wait" if one == side else "miss") for one in ("challenger", "champion")}
        execution = run(LookUpEvaluation=answers(evaluations_are(**sides), MISSED))
        ended(execution)
        assert execution.path.count("WaitForEvaluation") == 1
        assert len(execution.calls["EvaluateChallenger"]) == 1

    def test_look_up_that_fails_costs_no_release(self) -> None:
        """Without an answer every step runs, and the document says why."""
        broken = fails("Lambda.Unknown", "out of memory")
        execution = run(LookUpTraining=broken, LookUpEvaluation=broken)
        lookups = ended(execution)["lookups"]
        assert {lookup["result"] for lookup in lookups.values()} == {"off"}
        assert lookups["training"]["explanation"] == "off: the look-up failed: Lambda.Unknown"
        assert set(lookups) == {"training", "challenger", "champion"}
        assert {"Train", "EvaluateChallenger", "EvaluateChampion"} <= set(execution.calls)


class TestVerdict:
    def test_is_told_whatever_it_is(self) -> None:
        """People hear of a release that was not accepted too."""
        execution = run(Judge=answers({"Payload": {"accepted": False}}))
        ended(execution)
        (entry,) = execution.calls["TellVerdict"][0]["Entries"]
        assert (entry["Source"], entry["DetailType"]) == (events.SOURCE, events.RELEASE_JUDGED)
        assert set(events.NoticeDetail.__annotations__) <= set(entry["Detail"])
        assert {"verdict", "evaluation", "training"} <= set(entry["Detail"])

    def test_rejection_ends_the_release_well(self) -> None:
        """A model that is not good enough is an answer, not a failure; nobody is asked."""
        execution = run(Judge=answers({"Payload": {"accepted": False}}))
        assert list(ended(execution)) == ["plan", "lookups", "training", "evaluation", "verdict"]
        assert "RequestApproval" not in execution.calls


class TestApproval:
    def test_request_carries_document_and_token(self) -> None:
        """contracts.release.ApprovalRequest."""
        execution = run()
        ended(execution)
        (call,) = execution.calls["RequestApproval"]
        assert set(call["Payload"]) == {"document", "task_token", "redrive"}
        assert (call["Payload"]["task_token"], call["Payload"]["redrive"]) == ("token", 0)
        assert list(call["Payload"]["document"])[-1] == "package"

    def test_nobody_is_asked_twice(self) -> None:
        """A function that may have mailed its links is not called again."""
        execution = run(RequestApproval=fails("Lambda.ServiceException", "down"))
        with pytest.raises(StateFailedError):
            ended(execution)
        assert len(execution.calls["RequestApproval"]) == 1

    def test_nobody_s_decision_is_expired(self) -> None:
        """When time runs out the release ends well and says so; nothing is promoted."""
        execution = run(RequestApproval=fails("States.Timeout"))
        approval = ended(execution)["approval"]
        assert (approval["decision"], approval["approver"]) == ("expired", "")
        assert approval["decided_at"].endswith("Z")
        assert "Promote" not in execution.calls

    def test_rejection_promotes_nothing(self) -> None:
        """A person's no ends the release well."""
        execution = run(RequestApproval=answers(APPROVED | {"decision": "rejected"}))
        assert "endpoint" not in ended(execution)
        assert "Promote" not in execution.calls


class TestPromotion:
    def test_request_names_who_approved_and_why(self) -> None:
        """contracts.promotion.PromotionRequest, under a name that can't start twice."""
        execution = run()
        ended(execution)
        (call,) = execution.calls["Promote"]
        assert call["Name"] == "9f2c41d07b3a55e1-0-0"
        assert call["Input"]["request"] == {
            "project": "pricing",
            "model": "hotel-rates",
            "version": "1.1.0",
            "release_id": "9f2c41d07b3a55e1",
            "cause": "approval",
            "actor": "ann@example.com",
            "reason": "better",
        }

    def test_endpoint_ends_in_the_document(self) -> None:
        """The release says which endpoint serves it."""
        assert ended(run())["endpoint"] == ENDPOINT


class TestCost:
    def test_a_release_takes_few_transitions(self) -> None:
        """Each transition has its price and its latency: a release with a champion takes eighteen."""
        execution = run()
        ended(execution)
        assert len(execution.path) <= 18
