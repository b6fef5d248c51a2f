"""``slipway logs``: what functions, jobs and endpoints wrote to CloudWatch Logs."""

from __future__ import annotations

import json
import time
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import click

from workbench.cli import frame

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbench.cli.frame import Workspace

FOLLOW_SECONDS: Final = 1.0
DEFAULT_MINUTES: Final = 60


@click.command()
@click.argument("name", required=False)
@click.option("--follow", "-f", is_flag=True, help="Go on and show new lines as they come.")
@click.option("--minutes", default=DEFAULT_MINUTES, show_default=True, help="How far back to look.")
@frame.pass_workspace
def command(workspace: Workspace, name: str | None, minutes: int, *, follow: bool) -> None:
    """
    Show the lines of every log group or stream whose name contains NAME.

    Without NAME: list the log groups.
    """
    client = workspace.client("logs")
    if name is None:
        groups = [
            {"group": group["logGroupName"], "bytes": group.get("storedBytes", 0)}
            for group in groups_of(client, workspace.environment)
        ]
        rows = [[group["group"], group["bytes"]] for group in groups]
        frame.emit(workspace, groups, lambda console: console.print(frame.table(("group", "bytes"), rows)))
        return
    since = int((time.time() - minutes * 60) * 1000)
    found = events_of(client, name, since, workspace.environment)
    events = sorted(found, key=lambda event: int(event["timestamp"]))
    if not events and not follow:
        raise frame.Refusal(
            f"no log lines of {name!r} in the last {minutes} minutes",
            "list the log groups with `slipway logs`, or look further back with --minutes",
            frame.EXIT_NOT_FOUND,
        )
    if workspace.json and not follow:
        frame.emit(workspace, events, lambda _console: None)
        return
    known: set[str] = set()
    while True:
        for event in events:
            if event["id"] not in known:
                known.add(event["id"])
                since = max(since, event["timestamp"])
                click.echo(json.dumps(event) if workspace.json else line_of(event))
        if not follow:
            return
        time.sleep(FOLLOW_SECONDS)
        found = events_of(client, name, since, workspace.environment)
        events = sorted(found, key=lambda event: int(event["timestamp"]))


def groups_of(client: Any, environment: str) -> Iterator[dict[str, Any]]:
    """The log groups of one environment's functions and machines, and of all jobs and endpoints."""
    for page in client.get_paginator("describe_log_groups").paginate():
        for group in page["logGroups"]:
            name = group["logGroupName"]
            # others of the account are none of ours, and not everybody may read them
            if name.startswith("/aws/sagemaker/") or f"slipway-{environment}-" in name:
                yield group


def events_of(client: Any, name: str, since: int, environment: str) -> Iterator[dict[str, Any]]:
    """Events since a time in milliseconds whose group or stream contains the name."""
    for group in groups_of(client, environment):
        whole = plain(name) in plain(group["logGroupName"])
        pages = client.get_paginator("filter_log_events").paginate(
            logGroupName=group["logGroupName"], startTime=since
        )
        for page in pages:
            for event in page["events"]:
                if whole or plain(name) in plain(event["logStreamName"]):
                    yield {
                        "id": event["eventId"],
                        "timestamp": event["timestamp"],
                        "group": group["logGroupName"],
                        "stream": event["logStreamName"],
                        "message": event["message"].rstrip("\n"),
                    }


def plain(name: str) -> str:
    """
    A name as people would compare it: CloudFormation writes ``PlanRelease`` for our ``plan_release``.

    >>> plain("plan_release") in plain("/aws/cloudformation/slipway-local-release/FunctionsPlanReleaseLogs1")
    True
    """
    return name.lower().replace("_", "").replace("-", "")


def line_of(event: dict[str, Any]) -> str:
    """One event for people."""
    at = datetime.fromtimestamp(event["timestamp"] / 1000).astimezone().strftime("%H:%M:%S.%f")[:-3]
    source = event["group"].rpartition("/")[2]
    if event["group"].startswith("/aws/sagemaker/"):
        source = event["stream"].partition("/")[0]
    return f"{at} {source}: {event['message']}"
