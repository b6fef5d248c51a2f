"""What jobs wrote, from CloudWatch Logs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from slipway.domain.metric_curves import LAST_LINES, JobLog, LogLine

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_PAGES: Final = 8
"""Of a log, each of at most 1 MB: what curves are made of; a longer log is read at its end only."""
MAX_STREAMS: Final = 4
"""Of a job: SageMaker opens one for each instance."""


class CloudWatchJobLogs:
    """Port ``JobLogs``."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def read(self, group: str, job: str, *, whole: bool) -> JobLog:
        streams = self._streams(group, job)
        lines = list(self._lines(group, streams)) if whole else []
        last = [line for stream in streams for line in self._last(group, stream)]
        # each stream is in order; sorting keeps it, and mixes those of several instances
        lines.sort(key=lambda line: line.at)
        last.sort(key=lambda line: line.at)
        return JobLog(tuple(lines), tuple(last))

    def _streams(self, group: str, job: str) -> list[str]:
        try:
            answer = self._client.describe_log_streams(
                logGroupName=group, logStreamNamePrefix=f"{job}/", limit=MAX_STREAMS
            )
        except self._client.exceptions.ResourceNotFoundException:
            return []  # no job of this kind has written anything yet
        return [stream["logStreamName"] for stream in answer["logStreams"]]

    def _lines(self, group: str, streams: list[str]) -> Iterator[LogLine]:
        for stream in streams:
            token: dict[str, str] = {}
            for _ in range(max(MAX_PAGES // len(streams), 1)):
                answer = self._client.get_log_events(
                    logGroupName=group, logStreamName=stream, startFromHead=True, **token
                )
                yield from _read(answer)
                following = answer["nextForwardToken"]
                # at the end CloudWatch gives back the token that it was given
                if not answer["events"] or token.get("nextToken") == following:
                    break
                token = {"nextToken": following}

    def _last(self, group: str, stream: str) -> Iterator[LogLine]:
        yield from _read(
            self._client.get_log_events(
                logGroupName=group, logStreamName=stream, startFromHead=False, limit=LAST_LINES
            )
        )


def _read(answer: Any) -> Iterator[LogLine]:
    for event in answer["events"]:
        yield LogLine(int(event["timestamp"]), event["message"])
