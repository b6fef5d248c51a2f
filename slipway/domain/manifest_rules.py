"""Rules of a manifest that concern more than one key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Report = Callable[[str, Any, str], None]
    Rule = Callable[[Mapping[str, Any], Report], None]


def _declared(metric: str, declared: Mapping[str, Any]) -> str:
    import difflib  # noqa: PLC0415 - only for a mistake

    close = difflib.get_close_matches(metric, declared, n=1)
    hint = f" (did you mean {close[0]!r}?)" if close else ""
    return f"a metric of evaluation.metrics{hint}: {', '.join(declared)}"


def metrics_are_declared(manifest: Mapping[str, Any], report: Report) -> None:
    """The primary metric and every gate's metric are among evaluation.metrics."""
    declared = manifest["evaluation"]["metrics"]
    primary = manifest["evaluation"]["primary_metric"]
    if primary not in declared:
        report("evaluation.primary_metric", primary, _declared(primary, declared))
    for place, gate in enumerate(manifest["gates"]):
        if gate["metric"] not in declared:
            report(f"gates[{place}].metric", gate["metric"], _declared(gate["metric"], declared))


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


RULES: Final[tuple[Rule, ...]] = (metrics_are_declared, instances_are_in_order, spot_has_its_wait)
