"""
The trial workflow: a challenger beside the champion, watched until something is decided.

Its document is contracts.trial.TrialDocument; beside it, the variable ``end`` holds how it is to be recorded.
An execution that fails or is stopped leaves its challenger to ``bury_trial``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

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
    when,
)

if TYPE_CHECKING:
    from slipway.contracts.promotion import Action

RESULT: Final = "$states.result"
REQUEST: Final = "$states.input.request"
TRIAL: Final = "$states.input.trial"
LOOK_TROUBLE: Final = [
    LAMBDA_TROUBLE,
    # another try knows of it no more than the first one
    retry(["TrialUnknownError"], first_seconds=1, attempts=0, longest_seconds=2),
    retry(["States.TaskFailed"], first_seconds=10, attempts=6, longest_seconds=900, backoff=3),
]
"""A look or an ending may be repeated, and what is throttled or out of time now need not be so later."""
ATTEMPT: Final = "'-' & $states.context.Execution.RedriveCount & '-' & $states.context.State.RetryCount"
"""Execution names are unique; a redrive or a retry needs another."""


def definition(*, timeout_seconds: int) -> State:
    """The whole machine; ``${judge_trial}`` and the like are functions, ``${promote_machine}`` a machine."""
    return machine(
        "Try a challenger beside the champion, and propose what to do",
        "BeginTrial",
        _begin() | _watch() | _propose() | _end(),
        timeout_seconds=timeout_seconds,
    )


def _begin() -> States:
    return {
        "BeginTrial": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Arguments": {
                "FunctionName": "${begin_trial}",
                "Payload": {
                    "request": query(REQUEST),
                    "execution_arn": query("$states.context.Execution.Id"),
                },
            },
            "Output": extended("trial", f"{RESULT}.Payload"),
            "Retry": [LAMBDA_TROUBLE, LAMBDA_DEATH],
            "Next": "PutThere",
        },
        "PutThere": _promotion("put", action=query(f"{TRIAL}.action"), share=query(f"{TRIAL}.share"))
        | {"Output": INPUT, "Next": "WaitForRequests"},
        "WaitForRequests": {"Type": "Wait", "Seconds": query(f"{TRIAL}.poll_seconds"), "Next": "Look"},
    }


def _watch() -> States:
    ends = query("{'status': $states.input.look.status, 'reason': $states.input.look.reason}")
    return {
        "Look": call("judge_trial", key="look", next_state="WhatNow") | {"Retry": LOOK_TROUBLE},
        "WhatNow": choose(
            when("$states.input.look.next = 'wait'", "Wait"),
            when("$states.input.look.next = 'again'", "Look"),
            when("$states.input.look.next = 'propose'", "Propose"),
            when("$states.input.look.next = 'remove'", "Remove", end=ends),
            # Somebody stopped it, or another promotion took its place.
            when("$states.input.look.next = 'gone'", "EndTrial", end=ends),
            default="UnknownLook",
        ),
        "Wait": {"Type": "Wait", "Seconds": query("$states.input.look.wait_seconds"), "Next": "Look"},
        "UnknownLook": {
            "Type": "Fail",
            "Error": "UnknownLook",
            "Cause": query("'judge_trial said ' & $string($states.input.look.next)"),
        },
    }


def _propose() -> States:
    expired = (
        "{'decision': 'expired', 'approver': '', 'reason': 'nobody decided in time', 'decided_at': $now()}"
    )
    approval = "$states.input.approval"
    said = f"({approval}.approver = '' ? '' : {approval}.approver & ': ') & {approval}.reason"
    return {
        "Propose": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
            "Arguments": {
                "FunctionName": "${propose_trial}",
                "Payload": {
                    "document": INPUT,
                    "task_token": query("$states.context.Task.Token"),
                    "redrive": query("$states.context.Execution.RedriveCount"),
                },
            },
            "TimeoutSeconds": query(f"{TRIAL}.approval_timeout_seconds"),
            "Output": extended("approval", RESULT),
            # Each try mails other links, so only what Lambda refused to start is tried again.
            "Retry": [LAMBDA_TROUBLE | {"ErrorEquals": ["Lambda.TooManyRequestsException"]}],
            "Catch": [
                {
                    "ErrorEquals": ["States.Timeout"],
                    "Output": extended("approval", expired),
                    "Next": "IsItApproved",
                }
            ],
            "Next": "IsItApproved",
        },
        "IsItApproved": choose(
            when(
                f"{approval}.decision = 'approved'",
                "Promote",
                end=query(f"{{'status': 'promoted', 'reason': {said}}}"),
            ),
            # Another promotion took the challenger away while people were asked: nothing is left to remove.
            when(
                f"{approval}.decision = 'superseded'",
                "EndTrial",
                end=query(f"{{'status': 'superseded', 'reason': {said}}}"),
            ),
            when("true", "Remove", end=query(f"{{'status': 'rejected', 'reason': {said}}}")),
            default="Remove",
        ),
        "Promote": _promotion(
            "serve",
            action="serve",
            actor=query(f"{approval}.approver"),
            reason=query(f"{approval}.reason"),
        )
        | {"Output": extended("endpoint", f"{RESULT}.Output.endpoint"), "Next": "EndTrial"},
    }


def _end() -> States:
    ending = {key: query(f"{REQUEST}.{key}") for key in ("project", "model")} | {
        "trial_id": query(f"{TRIAL}.trial_id"),
        "status": query("$end.status"),
        "reason": query("$end.reason"),
    }
    return {
        "Remove": _promotion("remove", action="remove", reason=query("$end.reason"))
        | {"Output": INPUT, "Next": "EndTrial"},
        "EndTrial": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Arguments": {"FunctionName": "${end_trial}", "Payload": ending},
            "Output": extended("ended", f"{RESULT}.Payload"),
            "Retry": LOOK_TROUBLE,
            "End": True,
        },
    }


def _promotion(name: str, *, action: Action | str, **changes: Any) -> State:
    """One promotion under this trial's id, waited for."""
    own = ("project", "model", "version", "release_id", "cause", "actor", "reason")
    request: dict[str, Any] = {key: query(f"{REQUEST}.{key}") for key in own}
    request |= {
        "action": action,
        "trial_id": query(f"{TRIAL}.trial_id"),
        **({"strategy": query(f"{TRIAL}.strategy")} if name == "put" else {}),
        **changes,
    }
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::states:startExecution.sync:2",
        "Arguments": {
            "StateMachineArn": "${promote_machine}",
            "Name": query(f"{TRIAL}.trial_id & '-{name}' & {ATTEMPT}"),
            "Input": {
                "request": request,
                # Links both executions in the console.
                "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID": query("$states.context.Execution.Id"),
            },
        },
        "Retry": [
            retry(
                ["StepFunctions.ExecutionLimitExceededException", "StepFunctions.SdkClientException"],
                first_seconds=2,
                attempts=5,
                longest_seconds=60,
            ),
        ],
    }
