"""The words on a model's dashboard: what serves, since when, and where to look further."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slipway.domain.console_links import ENDPOINT_LOGS, log_url, object_url

if TYPE_CHECKING:
    from slipway.domain.watched import WatchedEndpoint, WatchedVariant


def summary(watched: WatchedEndpoint) -> str:
    """Markdown for a dashboard's text widget."""
    champion = watched.champion
    title = f"# {watched.project}/{watched.model} {champion.version}"
    rows = [
        "version | role | share | instances | model",
        "---|---|---|---|---",
        *(_row(variant) for variant in watched.variants),
    ]
    facts = [f"environment **{watched.environment}**", f"endpoint `{watched.endpoint}`"]
    if watched.marks:
        newest = watched.marks[0]
        facts.append(f"{newest.said} since {newest.at[:16].replace('T', ' ')} UTC, by {newest.actor}")
    if watched.data:
        facts.append(f"trained on {watched.data}")
    if watched.usd_per_month is not None:
        facts.append(f"about **{watched.usd_per_month:,.0f} USD a month** at this size")
    links = [f"[log of the endpoint]({log_url(watched.region, f'{ENDPOINT_LOGS}/{watched.endpoint}')})"]
    if watched.report_uri:
        links.append(f"[evidence for the approval]({object_url(watched.region, watched.report_uri)})")
    if watched.runbook:
        links.append(f"[runbook]({watched.runbook}#an-endpoints-alarm)")
    return "\n".join([title, "", " · ".join(facts), "", *rows, "", " · ".join(links)])


def _row(variant: WatchedVariant) -> str:
    size = f"{variant.instances} × {variant.instance_type}" if variant.instance_type else "serverless"
    return f"{variant.version} | {variant.role} | {variant.share:.0%} | {size} | `{variant.model_name}`"
