"""
The release workflow: train, evaluate, judge, register, ask, promote.

Its document is contracts.release.ReleaseDocument. A step that fails fails the
execution with its own error; ``record_outcome`` finds the step in the history.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from slipway.contracts import events
from stacks.machines.language import (
    INPUT,
    LAMBDA_DEATH,
    LAMBDA_TROUBLE,
    State,
    States,
    call,
    choose,
    extended,
    machine,
    query,
    retry,
    tell,
    when,
)
from stacks.machines.turn import wait_for_turn

if TYPE_CHECKING:
    from slipway.contracts.steps import Step

ATTEMPT: Final = "'-' & $states.context.Execution.RedriveCount & '-' & $states.context.State.RetryCount"
"""Job names are unique for ever; a redrive or a retry needs another."""

JOB_TROUBLE: Final = [
    retry(
        [
            "SageMaker.ThrottlingException",
            "SageMaker.AmazonSageMakerException",
            "SageMaker.SdkClientException",
        ],
        first_seconds=2,
        attempts=5,
        longest_seconds=60,
    ),
    # No capacity or no quota left: that takes others' jobs to end.
    retry(
        ["SageMaker.ResourceLimitExceededException", "SageMaker.ResourceLimitExceeded"],
        first_seconds=60,
        attempts=30,
        longest_seconds=900,
    ),
]
"""Errors of asking for a job. One that ran and failed (States.TaskFailed) would fail again, at a price."""

RESULT: Final = "$states.result"
LOOKS: Final = 100
"""Waiting for an identical release adds at most a hundredth to what it takes, or one poll."""


def definition(
    *, environment: str, timeout_seconds: int, poll_seconds: int, waits_for_trials: bool = False
) -> State:
    """
    The whole machine; ``${judge_release}`` is a function, ``${promote_machine}`` the other machine.

    Args:
        environment: Its name.
        timeout_seconds: After so long it fails.
        poll_seconds: Between two looks.
        waits_for_trials: An approved version lets a trial that is on its endpoint end first.
    """
    return machine(
        "From a plan to a serving endpoint: train, evaluate, judge, register, ask a person, promote",
        "LookUpTraining",
        _look_up_training(poll_seconds)
        | _training()
        | _look_up_evaluation(poll_seconds)
        | _evaluation()
        | _scan(poll_seconds)
        | _judgement(environment)
        | _registration()
        | _approval(poll_seconds, waits_for_trials=waits_for_trials)
        | _trial()
        | _promotion(),
        timeout_seconds=timeout_seconds,
    )


def _look_up(before: str, steps: tuple[Step, ...], *, answered: str, unanswered: str) -> State:
    """A release must not fail for what it could have saved: without an answer, the steps run."""
    off = ", ".join(
        f"'{step}': {{'step': '{step}', 'key': '', 'result': 'off', "
        "'explanation': 'off: the look-up failed: ' & $states.errorOutput.Error}"
        for step in steps
    )
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Arguments": {
            "FunctionName": "${look_up_steps}",
            "Payload": {"document": INPUT, "before": before},
        },
        "Output": query(f"$merge([$states.input, {RESULT}.Payload])"),
        "Retry": [LAMBDA_TROUBLE, LAMBDA_DEATH],
        "Catch": [
            {
                "ErrorEquals": ["States.ALL"],
                "Output": extended("lookups", f"$merge([{{}}, $states.input.lookups, {{{off}}}])"),
                "Next": unanswered,
            }
        ],
        "Next": answered,
    }


def _wait(poll_seconds: int, next_state: str) -> State:
    """Until the next look; the longer it takes the rarer, as a history has 25,000 events at most."""
    began = "$toMillis($states.context.Execution.StartTime)"
    return {
        "Type": "Wait",
        "Seconds": query(f"$max([{poll_seconds}, $floor(($millis() - {began}) / {LOOKS * 1000})])"),
        "Next": next_state,
    }


def _look_up_training(poll_seconds: int) -> States:
    answer = "$states.input.lookups.training.result"
    return {
        "LookUpTraining": _look_up("training", ("training",), answered="IsItTrained", unanswered="Train"),
        "IsItTrained": choose(
            when(f"{answer} = 'hit'", "LookUpEvaluation"),
            when(f"{answer} = 'wait'", "WaitForTraining"),
            default="Train",
        ),
        "WaitForTraining": _wait(poll_seconds, "LookUpTraining"),
    }


def _look_up_evaluation(poll_seconds: int) -> States:
    waits = " or ".join(
        f"$states.input.lookups.{side}.result = 'wait'" for side in ("challenger", "champion")
    )
    return {
        "LookUpEvaluation": _look_up(
            "evaluation", ("challenger", "champion"), answered="AreTheyMeasured", unanswered="Evaluate"
        ),
        "AreTheyMeasured": choose(when(waits, "WaitForEvaluation"), default="Evaluate"),
        "WaitForEvaluation": _wait(poll_seconds, "LookUpEvaluation"),
    }


def _training() -> States:
    return {
        "Train": {
            "Type": "Task",
            "Resource": "arn:aws:states:::sagemaker:createTrainingJob.sync",
            "Arguments": query(
                f"""
                $merge([$states.input.plan.requests.training,
                        {{'TrainingJobName': $states.input.plan.job_names.training & {ATTEMPT}}}])
                """
            ),
            # SageMaker leaves out times that it does not know, and metrics that never appeared.
            "Output": extended(
                "training",
                f"""
                {{'job_name': {RESULT}.TrainingJobName,
                  'job_arn': {RESULT}.TrainingJobArn,
                  'model_uri': {RESULT}.ModelArtifacts.S3ModelArtifacts,
                  'seconds': $sum([{RESULT}.TrainingTimeInSeconds]),
                  'billable_seconds': $sum([{RESULT}.BillableTimeInSeconds]),
                  'metrics': $merge([{{}}, {RESULT}.FinalMetricDataList.{{MetricName: Value}}])}}
                """,
            ),
            "Retry": JOB_TROUBLE,
            "Next": "LookUpEvaluation",
        },
    }


def _evaluation() -> States:
    """Challenger and champion are measured at the same time on the same frozen data."""
    return {
        "Evaluate": {
            "Type": "Parallel",
            "Branches": [_challenger(), _champion()],
            "Output": extended("evaluation", f"{{'challenger': {RESULT}[0], 'champion': {RESULT}[1]}}"),
            "Next": "IsAScanAwaited",
        },
    }


def _evaluate(side: str, request: str) -> State:
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::sagemaker:createProcessingJob.sync",
        "Arguments": query(
            f"$merge([{request}, {{'ProcessingJobName': $states.input.plan.job_names.{side} & {ATTEMPT}}}])"
        ),
        "Output": query(
            f"""
            {{'job_name': {RESULT}.ProcessingJobName,
              'report_prefix': {RESULT}.ProcessingOutputConfig.Outputs[0].S3Output.S3Uri}}
            """
        ),
        "Retry": JOB_TROUBLE,
        "End": True,
    }


def _challenger() -> State:
    inputs = """
        $states.input.plan.requests.challenger.ProcessingInputs.(
            InputName = 'model'
                ? $merge([$, {'S3Input': $merge([S3Input, {'S3Uri': $states.input.training.model_uri}])}])
                : $)
        """
    request = "$merge([$states.input.plan.requests.challenger, {'ProcessingInputs': [" + inputs + "]}])"
    return {
        "StartAt": "IsChallengerMeasured",
        "States": {
            "IsChallengerMeasured": choose(
                when("$states.input.lookups.challenger.result = 'hit'", "TakeChallenger"),
                default="EvaluateChallenger",
            ),
            "TakeChallenger": _take("challenger"),
            "EvaluateChallenger": _evaluate("challenger", request),
        },
    }


def _take(side: str) -> State:
    """What an identical evaluation reported before."""
    return {"Type": "Succeed", "Output": query(f"$states.input.lookups.{side}.outputs")}


def _champion() -> State:
    return {
        "StartAt": "IsThereAChampion",
        "States": {
            "IsThereAChampion": choose(
                when("$states.input.plan.champion = null", "NoChampion"),
                when("$states.input.lookups.champion.result = 'hit'", "TakeChampion"),
                default="EvaluateChampion",
            ),
            "TakeChampion": _take("champion"),
            "EvaluateChampion": _evaluate("champion", "$states.input.plan.requests.champion"),
            "NoChampion": {"Type": "Succeed", "Output": query("null")},
        },
    }


def _scan(poll_seconds: int) -> States:
    """Where a gate looks at the image's scan, that must have ended; it began with the push."""
    return {
        "IsAScanAwaited": choose(
            when("$states.input.plan.awaits_scan = true", "LookAtScan"), default="Judge"
        ),
        "LookAtScan": call("look_at_scan", key="scan", next_state="IsItScanned"),
        "IsItScanned": choose(when("$states.input.scan.status = 'pending'", "WaitForScan"), default="Judge"),
        "WaitForScan": _wait(poll_seconds, "LookAtScan"),
    }


def _identity(environment: str) -> dict[str, str]:
    """contracts.events.NoticeDetail."""
    return {"environment": environment} | {
        key: query(f"$states.input.plan.{key}") for key in ("release_id", "project", "model", "version")
    }


def _judgement(environment: str) -> States:
    told = {key: query(f"$states.input.{key}") for key in ("verdict", "evaluation", "training")}
    return {
        "Judge": call("judge_release", key="verdict", next_state="TellVerdict"),
        "TellVerdict": tell(events.RELEASE_JUDGED, _identity(environment) | told, next_state="IsItAccepted"),
        "IsItAccepted": choose(when("$states.input.verdict.accepted", "Register"), default="NotAccepted"),
        "NotAccepted": {"Type": "Succeed"},
    }


def _registration() -> States:
    return {"Register": call("register_release", key="package", next_state="RequestApproval")}


_ASKED: Final = "$states.input.approval.conditions.strategy"
_KIND: Final = f"""
    ($exists({_ASKED}) and {_ASKED} != '' ? {_ASKED} : $states.input.plan.manifest.serving.strategy.kind)
    """
"""Of the strategy: the approver's, else the manifest's."""


def _approval(poll_seconds: int, *, waits_for_trials: bool) -> States:
    approved = "$states.input.approval.decision = 'approved'"
    expired = (
        "{'decision': 'expired', 'approver': '', 'reason': 'nobody decided in time', 'decided_at': $now()}"
    )
    return {
        "RequestApproval": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
            "Arguments": {
                "FunctionName": "${request_approval}",
                "Payload": {
                    "document": INPUT,
                    "task_token": query("$states.context.Task.Token"),
                    "redrive": query("$states.context.Execution.RedriveCount"),
                },
            },
            "TimeoutSeconds": query("$states.input.plan.approval_timeout_seconds"),
            "Output": extended("approval", RESULT),
            # Each try mails other links, so only what Lambda refused to start is tried again.
            "Retry": [LAMBDA_TROUBLE | {"ErrorEquals": ["Lambda.TooManyRequestsException"]}],
            "Catch": [
                {
                    "ErrorEquals": ["States.Timeout"],
                    "Output": extended("approval", expired),
                    "Next": "IsItApproved",
                },
            ],
            "Next": "IsItApproved",
        },
        **_decided(approved, poll_seconds, waits_for_trials=waits_for_trials),
        "NotApproved": {"Type": "Succeed"},
    }


def _decided(approved: str, poll_seconds: int, *, waits_for_trials: bool) -> States:
    # beside the champion first, where that is how it is to take its place
    tried = f"$states.input.plan.champion != null and {_KIND} in ['ab', 'shadow']"
    if not waits_for_trials:
        return {
            "IsItApproved": choose(
                when(f"{approved} and {tried}", "Try"), when(approved, "Promote"), default="NotApproved"
            )
        }
    return {
        "IsItApproved": choose(when(approved, "LookForTrial", waits=0), default="NotApproved"),
        **wait_for_turn(poll_seconds=poll_seconds, next_state="IsItTried"),
        "IsItTried": choose(when(tried, "Try"), default="Promote"),
    }


# a key whose value is not there is left out: who set no conditions hands none on
_APPROVED: Final = """
    {'project': $states.input.plan.project, 'model': $states.input.plan.model,
     'version': $states.input.plan.version, 'release_id': $states.input.plan.release_id,
     'cause': 'approval', 'actor': $states.input.approval.approver,
     'reason': $states.input.approval.reason, 'conditions': $states.input.approval.conditions}
    """


def _trial() -> States:
    """The trial ends with the challenger in the champion's place, or without it."""
    ended = f"""
        $merge([$states.input, {{'trial': {RESULT}.Output.ended, 'endpoint': {RESULT}.Output.endpoint}}])
        """
    return {
        "Try": _started("${trial_machine}", f"$merge([{_APPROVED}, {{'strategy': {{}}}}])", query(ended)),
    }


def _promotion() -> States:
    output = extended("endpoint", f"{RESULT}.Output.endpoint")
    return {"Promote": _started("${promote_machine}", _APPROVED, output)}


def _started(machine_arn: str, request: str, output: str) -> State:
    """Another machine's execution, waited for; the release ends with it."""
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::states:startExecution.sync:2",
        "Arguments": {
            "StateMachineArn": machine_arn,
            "Name": query(f"$states.input.plan.release_id & {ATTEMPT}"),
            "Input": {
                "request": query(request),
                # Links both executions in the console.
                "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID": query("$states.context.Execution.Id"),
            },
        },
        "Output": output,
        "Retry": [
            retry(
                ["StepFunctions.ExecutionLimitExceededException", "StepFunctions.SdkClientException"],
                first_seconds=2,
                attempts=5,
                longest_seconds=60,
            ),
        ],
        "End": True,
    }
