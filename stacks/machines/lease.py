"""
One promotion at a time works on an endpoint: it holds a lease in the ledger.

Taking it counts its ``fence`` up, for ever: nobody else ever has the same number.
Before each write to the endpoint the machine looks whether the lease is still its
own, and whoever writes to the ledger does so too: one that was thought dead and
goes on does no harm. What a killed promotion leaves can be told by two more
attributes: ``asked``, the endpoint configs that it asked for, so that none is taken
for somebody's own change; ``scaled``, how the endpoint was scaled before, until it
is scaled so again or something else serves.
"""

from __future__ import annotations

from typing import Any, Final

from slipway.contracts import ledger_keys
from slipway.contracts import promotion_limits as limits
from stacks.machines.language import EXECUTION, INPUT, State, States, extended, query, retry

LOST: Final = "LeaseLostError"
"""State and error: another promotion has taken the endpoint over. functions/ raise it by this name too."""

_TROUBLE: Final = retry(
    [
        "DynamoDB.ThrottlingException",
        "DynamoDB.ProvisionedThroughputExceededException",
        "DynamoDB.InternalServerErrorException",
        "DynamoDB.SdkClientException",
    ],
    first_seconds=1,
    attempts=8,
    longest_seconds=30,
)
_NOW: Final = "$floor($millis() / 1000)"
_UNTIL: Final = {"N": query(f"$string({_NOW} + {limits.LEASE})")}


def _write(expression: str, condition: str, values: dict[str, Any], *, key: Any) -> State:
    """One write to the lease that leaves the document as it is."""
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::dynamodb:updateItem",
        "Arguments": {
            "TableName": "${ledger}",
            "Key": key,
            "UpdateExpression": expression,
            "ConditionExpression": condition,
            "ExpressionAttributeNames": {"#owner": "owner"},
            "ExpressionAttributeValues": values | {":me": {"S": EXECUTION}},
        },
        "Output": INPUT,
        "Retry": [_TROUBLE],
    }


def take_lease(resource_prefix: str, *, next_state: str) -> States:
    """Wait for the endpoint's lease, as long as one whole promotion may take; then the clock runs."""
    request = "$states.input.request"
    # As contracts.names.endpoint builds it; settings keep it short enough never to be cut.
    endpoint = f"'{resource_prefix}-' & {request}.project & '-' & {request}.model"
    pattern = ledger_keys.lease_key("{endpoint}")
    before, after = pattern["pk"].split("{endpoint}")
    key = {"pk": {"S": query(f"'{before}' & {endpoint} & '{after}'")}, "sk": {"S": pattern["sk"]}}
    state = _write(
        f"SET #owner = :me, expires_at_epoch = :until REMOVE {ledger_keys.TTL} ADD fence :one",
        "attribute_not_exists(#owner) OR expires_at_epoch < :now OR #owner = :me",
        {":until": _UNTIL, ":now": {"N": query(f"$string({_NOW})")}, ":one": {"N": "1"}},
        key=key,
    )
    state["Arguments"]["ReturnValues"] = "ALL_NEW"
    taken = "$states.result.Attributes"
    state["Assign"] = {
        "lease": key,
        "fence": query(f"{taken}.fence.N"),
        # what promotions before asked for, and perhaps died over
        "known": query(f"[{taken}.asked.SS]"),
        "left": query(f"$exists({taken}.scaled.S) ? $parse({taken}.scaled.S) : []"),
        "asked": False,
        "created": False,
        "restored": False,
        "recreated": False,
        "rescaled": False,
        "again": False,
        "looked": False,
        "tries": 0,
        "refusals": 0,
        "served": "",
        "alarm": "",
        "types": {},
        "scaled": [],
        "began": query("$millis()"),
        "deadline": query(f"$millis() + {limits.FORWARD * 1000}"),
    }
    state["Output"] = extended("lease", f"{{'owner': {_ME}, 'fence': $number({taken}.fence.N)}}")
    state["Retry"] = [
        retry(
            ["DynamoDB.ConditionalCheckFailedException"],
            first_seconds=limits.LEASE_WAIT_FIRST,
            attempts=limits.LEASE_ATTEMPTS,
            longest_seconds=limits.LEASE_WAIT_LONGEST,
            backoff=1.5,
            jitter=False,  # else the waits add up to half of what they should
        ),
        _TROUBLE,
    ]
    return {"TakeLease": state | {"Next": next_state}}


_ME: Final = "$states.context.Execution.Id"
_OURS: Final = "#owner = :me AND fence = :fence"


def keep(*, next_state: str, on_error: list[dict[str, Any]], config: str = "", **assign: Any) -> State:
    """
    Before a write to the endpoint: see that the lease is still ours, and renew it.

    Args:
        next_state: The write.
        on_error: Where the ledger does not answer.
        config: Expression of the endpoint config that the write asks for, which is noted, with how the
            endpoint was scaled; empty: it asks for none.
        assign: Variables, once it is ours.
    """
    values: dict[str, Any] = {":until": _UNTIL, ":fence": {"N": query("$fence")}}
    expression = "SET expires_at_epoch = :until"
    if config:
        expression += ", scaled = :scaled ADD asked :config"
        values |= {":config": {"SS": [query(config)]}, ":scaled": {"S": query("$string($scaled)")}}
    state = _write(expression, _OURS, values, key=query("$lease"))
    state["Catch"] = [lost(), *on_error]
    return state | ({"Assign": assign} if assign else {}) | {"Next": next_state}


def lost(error: str = "DynamoDB.ConditionalCheckFailedException") -> dict[str, Any]:
    """A catcher: the endpoint is another promotion's by now."""
    return {"ErrorEquals": [error], "Output": INPUT, "Next": LOST}


def look_what_is_recorded(output: str, *, next_state: str, on_error: list[dict[str, Any]]) -> States:
    """Whether the ledger says that what serves was put there by this very execution: ``recorded``."""
    look: State = {
        "Type": "Task",
        "Resource": "arn:aws:states:::dynamodb:getItem",
        "Arguments": {
            "TableName": "${ledger}",
            "Key": {"pk": query("$lease.pk"), "sk": {"S": ledger_keys.endpoint_state_key("")["sk"]}},
            "ConsistentRead": True,
            "ProjectionExpression": "execution_arn",
        },
        "Assign": {
            "recorded": query(
                f"""
                $exists($states.result.Item.execution_arn.S)
                and $states.result.Item.execution_arn.S = {_ME}
                """
            )
        },
        "Output": output,
        "Retry": [_TROUBLE],
        "Catch": on_error,
        "Next": next_state,
    }
    return {"LookWhatIsRecorded": look}


def _give_back(expression: str, *, next_state: str) -> State:
    """If it is still ours. If that fails it runs out by itself; the ending stays."""
    state = _write(expression, "#owner = :me", {}, key=query("$lease"))
    state["Catch"] = [{"ErrorEquals": ["States.ALL"], "Output": INPUT, "Next": next_state}]
    return state | {"Next": next_state}


def release_lease() -> States:
    """Every ending: the good one, the one that fails with what led to it, and that of a stale worker."""
    free = "REMOVE #owner, expires_at_epoch"
    stale = """
        'another promotion has taken endpoint ' & $substringAfter($lease.pk.S, '#')
        & ' over (its lease was no longer that of fence ' & $fence & '); this one has written nothing since'
        """
    return {
        # The ledger says what serves from here on; what was asked for on the way is of no interest any more.
        "ReleaseLease": _give_back(f"{free}, scaled, asked", next_state="InService"),
        "InService": {"Type": "Succeed"},
        # Until it is set back, how the endpoint was scaled is the next promotion's to know.
        "ReleaseLeaseAfterFailure": _give_back(
            query(f"'{free}' & ($created or $rescaled ? ', scaled' : '')"), next_state="Failed"
        ),
        "Failed": {
            "Type": "Fail",
            "Error": query("$failure.Error"),
            "Cause": query("$failure.Cause"),
        },
        LOST: {"Type": "Fail", "Error": LOST, "Cause": query(stale)},
    }
