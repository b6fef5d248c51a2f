"""The report of a release as one HTML file: nothing is loaded from outside, and it prints well."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from slipway.domain.amounts import day_and_time
from slipway.domain.evidence_cards import evidence_cards
from slipway.domain.web_page import document

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slipway.domain.approval_sections import Plot
    from slipway.domain.evidence import Evidence


def report_page(evidence: Evidence, own_plots: Sequence[Plot]) -> str:
    """
    The whole file.

    Args:
        evidence: Of a complete report.
        own_plots: Those that the model's program drew.
    """
    report = evidence.report
    version = str(report.get("version", ""))
    subject = f"{report.get('project', '')}/{report.get('model', '')} {version}"
    word = "accepted" if report.get("accepted") else "not accepted"
    judged = day_and_time(str(report.get("judged_at", ""))) if report.get("judged_at") else ""
    cards = evidence_cards(
        evidence,
        own_plots,
        version=version,
        image_digest=str(report.get("image_digest", "")),
        release_id=str(report.get("release_id", "")),
        opened=True,
    )
    body = (
        f'<main class="wrap report"><div class="head"><h1>{escape(subject)}: {word}</h1>'
        f"<p>Judged on {escape(judged)}</p></div>{cards}"
        f'<p class="foot">Release {escape(str(report.get("release_id", "")))}, report version '
        f"{escape(str(report.get('schema_version', 1)))}</p></main>"
    )
    return document(title=f"{subject} - Slipway", environment=str(report.get("environment", "")), body=body)
