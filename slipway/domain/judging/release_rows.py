"""From both sides' ``predictions.csv`` and the manifest's ``[evaluation]`` to the evidence of their rows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from slipway.domain.judging.binary import THRESHOLD
from slipway.domain.judging.bootstrap import compare, usual_resampling
from slipway.domain.judging.csv_table import read_table
from slipway.domain.judging.difference import NoDifference
from slipway.domain.judging.gate_language import parse_gate
from slipway.domain.judging.metrics import metric_named
from slipway.domain.judging.pairing import pair
from slipway.domain.judging.plot_points import plots_of
from slipway.domain.judging.prediction_range import prediction_range
from slipway.domain.judging.refusal import RowsRefusal
from slipway.domain.judging.resampling import blocked, stratified
from slipway.domain.judging.rows_csv import RESERVED, rows_from_columns
from slipway.domain.judging.slice_values import slice_values
from slipway.domain.judging.slices import compare_slices
from slipway.domain.judging.verdict import conclude
from slipway.domain.rows_evidence import RowsEvidence

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from slipway.contracts.report import RowsPlot
    from slipway.domain.judging.metric import Metric
    from slipway.domain.judging.pairing import Pair
    from slipway.domain.judging.resampling import Resampling
    from slipway.domain.judging.rows import Rows, Side

ALL_INTERVALS_ROWS: Final = 200_000
"""With more rows, only the primary metric's difference is resampled: a release must not wait for others."""
_AT_THRESHOLD: Final = ("f1", "precision", "recall", "accuracy")


def declared_metric(evaluation: Mapping[str, Any], name: str) -> Metric | None:
    """
    The platform's metric of a name, with the manifest's threshold, quantile or k; None: a model's own.

    >>> declared_metric({"task": "binary", "threshold": 0.3}, "f1").name
    'f1'
    """
    task, written = evaluation["task"], name
    if name in _AT_THRESHOLD and task == "binary" and "threshold" in evaluation:
        written = f"{name}({evaluation['threshold']:.6f})"
    elif name == "pinball" and "quantile" in evaluation:
        written = f"pinball({evaluation['quantile']:.6f})"
    elif name == "ndcg" and "k" in evaluation:
        written = f"ndcg@{evaluation['k']}"
    metric = metric_named(task, written)
    return None if metric is None else replace(metric, name=name)


def evidence_of_rows(
    evaluation: Mapping[str, Any],
    gates: Iterable[str],
    challenger: bytes,
    champion: bytes | None,
) -> RowsEvidence:
    """
    Compute metrics, compare both sides, and look at slices.

    Args:
        evaluation: The manifest's section, with a task.
        gates: All of them: those that look at slices say which columns are needed.
        challenger: The content of its predictions.
        champion: Likewise; None: there is no champion, or it wrote none.
    """
    asked = _Asked.of(evaluation, gates)
    ours = asked.read(challenger)
    if isinstance(ours, RowsRefusal):
        return RowsEvidence(problem=f"the challenger's predictions can't be judged: {ours}")
    alone = _alone(asked, ours)
    if champion is None:
        return alone
    theirs = asked.read(champion)
    if isinstance(theirs, RowsRefusal):
        return replace(alone, champion_problem=f"the champion's predictions can't be judged: {theirs}")
    both = pair(theirs, ours)
    if isinstance(both, RowsRefusal):
        return replace(alone, champion_problem=str(both))
    return _beside(asked, alone, both)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the manifest asks for."""

    evaluation: Mapping[str, Any]
    metrics: Mapping[str, Metric]
    """By the declared name, the primary one first; the model's own are not among them."""
    gate_columns: tuple[str, ...]

    @classmethod
    def of(cls, evaluation: Mapping[str, Any], gates: Iterable[str]) -> _Asked:
        names = sorted(evaluation["metrics"], key=lambda name: name != evaluation["primary_metric"])
        known = {name: declared_metric(evaluation, name) for name in names}
        columns = (parse_gate(text).column for text in gates)
        return cls(
            evaluation,
            {name: metric for name, metric in known.items() if metric is not None},
            tuple(dict.fromkeys(column for column in columns if column)),
        )

    def read(self, content: bytes) -> Rows | RowsRefusal:
        table = read_table(content)
        if isinstance(table, RowsRefusal):
            return table
        columns = dict(table.columns)
        weight = self.evaluation.get("weight")
        if weight is not None:
            if weight not in columns:
                has = ", ".join(columns)
                return RowsRefusal("columns", f"the predictions lack {weight}; they have {has}")
            columns["weight"] = columns.pop(weight)
        return rows_from_columns(columns, self.evaluation["task"], self._columns(columns))

    def _columns(self, there: Iterable[str]) -> list[str]:
        """Columns to read as slices: those to look at, those of gates, and those that draws go by."""
        wanted = self.evaluation.get("slices")
        if wanted is None:
            wanted = [name for name in there if name not in RESERVED and not name.startswith("score:")]
        drawn = [self.evaluation[key] for key in ("stratify_by", "block_by") if key in self.evaluation]
        return list(dict.fromkeys([*wanted, *self.gate_columns, *drawn]))

    def looked_at(self, rows_have: Iterable[str]) -> list[str]:
        """Slice columns to compare both sides in."""
        wanted = self.evaluation.get("slices")
        blocks = self.evaluation.get("block_by")
        return [name for name in rows_have if (name != blocks if wanted is None else name in wanted)]

    def plots(self, sides: Mapping[str, Side]) -> tuple[RowsPlot, ...]:
        """What is drawn of the rows, at the manifest's threshold."""
        return plots_of(sides, float(self.evaluation.get("threshold", THRESHOLD)))

    def resampling(self, both: Pair) -> Resampling:
        if "stratify_by" in self.evaluation:
            return stratified(both.slices[self.evaluation["stratify_by"]].codes)
        if "block_by" in self.evaluation:
            return blocked(both.slices[self.evaluation["block_by"]].codes)
        return usual_resampling(both)


def _alone(asked: _Asked, ours: Rows) -> RowsEvidence:
    values = {name: metric.of(ours.side) for name, metric in asked.metrics.items()}
    declared = asked.evaluation["metrics"]
    small: dict[str, tuple[str, ...]] = {}
    slices = {}
    for column in asked.gate_columns:
        slices[column], small[column] = slice_values(
            ours.side, ours.slices[column], asked.metrics.values(), asked.evaluation["min_slice_rows"]
        )
    return RowsEvidence(
        rows=len(ours),
        challenger={name: value.value for name, value in values.items() if value.value is not None},
        reasons={name: value.reason for name, value in values.items() if value.value is None},
        misdeclared=tuple(
            f"{name} is better when it is {'lower' if metric.direction == 'minimize' else 'higher'}, and the "
            f"manifest declares it with the direction {declared[name]['direction']}"
            for name, metric in asked.metrics.items()
            if declared[name]["direction"] != metric.direction
        ),
        slices={column: values for column, values in slices.items() if values},
        small_slices=small,
        plots=asked.plots({"challenger": ours.side}),
        predictions=prediction_range(ours.side),
    )


def _beside(asked: _Asked, alone: RowsEvidence, both: Pair) -> RowsEvidence:
    evaluation, primary = asked.evaluation, asked.evaluation["primary_metric"]
    theirs = {name: metric.of(both.champion).value for name, metric in asked.metrics.items()}
    champion_slices = {
        column: slice_values(
            both.champion, both.slices[column], asked.metrics.values(), evaluation["min_slice_rows"]
        )[0]
        for column in asked.gate_columns
    }
    found = replace(
        alone,
        champion={name: value for name, value in theirs.items() if value is not None},
        champion_slices=champion_slices,
        plots=asked.plots({"challenger": both.challenger, "champion": both.champion}),
    )
    if primary not in asked.metrics:
        return replace(found, not_compared=f"{primary} is the model's own metric, not one of the platform's")
    resampling = asked.resampling(both)
    chosen = list(asked.metrics.values())
    differences = compare(
        both,
        chosen if len(both) <= ALL_INTERVALS_ROWS else chosen[:1],
        resampling=resampling,
        resamples=evaluation["resamples"],
        confidence=evaluation["confidence"],
    )
    first = differences[0]
    if isinstance(first, NoDifference):
        return replace(found, differences=tuple(differences), not_compared=first.reason)
    margin, unit = float(evaluation["margin"]), str(evaluation["metrics"][primary].get("unit", ""))
    return replace(
        found,
        differences=tuple(differences),
        conclusion=conclude(first, margin, unit),
        slice_report=compare_slices(
            both,
            chosen[0],
            columns=asked.looked_at(both.slices),
            margin=margin,
            resampling=resampling,
            resamples=evaluation["resamples"],
            confidence=evaluation["confidence"],
            min_rows=evaluation["min_slice_rows"],
        ),
    )
