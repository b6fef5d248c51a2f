"""The page of ``slipway data blame``: what a data set reached, with its graph."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from slipway.domain.approval_sections import card
from slipway.domain.blame_answer import (
    graph_of_blame,
    live_listing,
    packages_listing,
    releases_listing,
    sentence_of,
)
from slipway.domain.lineage_drawing import drawing
from slipway.domain.lineage_page import graph_card, listing_html, saved_page

if TYPE_CHECKING:
    from slipway.domain.answers import Listing
    from slipway.domain.blame import Blame


def blame_page(blame: Blame, *, title: str, environment: str) -> str:
    """
    The whole page, for a file.

    Args:
        blame: What was reached.
        title: What is blamed, for people.
        environment: For the bar's tag.
    """
    heading = f"What did {title} reach?"
    tone = " no" if blame.live else ""
    graph, marks = graph_of_blame(blame)
    more = f" {graph.left_out:,} further versions are not drawn." if graph.left_out else ""
    drawn = (
        graph_card(
            "Graph",
            f"From the data to the versions that were made with it, to the endpoints that serve them.{more}",
            drawing(graph, marks=marks, label=f"What {title} reached"),
        )
        if blame.packages
        else ""
    )
    body = (
        f'<main class="wrap"><div class="head"><h1>{escape(heading)}</h1>'
        f"<p><code>{escape(blame.node)}</code></p></div>"
        f'<section class="card verdict{tone}" aria-labelledby="answer"><h2 id="answer">Answer</h2>'
        f'<p class="say">{escape(sentence_of(blame))}</p></section>'
        + _table("Live endpoints", live_listing(blame), "live")
        + drawn
        + _table("Model versions", packages_listing(blame), "versions")
        + _table("Releases that failed, or have not ended", releases_listing(blame), "releases")
        + "</main>"
    )
    return saved_page(title=f"{heading} - Slipway", environment=environment, body=body)


def _table(heading: str, listing: Listing, anchor: str) -> str:
    return card(heading, listing_html(listing) if listing.rows else "", anchor=anchor)
