"""What commands share that ask a function of the platform, or name a version."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from workbench.cli import frame

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from slipway.contracts.ledger import VersionRecord
    from slipway.usecases.ports import Versions


def ask(workspace: frame.Workspace, function: str, wish: Mapping[str, Any]) -> dict[str, Any]:
    """
    A function's answer.

    Raises:
        Refusal: It failed, or answered that it refuses.
    """
    answer = workspace.client("lambda").invoke(FunctionName=function, Payload=json.dumps(wish).encode())
    said: dict[str, Any] = json.load(answer["Payload"])
    if "FunctionError" in answer:
        raise frame.Refusal(f"{function} failed: {said.get('errorMessage', said)}", "see `slipway logs`")
    if said.get("outcome") == "refused":
        raise frame.Refusal(said["reason"])
    return said


def caller(workspace: frame.Workspace) -> str:
    """The ARN that STS knows the caller by."""
    return str(workspace.client("sts").get_caller_identity()["Arn"])


def version_named(ledger: Versions, reference: str) -> VersionRecord:
    """
    The registered version that a person means.

    Raises:
        Refusal: There is none.
    """
    from workbench.versions import InvalidReferenceError, UnresolvedReferenceError, resolve

    try:
        return resolve(ledger, reference)
    except InvalidReferenceError as error:
        raise frame.Refusal(str(error), exit_code=frame.EXIT_USAGE) from error
    except UnresolvedReferenceError as error:
        raise frame.Refusal(str(error), exit_code=frame.EXIT_NOT_FOUND) from error


def alias_named(ledger: Versions, reference: str, *, default: str = "") -> tuple[str, str, str]:
    """
    Project, model and alias of ``[PROJECT/]MODEL[@ALIAS]``.

    Raises:
        Refusal: It is none, has no alias and there is no default, or there is no such model.
    """
    from workbench.versions import InvalidReferenceError, Reference, UnresolvedReferenceError, locate

    try:
        wanted = Reference.parse(reference)
        alias = wanted.alias or default
        if wanted.version or not alias:
            raise frame.Refusal(
                f"{reference!r} names no alias", "write [PROJECT/]MODEL@ALIAS", frame.EXIT_USAGE
            )
        return (*locate(ledger, wanted), alias)
    except InvalidReferenceError as error:
        raise frame.Refusal(str(error), exit_code=frame.EXIT_USAGE) from error
    except UnresolvedReferenceError as error:
        raise frame.Refusal(str(error), exit_code=frame.EXIT_NOT_FOUND) from error


def subjects_of(ledger: Versions, model: str | None, project: str | None) -> Iterator[tuple[str, str]]:
    """
    What ``--model`` and ``--project`` narrow a listing to: project and model, empty where any will do.

    Raises:
        Refusal: Both name a project, and not the same; or no project has such a model.
    """
    said, _, name = (model or "").rpartition("/")
    if said and project and said != project:
        raise frame.Refusal(
            f"--project {project} and --model {model} name two projects", exit_code=frame.EXIT_USAGE
        )
    wanted = said or project or ""
    if wanted or not name:
        yield wanted, name
        return
    projects = ledger.projects_of(name)
    if not projects:
        raise frame.Refusal(
            f"no version of a model {name!r} is registered", "`slipway registry list` shows those that are",
            frame.EXIT_NOT_FOUND,
        )  # fmt: skip
    yield from ((one, name) for one in projects)


class Moment(click.ParamType[str]):
    """ISO 8601, as the ledger writes it."""

    name = "moment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        from workbench.moments import InvalidMomentError, moment

        try:
            return moment(str(value))
        except InvalidMomentError as error:
            self.fail(str(error), param, ctx)
