"""The evidence of rows as documents: the whole for the report, a few numbers for the verdict."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, cast

from slipway.domain.judging.difference import Difference

if TYPE_CHECKING:
    from slipway.contracts.release import Verdict
    from slipway.contracts.report import MetricComparison, PredictionRange, RowsReport, SliceComparison
    from slipway.domain.judging.difference import NoDifference
    from slipway.domain.measurement import Measurement
    from slipway.domain.rows_evidence import RowsEvidence

MAX_SLICES: Final = 1000


def rows_report(rows: RowsEvidence, task: str, reported: Measurement) -> RowsReport:
    """The section ``rows`` of ``report.json``; ``reported`` is what the challenger's image says itself."""
    slices = _slices(rows)
    document: RowsReport = {
        "task": task,
        "rows": rows.rows,
        "problem": rows.problem or rows.champion_problem,
        "not_compared": rows.not_compared,
        "computed": dict(rows.challenger),
        "reported": dict(reported.metrics),
        "comparisons": {found.metric: _comparison(found) for found in rows.differences},
        "slices": slices[:MAX_SLICES],
        "slices_left_out": max(0, len(slices) - MAX_SLICES),
        "plots": list(rows.plots),
    }
    if rows.predictions is not None:
        document["predictions"] = _range(rows.predictions)
    conclusion = rows.conclusion
    if conclusion is not None:
        document["verdict"], document["sentence"] = conclusion.kind, conclusion.in_words()
        if conclusion.more_rows is not None:
            document["more_rows"] = conclusion.more_rows
    return document


def _range(predictions: tuple[float, float]) -> PredictionRange:
    return {"low": predictions[0], "high": predictions[1]}


def _comparison(found: Difference | NoDifference) -> MetricComparison:
    if not isinstance(found, Difference):
        return {"reason": found.reason}
    return {
        "challenger": found.challenger,
        "champion": found.champion,
        "difference": found.point,
        "lower": found.interval.lower,
        "upper": found.interval.upper,
        "confidence": found.interval.confidence,
        "resamples": found.resamples,
    }


def _slices(rows: RowsEvidence) -> list[SliceComparison]:
    if rows.slice_report is None:
        return []
    judged = [
        {name: getattr(one, name) for name in one.__slots__ if name != "standard_error"}
        for one in sorted(rows.slice_report.judged, key=lambda one: one.upper)
    ]
    others = [{name: getattr(one, name) for name in one.__slots__} for one in rows.slice_report.not_judged]
    return cast("list[SliceComparison]", [_finite(one) for one in (*judged, *others)])


def _finite(document: dict[str, object]) -> dict[str, object]:
    """JSON knows neither NaN nor infinity."""
    return {
        name: value
        for name, value in document.items()
        if not isinstance(value, float) or math.isfinite(value)
    }


def verdict_of_rows(verdict: Verdict, rows: RowsEvidence | None) -> Verdict:
    """The verdict with what the rows say, in the few numbers that travel with the release."""
    if rows is not None and rows.predictions is not None:
        verdict["predictions"] = _range(rows.predictions)
    conclusion = rows.conclusion if rows else None
    if rows is None or conclusion is None:
        return verdict
    interval = conclusion.difference.interval.times(conclusion.difference.sign)
    verdict["word"] = conclusion.kind
    verdict["difference"] = {
        "gain": conclusion.difference.gain,
        "lower": interval.lower,
        "upper": interval.upper,
        "confidence": interval.confidence,
        "rows": rows.rows,
    }
    if conclusion.more_rows is not None:
        verdict["difference"]["more_rows"] = conclusion.more_rows
    worst = rows.slice_report.worst if rows.slice_report else None
    if worst is not None:
        verdict["worst_slice"] = {
            "column": worst.column,
            "value": worst.value,
            "rows": worst.rows,
            "gain": worst.gain,
            "lower": worst.lower,
            "upper": worst.upper,
            "worse": worst.worse,
        }
    return verdict
