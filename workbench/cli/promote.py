"""``slipway promote``: a registered version serves, alone, beside the champion, or as its shadow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from workbench.cli import frame
from workbench.cli.calls import caller, version_named
from workbench.cli.promotions import promotion_request, run
from workbench.cli.reason import REASON

if TYPE_CHECKING:
    from slipway.contracts.ledger import VersionRecord
    from slipway.contracts.promotion import Action

STRATEGIES = ("all-at-once", "canary", "linear", "rolling")


@click.command("promote")
@click.argument("reference", metavar="[PROJECT/]MODEL:VERSION")
@click.option(
    "--reason", required=True, type=REASON, help="Why; kept in the endpoint's history and shown to all."
)
@click.option(
    "--strategy",
    type=click.Choice(STRATEGIES),
    help="How traffic moves; default: as the version's manifest says.",
)
@click.option(
    "--share", type=click.FloatRange(0, 1), help="Of the traffic: canary's first share, or that of --beside."
)
@click.option("--beside", is_flag=True, help="Beside the champion; without --share only by its version.")
@click.option("--shadow", is_flag=True, help="As the champion's shadow: it gets copies of requests.")
@click.option("--remove", is_flag=True, help="Take it away from beside the champion.")
@click.option(
    "--accept-drift",
    metavar="CONFIG",
    help="Replace this endpoint config, which somebody set by hand (`slipway endpoint show` names it).",
)
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.option("--wait/--no-wait", default=True, show_default=True, help="Follow it until it has ended.")
@frame.pass_workspace
def command(
    workspace: frame.Workspace,
    reference: str,
    *,
    reason: str,
    strategy: str | None,
    share: float | None,
    beside: bool,
    shadow: bool,
    remove: bool,
    accept_drift: str | None,
    yes: bool,
    wait: bool,
) -> None:
    """
    Let an approved VERSION of a MODEL serve.

    The same machine as for a release puts it on the endpoint, tests it and moves the aliases; if that fails,
    what serves goes on serving. With --remove also one leaves that may not serve any more. Needs the role
    operate.
    """
    action = _action(beside=beside, shadow=shadow, remove=remove)
    if not {":", "@"} & set(reference):
        # Elsewhere a model alone means its champion: promoting that again is nobody's wish.
        raise frame.Refusal(
            f"{reference!r} names no version",
            f"write {reference}:VERSION; `slipway registry list --model {reference}` shows what may serve",
            frame.EXIT_USAGE,
        )
    if strategy and action != "serve":
        raise frame.Refusal(
            f"--strategy goes with a version that is to serve alone, not with --{action}",
            exit_code=frame.EXIT_USAGE,
        )
    record = _meant(workspace, reference, action)
    request = promotion_request(record, actor=caller(workspace), reason=reason, action=action)
    if share is not None and action == "serve":
        request["strategy"] = {"kind": strategy or "canary", "share": share}
    elif share is not None:
        request["share"] = share
    elif strategy:
        request["strategy"] = {"kind": strategy}
    if accept_drift:
        request["accept_drift"] = accept_drift
    said = f"{record['project']}/{record['model']}:{record['version']}: {_words(action, share)}"
    if not yes:
        click.confirm(f"{said}; go on?", abort=True, err=True)
    frame.progress(said)
    run(workspace, request, "the promotion", wait=wait)


def _action(*, beside: bool, shadow: bool, remove: bool) -> Action:
    said: list[Action] = []
    if beside:
        said.append("beside")
    if shadow:
        said.append("shadow")
    if remove:
        said.append("remove")
    if len(said) > 1:
        raise frame.Refusal(
            f"--{said[0]} and --{said[1]} are two things", "give one of them", frame.EXIT_USAGE
        )
    return said[0] if said else "serve"


def _words(action: Action, share: float | None) -> str:
    if action == "beside":
        return f"beside the champion, {share:.0%} of the traffic" if share else "beside the champion"
    return {
        "serve": "to be the champion",
        "shadow": "to be the champion's shadow",
        "remove": "to leave the endpoint",
        "stop": "the endpoint is stopped",
    }[action]


def _meant(workspace: frame.Workspace, reference: str, action: Action) -> VersionRecord:
    """Who leaves need not be allowed to serve: whose approval was taken back must leave."""
    from workbench.cli.release import ledger_of

    if action == "remove":
        return version_named(ledger_of(workspace), reference)
    return approved(workspace, reference)


def approved(workspace: frame.Workspace, reference: str) -> VersionRecord:
    """
    The version that a person names, if it may serve.

    Raises:
        Refusal: There is none, or it may not.
    """
    from slipway.adapters.s3_fingerprints import S3Fingerprints
    from slipway.domain.rollback import refusals_of
    from workbench.cli.release import ledger_of

    record = version_named(ledger_of(workspace), reference)
    there = bool(record.get("artifact_removed_at")) or bool(
        S3Fingerprints(workspace.client("s3")).fingerprint(record["model_uri"])
    )
    refusals = refusals_of(record, serving="", artifact_there=there)
    if refusals:
        model = f"{record['project']}/{record['model']}"
        raise frame.Refusal(
            f"{model}:{record['version']} may not serve: {'; '.join(refusals)}",
            f"`slipway registry list --model {model}` shows what may",
        )
    return record
