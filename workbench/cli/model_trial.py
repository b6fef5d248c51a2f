"""How ``slipway model train`` shows what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.cli.frame import table

if TYPE_CHECKING:
    from rich.console import Console

    from slipway.domain.manifest import Manifest
    from workbench.models.trial import Trial


def render_trial(console: Console, manifest: Manifest, trial: Trial) -> None:
    """Metrics beside their gates, then where everything lies."""
    from slipway.domain.measurement import number

    declared = manifest.evaluation.metrics
    gates = {outcome["gate"]: outcome["passed"] for outcome in trial.gates}
    rows = []
    for name, value in trial.metrics.items():
        of_it = [gate for gate in gates if gate.split(" ")[0] == name]
        verdicts = [
            f"{gate.removeprefix(name).strip()} {'passed' if gates[gate] else 'FAILED'}" for gate in of_it
        ]
        unit = declared[name].unit if name in declared else ""
        star = " *" if name == manifest.evaluation.primary_metric else ""
        rows.append((f"{name}{star}", number(value), unit, ", ".join(verdicts)))
    shown = {gate for gate in gates if gate.split(" ")[0] in trial.metrics}
    rows += [(gate, "", "", "passed" if gates[gate] else "FAILED") for gate in gates if gate not in shown]
    if rows:
        console.print(table(("metric", "value", "unit", "gate"), rows))
        console.print(f"* decides against the champion; {trial.rows:,} rows evaluated")
    for name, value in trial.training_metrics.items():
        console.print(f"{name} {number(value)}")
    console.print(
        f"train {trial.training_seconds:.1f} s, evaluate {trial.evaluation_seconds:.1f} s; "
        f"model, report and plots: {trial.directory}"
    )
