"""A directory that looks to a model's programs as ``/opt`` does in its image."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from workbench.images.build import copy_runtime
from workbench.images.packages import packages
from workbench.local.runner.launch import sm_variables

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from workbench.images.model_directory import ModelDirectory

SYSTEM_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended."""

    exit_code: int
    seconds: float
    output: str
    """What it printed, both streams."""


class Sandbox:
    """
    ``<model>/.slipway/trial``: ``ml`` stands for ``/opt/ml``, ``opt`` for the rest of ``/opt``.

    Programs run as plain processes with the model's locked packages and find ``ml`` by ``SAGEMAKER_BASE_DIR``
    (the training toolkit's variable) and ``SM_*``; what it held before is gone.
    """

    def __init__(self, model: ModelDirectory) -> None:
        self._model = model
        self.root = (model.path / ".slipway" / "trial").absolute()
        if self.root.exists():
            shutil.rmtree(self.root)
        self.ml, opt = self.root / "ml", self.root / "opt"
        for folder in ("input/config", "input/data", "model", "output/data", "checkpoints"):
            (self.ml / folder).mkdir(parents=True)
        for folder in ("model", "data", "evaluation"):
            (self.ml / "processing" / folder).mkdir(parents=True)
        self._runtime = opt / "slipway"
        copy_runtime(self._runtime, model.manifest.canonical())
        python = opt / "python" / "bin"
        python.mkdir(parents=True)
        # Not the environment that runs this command: what a model needs stands in its requirements.
        (python / "python3").symlink_to(Path(sys.executable).resolve())
        self._path = f"{python}:{SYSTEM_PATH}"
        installed = packages(model.requirements)
        if installed is not None:
            (opt / "packages").symlink_to(installed.directory)

    def configure(self, channels: Mapping[str, Path], hyperparameters: Mapping[str, str]) -> None:
        """Write what a training job reads from ``/opt/ml/input``."""
        config = self.ml / "input" / "config"
        described = {
            channel: {
                "TrainingInputMode": "File",
                "S3DistributionType": "FullyReplicated",
                "RecordWrapperType": "None",
            }
            for channel in channels
        }
        resources = {"current_host": "algo-1", "hosts": ["algo-1"], "network_interface_name": "lo"}
        _write(config / "hyperparameters.json", dict(hyperparameters))
        _write(config / "inputdataconfig.json", described)
        _write(config / "resourceconfig.json", resources)
        for channel, path in channels.items():
            _link(self.ml / "input" / "data" / channel, path)

    def hand_over(self, channels: Mapping[str, Path]) -> None:
        """Give evaluation what training made, as ``model.tar.gz``, and its own channels."""
        with tarfile.open(
            self.ml / "processing" / "model" / "model.tar.gz", "w:gz", compresslevel=1
        ) as archive:
            archive.add(self.ml / "model", ".")
        for channel, path in channels.items():
            _link(self.ml / "processing" / "data" / channel, path)

    def run(self, verb: str, heard: Callable[[str], None]) -> Ended:
        """Run ``train`` or ``evaluate`` through the image's own entry point; ``heard`` gets each line."""
        start = time.perf_counter()
        child = subprocess.Popen(
            [str(self._runtime / "bin" / "entry"), verb],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=self._variables(),
            cwd=self._model.path,
            text=True,
            errors="replace",
        )
        lines: list[str] = []

        def read(stream: IO[str]) -> None:
            for line in stream:
                lines.append(line)
                heard(line.rstrip("\n"))

        assert child.stdout is not None  # noqa: S101 - they are pipes, as asked for
        assert child.stderr is not None  # noqa: S101 - likewise
        beside = threading.Thread(target=read, args=(child.stderr,), daemon=True)
        beside.start()
        try:
            read(child.stdout)
            code = child.wait()
        except BaseException:
            child.terminate()
            child.wait()
            raise
        beside.join(timeout=5)
        return Ended(code, time.perf_counter() - start, "".join(lines))

    def failure(self, verb: str) -> str:
        """Why a program failed, in its own words or the runtime's; empty: it did not say."""
        file = self.ml / "output" / ("failure" if verb == "train" else "message")
        return file.read_text(encoding="utf-8", errors="replace").strip() if file.is_file() else ""

    def _variables(self) -> dict[str, str]:
        kept = {name: text for name, text in os.environ.items() if name in {"HOME", "LANG", "TMPDIR", "USER"}}
        return kept | sm_variables(self.ml) | {
            "PATH": self._path,
            "PYTHONUNBUFFERED": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONNOUSERSITE": "1",
            "SLIPWAY_PROGRAM": str(self._model.path.absolute()),
            "TRAINING_JOB_NAME": "local-trial",
        }  # fmt: skip


def final_metrics(output: str, definitions: Mapping[str, str]) -> dict[str, float]:
    """The last value of each metric that SageMaker would find in what ``train`` printed."""
    found = {}
    for name, expression in definitions.items():
        values = re.findall(expression, output)
        try:
            if values:
                found[name] = float(values[-1])
        except ValueError:
            continue
    return found


def _write(file: Path, document: Any) -> None:
    file.write_text(json.dumps(document), encoding="utf-8")


def _link(place: Path, target: Path) -> None:
    """A channel is a directory; a single file is put into one."""
    if target.is_dir():
        place.symlink_to(target, target_is_directory=True)
    else:
        place.mkdir()
        (place / target.name).symlink_to(target)
