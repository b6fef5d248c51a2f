"""The promote workflow's way back: after a failure, what served before must serve."""

from __future__ import annotations

from stacks.machines import limits
from stacks.machines.endpoint import BUSY, LATE, UNAVAILABLE, UNNAMED, catch, describe, poll, sagemaker
from stacks.machines.language import State, States, choose, query, when
from stacks.machines.scaling import deregister, follow, register

NAME = "$states.input.promotion.endpoint_name"


def states() -> States:
    """
    All ways lead to ``ReleaseLeaseAfterFailure``, with the first error, or with ``RestoreFailed``.

    An endpoint that was created and does not answer is deleted: nothing served
    before. One that failed to start stays, and says why; the next promotion replaces it.
    What served before is scaled as it was.
    """
    look = describe(next_state="IsItRestored", on_error="WasItNeverMade")
    look["Catch"] = _catch("WasItNeverMade")
    restore = sagemaker(
        "updateEndpoint",
        {
            "EndpointName": query(NAME),
            "EndpointConfigName": query("$served"),
            "RetainAllVariantProperties": True,
        },
        next_state="WaitForRestored",
        retries=UNAVAILABLE,
    )
    restore["Catch"] = _catch()
    delete = sagemaker(
        "deleteEndpoint",
        {"EndpointName": query(NAME)},
        next_state="ReleaseLeaseAfterFailure",
        retries=UNNAMED,
    )
    delete["Catch"] = _catch()
    return {
        "MustItBeRestored": choose(
            when("$asked", "LookBack", deadline=query(f"$millis() + {limits.BACK * 1000}")),
            default="ReleaseLeaseAfterFailure",
        ),
        "LookBack": look,
        # One that SageMaker refused to create is not there: nothing served before, nothing is to be put back.
        "WasItNeverMade": choose(
            when("$created and $contains($endpoint.reason, 'Could not find')", "ReleaseLeaseAfterFailure"),
            default="RestoreFailed",
        ),
        "IsItRestored": choose(
            when(f"{BUSY} and {LATE}", "RestoreFailed"),
            when(BUSY, "WaitForRestored"),
            when("$created and $endpoint.status = 'InService'", "UnscaleCreated"),
            when("$created", "ReleaseLeaseAfterFailure"),
            when("$endpoint.status = 'InService' and $endpoint.config = $served", "WasItScaled"),
            when("$endpoint.status = 'InService' and $not($restored)", "Unscale", restored=True),
            default="RestoreFailed",
        ),
        "WaitForRestored": poll(next_state="LookBack"),
        "Unscale": _unscale("Restore"),
        "Restore": restore,
        "UnscaleCreated": _unscale("DeleteCreatedEndpoint"),
        "DeleteCreatedEndpoint": delete,
        "RestoreFailed": _restore_failed(),
    } | _scaled_as_before()


def _unscale(next_state: str) -> State:
    """The new version's scaling goes first, as that of the old one did before the update."""
    state = deregister(next_state=next_state)
    state["Catch"] = [*state["Catch"][:-1], *_catch()]
    return state


def _scaled_as_before() -> States:
    """The target and its policy, as they were found before the update."""
    again = register("$target.min", "$target.max", next_state="HadItAPolicy", on_error="ScalingNotRestored")
    policy = follow(
        "$policy.name",
        query("$policy.configuration"),
        next_state="ReleaseLeaseAfterFailure",
        on_error="ScalingNotRestored",
    )
    why = query("$states.errorOutput.Error & ': ' & $states.errorOutput.Cause")
    for state in (again, policy):
        state["Catch"][0]["Assign"] = {"refusal": why}
    return {
        "WasItScaled": choose(
            when("$target != null", "RegisterScalingAgain"), default="ReleaseLeaseAfterFailure"
        ),
        "RegisterScalingAgain": again,
        "HadItAPolicy": choose(
            when("$policy != null", "SetScalingAgain"), default="ReleaseLeaseAfterFailure"
        ),
        "SetScalingAgain": policy,
        "ScalingNotRestored": _not_restored(
            "' serves what it served before, config ' & $served & ', but is no longer scaled: ' & $refusal"
        ),
    }


def _catch(next_state: str = "RestoreFailed") -> list[dict[str, object]]:
    """Errors of the way back must not hide the error that led to it."""
    caught: dict[str, object] = catch(next_state)[0]
    unknown = "{'status': 'unknown', 'config': 'unknown', 'reason': $states.errorOutput.Cause & ''}"
    return [caught | {"Assign": {"endpoint": query(unknown)}}]


def _restore_failed() -> State:
    return _not_restored(
        "' could not be put back to config ' & $served & '; its status is ' & $endpoint.status"
    )


def _not_restored(what: str) -> State:
    cause = f"""
        'endpoint ' & {NAME} & {what}
        & '. What led to this: ' & $failure.Error & ': ' & $failure.Cause
        """
    return {
        "Type": "Pass",
        "Assign": {"failure": {"Error": "RestoreFailed", "Cause": query(cause)}},
        "Next": "ReleaseLeaseAfterFailure",
    }
