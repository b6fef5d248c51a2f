"""Where SageMaker puts a program's input and looks for its output: in a container, or below a directory."""

from __future__ import annotations

import os
import tarfile
from pathlib import Path

BASE_VARIABLE = "SAGEMAKER_BASE_DIR"
DEFAULT_BASE = "/opt/ml"


class MissingChannelError(FileNotFoundError):
    """A channel that the program reads was not handed to the job."""

    def __init__(self, channel: str, folder: Path, present: list[str]) -> None:
        """Keep what is missing and what is there."""
        super().__init__(
            f"channel {channel!r} is not at {folder}; channels of this job: {', '.join(present) or 'none'}. "
            "Declare it in slipway.toml"
        )
        self.channel, self.folder, self.present = channel, folder, present


def base() -> Path:
    """The directory that stands for ``/opt/ml``: ``$SAGEMAKER_BASE_DIR`` if that is set."""
    return Path(os.environ.get(BASE_VARIABLE) or DEFAULT_BASE)


def model() -> Path:
    """Where ``train`` writes the model, and where ``serve`` finds it unpacked."""
    return base() / "model"


def output() -> Path:
    """Where a job writes what else it made."""
    return base() / "output"


def failure() -> Path:
    """Where ``train`` says why it failed; SageMaker shows the first 1,024 characters."""
    return output() / "failure"


def checkpoints() -> Path:
    """Where ``train`` keeps what a spot interruption must not lose."""
    return base() / "checkpoints"


def hyperparameters_file() -> Path:
    """The job's hyperparameters, all of them strings."""
    return base() / "input" / "config" / "hyperparameters.json"


def training_channel(channel: str) -> Path:
    """The folder with a training channel's files; raises MissingChannelError."""
    return _channel(base() / "input" / "data", channel)


def evaluation_channel(channel: str) -> Path:
    """The folder with an evaluation channel's files; raises MissingChannelError."""
    return _channel(base() / "processing" / "data", channel)


def evaluation_output() -> Path:
    """Where ``evaluate`` writes its report, its predictions and its plots."""
    return base() / "processing" / "evaluation"


def evaluation_model(target: Path) -> Path:
    """Unpack the model that is to be evaluated into ``target``, which it gives back."""
    with tarfile.open(base() / "processing" / "model" / "model.tar.gz") as archive:
        if hasattr(tarfile, "data_filter"):  # newer Pythons refuse paths that lead outside
            archive.extractall(target, filter="data")
        else:
            archive.extractall(target)  # noqa: S202 - our own job's artifact, on a Python without filters
    return target


def _channel(parent: Path, channel: str) -> Path:
    folder = parent / channel
    if not folder.is_dir():
        present = sorted(entry.name for entry in parent.iterdir()) if parent.is_dir() else []
        raise MissingChannelError(channel, folder, present)
    return folder
