"""``slipway dashboard``: what is seen of a model in service, in CloudWatch or as a page of its own."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import click

from workbench.cli import frame
from workbench.cli.written_page import page_options, wanted, write_page

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST: Final = timedelta(hours=72)
UNITS: Final = {"m": 60, "h": 3600}


class Span(click.ParamType[timedelta]):
    """``90m`` or ``6h``."""

    name = "span"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        number, unit = str(value)[:-1], str(value)[-1:]
        if not number.isdigit() or unit not in UNITS or not int(number):
            self.fail(f"{value!r} is no span such as 90m or 6h", param, ctx)
        span = timedelta(seconds=int(number) * UNITS[unit])
        if span > LONGEST:
            self.fail(f"at most {LONGEST.total_seconds() / 3600:.0f}h", param, ctx)
        return span


@click.command("dashboard")
@click.argument("model", metavar="[PROJECT/]MODEL")
@click.option(
    "--last",
    type=Span(),
    metavar="SPAN",
    help="How far the page looks back: 90m, 6h; as far as there is data.",
)
@page_options
@frame.pass_workspace
def command(
    workspace: frame.Workspace, model: str, last: timedelta | None, html: str | None, *, opens: bool
) -> None:
    """
    Show a MODEL's dashboard: traffic, latency, errors, instances, predictions, and every promotion.

    The platform puts it by itself whenever the model's endpoint changes. Prints where it is in CloudWatch;
    with --html or --open draws the same dashboard from its metrics, on AWS as on the embedded AWS.
    """
    from slipway.contracts.names import endpoint
    from slipway.domain.console_links import dashboard_url
    from workbench.cli.calls import subjects_of
    from workbench.cli.release import ledger_of

    found = list(subjects_of(ledger_of(workspace), model, None))
    if len(found) > 1:
        named = ", ".join(f"{project}/{name}" for project, name in found)
        raise frame.Refusal(f"there are several models {model!r}", f"name one: {named}", frame.EXIT_USAGE)
    (project, name), platform = found[0], workspace.platform()
    dashboard = endpoint(platform["resource_prefix"], project, name)
    body = body_of(workspace, dashboard, f"{project}/{name}")
    if wanted(html, opens=opens):
        page = page_of(workspace, body, last)
        write_page(page, html, stem=f"dashboard {project}-{name}", opens=opens)
        return
    url = dashboard_url(platform["region"], dashboard)
    document = {"dashboard": dashboard, "url": url, "body": body}
    hint = f"slipway dashboard {project}/{name} --open"
    frame.emit(
        workspace,
        document,
        lambda out: out.print(
            f"{dashboard}\nlook at it: {hint}" if workspace.is_local else url, soft_wrap=True
        ),
    )


def body_of(workspace: frame.Workspace, dashboard: str, model: str) -> dict[str, Any]:
    """
    A dashboard as CloudWatch has it.

    Args:
        workspace: Where it stands.
        dashboard: Its name, which is the endpoint's.
        model: As people call it, for the message.

    Raises:
        Refusal: There is none.
    """
    cloudwatch = workspace.client("cloudwatch")
    try:
        answer = cloudwatch.get_dashboard(DashboardName=dashboard)
    except cloudwatch.exceptions.ClientError as error:
        if error.response["Error"]["Code"] not in ("ResourceNotFound", "DashboardNotFoundError"):
            raise
        raise frame.Refusal(
            f"{model} has no dashboard: its endpoint does not serve",
            f"one is put when a version comes to serve; see `slipway endpoint show {model}`",
            frame.EXIT_NOT_FOUND,
        ) from error
    body: dict[str, Any] = json.loads(answer["DashboardBody"])
    return body


def page_of(workspace: frame.Workspace, body: Mapping[str, Any], last: timedelta | None) -> str:
    """The dashboard drawn from its metrics, as HTML; ``last``: how far back, None: as there are numbers."""
    from workbench.dashboards.page import page
    from workbench.dashboards.series import WINDOWS, charts_of, window_of

    until = datetime.now(UTC)
    cloudwatch = workspace.client("cloudwatch")
    charts = charts_of(body, cloudwatch, until=until, back=last or WINDOWS[-1])
    arns = [arn for one in body["widgets"] if one["type"] == "alarm" for arn in one["properties"]["alarms"]]
    names = [arn.partition(":alarm:")[2] for arn in arns]
    states = {one["AlarmName"]: one["StateValue"] for one in _alarms(cloudwatch, names)} if names else {}
    return page(
        body,
        charts,
        {name: states.get(name, "missing") for name in names},
        environment=workspace.environment,
        since=until - (last or window_of(charts, until)),
        until=until,
    )


def _alarms(cloudwatch: Any, names: list[str]) -> list[dict[str, Any]]:
    answer = cloudwatch.describe_alarms(AlarmNames=names, MaxRecords=100)
    return list(answer["MetricAlarms"])
