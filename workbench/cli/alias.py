"""``slipway alias``: list, show, set, remove, history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click

from workbench.cli import frame
from workbench.cli.calls import Moment, alias_named, ask, caller

if TYPE_CHECKING:
    from rich.console import Console

    from slipway.contracts.ledger import AliasRecord
    from slipway.usecases.ports import Versions

COLUMNS: Final = ("alias", "version", "since", "by", "reason", "revision")


@click.group("alias")
def group() -> None:
    """List, show, set and remove aliases of versions, and their history."""


@group.command("list")
@click.argument("model", metavar="[PROJECT/]MODEL")
@frame.pass_workspace
def list_aliases(workspace: frame.Workspace, model: str) -> None:
    """List the aliases of a MODEL and the versions that they point to."""
    from workbench.cli.release import ledger_of

    ledger = ledger_of(workspace)
    project, name, _ = alias_named(ledger, model, default="champion")
    there = [one for one in ledger.aliases(project, name) if not one.get("removed")]
    rows = [
        (one["alias"], one["version"], one["moved_at"], one["actor"], one["reason"], one["revision"])
        for one in there
    ]
    frame.emit(workspace, there, lambda out: out.print(frame.table(COLUMNS, rows)))


@group.command("show")
@click.argument("reference", metavar="[PROJECT/]MODEL[@ALIAS]")
@click.option(
    "--at", type=Moment(), help="What it pointed to at that moment (ISO 8601; a date is its beginning, UTC)."
)
@frame.pass_workspace
def show(workspace: frame.Workspace, reference: str, at: str | None) -> None:
    """
    Show what an ALIAS (of a MODEL alone: champion) points to, or pointed to --at a moment.

    Costs one read, strongly consistent, whatever the number of versions and moves.
    """
    from workbench.cli.release import ledger_of

    ledger = ledger_of(workspace)
    project, model, alias = alias_named(ledger, reference, default="champion")
    name = f"{project}/{model}@{alias}"
    if at is None:
        tip = ledger.alias_tip(project, model, alias)
        if tip is None:
            raise frame.Refusal(
                f"there is no alias {name}",
                f"`slipway alias list {project}/{model}` shows those that it has",
                frame.EXIT_NOT_FOUND,
            )
    else:
        tip = _then(ledger, project, model, alias, at)
    if tip.get("removed"):
        raise frame.Refusal(
            f"{name} pointed nowhere: {tip['actor']} removed it at {tip['moved_at']}",
            f"`slipway alias history {name}` shows what it pointed to before",
            frame.EXIT_NOT_FOUND,
        )
    frame.emit(workspace, tip, lambda out: _show(out, tip))


def _then(ledger: Versions, project: str, model: str, alias: str, at: str) -> AliasRecord:
    from slipway.domain.timestamps import now, timestamp

    name = f"{project}/{model}@{alias}"
    if at > timestamp(now()):
        raise frame.Refusal(
            f"{at} is yet to come", "leave --at out to see what it points to", frame.EXIT_USAGE
        )
    then = ledger.alias_at(project, model, alias, at)
    if then is None:
        moves = ledger.alias_history(project, model, alias)
        first = f"it was first set at {moves[-1]['moved_at']}" if moves else "it was never set"
        raise frame.Refusal(f"{name} pointed nowhere at {at}", first, frame.EXIT_NOT_FOUND)
    return then


def _show(out: Console, move: AliasRecord) -> None:
    facts = {
        "version": f"{move['project']}/{move['model']}:{move['version']}",
        "since": move["moved_at"],
        "by": move["actor"],
        "reason": move["reason"],
        "revision": str(move["revision"]),
        "release": move["release_id"],
    }
    for name, value in facts.items():
        if value:
            out.print(f"{name:10} {value}", markup=False)


@group.command("set")
@click.argument("reference", metavar="[PROJECT/]MODEL@ALIAS")
@click.argument("version")
@click.option("--reason", default="", help="Why, for the history.")
@click.option(
    "--revision",
    type=click.IntRange(min=0),
    help="Move it only from this revision; 0: only if it was never set.",
)
@frame.pass_workspace
def set_one(
    workspace: frame.Workspace, reference: str, version: str, reason: str, revision: int | None
) -> None:
    """
    Point an ALIAS of your own to a registered VERSION.

    What says what serves (champion, challenger, shadow, ab-…) is moved by promotions alone.
    """
    answer = _wish(workspace, reference, version=version, reason=reason, revision=revision)
    move = answer["alias"]
    name = f"{move['project']}/{move['model']}@{move['alias']}"
    said = f"{name} → {move['version']} ({answer['outcome']}, revision {move['revision']})"
    frame.emit(workspace, answer, lambda out: out.print(said, markup=False))


@group.command("remove")
@click.argument("reference", metavar="[PROJECT/]MODEL@ALIAS")
@click.option("--reason", default="", help="Why, for the history.")
@click.option("--revision", type=click.IntRange(min=1), help="Remove it only at this revision.")
@frame.pass_workspace
def remove(workspace: frame.Workspace, reference: str, reason: str, revision: int | None) -> None:
    """Let an ALIAS of your own point nowhere; its history stays."""
    answer = _wish(workspace, reference, version="", reason=reason, revision=revision)
    frame.emit(workspace, answer, lambda out: out.print("removed; its history stays", markup=False))


def _wish(
    workspace: frame.Workspace, reference: str, *, version: str, reason: str, revision: int | None
) -> dict[str, Any]:
    from workbench.cli.release import ledger_of

    project, model, alias = alias_named(ledger_of(workspace), reference)
    wish: dict[str, Any] = {
        "project": project,
        "model": model,
        "alias": alias,
        "version": version,
        "actor": caller(workspace),
        "reason": reason,
    }
    if revision is not None:
        wish["expected_revision"] = revision
    return ask(workspace, workspace.platform()["set_alias_function"], wish)


@group.command("history")
@click.argument("reference", metavar="[PROJECT/]MODEL[@ALIAS]")
@frame.pass_workspace
def history(workspace: frame.Workspace, reference: str) -> None:
    """Show every move of an ALIAS (of a MODEL alone: champion), newest first."""
    from workbench.cli.release import ledger_of

    ledger = ledger_of(workspace)
    project, model, alias = alias_named(ledger, reference, default="champion")
    moves = ledger.alias_history(project, model, alias)
    if not moves:
        raise frame.Refusal(
            f"{project}/{model}@{alias} was never set",
            f"`slipway alias list {project}/{model}` shows the aliases that it has",
            frame.EXIT_NOT_FOUND,
        )
    rows = [
        (
            one["moved_at"],
            "(removed)" if one.get("removed") else one["version"],
            one["actor"],
            one["reason"],
            one["revision"],
        )
        for one in moves
    ]
    columns = ("moved", "to", "by", "reason", "revision")
    frame.emit(workspace, moves, lambda out: out.print(frame.table(columns, rows)))
