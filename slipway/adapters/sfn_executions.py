"""Executions of the state machines."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from slipway.domain.execution import Execution, ExecutionSummary, StartedExecution
from slipway.domain.timestamps import timestamp

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

LIST_PAGE: Final = 100
HISTORY_PAGE: Final = 1000
"""Events: failures stand near the end, so the newest page tells enough."""


class SfnExecutions:
    """Port ``Executions``."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def start(self, machine_arn: str, name: str, document: str) -> StartedExecution:
        try:
            answer = self._client.start_execution(stateMachineArn=machine_arn, name=name, input=document)
        except self._client.exceptions.ExecutionAlreadyExists:
            # a name is unique for 90 days after its execution's end
            return StartedExecution(
                f"{machine_arn.replace(':stateMachine:', ':execution:')}:{name}", already=True
            )
        return StartedExecution(answer["executionArn"], already=False)

    def describe(self, execution_arn: str) -> Execution | None:
        try:
            answer = self._client.describe_execution(executionArn=execution_arn)
        except self._client.exceptions.ExecutionDoesNotExist:
            return None
        return Execution(
            arn=answer["executionArn"],
            name=answer["name"],
            machine_arn=answer["stateMachineArn"],
            status=answer["status"],
            document=_document(answer.get("input")),
            started_at=timestamp(answer["startDate"]),
            ended_at=timestamp(answer["stopDate"]) if answer.get("stopDate") else "",
            output=_document(answer.get("output")),
            error=answer.get("error") or "",
            cause=answer.get("cause") or "",
            redriven_at=timestamp(answer["redriveDate"]) if answer.get("redriveDate") else "",
        )

    def history(self, execution_arn: str) -> Sequence[Mapping[str, Any]]:
        answer = self._client.get_execution_history(
            executionArn=execution_arn, reverseOrder=True, maxResults=HISTORY_PAGE, includeExecutionData=True
        )
        events: list[dict[str, Any]] = answer["events"]
        return events

    def whole_history(self, execution_arn: str) -> Sequence[Mapping[str, Any]]:
        pages = self._client.get_paginator("get_execution_history").paginate(
            executionArn=execution_arn, includeExecutionData=True, PaginationConfig={"PageSize": HISTORY_PAGE}
        )
        return [event for page in pages for event in page["events"]]

    def since(self, machine_arn: str, moment: datetime) -> Iterator[ExecutionSummary]:
        pages = self._client.get_paginator("list_executions").paginate(
            stateMachineArn=machine_arn, PaginationConfig={"PageSize": LIST_PAGE}
        )
        for page in pages:
            for one in page["executions"]:
                if one["startDate"] < moment:
                    return
                yield ExecutionSummary(
                    arn=one["executionArn"],
                    name=one["name"],
                    status=one["status"],
                    started_at=timestamp(one["startDate"]),
                    ended_at=timestamp(one["stopDate"]) if one.get("stopDate") else "",
                    redriven_at=timestamp(one["redriveDate"]) if one.get("redriveDate") else "",
                )


def _document(text: str | None) -> dict[str, Any]:
    document = json.loads(text) if text else {}
    return document if isinstance(document, dict) else {}
