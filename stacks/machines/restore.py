"""The promote workflow's way back: after a failure, what served before must serve."""

from __future__ import annotations

from stacks.machines.endpoint import BUSY, UNAVAILABLE, catch, describe, poll, sagemaker
from stacks.machines.language import State, States, choose, query, when

NAME = "$states.input.promotion.endpoint_name"


def states() -> States:
    """
    All ways lead to ``ReleaseLeaseAfterFailure``, with the first error, or with ``RestoreFailed``.

    An endpoint that was created and does not answer is deleted: nothing served
    before. One that failed to start stays, and says why; the next promotion replaces it.
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
    delete = sagemaker("deleteEndpoint", {"EndpointName": query(NAME)}, next_state="ReleaseLeaseAfterFailure")
    delete["Catch"] = _catch()
    return {
        "MustItBeRestored": choose(when("$asked", "LookBack"), default="ReleaseLeaseAfterFailure"),
        "LookBack": look,
        # One that SageMaker refused to create is not there: nothing served before, nothing is to be put back.
        "WasItNeverMade": choose(
            when("$created and $contains($endpoint.reason, 'Could not find')", "ReleaseLeaseAfterFailure"),
            default="RestoreFailed",
        ),
        "IsItRestored": choose(
            when(BUSY, "WaitForRestored"),
            when("$created and $endpoint.status = 'InService'", "DeleteCreatedEndpoint"),
            when("$created", "ReleaseLeaseAfterFailure"),
            when("$endpoint.status = 'InService' and $endpoint.config = $served", "ReleaseLeaseAfterFailure"),
            when("$endpoint.status = 'InService' and $not($restored)", "Restore", restored=True),
            default="RestoreFailed",
        ),
        "WaitForRestored": poll(next_state="LookBack"),
        "Restore": restore,
        "DeleteCreatedEndpoint": delete,
        "RestoreFailed": _restore_failed(),
    }


def _catch(next_state: str = "RestoreFailed") -> list[dict[str, object]]:
    """Errors of the way back must not hide the error that led to it."""
    caught: dict[str, object] = catch(next_state)[0]
    unknown = "{'status': 'unknown', 'config': 'unknown', 'reason': $states.errorOutput.Cause & ''}"
    return [caught | {"Assign": {"endpoint": query(unknown)}}]


def _restore_failed() -> State:
    cause = f"""
        'endpoint ' & {NAME} & ' could not be put back to config ' & $served
        & '; its status is ' & $endpoint.status
        & '. What led to this: ' & $failure.Error & ': ' & $failure.Cause
        """
    return {
        "Type": "Pass",
        "Assign": {"failure": {"Error": "RestoreFailed", "Cause": query(cause)}},
        "Next": "ReleaseLeaseAfterFailure",
    }
