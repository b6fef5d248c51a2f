"""``slipway registry``: list, show, search, tag, delete."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any, Final

import click

from workbench.cli import frame
from workbench.cli.calls import Moment, ask, subjects_of, version_named

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.console import Console

    from slipway.contracts.ledger import VersionRecord
    from slipway.domain.search import Criteria
    from slipway.usecases.ports import Versions

REFERENCE: Final = "MODEL[@ALIAS|:VERSION]"


@click.group("registry")
def group() -> None:
    """
    List, show, search, tag and delete registered versions.

    Only what is ready for production stands here: approved versions, and those that wait for their approval,
    marked as such. What was never approved is an experiment: `slipway experiment list`.
    """


@group.command("list")
@click.option("--model", help="Only this model: MODEL or PROJECT/MODEL.")
@click.option("--project", help="Only models of this project.")
@click.option("--removed", is_flag=True, help="Also versions whose artifact was removed.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=20, show_default=True)
@frame.pass_workspace
def list_versions(
    workspace: frame.Workspace, model: str | None, project: str | None, removed: bool, limit: int
) -> None:
    """List production-ready versions, newest first."""
    from slipway.domain.search import Criteria
    from workbench.cli.release import ledger_of
    from workbench.registry_rows import HEAD, with_aliases

    ledger = ledger_of(workspace)
    records = _matching(ledger, Criteria(removed=removed), model, project)
    rows = list(with_aliases(itertools.islice(records, limit), ledger))
    cells = [row.cells for row in rows]
    frame.emit(workspace, [row.document for row in rows], lambda out: out.print(frame.table(HEAD, cells)))


def _matching(
    ledger: Versions, criteria: Criteria, model: str | None, project: str | None
) -> Iterator[VersionRecord]:
    from slipway.domain.search import found

    for one, name in subjects_of(ledger, model, project):
        yield from found(ledger.listed_versions(project=one, model=name, since=criteria.since), criteria)


@group.command("search")
@click.argument("text", default="")
@click.option("--model", help="Only this model: MODEL or PROJECT/MODEL.")
@click.option("--project", help="Only models of this project.")
@click.option(
    "--metric", "ranges", multiple=True, help="A range, such as 'mae<=25' or 'mae=18..25'; repeatable."
)
@click.option(
    "--data", multiple=True, help="Trained or evaluated on NAME, NAME:VERSION or sha256:…; repeatable."
)
@click.option("--tag", "tags", multiple=True, metavar="KEY=VALUE", help="Bears this tag; repeatable.")
@click.option("--stage", default="", help="Its life cycle's stage, such as Production.")
@click.option("--since", type=Moment(), help="Registered since then (ISO 8601).")
@click.option("--removed", is_flag=True, help="Also versions whose artifact was removed.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=50, show_default=True)
@frame.pass_workspace
def search(
    workspace: frame.Workspace,
    text: str,
    *,
    model: str | None,
    project: str | None,
    ranges: tuple[str, ...],
    data: tuple[str, ...],
    tags: tuple[str, ...],
    stage: str,
    since: str | None,
    removed: bool,
    limit: int,
) -> None:
    """
    Find versions by the words of their cards (TEXT: each of them, in any case) and by what they are.

    All that is asked must hold. What is found is printed at once, while the rest is read.
    """
    from slipway.domain.search import Criteria, InvalidRangeError, MetricRange
    from workbench.cli.release import ledger_of

    try:
        asked = tuple(MetricRange.parse(one) for one in ranges)
    except InvalidRangeError as error:
        raise click.BadParameter(str(error), param_hint="--metric") from error
    criteria = Criteria(
        text=text, ranges=asked, data=data, tags=_pairs(tags), stage=stage, since=since or "", removed=removed
    )
    found = _matching(ledger_of(workspace), criteria, model, project)
    _stream(workspace, itertools.islice(found, limit))


def _stream(workspace: frame.Workspace, records: Iterable[VersionRecord]) -> None:
    """One line or one element at a time: the first is there before the last is read."""
    from workbench.registry_rows import line_of

    count = 0
    for count, record in enumerate(records, 1):
        if workspace.json:
            click.echo(f"{'[' if count == 1 else ','}\n{json.dumps(record, indent=2, default=str)}", nl=False)
        else:
            click.echo(line_of(record))
    if workspace.json:
        click.echo("\n]" if count else "[]")
    elif not count:
        frame.progress("no version matches")


def _pairs(tags: Iterable[str]) -> dict[str, str]:
    pairs = {}
    for tag in tags:
        key, sign, value = tag.partition("=")
        if not key or not sign:
            raise click.BadParameter(f"{tag!r} is no KEY=VALUE", param_hint="tag")
        pairs[key] = value
    return pairs


@group.command("show")
@click.argument("reference", metavar=REFERENCE)
@frame.pass_workspace
def show(workspace: frame.Workspace, reference: str) -> None:
    """Show all that production needs of a version, on one page; MODEL alone means its champion."""
    from workbench.cli.release import ledger_of
    from workbench.cli.why import lineage_of
    from workbench.version_page import document_of, lines_of

    ledger = ledger_of(workspace)
    record = version_named(ledger, reference)
    document = document_of(record, ledger, lineage_of(workspace))

    def render(out: Console) -> None:
        for line in lines_of(document):
            out.print(line, markup=False)

    frame.emit(workspace, document, render)


@group.command("tag")
@click.argument("reference", metavar=REFERENCE)
@click.argument("tags", metavar="KEY=VALUE…", nargs=-1, required=True)
@frame.pass_workspace
def tag(workspace: frame.Workspace, reference: str, tags: tuple[str, ...]) -> None:
    """Set tags of a version, in the ledger and in its model package; KEY= takes one away."""
    from workbench.cli.release import ledger_of

    record = version_named(ledger_of(workspace), reference)
    answer = ask(
        workspace, workspace.platform()["tag_version_function"], {**_subject(record), "tags": _pairs(tags)}
    )
    said = ", ".join(f"{key}={value}" for key, value in sorted(answer["tags"].items())) or "no tags"
    frame.emit(
        workspace,
        answer,
        lambda out: out.print(f"{record['model']}:{record['version']}: {said}", markup=False),
    )


@group.command("delete")
@click.argument("reference", metavar="MODEL:VERSION")
@click.option("--yes", is_flag=True, help="Do not ask.")
@frame.pass_workspace
def delete(workspace: frame.Workspace, reference: str, yes: bool) -> None:
    """
    Remove the artifact of a version that nobody needs; its record, reports and lineage stay.

    Refused for what serves, has an alias, may be rolled back to, waits for approval, or is worked on.
    """
    from workbench.cli.release import ledger_of

    if ":" not in reference:
        raise frame.Refusal(
            f"{reference!r} names no version to delete", "write MODEL:VERSION", frame.EXIT_USAGE
        )
    record = version_named(ledger_of(workspace), reference)
    name = f"{record['project']}/{record['model']}:{record['version']}"
    if not yes:
        click.confirm(f"Remove the model artifact of {name}? It can't serve any more then.", abort=True)
    answer = ask(workspace, workspace.platform()["remove_artifact_function"], _subject(record))
    said = "removed" if answer["outcome"] == "removed" else "was removed before"
    frame.emit(
        workspace,
        {**_subject(record), **answer},
        lambda out: out.print(f"the artifact of {name} {said}; its record and evidence stay", markup=False),
    )


def _subject(record: VersionRecord) -> dict[str, Any]:
    return {"project": record["project"], "model": record["model"], "version": record["version"]}
