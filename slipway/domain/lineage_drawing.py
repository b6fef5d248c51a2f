"""A lineage graph as inline SVG: kinds by shape and colour, a legend, a title on everything for hovering."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

from slipway.contracts.lineage import NODE_KINDS, kind_of
from slipway.domain.lineage_labels import WORDS, caption_of, hover
from slipway.domain.lineage_layout import BOX_HEIGHT, BOX_WIDTH, layout
from slipway.domain.lineage_style import FAMILY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from slipway.contracts.lineage import NodeFacts, NodeKind
    from slipway.domain.lineage_graph import Edge, LineageGraph
    from slipway.domain.lineage_layout import Layout

_LONGEST: Final = 17
"""Characters of a label."""
_NARROWED: Final = ("approval", "promotion", "endpoint")
"""Shapes with less room for it."""
_FAILED: Final = ("Failed", "failed")


def drawing(graph: LineageGraph, *, label: str, marks: Mapping[str, str] | None = None) -> str:
    """
    The SVG with its legend.

    Args:
        graph: What to draw.
        label: What it shows, for those who do not see it.
        marks: Short words beside nodes' kinds, by id.
    """
    edges = told_edges(graph)
    places = layout(graph.nodes, ((edge.source, edge.target) for edge in edges))
    captions = {one: caption_of(node) for one, node in graph.nodes.items()} | _models(graph)
    loose = {(edge.source, edge.target) for edge in edges if edge.relation == "AssociatedWith"}
    relations = {(edge.source, edge.target): edge.relation for edge in edges}
    lines = "".join(
        _line(points, f"{source} {relations[source, target]} {target}", loose=(source, target) in loose)
        for (source, target), points in sorted(places.routes.items())
    )
    boxes = "".join(
        _box(
            graph.nodes[one],
            captions[one],
            places,
            mark=(marks or {}).get(one, ""),
            center=one == graph.center,
        )
        for one in sorted(graph.nodes)
    )
    fits = ' class="fits"' if places.width <= _FITS else ""
    return (
        f'<div class="graph" role="region" aria-label="{escape(label)}" tabindex="0">'
        f'<svg{fits} width="{places.width}" height="{places.height}" '
        f'viewBox="0 0 {places.width} {places.height}" role="img" aria-label="{escape(label)}">'
        f"{lines}{boxes}</svg></div>{_legend(graph)}"
    )


_FITS: Final = 1480
"""Pixels: what is wider is not shrunk to the page, or nobody could read it."""


def told_edges(graph: LineageGraph) -> list[Edge]:
    """
    The edges that are drawn: data goes to the job that reads it, not to the release as well.
    """
    jobs = {edge.source for edge in graph.edges if kind_of(edge.target) in ("training-job", "evaluation-job")}
    return [
        edge
        for edge in graph.edges
        if not (
            edge.source in jobs
            and kind_of(edge.source) in ("data-set", "image")
            and kind_of(edge.target) == "release"
        )
    ]


def _models(graph: LineageGraph) -> dict[str, str]:
    """Captions of artifacts: of which version they are, as the jobs that measured them say."""
    return {
        edge.source: f"model {graph.facts(edge.target)['version']}"
        for edge in graph.edges
        if kind_of(edge.source) == "model-artifact" and graph.facts(edge.target).get("version")
    }


def _box(node: NodeFacts, caption: str, places: Layout, *, mark: str, center: bool) -> str:
    left, top = places.boxes[node["id"]]
    kind, facts = node["kind"], node["facts"]
    classes = [f"g-{FAMILY[kind]}", *(["g-center"] if center else []), *([] if facts else ["g-unknown"])]
    if str(facts.get("status")) in _FAILED:
        classes.append("g-bad")
    written = _cut(caption, _LONGEST - 2 if kind in _NARROWED else _LONGEST)
    state = " failed" if "g-bad" in classes else f", {escape(mark)}" if mark else ""
    return (
        f'<g class="{" ".join(classes)}" transform="translate({left:g} {top:g})">'
        f"<title>{escape(hover(node))}</title>{_shape(kind)}"
        f'<text class="g-kind" x="{BOX_WIDTH / 2:g}" y="17" text-anchor="middle">{WORDS[kind]}{state}</text>'
        f'<text class="g-name" x="{BOX_WIDTH / 2:g}" y="34" text-anchor="middle">{escape(written)}</text></g>'
    )


def _cut(text: str, longest: int) -> str:
    """
    The end of a long name tells more than its beginning.

    >>> _cut("hotel-rates-holdout:1.0.0", 17)
    'hote…oldout:1.0.0'
    """
    begin = longest // 4
    return text if len(text) <= longest else f"{text[:begin]}…{text[begin + 1 - longest :]}"


def _shape(kind: NodeKind, width: int = BOX_WIDTH, height: int = BOX_HEIGHT) -> str:
    """An artifact has corners, an action is round, a context has points; some have a shape of their own."""
    w, h = width, height
    paths = {
        # a drum
        "data-set": f"M0 {h * 0.12:g}C0 {-h * 0.04:g} {w} {-h * 0.04:g} {w} {h * 0.12:g}V{h * 0.88:g}"
        f"C{w} {h * 1.04:g} 0 {h * 1.04:g} 0 {h * 0.88:g}Z",
        # a sheet with a corner turned down
        "report": f"M0 0H{w - h * 0.28:g}L{w} {h * 0.28:g}V{h}H0Z",
        # a diamond's ends: somebody decides
        "approval": f"M{h * 0.35:g} 0H{w - h * 0.35:g}L{w} {h / 2:g}L{w - h * 0.35:g} {h}H{h * 0.35:g}"
        f"L0 {h / 2:g}Z",
        # an arrow: it leads to production
        "promotion": f"M0 0H{w - h * 0.3:g}L{w} {h / 2:g}L{w - h * 0.3:g} {h}H0L{h * 0.25:g} {h / 2:g}Z",
    }
    if kind in paths:
        return f'<path class="g-shape" d="{paths[kind]}"/>'
    round_ = {"release": h / 2, "training-job": h / 2, "evaluation-job": h / 2, "endpoint": h / 2}.get(
        kind, 5
    )
    frame = f'<rect class="g-shape" width="{w}" height="{h}" rx="{round_:g}"/>'
    inner = height / 11
    if kind == "endpoint":  # two rims: it is live
        frame += (
            f'<rect class="g-shape" x="{inner:g}" y="{inner:g}" width="{w - 2 * inner:g}" '
            f'height="{h - 2 * inner:g}" rx="{h / 2 - inner:g}"/>'
        )
    return frame


def _line(points: Sequence[tuple[float, float]], title: str, *, loose: bool) -> str:
    (x, y), *rest = points
    path = f"M{x:g} {y:g}"
    for right, level in rest:
        middle = (x + right) / 2
        path += f"C{middle:g} {y:g} {middle:g} {level:g} {right:g} {level:g}" if level != y else f"H{right:g}"
        x, y = right, level
    dashed = " g-loose" if loose else ""
    return (
        f'<g><title>{escape(title)}</title><path class="g-edge{dashed}" d="{path}"/>'
        f'<path class="g-tip" d="M{x:g} {y:g}l-7 -3.5v7z"/></g>'
    )


def _legend(graph: LineageGraph) -> str:
    kinds = {node["kind"] for node in graph.nodes.values()}
    entries = "".join(
        '<li><svg width="34" height="18" viewBox="-1 -1 36 20" aria-hidden="true">'
        f'<g class="g-{FAMILY[kind]}">{_shape(kind, 34, 18)}</g></svg>{escape(WORDS[kind])}</li>'
        for kind in NODE_KINDS
        if kind in kinds
    )
    return f'<ul class="legend" aria-label="Legend">{entries}</ul>'
