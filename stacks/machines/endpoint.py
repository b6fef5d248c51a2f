"""The promote workflow's tasks on SageMaker endpoints, and what it can tell from their answers."""

from __future__ import annotations

from typing import Any, Final

from slipway.contracts import names
from slipway.contracts import promotion_limits as limits
from stacks.machines.language import INPUT, State, query, retry


def says(cause: str, *texts: str) -> str:
    """
    Condition: an error's cause has one of these texts; SageMaker has no names for its errors.

    >>> says("$failure.Cause", "in-progress")
    "($contains($failure.Cause, 'in-progress'))"
    """
    return "(" + " or ".join(f"$contains({cause}, '{text}')" for text in texts) + ")"


def away(cause: str) -> str:
    """Condition: SageMaker was busy, or failed; it is asked once more."""
    return says(cause, "Rate exceeded", "Status Code: 5")


def denied(cause: str) -> str:
    """Condition: the machine's role may not do it."""
    return says(cause, "not authorized")


def unanswered(error: str, cause: str) -> str:
    """
    Condition: a look failed in a way that says nothing of the endpoint, so that the next may be answered.

    Not so where it is missing, where nobody is allowed to look, and where the machine itself failed.
    """
    return f"$not({says(cause, 'Could not find')} or {denied(cause)} or {says(error, 'States.')})"


PROMOTION: Final = "$states.input.promotion"
NAME: Final = f"{PROMOTION}.endpoint_name"
ACTION: Final = f"{PROMOTION}.action"

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
    # "Rate exceeded": SageMaker has no name for it.
    retry(["SageMaker.SageMakerException"], first_seconds=3, attempts=3, longest_seconds=15),
]
UNAVAILABLE: Final = [
    *TRANSIENT,
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
"""It can be neither updated nor waited for."""
DEAD: Final = f"($endpoint.status = 'Failed' or ({BROKEN} and $endpoint.empty))"
"""
Nothing serves any more, and nothing but its deletion is possible.

By instances only a real-time endpoint can tell: a serverless one counts none, an asynchronous one may need
none.
"""
LATE: Final = "$millis() > $deadline"
_CAUSE: Final = "$failure.Cause"
MISSING: Final = says(_CAUSE, "Could not find")
"""Of DescribeEndpoint: the endpoint. Of its creation or update: a config that was just made."""
AWAY: Final = away(_CAUSE)
UNANSWERED: Final = unanswered("$failure.Error", _CAUSE)
"""Of DescribeEndpoint."""
UPDATING: Final = says(_CAUSE, "in-progress")
EXISTS: Final = says(_CAUSE, "already exist")
NO_CAPACITY: Final = "$contains($endpoint.reason, 'Insufficient') and $contains($endpoint.reason, 'apacity')"
"""SageMaker says so only in the endpoint's FailureReason."""

BELIEVED: Final = f"{PROMOTION}.believed_config"
FOREIGN: Final = f"""
    {BELIEVED} != null and $not($endpoint.config in $append([{BELIEVED}, $wanted], $known))
    and $not($exists($states.input.request.accept_drift)
             and $states.input.request.accept_drift = $endpoint.config)
    """
"""Somebody set by hand what serves: neither does the ledger believe it, nor did a promotion ask for it."""


def catch(next_state: str = "MustItBeRestored", **assign: Any) -> list[dict[str, Any]]:
    """Keep the error and go on towards the end that fails with it; ``assign``: other variables."""
    return [
        {
            "ErrorEquals": ["States.ALL"],
            "Assign": {"failure": query("$merge([{'Error': 'Unknown', 'Cause': ''}, $states.errorOutput])")}
            | assign,
            "Output": INPUT,
            "Next": next_state,
        },
    ]


def ignore(next_state: str) -> list[dict[str, Any]]:
    """What is only good to know, or to have tidied up, must not fail a promotion."""
    return [{"ErrorEquals": ["States.ALL"], "Output": INPUT, "Next": next_state}]


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
        {"EndpointName": query(NAME)},
        next_state=next_state,
        on_error=on_error,
    )
    variants = "$states.result.ProductionVariants"
    state["Assign"] = {
        "endpoint": query(
            f"""
            {{'arn': $states.result.EndpointArn,
             'status': $states.result.EndpointStatus,
             'config': $string($states.result.EndpointConfigName),
             'count': {variants}[VariantName = '{names.VARIANT}'].CurrentInstanceCount,
             'fewest': $min([{variants}.CurrentInstanceCount, {variants}.DesiredInstanceCount]),
             'empty': {PROMOTION}.kind = 'real-time'
                and $count({variants}[$not($exists(CurrentInstanceCount) and CurrentInstanceCount = 0)]) = 0,
             'variants': [{variants}.VariantName],
             'reason': $exists($states.result.FailureReason)
                ? $states.result.FailureReason : 'no reason was given'}}
            """
        ),
        "served": query("$asked ? $served : $states.result.EndpointConfigName"),
    }
    return state


def poll(*, next_state: str) -> State:
    """Wait before the next look; longer as time goes by, for a history holds 25,000 events."""
    return {
        "Type": "Wait",
        "Seconds": query(f"$max([{PROMOTION}.poll_seconds, $floor(($millis() - $began) / {LOOKS * 1000})])"),
        "Next": next_state,
    }


def failed(error: str, cause: str, *, next_state: str = "MustItBeRestored") -> State:
    """The machine itself found the error out: in a state of its name, which tells people where."""
    return {
        "Type": "Pass",
        "Assign": {"failure": {"Error": error, "Cause": query(cause)}},
        "Next": next_state,
    }


def not_taken(what: str) -> str:
    """Expression of a cause: the endpoint did not come to serve the wanted config."""
    return f"'endpoint ' & {NAME} & ' did not take config ' & $wanted & ': {what}"
