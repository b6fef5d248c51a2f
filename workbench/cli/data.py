"""``slipway data``: data set versions in the data bucket."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from workbench.cli.frame import (
    EXIT_BAD_INPUT,
    EXIT_NOT_FOUND,
    EXIT_USAGE,
    Refusal,
    Workspace,
    emit,
    pass_workspace,
    progress,
    table,
)
from workbench.cli.written_page import page_options, wanted, write_page
from workbench.sizes import size

if TYPE_CHECKING:
    from rich.console import Console

    from slipway.domain.blame import Blame
    from slipway.domain.data_sets import DataSetVersion
    from workbench.data_sets.objects import Bucket

_project = click.option(
    "--project", help="Project of the data set; default: that of the slipway.toml in the working directory."
)


@click.group()
def group() -> None:
    """Put, list, show, get and blame immutable data set versions."""


@group.command("put")
@click.argument("name_version", metavar="NAME:VERSION")
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@_project
@click.option("-m", "--message", default="", help="What is new in this version.")
@click.option("--take-over", is_flag=True, help="Take the place of an interrupted upload of other content.")
@pass_workspace
def put(
    workspace: Workspace,
    name_version: str,
    path: Path,
    project: str | None,
    message: str,
    take_over: bool,
) -> None:
    """
    Store the file or directory PATH as version VERSION of data set NAME.

    A version never changes: putting the same content again is no mistake,
    other content is refused. An interrupted upload goes on.
    """
    from slipway.domain.data_sets import DataSetVersion
    from slipway.domain.semver import Version
    from workbench.data_sets.store import Store
    from workbench.data_sets.survey import survey

    name, version = _name_and_version(name_version)
    project = _of_project(project)
    bucket = _bucket(workspace)
    progress(f"reading {path}")
    found = survey(path)
    data_set = DataSetVersion(
        project=project,
        name=name,
        version=Version.parse(version),
        files=found.files,
        columns=found.columns,
        rows=found.rows,
        message=message,
        created_at=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
    )
    stored = Store(bucket).put(data_set, found.places, progress, take_over=take_over)
    answer = {
        "project": project,
        "name": name,
        "version": version,
        "outcome": stored.outcome,
        "digest": data_set.digest,
        "uri": bucket.uri(data_set.prefix),
        "files": len(data_set.files),
        "bytes": data_set.bytes,
        "sent_bytes": stored.sent_bytes,
        "rows": data_set.rows,
    }

    def render(console: Console) -> None:
        rows = "" if data_set.rows is None else f", {_count(data_set.rows, 'row')}"
        console.print(
            f"{stored.outcome}: {project}/{name}:{version}  {_count(len(data_set.files), 'file')}, "
            f"{size(data_set.bytes)}{rows}\n{data_set.digest}"
        )

    emit(workspace, answer, render)


@group.command("list")
@click.argument("name", required=False)
@_project
@pass_workspace
def list_(workspace: Workspace, name: str | None, project: str | None) -> None:
    """List data set versions: of one data set, of one project, or all."""
    bucket = _bucket(workspace)
    project = project or own_project()
    projects = [project] if project else sorted(bucket.folders(""))
    keys = [
        (of, data_set, version)
        for of in projects
        for data_set in ([name] if name else sorted(bucket.folders(f"{of}/")))
        for version in bucket.folders(f"{of}/{data_set}/")
    ]
    with ThreadPoolExecutor(8) as threads:
        found = [one for one in threads.map(lambda key: _record(bucket, *key), keys) if one is not None]
    found.sort(key=lambda one: (one.project, one.name, one.version))
    answer = [{**one.document(), "files": len(one.files)} for one in found]
    rows = [
        (
            f"{one.project}/{one.name}:{one.version}",
            "" if one.rows is None else f"{one.rows:,}",
            len(one.files),
            size(one.bytes),
            one.created_at[:10],
            one.digest[7:19],
            one.message,
        )
        for one in found
    ]
    heads = ("data set", "rows", "files", "size", "created", "digest", "message")
    emit(
        workspace,
        answer,
        lambda console: console.print(table(heads, rows) if rows else "there are no data set versions"),
    )


@group.command("show")
@click.argument("reference", metavar="NAME:VERSION-OR-RANGE")
@_project
@pass_workspace
def show(workspace: Workspace, reference: str, project: str | None) -> None:
    """Show one version: its digest, columns and files. A range such as 1.x shows the highest."""
    data_set = _find(_bucket(workspace), _of_project(project), reference)

    def render(console: Console) -> None:
        rows = "not known" if data_set.rows is None else f"{data_set.rows:,}"
        console.print(f"{data_set.project}/{data_set.name}:{data_set.version}  {data_set.message}".rstrip())
        console.print(f"digest   {data_set.digest}\ncreated  {data_set.created_at}\nrows     {rows}")
        if data_set.columns:
            console.print(table(("column", "type"), ((one.name, one.type) for one in data_set.columns)))
        console.print(
            table(
                ("file", "bytes", "sha256"),
                ((one.path, f"{one.bytes:,}", one.sha256[:12]) for one in data_set.files),
            )
        )

    emit(workspace, data_set.document(), render)


@group.command("get")
@click.argument("reference", metavar="NAME:VERSION-OR-RANGE")
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path), required=False)
@_project
@pass_workspace
def get(workspace: Workspace, reference: str, directory: Path | None, project: str | None) -> None:
    """
    Fetch the files of a version into DIRECTORY; each one is checked by its sha256.

    The default is data/NAME/VERSION, where `slipway model train` finds it.
    """
    from workbench.data_sets.store import Store

    bucket = _bucket(workspace)
    data_set = _find(bucket, _of_project(project), reference)
    target = directory or Path("data") / data_set.name / str(data_set.version)
    _refuse_others(target, data_set)
    fetched = Store(bucket).fetch(data_set, target, progress)
    answer = {
        "project": data_set.project,
        "name": data_set.name,
        "version": str(data_set.version),
        "digest": data_set.digest,
        "directory": str(target),
        "files": len(data_set.files),
        "fetched_bytes": fetched,
    }
    emit(
        workspace,
        answer,
        lambda console: console.print(
            f"{data_set.project}/{data_set.name}:{data_set.version} is in {target}  {data_set.digest}"
        ),
    )


@group.command("blame")
@click.argument("reference", metavar="[PROJECT/]NAME:VERSION")
@_project
@page_options
@pass_workspace
def blame(
    workspace: Workspace, reference: str, project: str | None, html: str | None, *, opens: bool
) -> None:
    """
    Say what a version reached: models trained on it or judged with it, and live endpoints with their shares.

    Ends with 0 when no live endpoint is affected, with 1 when one is, with 3 when there is no such version:
    `slipway data blame NAME:VERSION && echo safe`.
    """
    from slipway.domain.blame_answer import document_of

    of_project, _, name_version = reference.rpartition("/")
    project = of_project or project or own_project() or _holder(workspace, name_version)
    found = _blamed(workspace, project, name_version)
    title = f"{project}/{name_version}"
    if wanted(html, opens=opens):
        from slipway.domain.blame_page import blame_page

        page = blame_page(found, title=title, environment=workspace.environment)
        write_page(page, html, stem=f"blame {title}", opens=opens)
    else:
        emit(workspace, document_of(found), lambda console: _render_blame(console, title, found))
    if found.live:
        endpoints = sorted({one.endpoint for one in found.live})
        raise Refusal(
            f"live endpoints serve what came of it: {', '.join(endpoints)}",
            f"let an older version serve again: {', '.join(_ways_back(found))}",
        )


def _holder(workspace: Workspace, name_version: str) -> str:
    """
    The one project that has a data set of this name.

    Raises:
        Refusal: None has, or several have.
    """
    from slipway.adapters.s3_data_sets import S3DataSets

    name, _ = _name_and_version(name_version)
    stored = S3DataSets(workspace.client("s3"), workspace.platform()["data_bucket"]).stored()
    projects = sorted({project for project, data_set, _ in stored if data_set == name})
    if not projects:
        raise Refusal(f"no project has a data set {name!r}", "see `slipway data list`", EXIT_NOT_FOUND)
    if len(projects) > 1:
        raise Refusal(
            f"several projects have a data set {name!r}: {', '.join(projects)}",
            f"name one: `slipway data blame {projects[0]}/{name_version}`",
            EXIT_USAGE,
        )
    return projects[0]


def _blamed(workspace: Workspace, project: str, name_version: str) -> Blame:
    """
    What a version reached; nothing, where the graph never heard that something used it.

    Raises:
        Refusal: There is no such version.
    """
    from slipway.contracts.lineage import node_id
    from slipway.domain.blame import Blame
    from slipway.usecases.trace_lineage import NodeNotKnownError
    from slipway.usecases.trace_lineage import blame as trace
    from workbench.cli.why import lineage_of

    name, version = _name_and_version(name_version)
    node = node_id("data-set", f"{project}/{name}:{version}")
    try:
        return trace(lineage_of(workspace), node)
    except NodeNotKnownError:
        if _record(_bucket(workspace), project, name, version) is not None:
            progress("lineage has not heard of it yet: nothing used it, or the event is on its way")
            return Blame(node, (), (), (), ())
        raise Refusal(
            f"project {project} has no data set version {name}:{version}",
            f"`slipway data list {name} --project {project}` shows those that there are",
            EXIT_NOT_FOUND,
        ) from None


def _ways_back(found: Blame) -> list[str]:
    """The commands that put back what served before, one for each model that serves."""
    live = {one.package for one in found.live}
    models = sorted({f"{one.project}/{one.model}" for one in found.packages if one.id in live})
    return [f"`slipway rollback {model} --reason WHY`" for model in models]


def _render_blame(console: Console, title: str, found: Blame) -> None:
    from slipway.domain.blame_answer import live_listing, packages_listing, releases_listing, sentence_of

    console.print(f"{title}: {sentence_of(found)}", markup=False)
    for listing in (live_listing(found), packages_listing(found), releases_listing(found)):
        if listing.rows:
            console.print(table(listing.heads, listing.rows))


def _count(number: int, noun: str) -> str:
    """
    A number with its noun.

    >>> _count(1, "file"), _count(3000, "row")
    ('1 file', '3,000 rows')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _refuse_others(target: Path, data_set: DataSetVersion) -> None:
    """Versions must not be mixed: files of another one in the same directory would be read as this one's."""
    own = {file.path for file in data_set.files}
    others = [
        path
        for file in target.rglob("*")
        if file.is_file() and (path := file.relative_to(target).as_posix()) not in own
    ]
    if others:
        raise Refusal(
            f"{target} holds files of something else than {data_set.name}:{data_set.version}: "
            + ", ".join(others[:5]),
            "name another directory",
            EXIT_BAD_INPUT,
        )


def _bucket(workspace: Workspace) -> Bucket:
    from workbench.data_sets.objects import Bucket

    return Bucket(workspace.client("s3"), workspace.platform()["data_bucket"])


def _record(bucket: Bucket, project: str, name: str, version: str) -> DataSetVersion | None:
    from slipway.domain.data_sets import DataSetVersion, record_key

    text = bucket.read(record_key(project, name, version))
    return DataSetVersion.from_document(json.loads(text)) if text else None


def _find(bucket: Bucket, project: str, text: str) -> DataSetVersion:
    """The highest version that a reference admits."""
    from slipway.domain.data_sets import DataSetReference
    from slipway.domain.semver import InvalidVersionError, Version

    reference = DataSetReference.parse(text)
    versions = []
    for folder in bucket.folders(f"{project}/{reference.name}/"):
        try:
            versions.append(Version.parse(folder))
        except InvalidVersionError:
            continue  # something else that lies in the bucket
    for version in sorted(filter(reference.versions.admits, versions), reverse=True):
        if (found := _record(bucket, project, reference.name, str(version))) is not None:
            return found
    there = ", ".join(map(str, sorted(versions))) or "none"
    raise Refusal(
        f"project {project} has no data set {text}; versions there: {there}",
        f"put one with `slipway data put {reference.name}:1.0.0 PATH --project {project}`",
        EXIT_NOT_FOUND,
    )


def _name_and_version(text: str) -> tuple[str, str]:
    from slipway.domain.data_sets import DataSetReference

    reference = DataSetReference.parse(text)
    version = reference.versions.exact
    if version is None or version.build:
        raise Refusal(
            f"{text!r} does not name one version",
            "write NAME:MAJOR.MINOR.PATCH, such as hotel-rates:1.2.0",
            EXIT_BAD_INPUT,
        )
    return reference.name, str(version)


def own_project() -> str | None:
    """The project of the model in the working directory; None: there is no model here."""
    import tomllib

    try:
        document: Any = tomllib.loads(Path("slipway.toml").read_text(encoding="utf-8"))
        return str(document["model"]["project"])
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError):
        return None


def _of_project(given: str | None) -> str:
    project = given or own_project()
    if project is None:
        raise Refusal(
            "the project is not known: no --project was given, and no slipway.toml is here",
            "name it with --project, or run the command in the model's directory",
            EXIT_USAGE,
        )
    return project
