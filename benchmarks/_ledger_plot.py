"""Time by number of nodes, one panel an act."""

from __future__ import annotations

from math import ceil, floor, log10
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from pathlib import Path

TITLES: Final = {
    "record": "record one training",
    "upstream": "6 hops upstream",
    "first page": "data set → first 100 models (mlmd: all)",
    "downstream": "data set → all models",
    "resolve": "resolve alias",
    "move": "move alias",
    "runs page": "runs by data digest, first 100",
    "runs": "runs by data digest, all",
}
COLORS: Final = {"ours": "#0b62c4", "mlmd": "#c45500", "mlflow": "#5b7083"}


def draw(results: dict[str, Any], target: Path) -> Path:
    """Write the chart as SVG."""
    import matplotlib as mpl  # noqa: PLC0415 - a second of start-up

    mpl.use("svg")
    from matplotlib import pyplot as plt  # noqa: PLC0415 - likewise

    sizes = [int(size) for size in results]
    figure, panels = plt.subplots(2, 4, figsize=(13, 6), sharex=True, layout="constrained")
    for panel, (name, title) in zip(panels.flat, TITLES.items(), strict=True):
        for who, color in COLORS.items():
            points = [
                (size, result["acts"][name]["ms"][who])
                for size, result in zip(sizes, results.values(), strict=True)
                if who in result["acts"][name]["ms"]
            ]
            if points:
                panel.plot(*zip(*points, strict=True), marker="o", color=color, label=who, linewidth=2)
        low, high = panel.dataLim.intervaly
        whole = (10 ** floor(log10(low)), 10 ** ceil(log10(high)))
        panel.set(title=title, xscale="log", yscale="log", ylim=whole)
        panel.grid(visible=True, alpha=0.3)
        panel.spines[["top", "right"]].set_visible(False)
    for panel in panels[:, 0]:
        panel.set_ylabel("milliseconds")
    for panel in panels[1]:
        panel.set_xlabel("nodes")
    legend = [mpl.lines.Line2D([], [], color=color, marker="o", label=who) for who, color in COLORS.items()]
    figure.legend(handles=legend, loc="outside upper center", ncols=3, frameon=False)
    target.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(target)
    figure.savefig(target.with_suffix(".png"), dpi=110)
    plt.close(figure)
    return target
