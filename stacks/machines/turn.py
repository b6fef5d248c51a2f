"""
An approved version waits for its turn, where the settings let a trial on its endpoint end first.

Nothing is started meanwhile, and no lease is held: the trial needs it for its own promotions. Waits grow to
two hours, so that the longest trial leaves room in the history, which ends with its 25,000th event.
"""

from __future__ import annotations

from typing import Final

from slipway.contracts import ledger_keys
from stacks.machines.language import INPUT, State, States, choose, query, retry, when

FIRST_POLLS: Final = 20
"""Polls of the platform until the second look; each wait is as much longer."""
LONGEST_SECONDS: Final = 7200


def wait_for_turn(*, poll_seconds: int, next_state: str) -> States:
    """From ``LookForTrial`` on; whoever comes here sets the variable ``waits`` to 0."""
    pattern = ledger_keys.endpoint_state_key("{endpoint}")
    before, after = pattern["pk"].split("{endpoint}")
    key = query(f"'{before}' & $states.input.plan.endpoint_name & '{after}'")
    found = "$states.result.Item"
    look: State = {
        "Type": "Task",
        "Resource": "arn:aws:states:::dynamodb:getItem",
        "Arguments": {
            "TableName": "${ledger}",
            "Key": {"pk": {"S": key}, "sk": {"S": pattern["sk"]}},
            "ConsistentRead": True,
            "ProjectionExpression": "#status, trial_id",
            "ExpressionAttributeNames": {"#status": "status"},
        },
        "Assign": {"tried": query(f"$exists({found}.trial_id.S) and {found}.status.S = 'in-service'")},
        "Output": INPUT,
        "Retry": [retry(["States.TaskFailed"], first_seconds=1, attempts=8, longest_seconds=60)],
        "Next": "IsATrialRunning",
    }
    seconds = f"$min([{poll_seconds * FIRST_POLLS} * $waits, {LONGEST_SECONDS}])"
    return {
        "LookForTrial": look,
        "IsATrialRunning": choose(
            when("$tried", "WaitForTrial", waits=query("$waits + 1")), default=next_state
        ),
        "WaitForTrial": {"Type": "Wait", "Seconds": query(seconds), "Next": "LookForTrial"},
    }
