"""Runs a model's ``train`` and ``evaluate`` on this machine, and checks what they made against its gates."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from slipway.contracts.container import PREDICTIONS_FILE, REPORT_FILE, SERVING_FILE
from slipway.domain.gate_facts import GateFacts
from slipway.domain.judging.gate_language import parse_gate
from slipway.domain.measurement import Measurement
from slipway.domain.rows_evidence import RowsEvidence
from slipway.domain.serving_measurement import ServingMeasurement
from slipway.domain.verdict import judge
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
    document = manifest.document()
    rows = _rows(document, report.with_name(PREDICTIONS_FILE))
    judgement = judge(document, measured, None, rows=rows, facts=_facts(document, report))
    gates = [outcome for outcome in judgement.outcomes if outcome["gate"] in _gates(document)]
    return replace(
        trial,
        problem="" if judgement.accepted else judgement.summary.removeprefix("not accepted: "),
        metrics=judgement.challenger,
        rows=rows.rows if rows and rows.rows else measured.rows,
        gates=tuple(gates),
    )


def _facts(document: Mapping[str, Any], report: Path) -> GateFacts:
    """Latency and cost as they are on this machine; there is no registry that could have scanned."""
    file = report.with_name(SERVING_FILE)
    serving = ServingMeasurement.read(file.read_text(encoding="utf-8") if file.is_file() else None)
    cost, why = serving.cost_per_1000_usd(document["serving"].get("instance_type", ""))
    return GateFacts(
        latency_ms=serving.latency_ms,
        cost_per_1000_usd=cost,
        lacks={
            "latency": serving.problem,
            "cost": why,
            "findings": "images are scanned by the registry, after the push",
        },
    )


def _gates(document: Mapping[str, Any]) -> set[str]:
    return {str(parse_gate(text)) for text in document["gates"]}


def _rows(document: Mapping[str, Any], predictions: Path) -> RowsEvidence | None:
    """What the predictions say, as the release would compute it; None without a task."""
    if "task" not in document["evaluation"]:
        return None
    if not predictions.is_file():
        return RowsEvidence(problem=f"evaluate wrote no {PREDICTIONS_FILE}")
    from slipway.domain.judging.release_rows import evidence_of_rows  # noqa: PLC0415 - loads numpy

    return evidence_of_rows(document["evaluation"], document["gates"], predictions.read_bytes(), None)


def _failed(verb: str, exit_code: int, sandbox: Sandbox) -> str:
    if exit_code == 0:
        return ""
    words = sandbox.failure(verb).rpartition("\n")[2].strip()  # what stands above it was printed already
    return f"{verb} failed: {words}" if words else f"{verb} ended with exit code {exit_code}"
