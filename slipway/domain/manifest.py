"""The model manifest: what ``slipway.toml`` says and the image's label ``io.slipway.manifest`` carries."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from slipway.contracts.names import MANIFEST_LABEL
from slipway.domain.data_sets import DataSetReference
from slipway.domain.manifest_problems import UNREADABLE, InvalidManifestError, ManifestProblem, said
from slipway.domain.manifest_rules import RULES, can_be_asked
from slipway.domain.manifest_schema import MANIFEST, MAX_LABEL_BYTES, json_schema
from slipway.domain.serving import Sample, Serving

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "Approval",
    "Evaluation",
    "InvalidManifestError",
    "Manifest",
    "ManifestProblem",
    "Metric",
    "Model",
    "Programs",
    "Sample",
    "Serving",
    "Training",
    "json_schema",
]


@dataclass(frozen=True, slots=True)
class Model:
    """What the model is called."""

    project: str
    name: str
    description: str


@dataclass(frozen=True, slots=True)
class Programs:
    """Command lines inside the image."""

    train: tuple[str, ...]
    evaluate: tuple[str, ...]
    serve: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Training:
    """The training job."""

    instance_type: str
    instance_count: int
    volume_gb: int
    max_runtime_minutes: int
    spot: bool
    max_wait_minutes: int | None
    """There exactly when ``spot`` is."""
    checkpoints: bool
    channels: Mapping[str, DataSetReference]
    hyperparameters: Mapping[str, str]
    metrics: Mapping[str, str]
    """Name to the regular expression that finds the value in what ``train`` prints."""
    cache: bool


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric that ``evaluate`` reports."""

    direction: Literal["minimize", "maximize"]
    unit: str


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The evaluation job, and what it measures."""

    instance_type: str
    volume_gb: int
    max_runtime_minutes: int
    primary_metric: str
    margin: float
    channels: Mapping[str, DataSetReference]
    metrics: Mapping[str, Metric]
    cache: bool
    serving_requests: int
    task: Literal["regression", "binary", "multiclass", "ranking"] | None
    """None: nothing is computed from rows."""
    threshold: float | None
    k: int | None
    quantile: float | None
    slices: tuple[str, ...] | None
    """None: every column of the predictions without a meaning."""
    min_slice_rows: int
    stratify_by: str | None
    block_by: str | None
    weight: str | None
    confidence: float
    resamples: int
    undecided: Literal["ask", "reject"]


@dataclass(frozen=True, slots=True)
class Approval:
    """Who must approve."""

    persons: int = 1


@dataclass(frozen=True, slots=True)
class Manifest:
    """A whole, valid manifest; made by ``from_toml``, ``from_label`` or ``from_document``."""

    model: Model
    programs: Programs
    training: Training
    evaluation: Evaluation
    gates: tuple[str, ...]
    """In the language of ``slipway.domain.judging.gate_language``."""
    serving: Serving
    approval: Approval | None = None
    """None: as the environment has it; manifests without it keep their canonical text."""

    @classmethod
    def from_toml(cls, text: str, file: str) -> Manifest:
        """
        Read ``slipway.toml``; ``file`` is its name in messages.

        Raises:
            InvalidManifestError: With every problem at once.
        """
        import tomllib  # noqa: PLC0415 - only a workstation reads TOML; functions read the label

        try:
            document = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise InvalidManifestError(
                [ManifestProblem(file, "", UNREADABLE, f"TOML: {str(error)[:1].lower()}{str(error)[1:]}")]
            ) from error
        return cls.from_document(document, file)

    @classmethod
    def from_label(cls, json_text: str) -> Manifest:
        """
        Read the image's label.

        Raises:
            InvalidManifestError: With every problem at once.
        """
        file = f"label {MANIFEST_LABEL}"
        try:
            document = json.loads(json_text)
        except ValueError as error:
            raise InvalidManifestError([ManifestProblem(file, "", UNREADABLE, f"JSON: {error}")]) from error
        return cls.from_document(document, file)

    @classmethod
    def from_document(cls, document: Any, file: str = "manifest") -> Manifest:
        """
        Check and read a manifest that has been parsed; defaults are filled in.

        Raises:
            InvalidManifestError: With every problem at once.
        """
        problems: list[ManifestProblem] = []

        def report(key: str, value: Any, expected: str) -> None:
            problems.append(ManifestProblem(file, key, value, expected))

        checked = MANIFEST.check("", document, report)
        wrong = {problem.key for problem in problems}
        for rule, needs in RULES:
            if can_be_asked(needs, wrong):
                rule(checked, report)
        if not problems:
            size = len(_canonical(checked).encode())
            if size > MAX_LABEL_BYTES:
                report("", said(f"{size} bytes long as a label"), f"at most {MAX_LABEL_BYTES}")
        if problems:
            raise InvalidManifestError(problems)
        return _read(checked)

    def document(self) -> dict[str, Any]:
        """As JSON values with every default filled in; ``from_document`` reads it back."""
        training, evaluation = self.training, self.evaluation
        return {
            "model": _plain(self.model),
            "programs": {name: list(words) for name, words in _plain(self.programs).items()},
            "training": _plain(training) | {"channels": _references(training.channels)},
            "evaluation": _plain(evaluation)
            | {
                "channels": _references(evaluation.channels),
                "metrics": {name: _plain(metric) for name, metric in evaluation.metrics.items()},
                **({} if evaluation.slices is None else {"slices": list(evaluation.slices)}),
            },
            "gates": list(self.gates),
            "serving": self.serving.document(),
            **({"approval": _plain(self.approval)} if self.approval is not None else {}),
        }

    def spelled_out(self) -> dict[str, Any]:
        """As ``document``, also with the defaults that stay out of it."""
        return self.document() | {"serving": self.serving.spelled_out()}

    def canonical(self) -> str:
        """The label's text: JSON with sorted keys and without spaces; equal manifests give equal text."""
        return _canonical(self.document())


def _canonical(document: Any) -> str:
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _plain(value: Any) -> dict[str, Any]:
    """One level of a dataclass; a key that is None stays away."""
    plain = {name: getattr(value, name) for name in value.__slots__}
    return {
        name: dict(item) if isinstance(item, dict) else item
        for name, item in plain.items()
        if item is not None
    }


def _references(channels: Mapping[str, DataSetReference]) -> dict[str, str]:
    return {channel: str(reference) for channel, reference in channels.items()}


def _channels(channels: Mapping[str, str]) -> dict[str, DataSetReference]:
    return {channel: DataSetReference.parse(reference) for channel, reference in channels.items()}


_NOT_GIVEN: Final = dict.fromkeys(
    ("task", "threshold", "k", "quantile", "slices", "stratify_by", "block_by", "weight")
)


def _read(checked: Mapping[str, Any]) -> Manifest:
    training, evaluation = checked["training"], checked["evaluation"]
    return Manifest(
        model=Model(**checked["model"]),
        programs=Programs(**{name: tuple(words) for name, words in checked["programs"].items()}),
        training=Training(
            **{"max_wait_minutes": None} | training | {"channels": _channels(training["channels"])}
        ),
        evaluation=Evaluation(
            **_NOT_GIVEN
            | evaluation
            | {
                "channels": _channels(evaluation["channels"]),
                "metrics": {name: Metric(**metric) for name, metric in evaluation["metrics"].items()},
                "slices": tuple(evaluation["slices"]) if "slices" in evaluation else None,
            }
        ),
        gates=tuple(checked["gates"]),
        serving=Serving.of(checked["serving"]),
        approval=Approval(**checked["approval"]) if "approval" in checked else None,
    )
