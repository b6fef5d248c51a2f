"""The ``slipway`` command: nouns are loaded when they are used, so that help is quick."""

from __future__ import annotations

import importlib
import sys
from typing import Any, Final

import click

from workbench.cli import frame

NOUNS: Final = {
    "up": "Start the embedded AWS and deploy the platform to it.",
    "down": "Stop the embedded AWS; its state stays.",
    "status": "Show what runs.",
    "demo": "Push, approve and invoke two versions of a sample model.",
    "model": "Make, check, train, build and push model images.",
    "data": "Put, list, show, get and blame data set versions.",
    "release": "List, show, report on, watch, trace, start, stop and retry releases.",
    "approval": "List, open, approve and reject what waits for a decision.",
    "registry": "List, show, search, tag and delete registered versions.",
    "alias": "List, show, set and remove aliases of versions, and their history.",
    "experiment": "List and show what was trained and never approved.",
    "endpoint": "List, show, invoke, stop and start endpoints, and what they served when.",
    "batch": "Run, list and stop batches: a version asked of files, without an endpoint.",
    "promote": "Let a registered version serve, alone, beside the champion, or as its shadow.",
    "ab": "A/B tests: see how they stand, begin and end them.",
    "shadow": "Shadow runs: see how they stand, begin and end them.",
    "dashboard": "Show what is seen of a model in service.",
    "rollback": "Let the version that served before serve again.",
    "reproduce": "Train a version again from what is recorded, and compare.",
    "why": "Say where a version came from, why it failed, and what serves.",
    "lineage": "Show what a node came from, and what came of it.",
    "diff": "Say what changed from one version to another, the likeliest cause first.",
    "inbox": "Show the e-mails that the embedded AWS delivered.",
    "local": "Set what only the embedded AWS has: its speed, and faults.",
    "logs": "Show the logs of functions, jobs and endpoints.",
    "doctor": "Check this machine and the platform, and say what to mend.",
    "completion": "Print the shell completion script.",
}


class Nouns(click.Group):
    """A group whose commands are the modules beside this file."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(NOUNS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in NOUNS:
            return None
        module = importlib.import_module(f"workbench.cli.{cmd_name}")
        command: click.Command = getattr(module, "group", None) or module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.NoSuchCommand as error:  # click looks for near ones only among those that are loaded
            raise click.NoSuchCommand(error.command_name, possibilities=NOUNS, ctx=ctx) from None

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(NOUNS.items()))


@click.command(cls=Nouns, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="slipway")
def slipway() -> None:
    """
    From a pushed model image to an endpoint that says what serves.

    Exit codes: 0 done; 1 it failed or was refused; 2 wrong usage; 3 not found;
    4 the platform does not answer; 5 a given file is not valid.
    """


def _unreachable(error: Exception) -> frame.Refusal | None:
    """The refusal for errors that mean: nobody answers there, or not to us."""
    from botocore import exceptions

    if isinstance(error, (exceptions.EndpointConnectionError, exceptions.ConnectionClosedError)):
        return frame.Refusal(
            f"the platform does not answer: {error}", "is it up? `slipway status`", frame.EXIT_UNREACHABLE
        )
    if isinstance(
        error, (exceptions.NoCredentialsError, exceptions.NoRegionError, exceptions.ProfileNotFound)
    ):
        return frame.Refusal(
            str(error), "name a profile and a region with --profile and --region", frame.EXIT_UNREACHABLE
        )
    if isinstance(error, exceptions.ClientError):
        return frame.Refusal(
            f"AWS refused {error.operation_name}: {error.response['Error'].get('Message', error)}", ""
        )
    return None


def _refusal(error: Exception) -> frame.Refusal | None:
    from slipway.domain.errors import SlipwayError

    if isinstance(error, frame.Refusal):
        return error
    if isinstance(error, SlipwayError):
        bad_input = type(error).__name__.startswith("Invalid")
        return frame.Refusal(str(error), "", frame.EXIT_BAD_INPUT if bad_input else frame.EXIT_FAILED)
    return _unreachable(error)


def main(arguments: list[str] | None = None) -> Any:
    """Run the command line and leave with its exit code."""
    try:
        slipway.main(args=arguments, prog_name="slipway", standalone_mode=False)
    except click.exceptions.Abort:
        click.echo("stopped", err=True)
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except Exception as error:
        refusal = _refusal(error)
        if refusal is None:
            raise
        click.echo(f"slipway: {refusal.message}", err=True)
        if refusal.hint:
            click.echo(f"  → {refusal.hint}", err=True)
        sys.exit(refusal.exit_code)


if __name__ == "__main__":
    main()
