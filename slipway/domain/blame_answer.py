"""What a data set reached, in words, as JSON, and as a drawing."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Final

from slipway.contracts.lineage import kind_of, node_id
from slipway.domain.answers import Listing, counted, listed
from slipway.domain.lineage import stub
from slipway.domain.lineage_graph import MAX_SHOWN, LineageGraph, graph_of

if TYPE_CHECKING:
    from slipway.contracts.lineage import NodeFacts
    from slipway.domain.blame import Blame, BlamedPackage, LiveVariant

NOTHING: Final = "It reached no model and no endpoint."


def sentence_of(blame: Blame) -> str:
    """What was reached, in one or two sentences."""
    if not (blame.packages or blame.failed or blame.under_way):
        return NOTHING
    number = len(blame.packages)
    said = f"It reached {counted(number, 'model version') if number else 'no model version'}"
    endpoints = sorted({one.endpoint for one in blame.live})
    if endpoints:
        served = listed(_served(blame, one) for one in endpoints)
        said += f" and {counted(len(endpoints), 'live endpoint')}: {served}."
    else:
        said += ", none of which serves: no endpoint is affected." if blame.packages else " and no endpoint."
    if blame.under_way:
        said += f" {counted(len(blame.under_way), 'release')} with it not ended yet."
    if blame.failed:
        said += f" {counted(len(blame.failed), 'release')} with it failed."
    return said


def _served(blame: Blame, endpoint: str) -> str:
    mine = [one for one in blame.live if one.endpoint == endpoint]
    return f"{endpoint} ({percent(sum(one.share for one in mine))} of its traffic)"


def percent(share: float) -> str:
    """
    A share of traffic.

    >>> percent(1.0), percent(0.125)
    ('100 %', '12.5 %')
    """
    return f"{100 * share:.4g} %"


def document_of(blame: Blame) -> dict[str, Any]:
    """As JSON."""
    return {**dataclasses.asdict(blame), "said": sentence_of(blame), "affected": bool(blame.live)}


def packages_listing(blame: Blame) -> Listing:
    """Every version that was reached, those that serve first."""
    return Listing(
        ("version", "how", "serves"),
        tuple((_named(one), listed(one.how), _serves(blame, one)) for one in _live_first(blame)),
    )


def live_listing(blame: Blame) -> Listing:
    """Every live variant that serves one."""
    return Listing(
        ("endpoint", "variant", "version", "share", "status"),
        tuple((one.endpoint, one.variant, one.version, percent(one.share), one.status) for one in blame.live),
        frozenset({3}),
    )


def releases_listing(blame: Blame) -> Listing:
    """Releases with it that failed, or that are under way."""
    return Listing(
        ("release", "version", "status"),
        tuple(
            (one.id.partition(":")[2], f"{one.project}/{one.model}:{one.version}", one.status)
            for one in (*blame.under_way, *blame.failed)
        ),
    )


def _named(package: BlamedPackage) -> str:
    return f"{package.project}/{package.model}:{package.version}" if package.version else package.name


def _serves(blame: Blame, package: BlamedPackage) -> str:
    return listed(f"{one.endpoint} {percent(one.share)}" for one in blame.live if one.package == package.id)


def _live_first(blame: Blame) -> list[BlamedPackage]:
    live = {one.package for one in blame.live}
    return sorted(blame.packages, key=lambda one: one.id not in live)


def graph_of_blame(blame: Blame) -> tuple[LineageGraph, dict[str, str]]:
    """The node, as many versions as can be read (those that serve first), endpoints; a word for each."""
    shown = _live_first(blame)[:MAX_SHOWN]
    nodes: dict[str, NodeFacts] = {blame.node: _told(blame.node, "", {"status": "blamed"})}
    marks: dict[str, str] = {}
    for package in shown:
        if package.id == blame.node:
            continue
        facts = {"version": package.version, "status": listed(package.how)}
        nodes[package.id] = _told(package.id, f"{package.model}:{package.version}", facts, blame.node)
        marks[package.id] = package.how[0] if package.how else ""
    for endpoint in sorted({one.endpoint for one in blame.live}):
        mine = [one for one in blame.live if one.endpoint == endpoint and one.package in nodes]
        if not mine:
            continue
        name = node_id("endpoint", endpoint)
        nodes[name] = _told(
            name, endpoint, {"status": mine[0].status}, *sorted({one.package for one in mine})
        )
        marks[name] = percent(_share(mine))
    graph = graph_of(blame.node, nodes, left_out=len(blame.packages) - len(shown))
    return graph, marks


def _share(variants: list[LiveVariant]) -> float:
    return sum(one.share for one in variants)


def _told(node: str, name: str, facts: dict[str, Any], *inputs: str) -> NodeFacts:
    return {
        **stub(node),
        "kind": kind_of(node),
        "name": name or node.partition(":")[2],
        "facts": facts,
        "inputs": [{"relation": "ContributedTo", "source": one} for one in inputs],
    }
