"""``slipway lineage``: what a node came from, and what came of it."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, Final

import click

from slipway.contracts.lineage import NODE_KINDS
from workbench.cli import frame
from workbench.cli.lineage_exchange import export, import_

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.console import Console
    from rich.tree import Tree

    from slipway.contracts.lineage import Descendant, NodeKind
    from slipway.domain.lineage_tree import Branch, Direction

MOST: Final = 500
"""Nodes of a tree that is printed; more than that is a list's work."""


@click.group("lineage")
def group() -> None:
    """
    Show what a node came from, and what came of it.

    NODE is a node's id, MODEL[@ALIAS|:VERSION], [PROJECT/]DATASET:VERSION, a release's id, or sha256:… of a
    data set, an image or an artifact. A name of both a version and a data set means the version.
    """


def _options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option(
            "--limit", type=click.IntRange(1), default=MOST, show_default=True, help="So many nodes at most."
        ),
        click.option("--project", help="Project of a data set that is named without one."),
        click.option("--kind", type=click.Choice(NODE_KINDS), help="Only these, as a list."),
        click.option("--depth", type=click.IntRange(1), help="At most so many edges away."),
        click.argument("node"),
    ):
        command = option(command)
    return command


@group.command("up")
@_options
@frame.pass_workspace
def up(
    workspace: frame.Workspace,
    node: str,
    depth: int | None,
    kind: NodeKind | None,
    project: str | None,
    limit: int,
) -> None:
    """Show what a NODE came from, as a tree with the relations in words; with --kind, as a list."""
    _show(workspace, node, "up", depth, kind, project, limit)


@group.command("down")
@_options
@frame.pass_workspace
def down(
    workspace: frame.Workspace,
    node: str,
    depth: int | None,
    kind: NodeKind | None,
    project: str | None,
    limit: int,
) -> None:
    """Show what came of a NODE, as a tree with the relations in words; with --kind, as a list."""
    _show(workspace, node, "down", depth, kind, project, limit)


def node_named(workspace: frame.Workspace, reference: str, project: str | None) -> str:
    """
    The id of the node that a person means.

    Raises:
        Refusal: There is none, or more than one.
    """
    from workbench.cli.data import own_project
    from workbench.cli.release import ledger_of
    from workbench.cli.why import lineage_of
    from workbench.lineage_references import (
        SeveralNodesError,
        UnknownNodeError,
        data_set_of_the_same_name,
        find_node,
    )
    from workbench.versions import AmbiguousModelError

    lineage, project = lineage_of(workspace), project or own_project()
    try:
        found = find_node(ledger_of(workspace), lineage, reference, project=project)
    except (UnknownNodeError, SeveralNodesError, AmbiguousModelError) as error:
        raise frame.Refusal(str(error), exit_code=frame.EXIT_NOT_FOUND) from error
    other = data_set_of_the_same_name(lineage, reference, found, project=project)
    if other is not None:
        frame.progress(f"note: {reference} is the version {found}; the data set of that name is {other}")
    return found


def _show(
    workspace: frame.Workspace,
    reference: str,
    direction: Direction,
    depth: int | None,
    kind: NodeKind | None,
    project: str | None,
    limit: int,
) -> None:
    from slipway.usecases.trace_lineage import downstream, upstream
    from workbench.cli.why import lineage_of

    node, lineage = node_named(workspace, reference, project), lineage_of(workspace)
    if kind is not None:
        found = (
            upstream(lineage, node, depth=depth, kind=kind)[:limit]
            if direction == "up"
            else list(downstream(lineage, node, depth=depth, kind=kind, limit=limit))
        )
        frame.emit(workspace, found, lambda out: _list(out, node, direction, found))
        return
    root, left_out = _tree(workspace, node, direction, depth, limit)
    document = {**root.document(), "left_out": left_out}
    frame.emit(workspace, document, lambda out: _print(out, root, direction, left_out))


def _list(out: Console, node: str, direction: Direction, found: Sequence[Descendant]) -> None:
    if not found:
        out.print(f"nothing of this kind is {'above' if direction == 'up' else 'below'} {node}", markup=False)
        return
    rows = [(one["id"], one["name"], one["depth"], ", ".join(one["through"])) for one in found]
    out.print(frame.table(("node", "name", "edges away", "through"), rows))


def _tree(
    workspace: frame.Workspace, node: str, direction: Direction, depth: int | None, limit: int
) -> tuple[Branch, bool]:
    """The tree, and whether there is more than it holds; two or three reads for each hundred nodes."""
    from slipway.domain.lineage import stub
    from slipway.domain.lineage_tree import edges_above, edges_below, tree
    from slipway.usecases.trace_lineage import NodeNotKnownError
    from workbench.cli.why import lineage_of

    lineage = lineage_of(workspace)
    held = lineage.node(node)
    if held is None:
        raise NodeNotKnownError(node)
    if direction == "up":
        ids = list(held["upstream"])[:limit]
        left_out = len(held["upstream"]) > limit
    else:
        below = list(itertools.islice(lineage.descendants(node, limit=limit + 1), limit + 1))
        ids, left_out = [one["id"] for one in below[:limit]], len(below) > limit
    told = lineage.nodes(ids)
    nodes = {node: held, **{one: told.get(one) or stub(one) for one in ids}}
    edges = edges_above(held) if direction == "up" else edges_below(nodes.values())
    shown = {one: [pair for pair in pairs if pair[1] in nodes] for one, pairs in edges.items()}
    return tree(node, shown, nodes, direction=direction, depth=depth), left_out


def _print(out: Console, root: Branch, direction: Direction, left_out: bool) -> None:
    from rich.text import Text
    from rich.tree import Tree

    def label(one: Branch) -> Text:
        text = Text(f"{one.relation} " if one.relation else "", style="dim")
        if not one.name.startswith(f"{one.kind} "):
            text.append(f"{one.kind} ", style="cyan")
        text.append(one.name, style="" if one.relation else "bold")
        if one.again:
            text.append("  (as elsewhere in this tree)", style="dim")
        elif one.id != f"{one.kind}:{one.name}":
            text.append(f"  {one.id}", style="dim")
        return text

    def grow(tree: Tree, one: Branch) -> None:
        for child in one.beyond:
            grow(tree.add(label(child)), child)

    drawn = Tree(label(root))
    grow(drawn, root)
    out.print(drawn, soft_wrap=True)
    if not root.beyond:
        out.print(f"nothing is recorded {'above' if direction == 'up' else 'below'} it", markup=False)
    if left_out:
        out.print("there is more; see further with --limit, or list one kind with --kind", markup=False)


group.add_command(export)
group.add_command(import_)
