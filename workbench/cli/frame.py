"""What every command shares: where the platform is, how answers are printed, how a command refuses."""

from __future__ import annotations

import functools
import json
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from rich.console import Console
    from rich.table import Table

    from slipway.contracts.platform import Platform

EXIT_DONE: Final = 0
EXIT_FAILED: Final = 1
"""What was asked about failed, or was refused."""
EXIT_USAGE: Final = 2
EXIT_NOT_FOUND: Final = 3
EXIT_UNREACHABLE: Final = 4
"""The platform (or the embedded AWS) does not answer, or the credentials are refused."""
EXIT_BAD_INPUT: Final = 5
"""A file that was given is not valid."""

LOCAL: Final = "local"
STATE: Final = ".slipway"
PIPE_COLUMNS: Final = 200


class Refusal(Exception):  # noqa: N818 - an expected answer of a command, not an error of the program
    """Ends a command: what is wrong, what to do next, and the exit code."""

    def __init__(self, message: str, hint: str = "", exit_code: int = EXIT_FAILED) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.exit_code = exit_code


def home() -> Path:
    """
    Where the embedded AWS keeps its state.

    ``$SLIPWAY_HOME``, else the nearest ``.slipway`` of a started one in this directory or above it, else
    ``.slipway`` in this directory.
    """
    named = os.environ.get("SLIPWAY_HOME")
    if named:
        return Path(named).absolute()
    here = Path.cwd()
    started = (folder / STATE for folder in (here, *here.parents))
    return next((state for state in started if (state / "server.json").is_file()), here / STATE)


def region_of(environment: str) -> str | None:
    """
    The region that an environment's settings name; None: they leave it to the caller's credentials.

    Raises:
        Refusal: There is no such environment.
    """
    import tomllib

    from workbench.synthesis import repository_root

    folder = repository_root() / "environments"
    try:
        settings = tomllib.loads((folder / f"{environment}.toml").read_text())
    except FileNotFoundError:
        known = ", ".join(sorted(path.stem for path in folder.glob("*.toml")))
        raise Refusal(f"there is no environment {environment!r}", f"there are: {known}", EXIT_USAGE) from None
    region = settings.get("region")
    return str(region) if region else None


@dataclass(slots=True)
class Workspace:
    """The environment that a command speaks to."""

    environment: str = LOCAL
    profile: str | None = None
    region: str | None = None
    json: bool = False
    home: Path = field(default_factory=home)
    _clients: dict[str, Any] = field(default_factory=dict)
    _platform: Platform | None = None

    @property
    def is_local(self) -> bool:
        return self.environment == LOCAL

    def server(self) -> dict[str, Any]:
        """
        What ``server.json`` says of the embedded AWS.

        Raises:
            Refusal: It was not started here.
        """
        path = self.home / "server.json"
        try:
            return dict(json.loads(path.read_text()))
        except FileNotFoundError:
            raise Refusal(
                f"no embedded AWS was started here ({path} is missing)",
                "start it with `slipway up`; if it runs for another directory, go there or let SLIPWAY_HOME "
                "name its .slipway; for AWS, name the environment with --env",
                EXIT_UNREACHABLE,
            ) from None

    def client(self, service: str) -> Any:
        """A boto3 client for the embedded AWS, or for AWS by profile and region."""
        if service not in self._clients:
            import boto3
            from botocore.config import Config

            config = Config(retries={"total_max_attempts": 4, "mode": "standard"}, max_pool_connections=32)
            if self.is_local:
                server = self.server()
                self._clients[service] = boto3.client(
                    service,
                    region_name=server.get("region", "us-east-1"),
                    endpoint_url=server["endpoint_url"],
                    aws_access_key_id=server.get("access_key_id", "test"),
                    aws_secret_access_key=server.get("secret_access_key", "test"),
                    config=config,
                )
            else:
                region = self.region or region_of(self.environment)
                session = boto3.Session(profile_name=self.profile, region_name=region)
                self._clients[service] = session.client(service, config=config)
        return self._clients[service]

    def platform(self) -> Platform:
        """
        Names and ARNs of the deployed platform, from its SSM parameter.

        Raises:
            Refusal: Nothing is deployed there.
        """
        if self._platform is None:
            from slipway.contracts.platform import parameter_name

            name, ssm = parameter_name(self.environment), self.client("ssm")
            try:
                value = ssm.get_parameter(Name=name)["Parameter"]["Value"]
            except ssm.exceptions.ParameterNotFound:
                deploy = "slipway up" if self.is_local else f"cdk deploy --all -c env={self.environment}"
                raise Refusal(
                    f"no platform is deployed for environment {self.environment!r} (no parameter {name})",
                    f"deploy it with `{deploy}`",
                    EXIT_UNREACHABLE,
                ) from None
            self._platform = json.loads(value)
        return self._platform


def pass_workspace(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that say where the platform is, and the ``Workspace`` they make."""

    @click.option("--json", "as_json", is_flag=True, help="Print JSON on standard output.")
    @click.option("--region", envvar="AWS_REGION", help="AWS region (not for the embedded AWS).")
    @click.option("--profile", envvar="AWS_PROFILE", help="AWS profile (not for the embedded AWS).")
    @click.option(
        "--env", "environment", envvar="SLIPWAY_ENV", default=LOCAL, show_default=True,
        help="Environment: local is the embedded AWS, every other one is on AWS.",
    )  # fmt: skip
    @functools.wraps(function)
    def command(
        *args: Any, environment: str, profile: str | None, region: str | None, as_json: bool, **kwargs: Any
    ) -> Any:
        workspace = Workspace(environment=environment, profile=profile, region=region, json=as_json)
        return function(workspace, *args, **kwargs)

    return command


def console(*, stderr: bool = False) -> Console:
    """Where people read; a pipe has no edge to wrap at."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    return Console(stderr=stderr, highlight=False, width=None if stream.isatty() else PIPE_COLUMNS)


def emit(workspace: Workspace, document: Any, render: Callable[[Console], None]) -> None:
    """Print a document as JSON where ``--json`` was given, else let ``render`` show it to a person."""
    if workspace.json:
        click.echo(json.dumps(document, indent=2, default=str))
    else:
        render(console())


def progress(text: str) -> None:
    """One line of progress, on standard error so that standard output stays clean for pipes."""
    click.echo(text, err=True)


def table(columns: Iterable[str], rows: Iterable[Iterable[object]], *, title: str | None = None) -> Table:
    """A plain table: no frame, bold head, cells as text."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    result = Table(box=SIMPLE_HEAD, title=title, title_justify="left", pad_edge=False)
    for place, column in enumerate(columns):
        result.add_column(column, overflow="fold", no_wrap=place == 0)
    for row in rows:
        result.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
    return result
