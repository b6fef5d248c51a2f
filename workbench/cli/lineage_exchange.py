"""``slipway lineage export`` and ``import``: lineage to and from other tools."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from workbench.cli import frame

if TYPE_CHECKING:
    from rich.console import Console

    from slipway.contracts.lineage import Node, NodeFacts
    from slipway.domain.mlmd_nodes import Imported

FORMATS: Final = ("openlineage", "mlmd")
TOLD_EVERY: Final = 500


@click.command("export")
@click.argument("reference", metavar="NODE")
@click.option(
    "--format", "shape", type=click.Choice(FORMATS), default=FORMATS[0], show_default=True,
    help="openlineage: a list of run events (spec 2-0-2); mlmd: ml_metadata.LineageGraph as JSON.",
)  # fmt: skip
@click.option("--all", "all_versions", is_flag=True, help="Every version of MODEL.")
@click.option("--project", help="Project of a data set that is named without one.")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="The file to write.")
@frame.pass_workspace
def export(
    workspace: frame.Workspace,
    reference: str,
    shape: str,
    output: Path | None,
    project: str | None,
    *,
    all_versions: bool,
) -> None:
    """
    Write a NODE and all that is above and below it, for another lineage tool.

    Without -o, the JSON goes to standard output.
    """
    from slipway.usecases.export_lineage import export_lineage
    from workbench.cli.why import lineage_of

    nodes = export_lineage(
        lineage_of(workspace), _starts(workspace, reference, project, all_versions=all_versions)
    )
    if not nodes:
        raise frame.Refusal(
            f"the ledger knows no lineage of {reference!r}",
            "lineage is recorded as releases run; `slipway lineage up` and `down` take the same names",
            frame.EXIT_NOT_FOUND,
        )
    document = _document(workspace, nodes, shape)
    text = json.dumps(document, indent=None if workspace.json else 1)
    if output is None:
        click.echo(text)
        return
    output.write_text(text + "\n", encoding="utf-8")
    count = len(document) if isinstance(document, list) else len(document["events"])
    answer = {"file": str(output), "format": shape, "nodes": len(nodes), "events": count}
    frame.emit(
        workspace,
        answer,
        lambda out: out.print(f"{output}: {len(nodes)} nodes, {count} events", markup=False),
    )


def _starts(
    workspace: frame.Workspace, reference: str, project: str | None, *, all_versions: bool
) -> list[str]:
    from slipway.domain.derivation import package_id
    from workbench.cli.lineage import node_named
    from workbench.cli.release import ledger_of
    from workbench.versions import Reference, UnresolvedReferenceError, locate

    if not all_versions:
        return [node_named(workspace, reference, project)]
    ledger = ledger_of(workspace)
    try:
        versions = ledger.versions(*locate(ledger, Reference.parse(reference)))
    except UnresolvedReferenceError as error:
        raise frame.Refusal(str(error), exit_code=frame.EXIT_NOT_FOUND) from error
    return [package_id(one["package_arn"]) for one in versions]


def _document(workspace: frame.Workspace, nodes: list[Node], shape: str) -> Any:
    if shape == "mlmd":
        from slipway.domain.mlmd_export import document_of

        return document_of(nodes)
    from slipway.domain.open_lineage import events_of
    from slipway.domain.timestamps import now, timestamp

    return events_of(nodes, namespace=f"slipway/{workspace.environment}", exported_at=timestamp(now()))


@click.command("import")
@click.argument("store", metavar="STORE.sqlite", type=click.Path(path_type=Path))
@click.option(
    "--project",
    default="mlmd",
    show_default=True,
    help="Stands in every node's id; give each store one of its own.",
)
@frame.pass_workspace
def import_(workspace: frame.Workspace, store: Path, project: str) -> None:
    """
    Take in the SQLite store of ml-metadata 1.x: its artifacts, executions, contexts and events.

    Importing it again changes nothing; importing one that has grown adds what is new.
    """
    from slipway.domain.mlmd_nodes import nodes_of
    from slipway.usecases.import_lineage import import_lineage
    from workbench.cli.why import lineage_of
    from workbench.mlmd_store import read_store

    _check_project(project)
    lineage = lineage_of(workspace)
    frame.progress(f"reading {store}")
    imported = nodes_of(read_store(store), project)
    total = len(imported.nodes)

    def tell(written: int) -> None:
        if written == total or written % TOLD_EVERY == 0:
            frame.progress(f"  {written:,} of {total:,} nodes")

    changed = import_lineage(imported.nodes, lineage=lineage, progress=tell)
    answer = {
        "project": project,
        "nodes": total,
        "changed": changed,
        "kinds": _kinds(imported.nodes),
        "only_in_facts": imported.only_in_facts,
    }
    frame.emit(workspace, answer, lambda out: _told(out, imported, answer))


def _check_project(project: str) -> None:
    from slipway.domain.data_sets import is_data_set_name

    if not is_data_set_name(project):
        raise frame.Refusal(
            f"{project!r} is no project's name", "use a-z, 0-9 and '-', such as old-taxi", frame.EXIT_USAGE
        )


def _kinds(nodes: list[NodeFacts]) -> dict[str, int]:
    from collections import Counter

    return dict(sorted(Counter(node["kind"] for node in nodes).items()))


def _told(out: Console, imported: Imported, answer: dict[str, Any]) -> None:
    kinds = ", ".join(f"{number} {kind}" for kind, number in answer["kinds"].items())
    out.print(f"{answer['nodes']} nodes ({kinds}); {answer['changed']} changed", markup=False)
    if imported.only_in_facts:
        out.print("kept in the nodes' facts alone, as our graph has no place for it:")
        for what, number in imported.only_in_facts.items():
            out.print(f"  {number:6,}  {what}", markup=False)
    if imported.nodes:
        first = next(
            (node["id"] for node in imported.nodes if node["kind"] == "model-artifact"),
            imported.nodes[0]["id"],
        )
        out.print(f"next: slipway lineage up '{first}'", markup=False)
