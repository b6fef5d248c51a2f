"""``slipway approval``: list, open, approve, reject."""

from __future__ import annotations

import time
import webbrowser
from typing import TYPE_CHECKING, Any, Final

import click

from workbench.cli import frame
from workbench.cli.release import ledger_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

    from slipway.contracts.ledger import ApprovalRecord, ReleaseRecord

MOST_SHOWN: Final = 600
"""Characters of a page's answer in a message."""


@click.group("approval")
def group() -> None:
    """
    List, open, approve and reject what waits for a decision.

    RELEASE is named by MODEL, MODEL:VERSION, VERSION or the id that `list` shows,
    a release that is tried by its trial's id as well.

    A decision needs the approver's own link from the e-mail (--link); on the
    embedded AWS it is found in the inbox.
    """


@group.command("list")
@frame.pass_workspace
def list_approvals(workspace: frame.Workspace) -> None:
    """List what waits for a decision; what expires first comes first."""
    waiting = [one for one in ledger_of(workspace).pending_approvals() if one["status"] == "pending"]
    columns = ("id", "model", "version", "asked", "expires", "approvers")

    def row(one: Any) -> tuple[str, ...]:
        return (
            one["release_id"],
            f"{one['project']}/{one['model']}",
            one["version"],
            one["requested_at"][:19].replace("T", " "),
            time.strftime("%Y-%m-%d %H:%M", time.gmtime(one["expires_at_epoch"])),
            ", ".join(one["approvers"]),
        )

    def render(out: Console) -> None:
        out.print(frame.table(columns, map(row, waiting)) if waiting else "nothing waits for a decision")

    frame.emit(workspace, waiting, render)


def asked_about(
    workspace: frame.Workspace, reference: str | None, link: str | None
) -> ApprovalRecord | ReleaseRecord:
    """
    What a decision is about: what is named, what the link is for, or the only one that waits.

    Raises:
        Refusal: There is none, or several wait.
    """
    from workbench import approvals
    from workbench.releases import UnknownReleaseError

    try:
        return approvals.asked_about(ledger_of(workspace), reference, link)
    except approvals.NothingWaitsError as error:
        hint = "`slipway release list` shows every release"
        raise frame.Refusal(str(error), hint, frame.EXIT_NOT_FOUND) from error
    except approvals.SeveralWaitError as error:
        hint = f"name one by its id: slipway approval open {error.waiting[0]['release_id']}"
        raise frame.Refusal(str(error), hint, frame.EXIT_USAGE) from error
    except UnknownReleaseError as error:
        raise frame.Refusal(
            str(error), "`slipway approval list` shows what waits", frame.EXIT_NOT_FOUND
        ) from error


def link_for(
    workspace: frame.Workspace,
    record: ApprovalRecord | ReleaseRecord,
    link: str | None,
    approver: str | None,
) -> str:
    """
    The link to decide by: the given one, or the newest in the embedded AWS's inbox.

    Raises:
        Refusal: There is none, or it is for another release.
    """
    from workbench.approvals import inbox, link_of, release_id_of

    if link is not None:
        if release_id_of(link) != record["release_id"]:
            raise frame.Refusal(
                f"that link is not for {record['release_id']}",
                "take the link from the e-mail that asks for this version",
                frame.EXIT_USAGE,
            )
        return link
    if not workspace.is_local:
        raise frame.Refusal(
            "the approver's own link is needed",
            "give the link of the e-mail with --link; nobody else's will do",
            frame.EXIT_USAGE,
        )
    newest = link_of(inbox(workspace.server()["endpoint_url"]), record["release_id"], approver)
    if newest is None:
        raise frame.Refusal(
            f"nobody {'named ' + approver + ' ' if approver else ''}was asked about "
            f"{record['release_id']} ({record['status']})",
            "`slipway approval list` shows what waits",
            frame.EXIT_NOT_FOUND,
        )
    return newest


def link_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say by whose link."""
    command = click.option("--approver", help="Whose link to take from the inbox (embedded AWS only).")(
        command
    )
    return click.option("--link", help="The approver's link from the e-mail.")(command)


@group.command("open")
@click.argument("release", required=False)
@link_options
@click.option("--print", "print_only", is_flag=True, help="Print the link, open no browser.")
@frame.pass_workspace
def open_page(
    workspace: frame.Workspace, release: str | None, link: str | None, approver: str | None, print_only: bool
) -> None:
    """Open the approval page of a RELEASE (default: the one that waits) in the browser."""
    record = asked_about(workspace, release, link)
    url = link_for(workspace, record, link, approver)
    opened = False if print_only or workspace.json else webbrowser.open(url)
    document = {"release_id": record["release_id"], "link": url, "opened": opened}
    frame.emit(workspace, document, lambda _: click.echo(url))


@group.command("approve")
@click.argument("release", required=False)
@link_options
@click.option("--reason", default="", help="Why; shown to all who are told.")
@frame.pass_workspace
def approve(
    workspace: frame.Workspace, release: str | None, link: str | None, approver: str | None, reason: str
) -> None:
    """Approve a RELEASE (default: the one that waits): it is put into production."""
    _decide(workspace, release, link, approver, decision="approved", reason=reason)


@group.command("reject")
@click.argument("release", required=False)
@link_options
@click.option("--reason", required=True, help="Why; shown to all who are told.")
@frame.pass_workspace
def reject(
    workspace: frame.Workspace, release: str | None, link: str | None, approver: str | None, reason: str
) -> None:
    """Reject a RELEASE (default: the one that waits): what serves goes on serving."""
    _decide(workspace, release, link, approver, decision="rejected", reason=reason)


def _decide(
    workspace: frame.Workspace,
    release: str | None,
    link: str | None,
    approver: str | None,
    *,
    decision: str,
    reason: str,
) -> None:
    from workbench.approvals import decide

    record = asked_about(workspace, release, link)
    url = link_for(workspace, record, link, approver)
    answer = decide(url, decision=decision, reason=reason, version=record["version"])
    if not answer.recorded:
        raise frame.Refusal(f"not recorded ({answer.status}): {answer.sentence[:MOST_SHOWN]}")
    document = {"release_id": record["release_id"], "decision": decision, "answer": answer.text}
    frame.emit(workspace, document, lambda _: click.echo(answer.text))
