"""The paths and names that a model image's programs see; SageMaker fixes the first, Slipway the rest."""

from __future__ import annotations

from typing import Final

ML: Final = "/opt/ml"
INPUT_CONFIG: Final = "/opt/ml/input/config"
INPUT_DATA: Final = "/opt/ml/input/data"
MODEL: Final = "/opt/ml/model"
OUTPUT: Final = "/opt/ml/output"
FAILURE: Final = "/opt/ml/output/failure"
CHECKPOINTS: Final = "/opt/ml/checkpoints"

PROCESSING: Final = "/opt/ml/processing"
EVALUATION_MODEL: Final = "/opt/ml/processing/model"
"""Holds ``model.tar.gz``; ``evaluate`` unpacks it itself."""
EVALUATION_DATA: Final = "/opt/ml/processing/data"
"""``<EVALUATION_DATA>/<channel>/`` holds each evaluation channel's files."""
EVALUATION_OUTPUT: Final = "/opt/ml/processing/evaluation"
"""``evaluate`` writes ``evaluation.json``, ``predictions.csv`` and ``plots/*.svg`` here."""

ENTRY: Final = "/opt/slipway/bin/entry"
"""The entry point that the image builder sets: it runs the manifest's programs."""

SERVING_FILE: Final = "serving.json"
"""Beside the report: how fast the model's own server answered, as the entry point measured it."""
REPORT_FILE: Final = "evaluation.json"
PREDICTIONS_FILE: Final = "predictions.csv"

PROGRAM: Final = "/opt/program"
"""The model's own code inside the image."""
PACKAGES: Final = "/opt/packages"
"""The model's locked dependencies inside an image that was built without Docker."""

IDENTITY: Final = "SLIPWAY_IDENTITY"
"""Environment variable of a serving container: JSON of ``contracts.promotion.Identity``."""
IDENTITY_HEADER: Final = "X-Amzn-SageMaker-Custom-Attributes"
"""The one response header of a container that InvokeEndpoint hands on (as ``CustomAttributes``)."""

MODEL_NAME: Final = "SLIPWAY_MODEL_NAME"
"""Environment variable of a serving container: SageMaker's model name, the dimension of its own metrics."""

PREDICTION_SECONDS: Final = "SLIPWAY_PREDICTION_SECONDS"
"""Environment variable: seconds between two lines of what is predicted, at most 10, which it is without."""
