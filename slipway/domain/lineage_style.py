"""Colours of a lineage graph, by day, by night and on paper."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slipway.contracts.lineage import NodeKind

FAMILY: Final[Mapping[NodeKind, str]] = {
    "data-set": "data",
    "image": "code",
    "release": "run",
    "training-job": "run",
    "evaluation-job": "run",
    "model-artifact": "model",
    "report": "proof",
    "model-package": "model",
    "approval": "person",
    "promotion": "live",
    "endpoint": "live",
}
"""What the colours tell apart."""

GRAPH_STYLE: Final = """\
:root{--g-data:#0b5cad;--g-data-t:#e3effb;--g-code:#6b3fa0;--g-code-t:#f0e8fa;--g-run:#51606e;--g-run-t:#eef2f5;
--g-model:#116329;--g-model-t:#e3f4e7;--g-proof:#7a4b00;--g-proof-t:#fff3d6;--g-person:#9b1f6a;
--g-person-t:#fbe6f2;--g-live:#a33a00;--g-live-t:#fdebe0}
@media (prefers-color-scheme:dark){:root{--g-data:#6cb2ff;--g-data-t:#12293f;--g-code:#c3a2f2;
--g-code-t:#2a1f3d;
--g-run:#a4b3c0;--g-run-t:#1f2a34;--g-model:#7ddc97;--g-model-t:#12301c;--g-proof:#f2c35e;--g-proof-t:#33270c;
--g-person:#f29acb;--g-person-t:#3a1730;--g-live:#ffab7a;--g-live-t:#3a2110}}
.graph{overflow-x:auto;margin:0 -.25rem;padding:.25rem}
.graph svg{display:block;max-width:none;font:12px system-ui,-apple-system,"Segoe UI",Roboto,Arial,sans-serif}
@media (min-width:1100px){.graph svg.fits{max-width:100%;height:auto}}
.g-kind{font-size:10px;letter-spacing:.02em}
.g-name{font-weight:600;font-size:11px;fill:var(--ink)}
.g-edge{fill:none;stroke:var(--soft);stroke-width:1.3;opacity:.75}
.g-tip{fill:var(--soft)}
.g-loose{stroke-dasharray:5 4}
.g-center .g-shape{stroke-width:2.8}
.g-unknown .g-shape{stroke-dasharray:4 3}
.g-bad .g-shape{stroke:var(--bad);fill:var(--bad-tint);stroke-width:2.4}
.g-bad .g-kind{fill:var(--bad)}
.legend{display:flex;flex-wrap:wrap;gap:.35rem 1.1rem;margin:.8rem 0 0;padding:0;list-style:none;
font-size:.8125rem;color:var(--soft)}
.legend li{display:flex;align-items:center;gap:.4rem}
.legend svg{display:block}
@media print{section[aria-labelledby=graph]{page:wide}.graph{overflow:visible}
.graph svg{max-width:100%;height:auto}.g-shape{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
@page wide{size:A4 landscape}
""" + "".join(
    f".g-{name} .g-shape{{fill:var(--g-{name}-t);stroke:var(--g-{name});stroke-width:1.4}}"
    f".g-{name} .g-kind{{fill:var(--g-{name})}}\n"
    for name in dict.fromkeys(FAMILY.values())
)
