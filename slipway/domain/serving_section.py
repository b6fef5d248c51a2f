"""The part of a release's evidence that says how fast and how dear both sides' servers are."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from slipway.domain.comparison import number
from slipway.domain.shapes import mapping
from slipway.domain.web_table import Column, line, table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from slipway.domain.evidence import Evidence


def serving_section(evidence: Evidence) -> str:
    """How fast and how dear both sides' servers are; empty where nothing was measured."""
    sides = {
        name: mapping(evidence.side(name).get("serving"))
        for name in ("challenger", "champion")
        if evidence.side(name)
    }
    if not any(side.get("latency_ms") or side.get("model_bytes") for side in sides.values()):
        return "".join(
            f'<p class="hint">Not measured: {escape(str(side["problem"]))}.</p>'
            for name, side in sides.items()
            if name == "challenger" and side.get("problem")
        )
    head = [Column("Measured by the sample request", number=False)]
    head += [Column(name.capitalize(), str(evidence.side(name).get("version", ""))) for name in sides]
    lines = [
        *((f"latency {name} (ms)", ("latency_ms", name)) for name in ("p50", "p90", "p95", "p99")),
        ("requests a second, four at once", ("requests_per_second",)),
        ("cost of 1,000 predictions (USD)", ("cost_per_1000_usd",)),
        ("model.tar.gz (bytes)", ("model_bytes",)),
    ]
    body = [
        line(label, [escape(_measured(side, path)) for side in sides.values()], head) for label, path in lines
    ]
    ours = sides["challenger"]
    where = f"Measured on {ours.get('measured_on')}, priced for {ours.get('priced_for')}."
    problems = "".join(
        f'<p class="problem">The {name}: {escape(str(side["problem"]))}</p>'
        for name, side in sides.items()
        if side.get("problem")
    )
    return table(where, head, body) + problems


def _measured(side: Mapping[str, Any], path: Sequence[str]) -> str:
    value: Any = side
    for key in path:
        value = mapping(value).get(key)
    if not isinstance(value, int | float):
        return "-"
    return f"{value:.2g}" if path[0] == "cost_per_1000_usd" else number(float(value))
