"""The pages that are written to a file: whole, well-formed, and asking nobody for anything."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from slipway.contracts.lineage import NODE_KINDS
from slipway.domain.answers import QUESTIONS
from slipway.domain.blame_page import blame_page
from slipway.domain.lineage_labels import WORDS
from slipway.domain.lineage_style import FAMILY, GRAPH_STYLE
from slipway.domain.provenance_page import provenance_page
from slipway.usecases.explain_version import explain_release, explain_version
from slipway.usecases.trace_lineage import blame
from tests.domain.test_approval_style import READABLE, colours, luminance
from tests.fakes.hotel_rates import (
    LAST_LINES,
    MODEL,
    PROJECT,
    RELEASES,
    data,
    holdout,
    id_of_data,
    seed_ledger,
    seed_lineage,
)
from tests.fakes.ledger import FakeLedger
from tests.fakes.lineage import FakeLineage

VOID = {"meta", "br", "img", "input", "hr", "link"}
ASKING = {"src", "href", "srcset", "action", "data", "poster", "xlink:href", "background"}


class Wellformed(HTMLParser):
    """Reads a page; knows what was opened and not closed, its ids, and what it would load."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.ids: list[str] = []
        self.labelled: list[str] = []
        self.loads: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag not in VOID:
            self.open.append(tag)
        self._attributes(tag, attrs)

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        self._attributes(tag, attrs)

    def _attributes(self, tag: str, attrs: Any) -> None:
        if tag in ("script", "link", "iframe", "object", "embed"):
            self.loads.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value)
            if name == "aria-labelledby":
                self.labelled.append(value)
            if name in ASKING and not value.startswith("#"):
                self.loads.append(f"{tag} {name}={value}")

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


def pages() -> dict[str, str]:
    ledger, lineage = FakeLedger(), FakeLineage()
    seed_ledger(ledger)
    seed_lineage(lineage)
    found = {
        version: provenance_page(
            explain_version(ledger, lineage, ledger.version(PROJECT, MODEL, version)), environment="dev"
        )
        for version in ("1.0.0", "1.1.0", "1.4.0")
    }
    for version in ("1.2.0", "1.3.0"):
        release = ledger.release(RELEASES[version])
        found[version] = provenance_page(explain_release(ledger, lineage, release), environment="dev")
    for pin in (data(), holdout()):
        name = f"{pin['data_set']}:{pin['version']}"
        found[name] = blame_page(blame(lineage, id_of_data(pin)), title=name, environment="dev")
    return found


PAGES = pages()
SVG = re.compile(r"<svg.*?</svg>", re.DOTALL)


class TestEveryPage:
    @pytest.mark.parametrize("name", PAGES)
    def test_is_well_formed(self, name):
        """
        What is opened is closed, in order; ids are unique; labels point to something.
        """
        reader = Wellformed()
        reader.feed(PAGES[name])
        reader.close()

        assert (reader.open, reader.wrong) == ([], [])
        assert len(reader.ids) == len(set(reader.ids))
        assert set(reader.labelled) <= set(reader.ids)

    @pytest.mark.parametrize("name", PAGES)
    def test_asks_nobody_for_anything(self, name):
        """
        No script, no font, no image, no style from elsewhere; and the browser is told to ask for none.
        """
        reader = Wellformed()
        reader.feed(PAGES[name])

        assert reader.loads == []
        assert not re.search(r"url\(|@import|<script", PAGES[name])
        assert "default-src &#x27;none&#x27;" in PAGES[name]

    @pytest.mark.parametrize("name", PAGES)
    def test_every_drawing_is_xml(self, name):
        """
        Inline SVG that also an SVG reader takes.
        """
        for drawing in SVG.findall(PAGES[name]):
            ET.fromstring(drawing)  # noqa: S314 - our own text

    def test_texts_of_others_are_escaped(self):
        """
        A reason that is HTML is shown as text.
        """
        ledger, lineage = FakeLedger(), FakeLineage()
        seed_ledger(ledger)
        ledger.releases[RELEASES["1.2.0"]]["failure"]["cause"] = "<script>alert(1)</script>\n<b>x"

        page = provenance_page(
            explain_release(ledger, lineage, ledger.release(RELEASES["1.2.0"])), environment="<dev>"
        )

        assert "<script>" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
        assert "&lt;dev&gt;" in page


class TestProvenancePage:
    @pytest.mark.parametrize("version", ["1.0.0", "1.1.0", "1.2.0", "1.3.0", "1.4.0"])
    def test_asks_the_six_questions_in_order(self, version):
        """
        Also of a failed release, a refused push, and a version that the graph does not hold.
        """
        places = [PAGES[version].find(asked) for asked in QUESTIONS.values()]

        assert -1 not in places
        assert places == sorted(places)

    def test_graph_names_every_kind_and_labels_nodes(self):
        """
        The drawing of a deployed version: a legend, labels, and titles for hovering.
        """
        page = PAGES["1.1.0"]
        drawing = next(one for one in SVG.findall(page) if 'role="img"' in one)

        for label in ("hotel-rates:1.1.0", "model 1.0.0", "of 1.0.0", "ml.m5.large", "ben@example.com"):
            assert f">{label}</text>" in drawing
        legend = page.partition('class="legend"')[2]
        for kind in ("data set", "image", "release", "training job", "evaluation job", "artifact", "report"):
            assert f"</svg>{kind}</li>" in legend
        assert "rows: 3,000" in drawing
        assert "ContributedTo" in drawing

    def test_failed_job_stands_out_with_its_last_lines(self):
        """
        The job is marked as failed, in words too, and its last lines are on the page.
        """
        page = PAGES["1.2.0"]

        assert "training job failed" in page
        assert "ValueError: could not convert string to float" in page
        assert LAST_LINES[0] in page

    def test_curves_are_drawn_by_name(self):
        """
        Each with its first and last value, for who cannot see it as well.
        """
        assert 'aria-label="train:mae: 40 → 20 in 60 s, 7 values"' in PAGES["1.1.0"]

    def test_missing_graph_is_said(self):
        """
        No drawing, but a note.
        """
        page = PAGES["1.4.0"]

        assert "does not hold it yet" in page
        assert 'id="graph"' not in page


class TestColours:
    @pytest.mark.parametrize(
        "theme", re.findall(r":root\{(.*?)\}", GRAPH_STYLE, re.DOTALL), ids=["light", "dark"]
    )
    @pytest.mark.parametrize("family", sorted(set(FAMILY.values())))
    def test_kind_can_be_read_on_its_box(self, theme, family):
        """
        The word for a node's kind stands out from the box that it stands in, by day and by night.
        """
        known = colours(theme)
        lights = sorted((luminance(known[f"g-{family}"]), luminance(known[f"g-{family}-t"])), reverse=True)

        assert (lights[0] + 0.05) / (lights[1] + 0.05) >= READABLE

    def test_every_kind_has_a_colour(self):
        """
        And a word.
        """
        assert set(FAMILY) == set(WORDS) == set(NODE_KINDS)


class TestBlamePage:
    def test_live_endpoint_stands_with_its_share(self):
        """
        What was judged with the holdout serves with all the traffic.
        """
        page = PAGES["hotel-rates-holdout:1.0.0"]

        assert "1 live endpoint: slipway-dev-pricing-hotel-rates (100 % of its traffic)" in page
        assert "endpoint, 100 %" in page
        assert "version, judged with" in page

    def test_no_live_endpoint_is_said(self):
        """
        What was trained on the old data does not serve any more.
        """
        assert "none of which serves: no endpoint is affected" in PAGES["hotel-rates:1.0.0"]
