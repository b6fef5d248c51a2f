"""The evidence of a release as cards of a page: the approver's page and the report show the same ones."""

from __future__ import annotations

import base64
from html import escape
from typing import TYPE_CHECKING

from slipway.domain import approval_sections as sections
from slipway.domain.approval_sections import Plot
from slipway.domain.comparison import number
from slipway.domain.judged_slices import judged_slices
from slipway.domain.plot_drawing import draw_curves, draw_plots
from slipway.domain.serving_section import serving_section
from slipway.domain.shapes import mapping
from slipway.domain.slice_tables import slice_tables

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slipway.domain.evidence import Evidence
    from slipway.domain.plot_drawing import DrawnPlot


def evidence_cards(
    evidence: Evidence,
    own_plots: Sequence[Plot],
    *,
    version: str,
    image_digest: str,
    release_id: str,
    package_arn: str = "",
    opened: bool = False,
) -> str:
    """
    All cards that there is content for.

    Args:
        evidence: Of a report that could be read, or empty.
        own_plots: Those that the model's program drew.
        version: The challenger's.
        image_digest: As pinned.
        release_id: As pinned.
        package_arn: Empty: not registered yet.
        opened: Whether lists are unfolded.
    """
    origin = sections.origin(
        evidence,
        image_digest=image_digest,
        release_id=release_id,
        package_arn=package_arn,
        opened=opened,
    )
    cards = (
        ("Metrics", sections.metrics(evidence, version), "metrics"),
        ("Trial", sections.trial(evidence), "trial"),
        ("Gates", sections.gates(evidence), "gates"),
        ("Slices", judged_slices(evidence) or slice_tables(evidence), "slices"),
        ("Plots", sections.plots(_pictures(draw_plots(evidence.report))), "plots"),
        ("Plots of the model", sections.plots(own_plots), "own-plots"),
        ("Training", _training(evidence), "training"),
        ("Latency and cost of serving", serving_section(evidence), "serving"),
        ("Data", sections.data_sets(evidence), "data"),
        ("Origin", origin, "origin"),
        ("Time and cost", "" if "trial" in evidence.report else sections.time_and_cost(evidence), "cost"),
    )
    verdict = sections.verdict(evidence, version) if evidence.report else ""
    return verdict + "".join(sections.card(heading, html, anchor=anchor) for heading, html, anchor in cards)


def _training(evidence: Evidence) -> str:
    """What the training job printed last of each metric, and the way there."""
    last = sections.facts(
        (str(name), escape(number(value)))
        for name, value in sorted(mapping(evidence.report.get("training_metrics")).items())
        if isinstance(value, int | float)
    )
    return (last if "<dt>" in last else "") + sections.plots(_pictures(draw_curves(evidence.report)))


def _pictures(drawn: Sequence[DrawnPlot]) -> list[Plot]:
    return [Plot(one.title, base64.b64encode(one.svg.encode()).decode()) for one in drawn]
