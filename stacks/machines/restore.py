"""The promote workflow's way back: after a failure, what served before must serve."""

from __future__ import annotations

from typing import Any, Final

from slipway.contracts import promotion_limits as limits
from stacks.machines.endpoint import (
    BUSY,
    DEAD,
    LATE,
    NAME,
    UNAVAILABLE,
    UNNAMED,
    away,
    catch,
    denied,
    describe,
    failed,
    ignore,
    poll,
    sagemaker,
    says,
    unanswered,
)
from stacks.machines.language import INPUT, LAMBDA_DEATH, LAMBDA_TROUBLE, State, States, choose, query, when
from stacks.machines.lease import keep
from stacks.machines.scaling import drop_all, set_targets

PATIENT: Final = [*UNAVAILABLE, *UNNAMED[1:]]


def states() -> States:
    """
    All ways lead to ``ReleaseLeaseAfterFailure``, with the first error, or with ``RestoreFailed``.

    An endpoint that was created and does not answer is deleted: nothing served before. One that failed to
    start stays, and says why; the next promotion replaces it. What served before is scaled as it was.
    """
    look = describe(next_state="IsItRestored", on_error="WasItNeverMade")
    look["Catch"] = _catch("WasItNeverMade")
    return {
        "MustItBeRestored": choose(
            when("$asked", "LookBack", deadline=query(f"$millis() + {limits.BACK * 1000}"), refusals=0),
            default="IsThereToTidy",
        ),
        "LookBack": look,
        "WasItNeverMade": choose(
            # SageMaker refused to create it: nothing served before, nothing is to be put back.
            when(f"$created and {_GONE}", "IsThereToTidy"),
            when(f"$recreated and {_GONE} and $not({LATE})", "WaitForRestored"),
            when(f"$restored and {_GONE} and $not($recreated)", "MayWeRecreate", recreated=True),
            # What failed may serve, or what serves may be unscaled: nobody gives up for want of an answer.
            when(f"{unanswered(_ERROR, _REASON)} and $not({LATE})", "WaitForRestored"),
            # Permissions spread; one that stays away is somebody's to give back, now.
            when(
                f"{denied(_REASON)} and $refusals < {limits.REFUSALS}",
                "WaitForRestored",
                refusals=query("$refusals + 1"),
            ),
            default="RestoreFailed",
        ),
        "IsItRestored": choose(
            when(f"{BUSY} and {LATE}", "RestoreFailed"),
            when(BUSY, "WaitForRestored"),
            when(f"{_UNWANTED} and $not($restored)", "MayWeUndo", restored=True),
            # deletion is not seen at once
            when(f"{_UNWANTED} and {LATE}", "RestoreFailed"),
            when(_UNWANTED, "WaitForRestored"),
            when("$created", "IsThereToTidy"),
            when("$endpoint.status = 'InService' and $endpoint.config = $served", "RestoreScaling"),
            when(
                "$endpoint.status = 'InService' and $endpoint.config = $wanted and $not($restored)",
                "MayWeRestore",
                restored=True,
            ),
            # Nothing serves, and nothing but its deletion is possible.
            when(f"{DEAD} and $not($restored)", "MayWeClear", restored=True),
            default="RestoreFailed",
        ),
        "WaitForRestored": poll(next_state="LookBack"),
        "RestoreFailed": _not_restored(
            """
            ' could not be ' & ($created ? 'deleted' : 'put back to config ' & $served) & '; its status is '
            & $endpoint.status & ($endpoint.status = 'unknown' ? ' (' & $endpoint.reason & ')' : '')
            """
        ),
        **_put_back(),
        **_undo(),
        **_scaled_as_before(),
        "IsThereToTidy": choose(
            when("$exists($states.input.promotion)", "TidyAfterFailure"), default="ReleaseLeaseAfterFailure"
        ),
        "TidyAfterFailure": tidy("failed", next_state="ReleaseLeaseAfterFailure"),
    }


_UNWANTED: Final = "$created and $endpoint.status = 'InService' and $endpoint.config = $wanted"


_ERROR: Final = "$endpoint.error"
_REASON: Final = "$endpoint.reason"
"""Of the error of a call on this way."""
_GONE: Final = says(_REASON, "Could not find")


def _put_back() -> States:
    """The config that served, by an update; or on a new endpoint, where the update left nothing of it."""
    restore = sagemaker(
        "updateEndpoint",
        {
            "EndpointName": query(NAME),
            "EndpointConfigName": query("$served"),
            # Counts stay as autoscaling has set them meanwhile; shares and capture are those of the config.
            "RetainAllVariantProperties": True,
            "ExcludeRetainedVariantProperties": [
                {"VariantPropertyType": "DesiredWeight"},
                {"VariantPropertyType": "DataCaptureConfig"},
            ],
        },
        next_state="WaitForRestored",
        retries=PATIENT,
    )
    restore["Catch"] = _catch("WasItRefusedToo")
    clear = sagemaker(
        "deleteEndpoint", {"EndpointName": query(NAME)}, next_state="WaitForRestored", retries=UNNAMED
    )
    clear["Catch"] = _catch("IsSageMakerAway")
    recreate = sagemaker(
        "createEndpoint",
        {
            "EndpointName": query(NAME),
            "EndpointConfigName": query("$served"),
            "Tags": query("[$states.input.promotion.tags]"),
        },
        next_state="WaitForRestored",
        retries=PATIENT,
    )
    recreate["Catch"] = _catch("WasItRefusedToo")
    return {
        "MayWeRestore": keep(next_state="Unscale", on_error=_catch()),
        **drop_all("Unscale", "DropBeforeRestore", next_state="MayWeStillRestore", catcher=_catch()),
        "MayWeStillRestore": keep(next_state="Restore", on_error=_catch()),
        "Restore": restore,
        # It was asked for already, and the answer was lost.
        "WasItRefusedToo": choose(
            when(f"{says(_REASON, 'in-progress', 'already exist')} and $not({LATE})", "WaitForRestored"),
            default="IsSageMakerAway",
        ),
        # Then the next look leads here once more: by ``recreated`` what was to be made, else by ``restored``.
        "IsSageMakerAway": choose(
            when(
                f"{away(_REASON)} and $not({LATE})",
                "WaitForRestored",
                restored=query("$recreated"),
                recreated=False,
            ),
            default="RestoreFailed",
        ),
        "MayWeClear": keep(next_state="ClearEndpoint", on_error=_catch()),
        "ClearEndpoint": clear,
        "MayWeRecreate": keep(next_state="Recreate", on_error=_catch()),
        "Recreate": recreate,
    }


def _undo() -> States:
    """Nothing served before, so nothing shall; it is gone before the lease is given back."""
    delete = sagemaker(
        "deleteEndpoint", {"EndpointName": query(NAME)}, next_state="WaitForRestored", retries=UNNAMED
    )
    delete["Catch"] = _catch("IsSageMakerAway")
    return {
        "MayWeUndo": keep(next_state="UnscaleCreated", on_error=_catch()),
        **drop_all("UnscaleCreated", "DropBeforeDeletion", next_state="MayWeStillUndo", catcher=_catch()),
        "MayWeStillUndo": keep(next_state="DeleteCreated", on_error=_catch()),
        "DeleteCreated": delete,
    }


def _scaled_as_before() -> States:
    """Targets with policies, schedules and alarms, as they were found before the update."""
    refused = [
        {
            "ErrorEquals": ["States.ALL"],
            "Assign": {"refusal": query("$states.errorOutput.Error & ': ' & $states.errorOutput.Cause")},
            "Output": INPUT,
            "Next": "ScalingNotRestored",
        }
    ]
    restore = set_targets("$scaled", next_state="IsThereToTidy", catcher=refused, mark="Again")
    return {
        "RestoreScaling": restore | {"Assign": {"rescaled": True}},
        "ScalingNotRestored": _not_restored(
            """
            ' serves ' & ($endpoint.config = $served ? 'what it served before, ' : '') & 'config '
            & $endpoint.config & ', but is no longer scaled: ' & $refusal
            """
        ),
    }


def tidy(outcome: str, *, next_state: str) -> State:
    """Alarms, configs and models that nothing needs any more go; what stays behind fails nothing."""
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Arguments": {
            "FunctionName": "${tidy_endpoint}",
            "Payload": {
                "document": INPUT,
                "outcome": outcome,
                # what promotions before asked for, and could not tidy up
                "asked": query("[$distinct($append($known, [$wanted]))]"),
            },
        },
        "Output": INPUT,
        "Retry": [LAMBDA_TROUBLE, LAMBDA_DEATH],
        "Catch": ignore(next_state),
        "Next": next_state,
    }


def _catch(next_state: str = "RestoreFailed") -> list[dict[str, Any]]:
    """Errors of the way back must not hide the error that led to it."""
    caught = catch(next_state)[0]
    unknown = """
        {'status': 'unknown', 'config': 'unknown', 'error': $states.errorOutput.Error,
         'reason': $states.errorOutput.Cause & ''}
        """
    return [caught | {"Assign": {"endpoint": query(unknown)}}]


def _not_restored(what: str) -> State:
    return failed(
        "RestoreFailed",
        f"""
        'endpoint ' & {NAME} & {what}
        & '. What led to this: ' & $failure.Error & ': ' & $failure.Cause
        """,
        next_state="IsThereToTidy",
    )
