"""The promote workflow's tasks on SageMaker endpoints."""

from __future__ import annotations

from typing import Any, Final

from stacks.machines import limits
from stacks.machines.language import INPUT, State, query, retry

TRANSIENT: Final = [
    retry(
        ["SageMaker.ThrottlingException", "SageMaker.SdkClientException"],
        first_seconds=2,
        attempts=6,
        longest_seconds=30,
    ),
]
UNNAMED: Final = [
    *TRANSIENT,
    # "Rate exceeded", or a config that was just made and is not seen yet: SageMaker has no names for these.
    retry(["SageMaker.SageMakerException"], first_seconds=3, attempts=3, longest_seconds=15),
]
UNAVAILABLE: Final = [
    *UNNAMED,
    # No quota left: that takes others' endpoints to end.
    retry(
        ["SageMaker.ResourceLimitExceededException"],
        first_seconds=limits.QUOTA_FIRST,
        attempts=limits.QUOTA_ATTEMPTS,
        longest_seconds=limits.QUOTA_LONGEST,
    ),
]

LOOKS: Final = 60
"""The next look comes when this part of the time so far has passed once more."""
BUSY: Final = "$endpoint.status in ['Creating', 'Updating', 'SystemUpdating', 'RollingBack', 'Deleting']"
BROKEN: Final = "$endpoint.status in ['UpdateRollbackFailed', 'OutOfService']"
"""What only people can mend; it can be neither updated nor waited for."""
LATE: Final = "$millis() > $deadline"
MISSING: Final = "$contains($failure.Cause, 'Could not find')"
THROTTLED: Final = "$contains($failure.Cause, 'Rate exceeded')"


def catch(next_state: str = "MustItBeRestored") -> list[dict[str, Any]]:
    """Keep the error and go on towards the end that fails with it."""
    return [
        {
            "ErrorEquals": ["States.ALL"],
            "Assign": {"failure": query("$merge([{'Error': 'Unknown', 'Cause': ''}, $states.errorOutput])")},
            "Output": INPUT,
            "Next": next_state,
        },
    ]


def sagemaker(
    action: str,
    arguments: str | dict[str, Any],
    *,
    next_state: str,
    on_error: str = "MustItBeRestored",
    retries: list[dict[str, Any]] = TRANSIENT,
) -> State:
    """One call of SageMaker that leaves the document as it is."""
    return {
        "Type": "Task",
        "Resource": f"arn:aws:states:::aws-sdk:sagemaker:{action}",
        "Arguments": arguments,
        "Output": INPUT,
        "Retry": retries,
        "Catch": catch(on_error),
        "Next": next_state,
    }


def describe(*, next_state: str, on_error: str) -> State:
    """Look at the endpoint; until it is asked to change, what is seen is what served before."""
    state = sagemaker(
        "describeEndpoint",
        {"EndpointName": query("$states.input.promotion.endpoint_name")},
        next_state=next_state,
        on_error=on_error,
    )
    state["Assign"] = {
        "endpoint": query(
            """
            {'arn': $states.result.EndpointArn,
             'status': $states.result.EndpointStatus,
             'config': $string($states.result.EndpointConfigName),
             'count': $states.result.ProductionVariants[0].CurrentInstanceCount,
             'reason': $exists($states.result.FailureReason)
                ? $states.result.FailureReason : 'no reason was given'}
            """
        ),
        "served": query("$asked ? $served : $states.result.EndpointConfigName"),
    }
    return state


def poll(*, next_state: str) -> State:
    """Wait before the next look; longer as time goes by, for a history holds 25,000 events."""
    return {
        "Type": "Wait",
        "Seconds": query(
            f"$max([$states.input.promotion.poll_seconds, $floor(($millis() - $began) / {LOOKS * 1000})])"
        ),
        "Next": next_state,
    }
