"""``slipway endpoint outcome``: what came of an endpoint's answers."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from workbench.cli import frame

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console

    from slipway.contracts.ledger import TrialRecord
    from slipway.contracts.outcome import OutcomeLine
    from slipway.domain.trials.outcome import Taken

SOON: Final = 2000
"""More outcomes than that take seconds, so that progress is told."""


@click.command("outcome")
@click.argument("model", metavar="[PROJECT/]MODEL")
@click.option("--inference-id", metavar="ID", help="The InferenceId that the request was sent with.")
@click.option("--value", help="What came of it: a number (1 and 0 for yes and no), or the right class.")
@click.option("--outcome", metavar="NAME", default="", help="The outcome's name, such as booked.")
@click.option(
    "--file",
    "path",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Many at once: CSV with a head of inference_id,value[,outcome], or one JSON object a line.",
)
@frame.pass_workspace
def command(
    workspace: frame.Workspace,
    model: str,
    inference_id: str | None,
    value: str | None,
    outcome: str,
    path: Path | None,
) -> None:
    """
    Report what came of answers of MODEL's endpoint, by inference id.

    Trials count the first outcome that is reported for an inference id: sending one again changes nothing.
    While an A/B test runs, an outcome that it would count and that is no number is refused.
    """
    from slipway.domain.answers import counted
    from slipway.domain.trials.outcome import documents_of
    from workbench.outcomes import OutcomesNotTakenError, report, signed_post

    if (path is None) == (inference_id is None or value is None):
        raise frame.Refusal("say --inference-id with --value, or --file", exit_code=frame.EXIT_USAGE)
    project, name = _subject(workspace, model)
    taken = _taken(
        (workspace, project, name),
        documents_of(path.name, path.read_text("utf-8"))
        if path is not None
        else [(1, {"inference_id": inference_id, "value": value})],
        outcome,
    )
    lines = taken.lines
    url = workspace.platform().get("outcomes_url", "")
    if not url:
        raise frame.Refusal("the deployed platform takes no outcomes yet", "deploy this version of it")
    accepted, refused = 0, list(taken.problems)
    try:
        for answer in report(project, name, lines, signed_post(workspace.client("sts"), url)):
            accepted += answer["accepted"]
            refused += answer["refused"]
            if len(lines) > SOON:
                frame.progress(f"{accepted:,} of {len(lines):,} sent")
    except OutcomesNotTakenError as error:
        codes = {404: frame.EXIT_NOT_FOUND, 403: frame.EXIT_UNREACHABLE}
        hint = f"{accepted:,} were taken before; sending all again is safe" if accepted else ""
        raise frame.Refusal(str(error), hint, codes.get(error.status, frame.EXIT_FAILED)) from error

    def render(out: Console) -> None:
        out.print(f"{counted(accepted, 'outcome')} of {project}/{name} taken", markup=False)
        for problem in refused:
            out.print(f"{problem['index']}: {problem['problem']}", markup=False)

    document = {"project": project, "model": name, "accepted": accepted, "refused": refused}
    frame.emit(workspace, document, render)
    if refused:
        were = "was" if len(refused) == 1 else "were"
        raise frame.Refusal(f"{counted(len(refused), 'outcome')} {were} refused", "", frame.EXIT_BAD_INPUT)


def _taken(
    subject: tuple[frame.Workspace, str, str], documents: Iterable[tuple[int, Any]], outcome: str
) -> Taken:
    """
    What is sent under which name, and what is refused before.

    Args:
        subject: Where, project and model; trials are looked up once, and only where there is a word.
        documents: With their numbers.
        outcome: The name of those that have none; empty: they go by any.
    """
    from slipway.domain.trials.outcome import Taken, no_number, take

    def named(line: OutcomeLine) -> OutcomeLine:
        return {**line, "outcome": line.get("outcome") or outcome} if outcome else line

    running = cache(lambda: _trials(*subject))

    def problem_of(line: OutcomeLine) -> str:
        return no_number(named(line), running()) if isinstance(line["value"], str) else ""

    taken = take(documents, problem_of)
    return Taken([named(line) for line in taken.lines], taken.problems)


def _trials(workspace: frame.Workspace, project: str, model: str) -> list[TrialRecord]:
    """The model's trials; none for a program that may report, and not read the ledger."""
    from botocore.exceptions import ClientError

    from workbench.cli.release import ledger_of

    try:
        return ledger_of(workspace).trials(project, model)
    except ClientError as error:
        if error.response["Error"]["Code"] != "AccessDeniedException":
            raise
        return []


def _subject(workspace: frame.Workspace, model: str) -> tuple[str, str]:
    project, _, name = model.rpartition("/")
    if project:  # a program that may report need not be allowed to read the ledger
        return project, name
    from workbench.cli.release import ledger_of
    from workbench.versions import InvalidReferenceError, Reference, UnresolvedReferenceError, locate

    try:
        return locate(ledger_of(workspace), Reference.parse(model))
    except InvalidReferenceError as error:
        raise frame.Refusal(str(error), exit_code=frame.EXIT_USAGE) from error
    except UnresolvedReferenceError as error:
        raise frame.Refusal(str(error), exit_code=frame.EXIT_NOT_FOUND) from error
