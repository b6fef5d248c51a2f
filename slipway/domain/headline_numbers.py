"""The five numbers that matter of a release, in words: what every message and page begins with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from slipway.domain.comparison import MetricRow, compare, number
from slipway.domain.shapes import listed, mapping

if TYPE_CHECKING:
    from collections.abc import Mapping

_NOT_MEASURED: Final = "not measured"
_NO_CHAMPION: Final = "there is no champion yet"


def headline_numbers(report: Mapping[str, Any]) -> list[list[str]]:
    """
    Label and text of: the primary metric, its difference, the worst slice, latency, cost of predictions.

    Args:
        report: ``contracts.report.EvidenceReport``; any key may be missing.
    """
    challenger, champion = mapping(report.get("challenger")), mapping(report.get("champion"))
    rows = rows_of(report)
    primary = rows[0] if rows and rows[0].primary else None
    version = f"champion {champion.get('version', '')}".strip()
    return [
        [primary.metric if primary else "primary metric", _metric(primary, version)],
        ["difference", _difference(report, primary, there=bool(champion))],
        ["worst slice", _worst_slice(report, there=bool(champion))],
        ["latency p99", _beside(_latency(challenger), _latency(champion), version)],
        ["1,000 predictions", _beside(_cost(challenger), _cost(champion), version)],
    ]


def interval_of(report: Mapping[str, Any], metric: str) -> Mapping[str, Any]:
    """
    ``lower``, ``upper`` and ``confidence`` of a metric's difference; empty: it has no interval.

    Rows that both sides answered say it, or the outcomes of a trial.
    """
    found = mapping(mapping(mapping(report.get("rows")).get("comparisons")).get(metric))
    if "lower" not in found and metric == report.get("primary_metric"):
        trial = mapping(report.get("trial"))
        found = mapping(trial.get("effect")) if trial.get("kind") == "ab" else {}
    return found if "lower" in found and "upper" in found else {}


def rows_of(report: Mapping[str, Any]) -> list[MetricRow]:
    """Every metric of both sides of a report, the primary one first; any key may be missing."""
    challenger = mapping(mapping(report.get("challenger")).get("metrics"))
    found = {name: interval_of(report, name) for name in challenger}
    return compare(
        str(report.get("primary_metric", "")),
        challenger,
        mapping(mapping(report.get("champion")).get("metrics")),
        mapping(report.get("metric_declarations")),
        {name: (float(one["lower"]), float(one["upper"])) for name, one in found.items() if one},
    )


def _metric(primary: MetricRow | None, version: str) -> str:
    if primary is None or primary.challenger is None:
        return _NOT_MEASURED
    ours, theirs, _ = primary.cells()
    unit = f" {primary.unit}" if primary.unit else ""
    return f"{ours}{unit}" + (f", {version} {theirs}{unit}" if primary.champion is not None else "")


def _difference(report: Mapping[str, Any], primary: MetricRow | None, *, there: bool) -> str:
    if not there:
        return _NO_CHAMPION
    if primary is None or primary.difference is None:
        return _NOT_MEASURED
    unit = f" {primary.unit}" if primary.unit else ""
    said = f"{primary.cells()[2]}{unit}"
    if found := interval_of(report, primary.metric):
        bounds = f"{number(found['lower'], signed=True)} to {number(found['upper'], signed=True)}"
        said += f", {100 * found.get('confidence', 0.95):g} % interval {bounds}"
    return said + (f" ({primary.effect})" if primary.effect != "unknown" else "")


def _worst_slice(report: Mapping[str, Any], *, there: bool) -> str:
    if not there:
        return _NO_CHAMPION
    judged = [one for one in listed(mapping(report.get("rows")).get("slices")) if "upper" in one]
    if not judged:
        return _NOT_MEASURED
    worst = min(judged, key=lambda one: float(one["upper"]))
    shown = "shown to be worse" if worst.get("worse") else "not shown to be worse"
    return f"{worst['column']} {worst['value']}, gain {number(worst['gain'], signed=True)}, {shown}"


def _beside(ours: str, theirs: str, version: str) -> str:
    if not ours:
        return _NOT_MEASURED
    return f"{ours}, {version} {theirs}" if theirs else ours


def _latency(side: Mapping[str, Any]) -> str:
    value = mapping(mapping(side.get("serving")).get("latency_ms")).get("p99")
    return f"{number(value)} ms" if isinstance(value, int | float) else ""


def _cost(side: Mapping[str, Any]) -> str:
    value = mapping(side.get("serving")).get("cost_per_1000_usd")
    return f"{value:.2g} USD" if isinstance(value, int | float) else ""
