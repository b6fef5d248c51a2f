"""One promotion at a time works on an endpoint: it holds a lease in the ledger."""

from __future__ import annotations

from typing import Any, Final

from slipway.contracts import ledger
from stacks.machines import limits
from stacks.machines.language import EXECUTION, INPUT, State, States, query, retry

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


def take_lease(resource_prefix: str, *, next_state: str) -> States:
    """Wait for the endpoint's lease, as long as one whole promotion may take; then the clock runs."""
    request = "$states.input.request"
    # As contracts.names.endpoint builds it; settings keep it short enough never to be cut.
    endpoint = f"'{resource_prefix}-' & {request}.project & '-' & {request}.model"
    pattern = ledger.lease_key("{endpoint}")
    before, after = pattern["pk"].split("{endpoint}")
    partition = f"'{before}' & {endpoint} & '{after}'"
    now = "$floor($millis() / 1000)"
    return {
        "TakeLease": {
            "Type": "Task",
            "Resource": "arn:aws:states:::dynamodb:putItem",
            "Arguments": {
                "TableName": "${ledger}",
                "Item": {
                    "pk": {"S": query(partition)},
                    "sk": {"S": pattern["sk"]},
                    "owner": {"S": EXECUTION},
                    "expires_at_epoch": {"N": query(f"$string({now} + {limits.LEASE})")},
                    # DynamoDB removes it a while later.
                    ledger.TTL: {"N": query(f"$string({now} + {limits.LEASE})")},
                },
                "ConditionExpression": "attribute_not_exists(pk) OR expires_at_epoch < :now OR #owner = :me",
                "ExpressionAttributeNames": {"#owner": "owner"},
                "ExpressionAttributeValues": {
                    ":now": {"N": query(f"$string({now})")},
                    ":me": {"S": EXECUTION},
                },
            },
            "Assign": {
                "lease": {"pk": {"S": query(partition)}, "sk": {"S": pattern["sk"]}},
                "asked": False,
                "created": False,
                "restored": False,
                "served": "",
                "target": None,
                "policy": None,
                "began": query("$millis()"),
                "deadline": query(f"$millis() + {limits.FORWARD * 1000}"),
            },
            "Output": INPUT,
            "Retry": [
                retry(
                    ["DynamoDB.ConditionalCheckFailedException"],
                    first_seconds=limits.LEASE_WAIT_FIRST,
                    attempts=limits.LEASE_ATTEMPTS,
                    longest_seconds=limits.LEASE_WAIT_LONGEST,
                    backoff=1.5,
                    jitter=False,  # else the waits add up to half of what they should
                ),
                _TROUBLE,
            ],
            "Next": next_state,
        },
    }


def give_back(*, next_state: str) -> State:
    """Delete the lease if it is still ours. If that fails it runs out by itself; the ending stays."""
    catch: dict[str, Any] = {"ErrorEquals": ["States.ALL"], "Output": INPUT, "Next": next_state}
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::dynamodb:deleteItem",
        "Arguments": {
            "TableName": "${ledger}",
            "Key": query("$lease"),
            "ConditionExpression": "#owner = :me",
            "ExpressionAttributeNames": {"#owner": "owner"},
            "ExpressionAttributeValues": {":me": {"S": EXECUTION}},
        },
        "Output": INPUT,
        "Retry": [_TROUBLE],
        "Catch": [catch],
        "Next": next_state,
    }


def release_lease() -> States:
    """Both endings: the good one, and the one that fails with the error that led to it."""
    return {
        "ReleaseLease": give_back(next_state="InService"),
        "InService": {"Type": "Succeed"},
        "ReleaseLeaseAfterFailure": give_back(next_state="Failed"),
        "Failed": {
            "Type": "Fail",
            "Error": query("$failure.Error"),
            "Cause": query("$failure.Cause"),
        },
    }
