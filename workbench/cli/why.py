"""``slipway why``: where a version, or a release that failed, came from and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from slipway.domain.answers import QUESTIONS
from workbench.cli import frame
from workbench.cli.written_page import page_options, wanted, write_page

if TYPE_CHECKING:
    from rich.console import Console

    from slipway.adapters.dynamodb_lineage import DynamoDbLineage
    from slipway.domain.answers import Answer, Question
    from slipway.domain.provenance import Provenance


@click.command("why")
@click.argument("reference", metavar="MODEL[@ALIAS|:VERSION]|RELEASE")
@click.option("--question", type=click.Choice(list(QUESTIONS)), help="Answer this one only.")
@page_options
@frame.pass_workspace
def command(
    workspace: frame.Workspace, reference: str, question: Question | None, html: str | None, *, opens: bool
) -> None:
    """
    Say where a version came from: data, hyperparameters, run, libraries, why it failed, what serves.

    MODEL alone means its champion. A RELEASE id, or a MODEL:VERSION whose release failed before it was
    registered, is answered just as well. Ends with 0 for a release that failed, too: that is the answer.
    """
    provenance = explained(workspace, reference)
    if wanted(html, opens=opens):
        from slipway.domain.provenance_page import provenance_page

        page = provenance_page(provenance, environment=workspace.environment)
        write_page(page, html, stem=f"why {provenance.title}", opens=opens)
    elif question is not None:
        answer = provenance.answer(question)
        frame.emit(workspace, answer.document(), lambda out: _answer(out, answer))
    else:
        frame.emit(workspace, provenance.document(), lambda out: _page(out, provenance))


def lineage_of(workspace: frame.Workspace) -> DynamoDbLineage:
    """The environment's lineage graph."""
    from slipway.adapters.dynamodb_lineage import DynamoDbLineage

    return DynamoDbLineage(workspace.client("dynamodb"), workspace.platform()["ledger_table"])


def explained(workspace: frame.Workspace, reference: str) -> Provenance:
    """
    All about what a person named: a release by its id, else a version, else the release of a version that was
    never registered.

    Raises:
        Refusal: There is neither.
    """
    from slipway.domain.compared import Registered
    from slipway.usecases.explain_version import explain_release, explain_version
    from workbench.candidates import find_candidate
    from workbench.cli.release import ledger_of
    from workbench.versions import UnresolvedReferenceError

    ledger, lineage = ledger_of(workspace), lineage_of(workspace)
    try:
        named = find_candidate(ledger, reference)
    except UnresolvedReferenceError as error:
        raise frame.Refusal(str(error), exit_code=frame.EXIT_NOT_FOUND) from error
    if isinstance(named, Registered):
        return explain_version(ledger, lineage, named.version)
    return explain_release(ledger, lineage, named.release)


def _page(out: Console, provenance: Provenance) -> None:
    status = f"  ({provenance.status})" if provenance.status else ""
    subject = f"{provenance.project}/{provenance.title}".strip("/")
    out.print(f"[bold]{_plain(subject)}[/bold]  release {provenance.release_id}{status}")
    for said in provenance.missing:
        out.print(f"note: {said}", markup=False, style="yellow")
    for place, answer in enumerate(provenance.answers, 1):
        out.print(f"\n[bold]{place}. {answer.asked}[/bold]")
        _answer(out, answer)
    if provenance.metrics:
        out.print("\n[bold]Metrics[/bold]")
        from slipway.domain.comparison import number

        for row in provenance.metrics:
            aim = f"  ({row.aim})" if row.aim else ""
            out.print(f"   {row.label:18} {number(row.challenger)}{aim}", markup=False)
    if provenance.curves:
        out.print("\n[bold]While it trained[/bold]")
        for curve in provenance.curves:
            line = f"{curve.line}  " if curve.line else ""
            out.print(f"   {curve.metric:18} {line}{curve.said}", markup=False)
    if provenance.further:
        out.print("\n[bold]Verdict, approval and artifact[/bold]")
        _details(out, provenance.further)


def _answer(out: Console, answer: Answer) -> None:
    out.print(answer.said, markup=False, style="" if answer.good else "bold red")
    _details(out, answer.details)
    for line in answer.lines:
        out.print(f"   │ {line}", markup=False)
    if answer.listing is not None:
        out.print(frame.table(answer.listing.heads, answer.listing.rows))


def _details(out: Console, details: tuple[tuple[str, str], ...]) -> None:
    for term, text in details:
        first, *rest = text.splitlines() or [""]
        out.print(f"   {term:18} {first}", markup=False, soft_wrap=True)
        for line in rest:
            out.print(f"   {'':18} {line}", markup=False, soft_wrap=True)


def _plain(text: str) -> str:
    """Text in which nothing is markup."""
    return text.replace("[", r"\[")
