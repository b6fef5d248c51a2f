from __future__ import annotations

from typing import Any

import pytest

from slipway.contracts import events
from slipway.contracts.release import ReleaseDocument, Training
from stacks.machines.release import definition
from tests.fakes.state_machine import Run, answers, fails
from workbench.local.states.failures import StateFailedError

DEFINITION = definition(environment="dev", timeout_seconds=600_000)
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


def run(**tasks: Any) -> Run:
    script = {
        "Train": answers(TRAINED),
        "EvaluateChallenger": evaluated,
        "EvaluateChampion": evaluated,
        "Judge": answers({"Payload": {"accepted": True, "summary": "better"}}),
        "TellVerdict": answers({"FailedEntryCount": 0}),
        "Register": answers({"Payload": {"group": "g", "arn": "arn:package", "version": 3}}),
        "RequestApproval": answers(APPROVED),
        "Promote": answers({"Output": {"endpoint": ENDPOINT}, "Status": "SUCCEEDED"}),
    }
    return Run(DEFINITION, script | tasks)


def ended(execution: Run, *, champion: bool = True) -> dict[str, Any]:
    document: dict[str, Any] = execution.start({"plan": plan(champion=champion)})
    return document


class TestDocument:
    def test_grows_by_one_key_for_each_step(self) -> None:
        """The execution ends with the contract's document, its keys in the order of the steps."""
        assert list(ended(run())) == list(ReleaseDocument.__annotations__)

    def test_no_step_rewrites_the_plan(self) -> None:
        """What was planned is what the execution ends with."""
        assert ended(run())["plan"] == plan(champion=True)


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
        assert set(training) == set(Training.__annotations__)
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
        assert list(ended(execution)) == ["plan", "training", "evaluation", "verdict"]
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
        """Each transition has its price and its latency: a release with a champion takes thirteen."""
        execution = run()
        ended(execution)
        assert len(execution.path) <= 13
