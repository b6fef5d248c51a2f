"""
Where the nodes of a lineage graph are drawn: in layers from left to right, with few crossings.

After Sugiyama, Tagawa, Toda, *Methods for Visual Understanding of Hierarchical System Structures* (1981):
layers by the longest way, an order within each by the mean place of a node's neighbours, then heights.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

BOX_WIDTH: Final = 136
BOX_HEIGHT: Final = 46
_GAP_ACROSS: Final = 26
_GAP_DOWN: Final = 18
_BEND_HEIGHT: Final = 12
"""Room that an edge takes where it passes a layer."""
_MARGIN: Final = 6
_SWEEPS: Final = 12

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Layout:
    """
    A drawing's places, in pixels.

    Attributes:
        width: Of the whole.
        height: Likewise.
        boxes: Upper left corner of each node's box.
        routes: Each drawn edge's points, from the source's right edge to the target's left one.
    """

    width: int
    height: int
    boxes: Mapping[str, tuple[float, float]]
    routes: Mapping[Pair, tuple[tuple[float, float], ...]]


def layout(nodes: Collection[str], edges: Iterable[Pair]) -> Layout:
    """
    The places of nodes and edges; the same graph is always drawn in the same way.

    Args:
        nodes: Ids.
        edges: Source and target, without a cycle.
    """
    drawn = essential(sorted(set(edges)))
    layers = _layers(sorted(nodes), drawn)
    steps, bends = _split(drawn, layers)
    columns = _ordered(layers | bends, steps)
    heights = {one: _BEND_HEIGHT if one in bends else BOX_HEIGHT for column in columns for one in column}
    tops = _tops(columns, steps, heights)
    lowest = max((tops[one] + heights[one] for one in tops), default=0.0)
    across = BOX_WIDTH + _GAP_ACROSS
    boxes = {one: (_MARGIN + layers[one] * across, _MARGIN + tops[one]) for one in layers}
    routes = {edge: _route(edge, layers, tops, across) for edge in drawn}
    width = _MARGIN * 2 + len(columns) * across - _GAP_ACROSS if columns else 0
    return Layout(width, round(lowest + 2 * _MARGIN), boxes, routes)


def essential(edges: Sequence[Pair]) -> list[Pair]:
    """
    The edges that do not follow from others: an image that made a job is also behind all that the job made.

    >>> essential([("a", "b"), ("a", "c"), ("b", "c")])
    [('a', 'b'), ('b', 'c')]
    """
    after: dict[str, list[str]] = {}
    for source, target in edges:
        after.setdefault(source, []).append(target)

    def reached(start: str) -> set[str]:
        found: set[str] = set()
        ahead = list(after.get(start, ()))
        while ahead:
            one = ahead.pop()
            if one not in found:
                found.add(one)
                ahead += after.get(one, ())
        return found

    beyond = {one: reached(one) for one in {target for _, target in edges}}
    return [
        (source, target)
        for source, target in edges
        if not any(target in beyond[other] for other in after[source] if other != target)
    ]


def _layers(nodes: Sequence[str], edges: Sequence[Pair]) -> dict[str, int]:
    """As many layers as the longest way has nodes; each node stands as near as it can to what it leads to."""
    layer = dict.fromkeys(nodes, 0)
    for _ in nodes:
        moved = False
        for source, target in edges:
            if layer[target] <= layer[source]:
                layer[target], moved = layer[source] + 1, True
        if not moved:
            break
    after: dict[str, list[str]] = {}
    for source, target in edges:
        after.setdefault(source, []).append(target)
    for one in sorted(after, key=lambda one: -layer[one]):
        layer[one] = min(layer[target] for target in after[one]) - 1
    return layer


def _split(edges: Sequence[Pair], layers: Mapping[str, int]) -> tuple[list[Pair], dict[str, int]]:
    """Edges as steps from layer to layer, and the bends between those steps with their layers."""
    steps: list[Pair] = []
    bends: dict[str, int] = {}
    for source, target in edges:
        before = source
        for layer in range(layers[source] + 1, layers[target]):
            bend = _bend(source, target, layer)
            bends[bend] = layer
            steps.append((before, bend))
            before = bend
        steps.append((before, target))
    return steps, bends


def _bend(source: str, target: str, layer: int) -> str:
    return f"\0{source}\0{target}\0{layer}"


def _ordered(layers: Mapping[str, int], steps: Sequence[Pair]) -> list[list[str]]:
    """Each layer's nodes from top to bottom: the best of some sweeps to and fro."""
    columns: list[list[str]] = [[] for _ in range(max(layers.values(), default=-1) + 1)]
    for one in sorted(layers):
        columns[layers[one]].append(one)
    befores, afters = _neighbours(steps)
    best, fewest = [list(column) for column in columns], _crossings(columns, steps)
    for sweep in range(_SWEEPS):
        forwards = sweep % 2 == 0
        neighbours = befores if forwards else afters
        for column in columns if forwards else reversed(columns):
            place = {one: index for other in columns for index, one in enumerate(other)}
            column.sort(key=lambda one: _mean([place[n] for n in neighbours.get(one, ())], place[one]))
        crossed = _crossings(columns, steps)
        if crossed < fewest:
            best, fewest = [list(column) for column in columns], crossed
    return best


def _neighbours(steps: Sequence[Pair]) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    befores: dict[str, list[str]] = {}
    afters: dict[str, list[str]] = {}
    for source, target in steps:
        befores.setdefault(target, []).append(source)
        afters.setdefault(source, []).append(target)
    return befores, afters


def _mean(places: Sequence[float], otherwise: float) -> float:
    return sum(places) / len(places) if places else otherwise


def _crossings(columns: Sequence[Sequence[str]], steps: Sequence[Pair]) -> int:
    place = {one: (layer, index) for layer, column in enumerate(columns) for index, one in enumerate(column)}
    lines = sorted((place[source], place[target]) for source, target in steps)
    return sum(
        left[0][0] == right[0][0] and left[0][1] < right[0][1] and left[1][1] > right[1][1]
        for index, left in enumerate(lines)
        for right in lines[index + 1 :]
    )


def _tops(
    columns: Sequence[Sequence[str]], steps: Sequence[Pair], heights: Mapping[str, int]
) -> dict[str, float]:
    """Heights at which edges run as level as they can; the order within a layer stays."""
    befores, afters = _neighbours(steps)
    middle: dict[str, float] = {}
    for column in columns:
        at = 0.0
        for one in column:
            middle[one] = at + heights[one] / 2
            at += heights[one] + _GAP_DOWN
    for sweep in range(_SWEEPS):
        neighbours = befores if sweep % 2 == 0 else afters
        for column in columns if sweep % 2 == 0 else reversed(columns):
            wanted = [_mean([middle[n] for n in neighbours.get(one, ())], middle[one]) for one in column]
            middle.update(zip(column, _spread(wanted, [heights[one] for one in column]), strict=True))
    tops = {one: middle[one] - heights[one] / 2 for one in middle}
    highest = min(tops.values(), default=0.0)
    return {one: round(top - highest, 1) for one, top in tops.items()}


def _spread(wanted: Sequence[float], heights: Sequence[int]) -> list[float]:
    """
    Middles in the same order, far enough apart, and on the whole where they were wanted.

    >>> _spread([10.0, 10.0], [46, 46])
    [-22.0, 42.0]
    """
    placed: list[float] = []
    for index, middle in enumerate(wanted):
        room = (heights[index - 1] + heights[index]) / 2 + _GAP_DOWN if index else 0.0
        placed.append(max(middle, placed[-1] + room) if placed else middle)
    shift = _mean([now - was for now, was in zip(placed, wanted, strict=True)], 0.0)
    return [one - shift for one in placed]


def _route(
    edge: Pair, layers: Mapping[str, int], tops: Mapping[str, float], across: int
) -> tuple[tuple[float, float], ...]:
    source, target = edge
    points = [(_MARGIN + layers[source] * across + BOX_WIDTH, _MARGIN + tops[source] + BOX_HEIGHT / 2)]
    for layer in range(layers[source] + 1, layers[target]):
        level = _MARGIN + tops[_bend(source, target, layer)] + _BEND_HEIGHT / 2
        left = _MARGIN + layer * across
        points += [(left, level), (left + BOX_WIDTH, level)]
    points.append((_MARGIN + layers[target] * across, _MARGIN + tops[target] + BOX_HEIGHT / 2))
    return tuple(points)
