"""
The promote workflow's way to no endpoint at all: idle, its price ends; the ledger keeps what served.

It is deleted before its scalable targets are: whoever dies in between has left nothing that serves unscaled,
and the next try finds it gone and goes on.
"""

from __future__ import annotations

from stacks.machines import scaling
from stacks.machines.endpoint import (
    BUSY,
    FOREIGN,
    LATE,
    MISSING,
    NAME,
    UNANSWERED,
    UNNAMED,
    catch,
    describe,
    poll,
    sagemaker,
)
from stacks.machines.language import States, choose, query, when
from stacks.machines.lease import keep


def stop(*, next_state: str) -> States:
    """Wait until it may be deleted, delete it, wait until it is gone."""
    return {
        "LookToStop": describe(next_state="MayItBeStopped", on_error="IsItStopped"),
        "IsItStopped": choose(
            when(MISSING, "DropStopped"),
            when(f"{UNANSWERED} and $not({LATE})", "WaitToStop"),
            default="MustItBeRestored",
        ),
        "MayItBeStopped": choose(
            when(f"{BUSY} and {LATE}", "PromotionTimedOut"),
            when(BUSY, "WaitToStop"),
            when(f"$endpoint.status = 'InService' and {FOREIGN}", "EndpointDriftedError"),
            default="MayWeStop",
        ),
        "WaitToStop": poll(next_state="LookToStop"),
        "MayWeStop": keep(next_state="DeleteEndpoint", on_error=catch()),
        "DeleteEndpoint": sagemaker(
            "deleteEndpoint",
            {"EndpointName": query(NAME)},
            next_state="WaitToStop",
            on_error="WasItStopped",
            retries=UNNAMED,
        ),
        "WasItStopped": choose(when(MISSING, "DropStopped"), default="MustItBeRestored"),
        **scaling.drop_planned(next_state=next_state),
    }
