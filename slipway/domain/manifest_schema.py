"""
The one description of ``slipway.toml``: validation and the editors' JSON Schema both come from it.

Limits that SageMaker sets carry its name; they are those of CreateTrainingJob,
CreateProcessingJob and CreateEndpointConfig.
"""

from __future__ import annotations

import re
from typing import Any, Final

from slipway.contracts import names
from slipway.domain.data_sets import DataSetReference, InvalidDataSetReferenceError
from slipway.domain.judging.gate_language import GateSyntaxError, parse_gate
from slipway.domain.manifest_kinds import (
    ABSENT,
    Choice,
    Flag,
    Key,
    ListOf,
    MapOf,
    Number,
    Scalar,
    Table,
    Text,
    Whole,
)
from slipway.domain.manifest_serving import INSTANCE, SERVING

MAX_HYPERPARAMETERS: Final = 100  # SageMaker
MAX_METRIC_DEFINITIONS: Final = 40  # SageMaker
MAX_TRAINING_CHANNELS: Final = 20  # SageMaker
MAX_EVALUATION_CHANNELS: Final = 9  # SageMaker allows 10 inputs of a processing job; the model itself is one
MAX_TRAINING_MINUTES: Final = 28 * 24 * 60  # SageMaker
MAX_EVALUATION_MINUTES: Final = 9 * 24 * 60  # SageMaker
MAX_LABEL_BYTES: Final = 32 * 1024
"""Of the canonical manifest: it travels in every document of a release, at most 256 KiB each."""


def _is_reference(text: str) -> bool:
    try:
        DataSetReference.parse(text)
    except InvalidDataSetReferenceError:
        return False
    return True


def _has_one_group(text: str) -> bool:
    try:
        return re.compile(text).groups == 1
    except re.error:
        return False


def _is_gate(text: str) -> bool:
    try:
        parse_gate(text)
    except GateSyntaxError:
        return False
    return True


def _slug(longest: int) -> Text:
    return Text(
        f"2 to {longest} of a-z, 0-9 and '-', beginning with a letter, not ending with '-'",
        rf"[a-z][a-z0-9-]{{0,{longest - 2}}}[a-z0-9]",
        longest,
    )


_LINE: Final = Text("one line of at most 500 characters", r"[^\r\n]*", 500)
_METRIC: Final = Text(
    "a metric's name: 1 to 64 of letters, digits and '_.:/-', beginning with a letter or digit",
    r"[A-Za-z0-9][A-Za-z0-9_.:/-]*",
    64,
)
_COLUMN: Final = Text("a column of 1 to 100 characters without '\"'", r'[^"\r\n]+', 100)
_CHANNELS: Final = {
    "names": Text(
        "a channel's name: 1 to 64 of letters, digits and '._-', but no '.' and no '..'",
        r"(?!\.{1,2}$)[A-Za-z0-9._-]+",
        64,
    ),
    "value": Text(
        "a data set with a version or a range, such as 'hotel-rates:1.2.0' or 'hotel-rates:1.x'",
        r"[^:\s]+:.+",
        200,
        _is_reference,
    ),
    "min": 1,
}


def _program(name: str) -> Key:
    return Key(
        ListOf(Text("a word of 1 to 256 characters", r"[^\x00]+", 256), 1, 100),
        f"Command line of `{name}` inside the image, found on its PATH.",
        [name],
    )


_MODEL: Final = Table(
    {
        "project": Key(_slug(names.MAX_PROJECT), "The project that the model and its data belong to."),
        "name": Key(_slug(names.MAX_MODEL), "The model's name, unique in its project."),
        "description": Key(_LINE, "What the model predicts, in one line.", ""),
    }
)
_PROGRAMS: Final = Table(
    {
        "train": _program("train"),
        "evaluate": _program("evaluate"),
        "serve": Key(
            ListOf(Choice(("serve",)), 1, 1), "SageMaker always starts an endpoint with `serve`.", ["serve"]
        ),
    }
)
_TRAINING: Final = Table(
    {
        "instance_type": Key(INSTANCE, "Instance type of the training job."),
        "instance_count": Key(Whole(1, 20), "How many instances train together.", 1),
        "volume_gb": Key(Whole(1, 16384), "Size of each instance's disk, in GB.", 30),
        "max_runtime_minutes": Key(Whole(1, MAX_TRAINING_MINUTES), "The job is stopped after it."),
        "spot": Key(Flag(), "Train on spot capacity; needs max_wait_minutes.", default=False),
        "max_wait_minutes": Key(
            Whole(1, MAX_TRAINING_MINUTES),
            "With spot: the longest wait for capacity and training together.",
            ABSENT,
        ),
        "checkpoints": Key(
            Flag(), "Keep /opt/ml/checkpoints in S3, so that a spot job goes on.", default=False
        ),
        "channels": Key(
            MapOf(max=MAX_TRAINING_CHANNELS, **_CHANNELS),  # type: ignore[arg-type]  # one dict, two uses
            "Channel to data set version or range; the files lie in /opt/ml/input/data/<channel>.",
        ),
        "hyperparameters": Key(
            MapOf(
                Text("a name of 1 to 256 characters", r"[\s\S]+", 256), Scalar(2500), 0, MAX_HYPERPARAMETERS
            ),
            "What `train` reads from /opt/ml/input/config/hyperparameters.json, as strings.",
            {},
        ),
        "metrics": Key(
            MapOf(
                Text("a metric's name of 1 to 255 characters", r"[\s\S]+", 255),
                Text(
                    "a regular expression of at most 500 characters with exactly one group",
                    r"[\s\S]+",
                    500,
                    _has_one_group,
                ),
                0,
                MAX_METRIC_DEFINITIONS,
            ),
            "Metric to the regular expression that finds it in what `train` prints; its group is the value.",
            {},
        ),
        "cache": Key(
            Flag(), "Take the model of an identical training instead of training again.", default=True
        ),
    }
)
_EVALUATION: Final = Table(
    {
        "instance_type": Key(INSTANCE, "Instance type of the evaluation job."),
        "volume_gb": Key(Whole(1, 16384), "Size of its disk, in GB.", 30),
        "max_runtime_minutes": Key(Whole(1, MAX_EVALUATION_MINUTES), "The job is stopped after it."),
        "primary_metric": Key(_METRIC, "The metric by which a new model is compared with the champion."),
        "margin": Key(
            Number(min=0), "How much worse than the champion is still not worse, in the metric's unit.", 0.0
        ),
        "channels": Key(
            MapOf(max=MAX_EVALUATION_CHANNELS, **_CHANNELS),  # type: ignore[arg-type]  # one dict, two uses
            "Channel to data set version or range; the files lie in /opt/ml/processing/data/<channel>.",
        ),
        "metrics": Key(
            MapOf(
                _METRIC,
                Table(
                    {
                        "direction": Key(Choice(("minimize", "maximize")), "Which way is better."),
                        "unit": Key(_LINE, "The metric's unit, such as 'EUR'; empty: none.", ""),
                    }
                ),
                1,
                40,
            ),
            "Every metric that `evaluate` reports and the platform may use.",
        ),
        "cache": Key(Flag(), "Take the report of an identical evaluation instead of another.", default=True),
        "serving_requests": Key(
            Whole(0, 10_000),
            "How often the serving sample is sent to the model's own server after `evaluate`, to measure "
            "latency and the cost of predictions; 0: not at all.",
            200,
        ),
        "task": Key(
            Choice(("regression", "binary", "multiclass", "ranking")),
            "What predictions.csv holds: the platform computes the metrics from its rows and compares both "
            "sides row by row; leave out: reported metrics are believed.",
            ABSENT,
        ),
        "threshold": Key(
            Number(min=0, max=1),
            "Binary: from which score on f1, precision, recall and accuracy count a row as 1; "
            "leave out: 0.5.",
            ABSENT,
        ),
        "k": Key(Whole(1, 999_999), "Ranking: how many of a group ndcg looks at; leave out: all.", ABSENT),
        "quantile": Key(
            Number(min=0.001, max=0.999), "Regression: the quantile that pinball is the loss of.", ABSENT
        ),
        "slices": Key(
            ListOf(_COLUMN, 0, 20),
            "Slice columns of predictions.csv to compare; leave out: every column without a meaning.",
            ABSENT,
        ),
        "min_slice_rows": Key(
            Whole(20, 1_000_000_000), "Slices with fewer rows are named and not judged.", 100
        ),
        "stratify_by": Key(
            _COLUMN, "Column whose values keep their number of rows in every resample.", ABSENT
        ),
        "block_by": Key(
            _COLUMN, "Column whose rows are drawn together, such as a day or a customer.", ABSENT
        ),
        "weight": Key(_COLUMN, "Column that says how much a row counts; leave out: `weight`.", ABSENT),
        "confidence": Key(Number(min=0.8, max=0.999), "Of the intervals and of the verdict.", 0.95),
        "resamples": Key(Whole(200, 10_000), "How often the rows are drawn for it.", 2000),
        "undecided": Key(
            Choice(("ask", "reject")),
            "What becomes of a challenger that the rows show neither better, equivalent nor worse.",
            "ask",
        ),
    }
)
_GATE: Final = Text(
    "a gate in one line, such as 'mae <= 25 EUR', 'mae <= champion + margin' or 'every slice of country: "
    "auc >= 0.7' (docs/verdict.md has its grammar; tables with metric, comparison and threshold are read no "
    "more)",
    r"[^\r\n]+",
    300,
    _is_gate,
)
_APPROVAL: Final = Table(
    {
        "persons": Key(
            Whole(1, 2), "How many different people must approve; the environment may ask for more.", 1
        ),
    }
)

MANIFEST: Final = Table(
    {
        "model": Key(_MODEL, "What the model is called."),
        "programs": Key(_PROGRAMS, "The image's programs.", {}),
        "training": Key(_TRAINING, "The training job."),
        "evaluation": Key(_EVALUATION, "The evaluation job, and what it measures."),
        "gates": Key(ListOf(_GATE, 0, 40), "What the metrics must meet before anybody is asked.", []),
        "serving": Key(SERVING, "The endpoint."),
        "approval": Key(_APPROVAL, "Who must approve.", ABSENT),
    }
)


def json_schema() -> dict[str, Any]:
    """The JSON Schema of ``slipway.toml``, for editors (``#:schema`` of Even Better TOML, or SchemaStore)."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:slipway:manifest",
        "title": "Slipway model manifest (slipway.toml)",
        **MANIFEST.schema(),
    }
