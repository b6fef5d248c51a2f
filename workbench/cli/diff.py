"""``slipway diff``: what changed from one version to another, the likeliest cause of another metric first."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING, Final

import click

from workbench.cli import frame

if TYPE_CHECKING:
    from rich.console import Console

    from slipway.domain.compared import Candidate
    from slipway.domain.likely_causes import Difference

_TINT: Final = {"better": "green", "worse": "red"}


@click.command("diff")
@click.argument("before", metavar="MODEL[@ALIAS|:VERSION]|RELEASE")
@click.argument("after", metavar="MODEL[@ALIAS|:VERSION]|RELEASE")
@frame.pass_workspace
def command(workspace: frame.Workspace, before: str, after: str) -> None:
    """
    Say what changed from one version to another: data, code, hyperparameters, libraries, machines, metrics.

    The likeliest cause of another metric comes first, by a rule that docs/lineage.md states; it is no proof.
    A version that was not accepted, or whose release failed, is compared just as well.
    """
    from slipway.usecases.compare_versions import compare_versions
    from workbench.cli.why import lineage_of

    found = compare_versions(lineage_of(workspace), _named(workspace, before), _named(workspace, after))
    git = git_command(found)
    frame.emit(workspace, {**found.document(), "git": git}, lambda out: _show(out, found, git))


def _named(workspace: frame.Workspace, reference: str) -> Candidate:
    from slipway.domain.compared import Unregistered
    from workbench.candidates import find_candidate
    from workbench.cli.release import ledger_of
    from workbench.versions import UnresolvedReferenceError

    try:
        found = find_candidate(ledger_of(workspace), reference)
    except UnresolvedReferenceError as error:
        raise frame.Refusal(str(error), exit_code=frame.EXIT_NOT_FOUND) from error
    if isinstance(found, Unregistered) and "plan" not in found.release:
        raise frame.Refusal(
            f"{reference} was refused before anything was planned: there is nothing to compare",
            f"the reason: `slipway why {found.release['release_id']}`",
        )
    return found


def git_command(found: Difference) -> str | None:
    """The command that shows what changed in the code; None: a commit is not known here."""
    git = shutil.which("git")
    if found.commits is None or git is None:
        return None
    for commit in found.commits:
        known = subprocess.run(
            [git, "cat-file", "-e", f"{commit}^{{commit}}"], capture_output=True, check=False
        )
        if known.returncode:
            return None
    return f"git diff {found.commits[0]} {found.commits[1]}"


def _show(out: Console, found: Difference, git: str | None) -> None:
    from slipway.domain.likely_causes import CAUTION

    out.print(f"{found.before.title} → {found.after.title}", markup=False, style="bold")
    out.print(found.conclusion, markup=False)
    if found.measured and len(found.causes) > 1:
        out.print("\nLikeliest first:", markup=False, style="bold")
        for place, cause in enumerate(found.causes, 1):
            out.print(f"  {place}. {cause.said}", markup=False)
    if found.measured and found.causes:
        out.print(CAUTION, markup=False, style="dim")
    if found.measured:
        rows = [
            (row.label, *reversed(row.cells()[:2]), row.cells()[2], row.relative, row.effect)
            for row in found.metrics
        ]
        out.print(frame.table(("metric", "before", "after", "difference", "", "effect"), rows))
    if found.changes:
        shown = [(one.kind, one.name, one.before, one.after, one.why) for one in found.changes]
        out.print(frame.table(("changed", "what", "before", "after", ""), shown))
    else:
        out.print("nothing that is recorded changed", markup=False)
    if git is not None:
        out.print(f"what changed in the code: {git}", markup=False)
    elif found.commits is not None:
        where = f" of {found.repository}" if found.repository else ""
        out.print(f"commits{where}: {found.commits[0]} and {found.commits[1]}", markup=False)
