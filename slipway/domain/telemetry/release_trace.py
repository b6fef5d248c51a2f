"""One trace for each release, from push to endpoint in service; and one for each promotion by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from slipway.domain.telemetry.spans import AttributeValue, Span, Trace, span_id, trace_id
from slipway.domain.telemetry.step_spans import nested_executions, step_spans
from slipway.domain.timestamps import moment_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from slipway.contracts.ledger import ReleaseRecord
    from slipway.domain.execution import Execution

GOOD: Final = ("deployed", "rejected", "not-accepted", "expired", "stopped")
"""Endings that are answers, not errors."""


def release_trace(
    record: ReleaseRecord,
    execution: Execution | None,
    events: Sequence[Mapping[str, Any]],
    nested: Mapping[str, Sequence[Mapping[str, Any]]],
) -> Trace:
    """
    The trace of a release.

    Args:
        record: The ledger's.
        execution: Of the release machine; None: it has not begun, or nobody remembers it.
        events: Its history, oldest first.
        nested: Histories of the executions that it started, by ARN.
    """
    release_id = record["release_id"]
    root_id = span_id("release", release_id)
    began = record.get("pushed_at") or record["planned_at"]
    ended = (execution.ended_at if execution else "") or record.get("ended_at", "")
    status = record["status"]
    spans = [
        Span(
            name=f"release {record['project']}/{record['model']}",
            span_id=root_id,
            parent_id="",
            start=min(moment_of(began), moment_of(record["planned_at"])),
            end=moment_of(ended) if ended else None,
            status="unset" if not ended else "ok" if status in GOOD else "error",
            message=record["reason"] if status not in GOOD else "",
            attributes={
                **subject_attributes(record, release_id),
                "slipway.release.cause": record["cause"],
                "slipway.release.status": status,
                "container.image.id": record["image_digest"],
            },
        )
    ]
    if execution is not None:
        spans.append(
            Span(
                name="plan",
                span_id=span_id("plan", release_id),
                parent_id=root_id,
                start=spans[0].start,
                end=moment_of(execution.started_at),
                status="ok",
            )
        )
        spans += with_nested(events, nested, execution_arn=execution.arn, parent_id=root_id)
    return Trace(trace_id("release", release_id), tuple(spans))


def promotion_trace(execution: Execution, events: Sequence[Mapping[str, Any]]) -> Trace:
    """
    The trace of a promotion by hand or a rollback, linked to that of the release which it put in service.

    One that an approval started is a part of its release's trace.
    """
    request = execution.document["request"]
    release_id = request["release_id"]
    root_id = span_id("promotion", execution.arn)
    failed = execution.ended and execution.status != "SUCCEEDED"
    root = Span(
        name=f"{request['cause']} {request['project']}/{request['model']}",
        span_id=root_id,
        parent_id="",
        start=moment_of(execution.started_at),
        end=moment_of(execution.ended_at) if execution.ended_at else None,
        status="error" if failed else "ok" if execution.ended else "unset",
        message=execution.cause if failed else "",
        attributes={
            **subject_attributes(request, release_id),
            "slipway.promotion.cause": request["cause"],
            "slipway.promotion.actor": request["actor"],
            **({"error.type": execution.error or execution.status} if failed else {}),
        },
        links=((trace_id("release", release_id), span_id("release", release_id)),),
    )
    steps = step_spans(events, execution_arn=execution.arn, parent_id=root_id)
    return Trace(trace_id("promotion", execution.arn), (root, *steps))


def with_nested(
    events: Sequence[Mapping[str, Any]],
    nested: Mapping[str, Sequence[Mapping[str, Any]]],
    *,
    execution_arn: str,
    parent_id: str,
) -> list[Span]:
    """The states of an execution, each followed by those of the execution that it started."""
    started = nested_executions(events)
    spans: list[Span] = []
    for span in step_spans(events, execution_arn=execution_arn, parent_id=parent_id):
        spans.append(span)
        arn = started.get(span.name, "")
        if arn in nested:
            spans += step_spans(nested[arn], execution_arn=arn, parent_id=span.span_id)
    return spans


def subject_attributes(subject: Mapping[str, Any], release_id: str) -> dict[str, AttributeValue]:
    """Whose it is."""
    return {
        "slipway.release.id": release_id,
        "slipway.project": subject["project"],
        "slipway.model": subject["model"],
        "slipway.version": subject["version"],
    }
