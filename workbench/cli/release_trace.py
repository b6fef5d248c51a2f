"""``slipway release trace``: where the time of a release went, from push to endpoint."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from workbench.cli import frame
from workbench.cli.written_page import page_options, wanted, write_page

if TYPE_CHECKING:
    from rich.console import Console

    from slipway.domain.telemetry.spans import Span, Trace

MARKS = {"ok": "✓", "error": "✗", "unset": "–"}
"""A step whose failure was caught, and one that still runs, are neither."""


@click.command("trace")
@click.argument("release", default="latest")
@page_options
@frame.pass_workspace
def trace(workspace: frame.Workspace, release: str, html: str | None, *, opens: bool) -> None:
    """
    Show a RELEASE as a tree of spans: when each step began, how long it took, and which one failed.

    They are the spans that an OpenTelemetry collector gets once the release has ended, with the same ids.
    """
    from slipway.adapters.sfn_executions import SfnExecutions
    from slipway.usecases.export_telemetry import trace_of
    from workbench.cli.release import found

    record = found(workspace, release)
    executions = SfnExecutions(workspace.client("stepfunctions"))
    arn = record.get("execution_arn")
    traced = trace_of(record, executions.describe(arn) if arn else None, executions)
    if wanted(html, opens=opens):
        from workbench.dashboards.waterfall import waterfall

        page = waterfall(traced, environment=workspace.environment, now=datetime.now(UTC))
        write_page(page, html, stem=f"trace {record['model']} {record['release_id']}", opens=opens)
        return
    frame.emit(workspace, as_document(traced), lambda out: _tree(out, traced))


def as_document(traced: Trace) -> dict[str, Any]:
    """A trace as ``--json`` prints it."""
    return {
        "trace_id": traced.trace_id,
        "spans": [
            {
                "name": span.name,
                "span_id": span.span_id,
                "parent_id": span.parent_id,
                "start": span.start.isoformat(),
                "end": span.end.isoformat() if span.end else None,
                "seconds": span.seconds,
                "status": span.status,
                "message": span.message,
                "attributes": dict(span.attributes),
            }
            for span in traced.spans
        ],
    }


def _tree(out: Console, traced: Trace) -> None:
    out.print(f"trace {traced.trace_id}", markup=False)
    began = traced.root.start
    for span in traced.spans:
        indent = "  " * traced.depth(span)
        after = (span.start - began).total_seconds()
        took = "running" if span.seconds is None else f"{span.seconds:.2f} s"
        entries = span.attributes.get("slipway.step.entries", 1)
        times = f", {entries} times" if entries != 1 else ""
        when = f"+{after:9.2f} s  {took:>12}{times}"
        name = f"{indent}{span.name}"
        out.print(f"{MARKS[span.status]} {name:40} {when}{_what(span)}", markup=False, soft_wrap=True)


def _what(span: Span) -> str:
    """The job that it ran, or what went wrong."""
    job = span.attributes.get("slipway.job.name")
    said = f"  {job}" if job else ""
    return f"{said}  {span.message[:160]}" if span.status == "error" else said
