"""Writing into CloudWatch Logs for services that log on a customer's behalf."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.local import seams

if TYPE_CHECKING:
    from collections.abc import Iterable


def write(group: str, stream: str, events: Iterable[tuple[float, str]]) -> None:
    """
    Append events, each with its seconds since the epoch; group and stream are made when they are missing.
    """
    groups = seams.LOGS.groups
    if group not in groups:
        seams.LOGS.create_group({"logGroupName": group})
    if stream not in groups[group]["streams"]:
        seams.LOGS.create_stream({"logGroupName": group, "logStreamName": stream})
    batch = [{"timestamp": int(at * 1000), "message": text} for at, text in events if text]
    if batch:
        seams.LOGS.put_events({"logGroupName": group, "logStreamName": stream, "logEvents": batch})
