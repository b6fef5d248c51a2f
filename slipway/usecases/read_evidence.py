"""Fetches what an approver is shown: the report, and the plots beside it."""

from __future__ import annotations

import base64
import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

from slipway.domain.approval_sections import Plot
from slipway.domain.evidence import Evidence
from slipway.domain.texts import MAX_PLOT_BYTES, TooLarge

if TYPE_CHECKING:
    from slipway.usecases.ports import Reports

MAX_PLOTS: Final = 12
MAX_PLOTS_BYTES: Final = 3_000_000
"""Of all plots together: a function's answer may have 6 MB, and base64 adds a third."""


def read_report(uri: str, reports: Reports) -> Evidence:
    """The evidence of a report; empty when there is none, when it is too large, or no JSON object."""
    return read_report_and_digest(uri, reports)[0]


def read_report_and_digest(uri: str, reports: Reports) -> tuple[Evidence, str]:
    """The same with the ``sha256:…`` of the report's bytes; empty where there are none to be shown."""
    text = reports.read(uri) if uri else None
    digest = f"sha256:{hashlib.sha256(text.encode()).hexdigest()}" if isinstance(text, str) else ""
    try:
        report = json.loads(text) if isinstance(text, str) else {}
    except ValueError:
        report = {}
    return Evidence(report if isinstance(report, dict) else {}), digest


def read_plots(report_uri: str, evidence: Evidence, reports: Reports) -> list[Plot]:
    """
    The model's own plots, the challenger's and the champion's of one name beside each other.

    Only files under the folder of the release that measured the side are read: the list comes from the
    model's program.
    """
    releases, own = report_uri.rsplit("/", 2)[0], report_uri.rpartition("/")[0]
    folders = {
        side: f"{releases}/{taken}/" if (taken := evidence.cached_from(side)) else f"{own}/"
        for side in ("challenger", "champion")
    }
    listed = [
        (side, index, str(uri))
        for side, folder in folders.items()
        for index, uri in enumerate(evidence.side(side).get("plots") or ())
        if str(uri).startswith(folder) and str(uri).endswith(".svg")
    ]
    beside = sorted(listed, key=lambda plot: (plot[1], plot[0] == "champion"))[:MAX_PLOTS]
    if not beside:
        return []
    with ThreadPoolExecutor(max_workers=len(beside)) as pool:
        texts = list(pool.map(lambda plot: reports.read(plot[2], limit=MAX_PLOT_BYTES), beside))
    left = MAX_PLOTS_BYTES
    plots = []
    for (side, _, uri), text in zip(beside, texts, strict=True):
        svg, problem = _svg(text, left)
        left -= len(svg)
        title = f"{_title(uri)}, {side} {evidence.side(side).get('version', '')}".rstrip()
        plots.append(Plot(title, base64.b64encode(svg).decode(), problem))
    return plots


def _svg(text: str | TooLarge | None, left: int) -> tuple[bytes, str]:
    """A plot's bytes, or why there are none."""
    if isinstance(text, TooLarge):
        return b"", str(text)
    svg = (text or "").encode()
    return (svg, "") if len(svg) <= left else (b"", "the plots before it fill the page")


def _title(uri: str) -> str:
    """``s3://…/plots/confusion-matrix.svg`` is the "Confusion matrix"."""
    name = uri.rpartition("/")[2].removesuffix(".svg")
    return name.replace("-", " ").replace("_", " ").strip().capitalize()
