from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.domain import lineage
from slipway.domain.lineage_text import canonical, content_digest, edges_from_text, graph_text
from tests.adapters.test_lineage import CHAIN, JOB, PACKAGE, RATES, RAW, a_node
from tests.fakes.lineage import FakeLineage

facts = st.dictionaries(
    st.sampled_from("abc"), st.integers(0, 3) | st.floats(0, 3) | st.text(max_size=3), max_size=3
)
versions = st.builds(
    lambda as_of, told, inputs: lineage.normal(a_node(JOB, *sorted(inputs), as_of=as_of, **told)),
    st.sampled_from(["", "1", "2"]),
    facts,
    st.sets(st.sampled_from([RATES, RAW])),
)


class TestVersions:
    @given(versions, versions, versions)
    def test_one_of_several_stands_whoever_meets_whom_first(self, one: Any, two: Any, three: Any) -> None:
        """A total order: of three versions the same one stands in the end, in any order."""

        def standing(*told: Any) -> Any:
            found = told[0]
            for other in told[1:]:
                found = other if lineage.outranks(other, found) else found
            return found

        assert standing(one, two, three) == standing(three, one, two) == standing(two, three, one)
        assert not (lineage.outranks(one, two) and lineage.outranks(two, one))

    def test_a_stub_says_nothing(self) -> None:
        """Whatever stands beside an empty ``as_of`` is left out."""
        assert lineage.normal(a_node(JOB, RATES, as_of="", status="Failed")) == lineage.stub(JOB)


class TestText:
    def test_edges_come_back(self) -> None:
        """The text of a graph holds every edge and every node without one."""
        ledger = FakeLineage()
        ledger.put_nodes(CHAIN)
        node = ledger.node(PACKAGE)

        assert edges_from_text(graph_text(node)) == {**node["upstream"], PACKAGE: node["inputs"]}

    @given(facts)
    def test_equal_facts_have_equal_bytes(self, told: dict[str, Any]) -> None:
        """In whatever order a dictionary was made; whole numbers however they are written."""
        backwards = dict(reversed(told.items()))
        as_float = {
            key: float(value) if isinstance(value, int) else value for key, value in backwards.items()
        }
        one, other = (lineage.as_node(lineage.normal(a_node(JOB, **each)), {}) for each in (told, as_float))

        assert canonical(one) == canonical(other)
        assert content_digest(one) == content_digest(other)

    def test_another_upstream_is_another_content(self) -> None:
        """A writer that knew less of what is above does not pass for one that knew it."""
        told = lineage.normal(a_node(JOB, RATES))
        knew, did_not = ({RATES: [{"relation": "DerivedFrom", "source": RAW}], RAW: []}, {RATES: []})

        assert content_digest(lineage.as_node(told, knew)) != content_digest(lineage.as_node(told, did_not))  # type: ignore[arg-type]


class TestEntries:
    @pytest.mark.parametrize(
        ("facts", "found"),
        [
            ({"digest": "sha256:a"}, ["sha256:a"]),
            (
                {"digest": "md5:a", "digests": {"sha256": "sha256:b", "content": "sha256:a", "bytes": 3}},
                ["sha256:a", "sha256:b"],
            ),
            ({"digests": "sha256:a"}, []),
            ({}, []),
        ],
    )
    def test_digests(self, facts: Any, found: list[str]) -> None:
        """Of a node, and of an artifact with several; what is none is none."""
        assert lineage.digests(a_node(RATES, **facts)) == found
