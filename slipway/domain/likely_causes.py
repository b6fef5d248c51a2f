"""
Which change is the likeliest cause of another metric: a ranking by rule, and not a proof.

The rule: each kind of change has a weight, each change a size from 0 to 1 (``change_sizes``); several of one
kind count together. Weight times size is the score, and the highest comes first. The yardstick is before all
(other evaluation data measure something else), then what the model learned from, then how it learned, then
by which code, with which libraries, on which machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from slipway.domain.answers import listed
from slipway.domain.comparison import compare
from slipway.domain.difference import KINDS, Change, Kind, changes, size_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from slipway.domain.compared import Compared
    from slipway.domain.comparison import MetricRow

WEIGHTS: Final[Mapping[Kind, float]] = {
    "evaluation data": 120.0,
    "training data": 100.0,
    "hyperparameters": 80.0,
    "code": 60.0,
    "libraries": 40.0,
    "machines": 20.0,
}
CAUTION: Final = (
    "This is a ranking by rule and not a proof: only trainings with one thing changed at a time show a cause."
)
_NAMED: Final = 3


@dataclass(frozen=True, slots=True)
class Cause:
    """
    One kind of change, as a cause.

    Attributes:
        kind: What changed.
        score: Weight times size; of use only to compare.
        changes: The changes of this kind that count, the largest first.
    """

    kind: Kind
    score: float
    changes: tuple[Change, ...]

    @property
    def certain(self) -> bool:
        """Whether any of it is known to have changed."""
        return any(one.certain for one in self.changes)

    @property
    def said(self) -> str:
        """
        What changed, and why that weighs what it does.

        >>> Cause("hyperparameters", 40.0, (Change("hyperparameters", "depth", "6", "8", 0.5),)).said
        'hyperparameters: depth 6 → 8'
        """
        shown = [_change(one) for one in self.changes[:_NAMED]]
        more = len(self.changes) - len(shown)
        return f"{self.kind}: {listed([*shown, *([f'{more} more'] if more else [])])}"

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "kind": self.kind,
            "score": round(self.score, 1),
            "certain": self.certain,
            "said": self.said,
            "changes": [one.document() for one in self.changes],
        }


@dataclass(frozen=True, slots=True)
class Difference:
    """
    From one version to another.

    Attributes:
        before: What was compared with.
        after: The other one.
        metrics: ``challenger`` is after, ``champion`` is before; the primary one first.
        changes: All that differ, kind by kind.
        causes: The likeliest first.
        conclusion: In words.
        commits: Both git commits where both are known and differ.
        repository: Where they are; empty: not known.
    """

    before: Compared
    after: Compared
    metrics: tuple[MetricRow, ...]
    changes: tuple[Change, ...]
    causes: tuple[Cause, ...]
    conclusion: str
    commits: tuple[str, str] | None
    repository: str

    @property
    def measured(self) -> bool:
        """Whether any metric was measured of both: else there is nothing to find a cause of."""
        return any(row.difference is not None for row in self.metrics)

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "before": self.before.name,
            "after": self.after.name,
            "statuses": [self.before.status or None, self.after.status or None],
            "conclusion": self.conclusion,
            "caution": CAUTION,
            "causes": [one.document() for one in self.causes],
            "changes": [one.document() for one in self.changes],
            "metrics": [
                {
                    "metric": row.metric,
                    "before": row.champion,
                    "after": row.challenger,
                    "difference": row.difference,
                    "effect": row.effect,
                    "primary": row.primary,
                }
                for row in self.metrics
            ],
            "commits": list(self.commits) if self.commits else None,
            "repository": self.repository or None,
        }


def difference(before: Compared, after: Compared) -> Difference:
    """
    What changed, with the likeliest cause of another metric first.

    Args:
        before: What is compared with.
        after: The other one.
    """
    was, now = before.origin, after.origin
    metrics = compare(
        str(after.evaluation.get("primary_metric", "")),
        after.metrics,
        before.metrics,
        after.evaluation.get("metrics") or {},
    )
    found = changes(was, now)
    causes = ranked(found)
    commits = [one.commit.removesuffix("+dirty") for one in (was, now)]
    return Difference(
        before=before,
        after=after,
        metrics=tuple(metrics),
        changes=tuple(found),
        causes=tuple(causes),
        conclusion=conclusion(metrics, causes),
        commits=(commits[0], commits[1]) if all(commits) and commits[0] != commits[1] else None,
        repository=str((now.source or {}).get("git_repository", "")),
    )


def ranked(found: Sequence[Change]) -> list[Cause]:
    """The kinds of change that can have moved a metric, the likeliest first."""
    causes = []
    for kind in KINDS:
        counting = tuple(
            sorted((one for one in found if one.kind == kind and one.size > 0), key=lambda one: -one.size)
        )
        if counting:
            causes.append(Cause(kind, WEIGHTS[kind] * size_of(kind, counting), counting))
    return sorted(causes, key=lambda cause: -cause.score)


def conclusion(metrics: Sequence[MetricRow], causes: Sequence[Cause]) -> str:
    """Which metric changed, and what is behind it as far as the rule can tell."""
    moved = [row for row in metrics if row.effect != "same" and row.difference is not None]
    if not any(row.difference is not None for row in metrics):
        return "No metric was measured of both, so that nothing can be said of causes."
    if not moved:
        return "No metric changed."
    said = f"{_moved(moved[0])}."
    if not causes:
        return (
            f"{said} Nothing that is recorded changed: it is chance (an order or a seed that is not set, "
            "another machine), or something that nobody recorded."
        )
    first = causes[0]
    if len(causes) > 1:
        unsure = "" if first.certain else " if it changed at all, which is not known"
        return f"{said} Likeliest cause: {first.said}{unsure}."
    if not first.certain:
        return f"{said} The only thing that may have changed is {first.said}: {first.changes[0].why}."
    return f"{said} Cause: {first.said}. Nothing else that is recorded changed."


def _moved(row: MetricRow) -> str:
    unit = f" {row.unit}" if row.unit else ""
    share = f"{row.relative}, " if row.relative else ""
    after, before, _ = row.cells()
    return f"{row.metric} {before} → {after}{unit} ({share}{row.effect})"


def _change(change: Change) -> str:
    why = f" ({change.why})" if change.why else ""
    return f"{change.name} {change.before or 'nothing'} → {change.after or 'nothing'}{why}"
