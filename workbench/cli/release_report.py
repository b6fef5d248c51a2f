"""``slipway release report``: the evidence of a release, as the platform wrote it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from slipway.contracts.report import page_uri, report_uri
from workbench.cli import frame
from workbench.cli.written_page import page_options, wanted, write_page

if TYPE_CHECKING:
    from rich.console import Console

    from slipway.contracts.ledger import ReleaseRecord

_MISSING = "`slipway release show` says how far it is; a release that was refused has none"


@click.command("report")
@click.argument("release", default="latest")
@page_options
@frame.pass_workspace
def report(workspace: frame.Workspace, release: str, html: str | None, *, opens: bool) -> None:
    """
    Show the evidence on which a RELEASE was judged: verdict, five numbers, metrics, gates.

    --html writes the same report as one page, with plots, slices, data, libraries and cost.
    """
    from workbench.cli.release import found

    record = found(workspace, release)
    if wanted(html, opens=opens):
        stem = f"{record['model']}-{record['version']}-report"
        write_page(read_page(workspace, record), html, stem=stem, opens=opens)
        return
    document = read_report(workspace, record)
    frame.emit(workspace, document, lambda out: show_report(out, document))


def read_report(workspace: frame.Workspace, record: ReleaseRecord) -> dict[str, Any]:
    """
    ``contracts.report.EvidenceReport``.

    Raises:
        Refusal: The release has none (yet).
    """
    document: dict[str, Any] = json.loads(_read(workspace, record, page=False))
    return document


def read_page(workspace: frame.Workspace, record: ReleaseRecord) -> str:
    """
    The report as one HTML file, as it was written when the release was judged.

    Raises:
        Refusal: The release has none (yet).
    """
    return _read(workspace, record, page=True)


def _read(workspace: frame.Workspace, record: ReleaseRecord, *, page: bool) -> str:
    from slipway.adapters.s3_reports import S3Reports

    prefix = (record.get("plan") or {}).get("artifact_prefix", "")
    text = (
        S3Reports(workspace.client("s3")).read((page_uri if page else report_uri)(prefix)) if prefix else None
    )
    if not isinstance(text, str):
        why = f"its report is too large: {text}" if text else "it has no report"
        raise frame.Refusal(
            f"release {record['release_id']} is {record['status']}: {why}", _MISSING, frame.EXIT_NOT_FOUND
        )
    return text


def show_report(out: Console, document: dict[str, Any]) -> None:
    """Verdict, numbers, metrics with intervals, and gates."""
    from slipway.domain.evidence import Evidence

    evidence = Evidence(document)
    out.print(evidence.summary, markup=False)
    out.print(frame.table(("", ""), evidence.numbers()))
    out.print(
        frame.table(
            ("metric", "challenger", "champion", "difference", "interval", ""),
            [(row.label, *row.cells(), evidence.interval(row.metric), row.effect) for row in evidence.rows()],
        )
    )
    for gate in evidence.gates():
        mark = "✓" if gate.get("passed") else "✗"
        out.print(f"{mark} {gate.get('reason', '')}", markup=False)
    out.print("the whole of it, with plots: slipway release report --open", markup=False)
