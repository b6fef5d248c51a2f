"""Start the promote machine by hand and follow it: what ``promote``, ``rollback`` and ``endpoint`` share."""

from __future__ import annotations

import json
import re
import time
from typing import TYPE_CHECKING, Any, Final

import click

from slipway.contracts import promotion_limits
from workbench.cli import frame

if TYPE_CHECKING:
    from collections.abc import Callable

    from slipway.contracts.ledger import VersionRecord
    from slipway.contracts.promotion import Action, PromotionRequest

TIMEOUT_SECONDS: Final = promotion_limits.MACHINE
"""Then the promote machine itself has timed out."""
MAX_NAME: Final = 80


def promotion_request(
    record: VersionRecord, *, actor: str, reason: str, action: Action = "serve"
) -> PromotionRequest:
    """What the promote machine is asked by hand."""
    request: PromotionRequest = {
        "project": record["project"],
        "model": record["model"],
        "version": record["version"],
        "release_id": record["release_id"],
        "cause": "promote",
        "actor": actor,
        "reason": reason,
    }
    return request if action == "serve" else request | {"action": action}


def start(workspace: frame.Workspace, request: PromotionRequest) -> str:
    """Start the promote machine; the ARN of its execution."""
    from slipway.adapters.sfn_executions import SfnExecutions
    from slipway.contracts.names import endpoint
    from workbench.cli.leases import give_back, held_by_ended

    name = endpoint(workspace.platform()["resource_prefix"], request["project"], request["model"])
    if held_by_ended(workspace, [name]):
        give_back(workspace)
    return (
        SfnExecutions(workspace.client("stepfunctions"))
        .start(
            workspace.platform()["promote_machine_arn"],
            execution_name(request, time.time_ns()),
            json.dumps({"request": request}),
        )
        .arn
    )


def execution_name(request: PromotionRequest, now_ns: int) -> str:
    """
    A name that says what is done, and when: no two are the same.

    >>> execution_name({"action": "stop", "cause": "promote", "model": "rates", "version": "1.0.0"}, 10**15)
    'stop-rates-1-0-0-19700112T134640Z-000000'
    """
    action = request.get("action", "serve")
    said = request["cause"] if action == "serve" else action
    moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now_ns // 10**9))
    tail = f"-{moment}-{now_ns // 1000 % 10**6:06d}"
    stem = re.sub(r"[^A-Za-z0-9-]+", "-", f"{said}-{request['model']}-{request['version']}")
    return stem[: MAX_NAME - len(tail)] + tail


def follow(
    workspace: frame.Workspace,
    arn: str,
    what: str,
    *,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> dict[str, Any]:
    """
    Print a line for each step, until the promotion has ended.

    Args:
        workspace: Where it runs.
        arn: Of the execution.
        what: What is done, for a failure's message: ``the rollback``.
        sleep: Waits so many seconds.
        clock: Seconds from any moment on.

    Raises:
        Refusal: It failed, and what served before goes on serving; or it never ends.
    """
    from workbench.cli.release import AWS_PAUSE, LOCAL_PAUSE, executions_of, print_new

    executions, printed = executions_of(workspace), set[str]()
    pause = LOCAL_PAUSE if workspace.is_local else AWS_PAUSE
    began = clock()
    while clock() - began < TIMEOUT_SECONDS:
        status = executions.status(arn)
        print_new(executions.steps(arn), printed)
        if status["status"] == "SUCCEEDED":
            return {"status": "deployed", "seconds": round(clock() - began, 2)}
        if status["status"] != "RUNNING":
            raise _refusal(what, status, arn)
        sleep(pause)
    raise frame.Refusal(f"{what} has not ended", f"look at execution {arn}")


def _refusal(what: str, status: dict[str, Any], arn: str) -> frame.Refusal:
    """A failed promotion as a person reads it: the reason alone, and what to do about it."""
    from slipway.domain.failures import understand
    from slipway.domain.next_actions import next_action_by_hand

    cause = understand(status.get("cause") or "")
    error = cause.error or status.get("error") or status["status"]
    text = cause.text or "it was stopped"
    # What a function raised says all in its message; a machine's own error in its name too.
    why = text if cause.error and cause.text else f"{error}: {text}"
    action = next_action_by_hand(error, cause.text)
    return frame.Refusal(f"{what} failed: {why}", action or f"look at execution {arn}")


def serving(workspace: frame.Workspace, project: str, model: str) -> str:
    """What serves now, in words: by the endpoint itself, and by the alias."""
    from slipway.contracts.names import CHAMPION, endpoint
    from workbench.cli.endpoint_lookup import describe
    from workbench.cli.release import ledger_of

    name = endpoint(workspace.platform()["resource_prefix"], project, model)
    held = describe(workspace, name)
    alias = ledger_of(workspace).alias(project, model, CHAMPION)
    since = f", champion since {alias['moved_at']}" if alias is not None else ""
    return f"{name} is {held['EndpointStatus']} and serves {held['Identity'].get('version', '?')}{since}"


def run(workspace: frame.Workspace, request: PromotionRequest, what: str, *, wait: bool) -> None:
    """Start it, follow it where that is wanted, and print what came of it."""
    arn = start(workspace, request)
    document: dict[str, Any] = {**request, "execution_arn": arn}
    if wait:
        document |= follow(workspace, arn, what)
        if request.get("action") != "stop":
            document["serves"] = serving(workspace, request["project"], request["model"])
    said = document.get("serves") or (f"{what} is done" if wait else f"started: {arn}")
    frame.emit(workspace, document, lambda _: click.echo(said))
