"""Rules of a manifest that concern more than one key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from slipway.domain.judging.gate_language import GateSyntaxError, parse_gate
from slipway.domain.manifest_serving_rules import SERVING_RULES
from slipway.domain.shapes import mapping

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from slipway.domain.judging.gate_language import GateRule

    Report = Callable[[str, Any, str], None]
    Rule = Callable[[Mapping[str, Any], Report], None]


def _declared(metric: str, declared: Mapping[str, Any]) -> str:
    import difflib  # noqa: PLC0415 - only for a mistake

    close = difflib.get_close_matches(metric, declared, n=1)
    hint = f" (did you mean {close[0]!r}?)" if close else ""
    return f"a metric of evaluation.metrics{hint}: {', '.join(declared)}"


def primary_metric_is_declared(manifest: Mapping[str, Any], report: Report) -> None:
    """It is among evaluation.metrics."""
    declared = manifest["evaluation"]["metrics"]
    primary = manifest["evaluation"]["primary_metric"]
    if primary not in declared:
        report("evaluation.primary_metric", primary, _declared(primary, declared))


def gates_are_on_declared_metrics(manifest: Mapping[str, Any], report: Report) -> None:
    """Every gate's metric is among evaluation.metrics, with its unit."""
    declared = manifest["evaluation"]["metrics"]
    for place, text, gate in _gates(manifest):
        if gate.subject == "metric" and gate.name not in declared:
            report(f"gates[{place}]", text, _declared(gate.name, declared))
        elif gate.subject == "metric" and gate.bound.unit:
            _unit_is_declared(f"gates[{place}]", text, declared[gate.name], gate.bound.unit, report)


def _gates(manifest: Mapping[str, Any]) -> Iterator[tuple[int, str, GateRule]]:
    """Place, text and meaning of those that can be read; the others are reported as such."""
    for place, text in enumerate(manifest["gates"]):
        if not isinstance(text, str):
            continue
        try:
            gate = parse_gate(text)
        except GateSyntaxError:
            continue
        yield place, text, gate


def _unit_is_declared(key: str, gate: str, metric: Any, written: str, report: Report) -> None:
    unit = mapping(metric).get("unit")
    if isinstance(unit, str) and written != unit:
        has = "no unit" if unit in ("", "1") else f"the unit {unit}"
        report(key, gate, f"{has}, as the manifest declares for the metric")


_OF_ROWS: Final = ("threshold", "k", "quantile", "slices", "stratify_by", "block_by", "weight")
_OF_TASKS: Final = {"threshold": "binary", "k": "ranking", "quantile": "regression"}


def rows_are_described_for_a_task(manifest: Mapping[str, Any], report: Report) -> None:
    """What says how rows are read goes with a task, and with the right one; gates on slices need one."""
    evaluation = manifest["evaluation"]
    task = evaluation.get("task")
    for key in _OF_ROWS:
        if key in evaluation and task is None:
            report(f"evaluation.{key}", evaluation[key], "no such key, because evaluation.task is not set")
        elif key in _OF_TASKS and key in evaluation and _OF_TASKS[key] != task:
            report(
                f"evaluation.{key}",
                evaluation[key],
                f"no such key, because it goes with the task '{_OF_TASKS[key]}'",
            )
    if "stratify_by" in evaluation and "block_by" in evaluation:
        report("evaluation.block_by", evaluation["block_by"], "no such key beside evaluation.stratify_by")
    for place, text, gate in _gates(manifest):
        if gate.column and task is None:
            report(f"gates[{place}]", text, "evaluation.task, because slices are computed from rows")
        elif gate.column and gate.column not in evaluation.get("slices", [gate.column]):
            report(f"gates[{place}]", text, "a column of evaluation.slices")


def instances_are_in_order(manifest: Mapping[str, Any], report: Report) -> None:
    """min_instances <= instance_count <= max_instances."""
    serving = manifest["serving"]
    low, count, high = serving["min_instances"], serving["instance_count"], serving["max_instances"]
    if low > high:
        report("serving.min_instances", low, f"at most serving.max_instances, which is {high}")
    elif not low <= count <= high:
        report(
            "serving.instance_count", count, f"from serving.min_instances ({low}) to max_instances ({high})"
        )


def spot_has_its_wait(manifest: Mapping[str, Any], report: Report) -> None:
    """Spot training has max_wait_minutes, no shorter than max_runtime_minutes; other training has none."""
    training = manifest["training"]
    runtime, wait = training["max_runtime_minutes"], training.get("max_wait_minutes")
    if training["spot"] and (wait is None or wait < runtime):
        report(
            "training.max_wait_minutes",
            wait,
            f"at least max_runtime_minutes ({runtime}), because training.spot is true",
        )
    if not training["spot"] and wait is not None:
        report("training.max_wait_minutes", wait, "no such key, because training.spot is false")


RULES: Final[tuple[tuple[Rule, tuple[str, ...]], ...]] = (
    (primary_metric_is_declared, ("evaluation.metrics", "evaluation.primary_metric")),
    (gates_are_on_declared_metrics, ("evaluation.metrics", "gates")),
    (rows_are_described_for_a_task, ("evaluation.", "gates")),
    (instances_are_in_order, ("serving.",)),
    (spot_has_its_wait, ("training.",)),
    *((rule, ("serving.",)) for rule in SERVING_RULES),
)
"""Each with the keys that it reads, which must be right by themselves; after a point also all below."""


def can_be_asked(needs: Iterable[str], wrong: Collection[str]) -> bool:
    """
    Whether a rule's keys are right by themselves, so that what it says is no echo of another problem.

    >>> can_be_asked(["evaluation.metrics", "gates"], ["training.spot", "gates[0]", "evaluation.margin"])
    True
    >>> can_be_asked(["evaluation.metrics"], ["evaluation"]), can_be_asked(["serving."], ["serving.kind"])
    (False, False)
    """
    return not any(
        key in ("", need, need.removesuffix("."))
        or need.startswith(f"{key}.")
        or (need.endswith(".") and key.startswith(need))
        for need in needs
        for key in wrong
    )
