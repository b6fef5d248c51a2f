"""Where nodes are drawn, as a property of any graph, and the tree that the terminal prints."""

from __future__ import annotations

import itertools
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from slipway.domain.lineage_graph import MAX_SHOWN, graph_of, nearby
from slipway.domain.lineage_layout import BOX_HEIGHT, BOX_WIDTH, essential, layout
from slipway.domain.lineage_tree import edges_above, edges_below, tree
from tests.fakes.hotel_rates import RELEASES, artifact_uri, data, id_of_data, id_of_package, seed_lineage
from tests.fakes.lineage import FakeLineage

NAMES = [f"n{number:02d}" for number in range(14)]


@st.composite
def graphs(draw: Any) -> tuple[list[str], list[tuple[str, str]]]:
    """Nodes and edges without a cycle: an edge leads from the smaller name to the larger."""
    nodes = NAMES[: draw(st.integers(1, len(NAMES)))]
    pairs = list(itertools.combinations(nodes, 2))
    return nodes, draw(st.lists(st.sampled_from(pairs), unique=True)) if pairs else []


def reach(edges: list[tuple[str, str]], start: str) -> set[str]:
    found: set[str] = set()
    ahead = [start]
    while ahead:
        one = ahead.pop()
        following = {target for source, target in edges if source == one} - found
        found |= following
        ahead += following
    return found


class TestLayout:
    @settings(max_examples=60)
    @given(graphs())
    def test_boxes_do_not_overlap_and_edges_lead_right(self, graph):
        """
        Any graph: every node has its place inside of the drawing, and every edge goes from left to right.
        """
        nodes, edges = graph
        found = layout(nodes, edges)

        assert set(found.boxes) == set(nodes)
        for (x, y), (u, v) in itertools.combinations(found.boxes.values(), 2):
            assert abs(x - u) >= BOX_WIDTH or abs(y - v) >= BOX_HEIGHT
        for x, y in found.boxes.values():
            assert 0 <= x <= found.width - BOX_WIDTH
            assert 0 <= y <= found.height - BOX_HEIGHT
        for (source, target), points in found.routes.items():
            assert found.boxes[source][0] + BOX_WIDTH <= found.boxes[target][0]
            assert [x for x, _ in points] == sorted(x for x, _ in points)

    @settings(max_examples=60)
    @given(graphs())
    def test_edges_that_follow_from_others_are_left_out_alone(self, graph):
        """
        What a node leads to is the same with and without them.
        """
        nodes, edges = graph
        kept = essential(sorted(edges))

        assert set(kept) <= set(edges)
        assert all(reach(kept, one) == reach(edges, one) for one in nodes)

    @given(graphs(), st.randoms(use_true_random=False))
    @settings(max_examples=30)
    def test_same_graph_is_drawn_in_the_same_way(self, graph, random):
        """
        The order in which nodes and edges are told does not matter.
        """
        nodes, edges = graph
        shuffled, turned = list(nodes), list(edges)
        random.shuffle(shuffled)
        random.shuffle(turned)

        assert layout(nodes, edges) == layout(shuffled, turned)


class TestNearby:
    def test_other_versions_artifact_is_the_end_of_the_way(self):
        """
        1.1.0 was judged beside 1.0.0; the nearest ancestors come first, and nothing of 1.0.0's own way.
        """
        lineage = FakeLineage()
        seed_lineage(lineage)
        found = nearby(lineage.node(id_of_package(2)))

        assert f"model-artifact:{artifact_uri('1.0.0')}" in found
        assert id_of_data(data("1.1.0", 3000)) in found
        assert not {id_of_data(data()), f"release:{RELEASES['1.0.0']}"} & set(found)

    def test_nodes_that_are_only_named_are_drawn_by_name(self):
        """
        An input that nobody recorded yet is a node without facts.
        """
        edge = {"relation": "ContributedTo", "source": "image:models/a/b@sha256:9f"}
        node = {"id": "training-job:t", "kind": "training-job", "name": "t", "facts": {"a": 1}, "as_of": "1"}
        graph = graph_of(
            "training-job:t",
            {"training-job:t": {**node, "inputs": [edge]}},
            shown=["training-job:t", edge["source"]],
        )

        assert graph.nodes[edge["source"]]["facts"] == {}
        assert [(one.source, one.target) for one in graph.edges] == [(edge["source"], "training-job:t")]
        assert MAX_SHOWN < 100


class TestTree:
    def lineage(self) -> Any:
        made = FakeLineage()
        seed_lineage(made)
        return made

    def test_relations_are_words(self):
        """
        Up from a version: it was made with its artifact, which a job produced.
        """
        lineage = self.lineage()
        package = lineage.node(id_of_package(2))
        nodes = {package["id"]: package, **lineage.nodes(list(package["upstream"]))}
        edges = {
            one: [pair for pair in pairs if pair[1] in nodes] for one, pairs in edges_above(package).items()
        }
        root = tree(package["id"], edges, nodes, direction="up")

        artifact = next(one for one in root.beyond if one.id == f"model-artifact:{artifact_uri('1.1.0')}")
        assert artifact.relation == "made with"
        assert [(one.relation, one.kind) for one in artifact.beyond] == [("produced by", "training-job")]

    def test_what_comes_again_is_marked_and_not_followed(self):
        """
        Each node is followed once, where the way to it is shortest.
        """
        lineage = self.lineage()
        start = id_of_data(data("1.1.0", 3000))
        below = [one["id"] for one in lineage.descendants(start)]
        nodes = lineage.nodes([start, *below])
        root = tree(start, edges_below(nodes.values()), nodes, direction="down")

        def walk(one: Any) -> Any:
            yield one
            for other in one.beyond:
                yield from walk(other)

        followed = [one.id for one in walk(root) if not one.again]
        assert sorted(followed) == sorted([start, *below])
        assert all(not one.beyond for one in walk(root) if one.again)

    def test_depth_ends_the_tree(self):
        """
        One edge away, and no further.
        """
        lineage = self.lineage()
        package = lineage.node(id_of_package(2))
        nodes = {package["id"]: package, **lineage.nodes(list(package["upstream"]))}
        root = tree(package["id"], edges_above(package), nodes, direction="up", depth=1)

        assert {one.id for one in root.beyond} == {edge["source"] for edge in package["inputs"]}
        assert all(not one.beyond for one in root.beyond)
