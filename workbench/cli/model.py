"""``slipway model``: from an empty directory to an image in the registry."""

from __future__ import annotations

import json
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from workbench.cli.frame import (
    EXIT_BAD_INPUT,
    EXIT_FAILED,
    EXIT_USAGE,
    Refusal,
    Workspace,
    emit,
    pass_workspace,
    progress,
    table,
)
from workbench.sizes import size

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from slipway.domain.semver import Version
    from workbench.images.build import Built
    from workbench.images.model_directory import ModelDirectory
    from workbench.images.registry import Registry

BUILTIN, DOCKER = "builtin", "docker"

_directory = click.argument(
    "directory", type=click.Path(exists=True, file_okay=False, path_type=Path), default="."
)
_tag = click.option("--tag", help="Semantic version; default: that of the git tag of this commit.")
_engine = click.option(
    "--engine",
    type=click.Choice([BUILTIN, DOCKER]),
    help="builtin: no Docker, for the embedded AWS (its default); docker: the Dockerfile, for AWS.",
)
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON on standard output.")


@click.group()
def group() -> None:
    """Make, check, train, build and push model images."""


@group.command("schema")
def schema() -> None:
    """Print the JSON Schema of slipway.toml, for editors."""
    from slipway.domain.manifest import json_schema

    click.echo(json.dumps(json_schema(), indent=2))


@group.command("show")
@_directory
@click.option(
    "--canonical", is_flag=True, help="In one line, as the image's label io.slipway.manifest has it."
)
def show(directory: Path, canonical: bool) -> None:
    """Print the manifest as JSON, with every default filled in."""
    manifest = _model(directory).manifest
    click.echo(manifest.canonical() if canonical else json.dumps(manifest.spelled_out(), indent=2))


@group.command("new")
@click.argument("directory", type=click.Path(path_type=Path))
@click.option(
    "--template", type=click.Choice(["regression", "classification"]), default="regression", show_default=True
)
@click.option("--project", default="demo", show_default=True, help="Project that the model belongs to.")
@click.option("--name", help="The model's name; default: the directory's.")
@_json
def new(directory: Path, template: str, project: str, name: str | None, as_json: bool) -> None:
    """Make a working model in DIRECTORY: manifest, programs, sample data, a test."""
    from slipway.domain.manifest import InvalidManifestError
    from workbench.models.scaffold import scaffold

    try:
        made = scaffold(directory, template=template, project=project, name=name or directory.absolute().name)
    except InvalidManifestError as error:
        raise Refusal(
            str(error), "give the model another name with --name, or another --project", EXIT_BAD_INPUT
        ) from error
    answer = {"directory": str(directory), "template": template, "files": made}

    def render(console: Console) -> None:
        console.print(f"{directory} is a working model: {', '.join(made)}")
        console.print("next:")
        called = name or directory.absolute().name
        for step in (
            f"model check {directory}",
            f"model train {directory}",
            f"data put {called}:1.0.0 {directory / 'data/train'} --project {project}",
            f"data put {called}-holdout:1.0.0 {directory / 'data/holdout'} --project {project}",
            f"model push {directory} --tag 0.1.0",
        ):
            console.print(f"  slipway {step}", markup=False)

    emit(Workspace(json=as_json), answer, render)


@group.command("check")
@_directory
@_json
def check(directory: Path, as_json: bool) -> None:
    """Validate the manifest, look for the programs, lint the code, run the model's tests."""
    from workbench.models.checks import run_checks

    results = []
    for result in run_checks(directory):
        results.append(result)
        if not as_json:
            click.echo(f"{result.outcome:<8} {result.name:<13} {result.summary}")
            for line in result.detail:
                click.echo(f"         {line}")
    if as_json:
        click.echo(json.dumps([result.document() for result in results], indent=2))
    if any(result.outcome == "failed" for result in results):
        raise Refusal(f"{directory} is not ready to be pushed", "see the lines above", EXIT_FAILED)


@group.command("train")
@_directory
@click.option("--data", "data", multiple=True, metavar="CHANNEL=PATH", help="Local data of a channel.")
@click.option(
    "--set", "settings", multiple=True, metavar="NAME=VALUE", help="Another value of a hyperparameter."
)
@pass_workspace
def train(workspace: Workspace, directory: Path, data: tuple[str, ...], settings: tuple[str, ...]) -> None:
    """
    Run train and evaluate on this machine, at once.

    The data of a channel is the first of: --data, DIRECTORY/data/<channel>,
    DIRECTORY/data/<data set>[/<version>], the data set put on the platform.
    """
    from workbench.cli.model_trial import render_trial
    from workbench.models.channels import LocalChannels
    from workbench.models.trial import run_trial

    model = _model(directory)
    given = {channel: Path(path) for channel, path in _pairs("--data", data).items()}
    channels = LocalChannels(model, given, lambda: _platform_data(workspace), progress)
    trial = run_trial(model, channels, _pairs("--set", settings), progress)
    emit(workspace, trial.document(), lambda console: render_trial(console, model.manifest, trial))
    if not trial.passed:
        hint = (
            "mend the model, or its gates in slipway.toml"
            if trial.gates
            else "mend the model; its output is above"
        )
        raise Refusal(trial.problem, hint, EXIT_FAILED)


@group.command("build")
@_directory
@_tag
@_engine
@click.option(
    "--output", type=click.Path(dir_okay=False, path_type=Path),
    help="Write the image to this tar file, for `docker load` and OCI tools.",
)  # fmt: skip
@_json
def build(directory: Path, tag: str | None, engine: str | None, output: Path | None, as_json: bool) -> None:
    """Build the model's image; the same files give the same digest."""
    from workbench.images.layout import write_archive

    model = _model(directory)
    version = _version(tag) if tag else model.tagged_version()
    with _built(model, version, engine or BUILTIN) as built:
        if output is not None:
            name = f"{model.manifest.model.project}/{model.manifest.model.name}:{version or 'latest'}"
            write_archive(built.image, name, output)
            progress(f"written to {output}")
        emit(Workspace(json=as_json), _described(built), lambda console: _render_built(console, model, built))


@group.command("push")
@_directory
@_tag
@_engine
@pass_workspace
def push(workspace: Workspace, directory: Path, tag: str | None, engine: str | None) -> None:
    """
    Build the model's image and push it; a release of it begins by itself.

    A version is pushed once: the same image again is no mistake, another one is refused.
    """
    from workbench.images.push import push as push_image

    model = _model(directory)
    version = _version(tag) if tag else model.tagged_version()
    if version is None:
        raise Refusal(
            "the version is not known: no --tag, and no git tag of this commit is a semantic version",
            f"name it: slipway model push {directory} --tag 1.0.0",
            EXIT_USAGE,
        )
    if not workspace.is_local and engine == BUILTIN:
        raise Refusal(
            "SageMaker needs an image with an operating system, which only Docker builds",
            "leave out --engine builtin, or push to the embedded AWS with --env local",
            EXIT_USAGE,
        )
    if (engine or BUILTIN) == BUILTIN and workspace.is_local:  # an image of Docker's may bring its programs
        from workbench.models.checks import check_programs

        programs = check_programs(model)
        if programs.outcome == "failed":
            raise Refusal(
                "; ".join(programs.detail), f"see `slipway model check {directory}`", EXIT_BAD_INPUT
            )
    registry = _registry(workspace, model)
    with _built(model, version, engine or (BUILTIN if workspace.is_local else DOCKER)) as built:
        pushed = push_image(built.image, registry, str(version), progress)
        registry.close()
        uri = f"{registry.host}/{pushed.repository}:{pushed.tag}"
        answer = _described(built) | {
            "outcome": pushed.outcome,
            "image": uri,
            "repository": pushed.repository,
            "tag": pushed.tag,
            "sent_bytes": pushed.sent_bytes,
            "push_seconds": round(pushed.seconds, 3),
        }

    def render(console: Console) -> None:
        console.print(f"{pushed.outcome}: {uri}\n{pushed.digest}")
        console.print(
            f"built in {built.seconds:.1f} s, sent {size(pushed.sent_bytes)} in {pushed.seconds:.1f} s"
        )
        if pushed.outcome == "pushed":
            console.print(f"its release: slipway release watch {model.manifest.model.name}:{version}")
        else:
            name = f"{model.manifest.model.project}/{model.manifest.model.name}:{version}"
            console.print(
                f"what became of it: slipway release show {name}; once more: slipway release start {name}"
            )

    emit(workspace, answer, render)


def _model(directory: Path) -> ModelDirectory:
    """The model in a directory, its manifest valid."""
    from slipway.domain.manifest import InvalidManifestError
    from workbench.images.model_directory import ModelDirectory, NotAModelError

    model = ModelDirectory(directory)
    try:
        _ = model.manifest
    except (InvalidManifestError, NotAModelError) as error:
        raise Refusal(str(error), "", EXIT_BAD_INPUT) from error
    return model


def _version(text: str) -> Version:
    from slipway.domain.semver import InvalidVersionError, Version

    try:
        version = Version.parse(text)
    except InvalidVersionError as error:
        raise Refusal(str(error), "", EXIT_USAGE) from error
    if version.build:
        raise Refusal(
            f"{text!r} has build metadata, and a tag cannot hold a '+'",
            "leave out what follows it",
            EXIT_USAGE,
        )
    return version


def _pairs(option: str, texts: tuple[str, ...]) -> dict[str, str]:
    pairs = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name or not value:
            raise Refusal(f"{option} {text!r} is not NAME=VALUE", "", EXIT_USAGE)
        pairs[name] = value
    return pairs


@contextmanager
def _built(model: ModelDirectory, version: Version | None, engine: str) -> Iterator[Built]:
    from workbench.images.build import build as build_here
    from workbench.images.docker_engine import built_by_docker

    manifest = model.manifest.model
    progress(f"building {manifest.project}/{manifest.name} {version or ''}".rstrip())
    if engine == DOCKER:
        with built_by_docker(model, version) as built:
            yield built
    else:
        yield build_here(model, version)


def _described(built: Built) -> dict[str, Any]:
    image = built.image
    return {
        "digest": image.digest,
        "media_type": image.media_types.manifest,
        "bytes": image.size,
        "seconds": round(built.seconds, 3),
        "layers": [
            {"name": layer.name, "digest": layer.digest, "bytes": layer.size} for layer in image.layers
        ],
        "labels": image.labels,
    }


def _render_built(console: Console, model: ModelDirectory, built: Built) -> None:
    manifest = model.manifest.model
    console.print(f"{manifest.project}/{manifest.name}  {built.image.digest}")
    rows = [(layer.name, size(layer.size), layer.digest[7:19]) for layer in built.image.layers]
    console.print(table(("layer", "size", "digest"), rows))
    console.print(f"{size(built.image.size)} in {built.seconds:.2f} s")


def _registry(workspace: Workspace, model: ModelDirectory) -> Registry:
    from slipway.contracts import names
    from workbench.images.credentials import of_ecr
    from workbench.images.registry import Registry

    platform = workspace.platform()
    manifest = model.manifest.model
    repository = names.repository(platform["repository_prefix"], manifest.project, manifest.name)
    if workspace.is_local:
        host = str(workspace.server()["registry"])
    else:
        suffix = "amazonaws.com.cn" if platform["region"].startswith("cn-") else "amazonaws.com"
        host = f"{platform['account']}.dkr.ecr.{platform['region']}.{suffix}"
    return Registry(host, repository, of_ecr(workspace.client("ecr")))


def _platform_data(workspace: Workspace) -> Any:
    """The bucket of data sets; raises Refusal where there is no platform."""
    from workbench.data_sets.objects import Bucket

    return Bucket(workspace.client("s3"), workspace.platform()["data_bucket"])
