"""``slipway endpoint metrics``: a model's dashboard as a table of one window, and as a picture."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import click

from workbench.cli import frame
from workbench.cli.dashboard import body_of, page_of
from workbench.cli.endpoint_lookup import describe, endpoint_name
from workbench.cli.written_page import page_options, wanted, write_file, write_page

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbench.dashboards.window import VariantWindow

LONGEST: Final = 1440
"""Minutes: CloudWatch has no longer period."""
COLUMNS: Final = (
    "variant", "serves now", "requests", "4XX", "5XX", "by the model",
    "p50 ms", "p90 ms", "p99 ms", "CPU %", "memory %", "instances",
)  # fmt: skip


@click.command("metrics")
@click.argument("model", metavar="[PROJECT/]MODEL")
@click.option(
    "--minutes",
    type=click.IntRange(1, LONGEST),
    default=60,
    show_default=True,
    help="How far to look back.",
)
@click.option("--plot", is_flag=True, help="Draw it too, as `slipway dashboard --html` does.")
@page_options
@frame.pass_workspace
def metrics(
    workspace: frame.Workspace, model: str, minutes: int, html: str | None, *, plot: bool, opens: bool
) -> None:
    """
    Show what the variants on the endpoint of a MODEL did in the last minutes, and which version each has now.

    Requests, errors, the model's latency, CPU, memory and instances of each, from the same metrics as the
    model's dashboard; - where CloudWatch has no number. With --plot, --html or --open the dashboard's page
    of the same minutes is written too; with --html - that alone.
    """
    from workbench.dashboards.window import variants_of

    name, back = endpoint_name(workspace, model), timedelta(minutes=minutes)
    if workspace.json and html == "-":
        raise frame.Refusal(
            "--json and --html - both want standard output", "name a file with --html FILE", frame.EXIT_USAGE
        )
    now = {
        one["variant"]: one["identity"].get("version", "?") for one in describe(workspace, name)["Variants"]
    }
    body = body_of(workspace, name, model)
    picture = page_of(workspace, body, back) if plot or wanted(html, opens=opens) else ""
    stem = f"metrics {name}"
    if html == "-":
        write_page(picture, html, stem=stem, opens=opens)
        return
    rows = variants_of(body, workspace.client("cloudwatch"), until=datetime.now(UTC), back=back)
    document: dict[str, Any] = {
        "endpoint": name,
        "minutes": minutes,
        "variants": [dataclasses.asdict(one) | {"serves": now.get(one.variant, "")} for one in rows],
    }
    if picture:
        document["picture"] = str(write_file(picture, html, stem=stem, opens=opens))
    frame.emit(
        workspace, document, lambda out: out.print(frame.table(COLUMNS, (_cells(one, now) for one in rows)))
    )
    if picture and not workspace.json:
        click.echo(document["picture"])


def _cells(one: VariantWindow, now: Mapping[str, str]) -> tuple[str, ...]:
    counts = (one.requests, one.errors_4xx, one.errors_5xx, one.errors_by_model)
    amounts = (one.latency_p50, one.latency_p90, one.latency_p99, one.cpu, one.memory)
    return (
        one.label,
        now.get(one.variant, "-"),
        *("-" if count is None else f"{count:,.0f}" for count in counts),
        *("-" if amount is None else f"{amount:,.1f}" for amount in amounts),
        "-" if one.instances is None else f"{one.instances:.0f}",
    )
