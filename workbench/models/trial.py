"""Runs a model's ``train`` and ``evaluate`` on this machine, and checks what they made against its gates."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from slipway.contracts.container import REPORT_FILE
from slipway.domain.gates import MetricGate
from slipway.domain.measurement import Measurement
from workbench.models.sandbox import Sandbox, final_metrics

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from slipway.contracts.release import GateOutcome
    from workbench.images.model_directory import ModelDirectory
    from workbench.models.channels import LocalChannels


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of it."""

    problem: str
    """Why it failed; empty: it did not."""
    training_seconds: float = 0.0
    evaluation_seconds: float = 0.0
    training_metrics: Mapping[str, float] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    rows: int = 0
    gates: tuple[GateOutcome, ...] = ()
    channels: Mapping[str, Path] = field(default_factory=dict)
    directory: Path | None = None
    """Holds the model, the report, predictions and plots."""

    @property
    def passed(self) -> bool:
        return not self.problem

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "passed": self.passed,
            "problem": self.problem,
            "training": {"seconds": round(self.training_seconds, 3), "metrics": dict(self.training_metrics)},
            "evaluation": {
                "seconds": round(self.evaluation_seconds, 3),
                "metrics": dict(self.metrics),
                "rows": self.rows,
            },
            "gates": list(self.gates),
            "channels": {channel: str(path) for channel, path in self.channels.items()},
            "directory": str(self.directory) if self.directory else None,
        }


def run_trial(
    model: ModelDirectory,
    channels: LocalChannels,
    settings: Mapping[str, str],
    progress: Callable[[str], None],
) -> Trial:
    """
    Train, evaluate, and compare the metrics with the manifest's gates.

    Args:
        model: The model's directory; what it makes goes to its ``.slipway/trial``.
        channels: Where data lies.
        settings: Hyperparameters that are to have other values than the manifest's.
        progress: Hears what the programs print.

    Raises:
        ChannelWithoutDataError: A channel's data is nowhere.
        PackagesError: The requirements cannot be installed.
    """
    manifest = model.manifest
    training = {name: channels.directory(name, of) for name, of in manifest.training.channels.items()}
    evaluation = {name: channels.directory(name, of) for name, of in manifest.evaluation.channels.items()}
    sandbox = Sandbox(model)
    sandbox.configure(training, {**manifest.training.hyperparameters, **settings})
    progress(f"train: {' '.join(manifest.programs.train)}")
    trained = sandbox.run("train", lambda line: progress(f"  {line}"))
    trial = Trial(
        problem=_failed("train", trained.exit_code, sandbox),
        training_seconds=trained.seconds,
        training_metrics=final_metrics(trained.output, manifest.training.metrics),
        channels=training | evaluation,
        directory=sandbox.ml,
    )
    if not trial.problem and not any((sandbox.ml / "model").iterdir()):
        trial = replace(trial, problem="train wrote no model into /opt/ml/model")
    if trial.problem:
        return trial
    sandbox.hand_over(evaluation)
    progress(f"evaluate: {' '.join(manifest.programs.evaluate)}")
    evaluated = sandbox.run("evaluate", lambda line: progress(f"  {line}"))
    trial = replace(trial, evaluation_seconds=evaluated.seconds)
    if problem := _failed("evaluate", evaluated.exit_code, sandbox):
        return replace(trial, problem=problem)
    report = sandbox.ml / "processing" / "evaluation" / REPORT_FILE
    text = report.read_text(encoding="utf-8") if report.is_file() else None
    measured = Measurement.read(text, REPORT_FILE)
    gates = tuple(
        MetricGate(gate.metric, gate.comparison, gate.threshold).check(measured) for gate in manifest.gates
    )
    return replace(
        trial,
        problem=_judged(measured, list(manifest.evaluation.metrics), gates),
        metrics=measured.metrics,
        rows=measured.rows,
        gates=gates,
    )


def _failed(verb: str, exit_code: int, sandbox: Sandbox) -> str:
    if exit_code == 0:
        return ""
    words = sandbox.failure(verb).rpartition("\n")[2].strip()  # what stands above it was printed already
    return f"{verb} failed: {words}" if words else f"{verb} ended with exit code {exit_code}"


def _judged(measured: Measurement, declared: list[str], gates: tuple[GateOutcome, ...]) -> str:
    if measured.problem:
        return measured.problem
    if lacking := measured.missing(declared):
        return "; ".join(measured.lack(name) for name in lacking)
    failed = [gate["reason"] for gate in gates if not gate["passed"]]
    return "; ".join(failed)
