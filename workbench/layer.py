"""
The functions' dependency layers: ``build/<layer>/python`` from its lock file, built by uv, without Docker.

``layer`` is every function's; ``arrays`` goes to those that judge rows. ``python -m workbench.layer`` does
nothing where both are up to date.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from slipway.domain.errors import SlipwayError

LAYERS: Final = ("layer", "arrays")
"""By the name of the lock file in ``requirements/``."""
PYTHON_VERSION: Final = "3.13"
PLATFORM: Final = "aarch64-manylinux_2_28"
SERVICES: Final = (
    "application-autoscaling",
    "cloudwatch",
    "dynamodb",
    "ecr",
    "events",
    "kms",
    "lambda",
    "logs",
    "s3",
    "sagemaker",
    "sagemaker-runtime",
    "secretsmanager",
    "sns",
    "sqs",
    "ssm",
    "stepfunctions",
    "sts",
)
"""What the functions may call: botocore's descriptions of all other services (28 MB) are left out."""
UNUSED: Final = (
    "*.dist-info/RECORD",
    "*.dist-info/INSTALLER",
    "*.dist-info/REQUESTED",
    "*.dist-info/direct_url.json",
    "numpy/**/*.pyi",
)
UNUSED_DIRECTORIES: Final = (
    "bin",
    "boto3/examples",
    "numpy/_core/include",
    "numpy/_core/lib",
    "numpy/f2py",
    "numpy/random/lib",
    "**/tests",
    "**/__pycache__",
)
RECIPE: Final = 3
"""Raised when this file changes what it makes from the same lock file."""


class LayerError(SlipwayError):
    """uv could not build the layer."""

    def __init__(self, requirements: Path, output: str) -> None:
        super().__init__(
            f"the layer can't be built from {requirements}:\n{output.strip()}\n"
            "if a hash differs, lock again with `make lock`; "
            "if nothing can be downloaded, check the package index"
        )
        self.requirements, self.output = requirements, output


def build_layers(root: Path, build: Path | None = None) -> bool:
    """
    Make every layer that is not up to date; whether any was built now.

    Raises:
        LayerError: A requirement can't be had for the platform, or its hash differs.
    """
    built = [build_layer(root, build, name)[1] for name in LAYERS]
    return any(built)


def build_layer(root: Path, build: Path | None = None, name: str = LAYERS[0]) -> tuple[Path, bool]:
    """
    Make one layer unless it is up to date; its directory, and whether it was built now.

    Raises:
        LayerError: A requirement can't be had for the platform, or its hash differs.
    """
    requirements, build = root / "requirements" / f"{name}.txt", build or root / "build"
    layer, stamp = build / name, build / f"{name}.stamp"
    wanted = recipe_of(requirements)
    if layer.is_dir() and stamp.exists() and stamp.read_text() == wanted:
        return layer, False
    unfinished = build / f"{name}.{os.getpid()}"
    shutil.rmtree(unfinished, ignore_errors=True)
    install(requirements, unfinished / "python")
    trim(unfinished / "python")
    if (compiler := find_python()) is not None:
        compile_all(compiler, unfinished / "python")
    stamp.unlink(missing_ok=True)
    shutil.rmtree(layer, ignore_errors=True)
    unfinished.rename(layer)
    stamp.write_text(wanted)
    return layer, True


def find_python() -> str | None:
    """An interpreter of the functions' version, for bytecode: on PATH, or where pyenv and uv keep theirs."""
    name = f"python{PYTHON_VERSION}"
    folders = [Path(folder) for folder in os.get_exec_path()]
    for pattern in (
        f".pyenv/versions/{PYTHON_VERSION}.*/bin",
        f".local/share/uv/python/cpython-{PYTHON_VERSION}*/bin",
    ):
        folders += sorted(Path.home().glob(pattern))
    for folder in folders:
        # a folder of PATH may be closed to us; os.access says no where Path.exists raises
        if not os.access(folder / name, os.X_OK):
            continue
        # A shim may stand on PATH for a version that isn't the chosen one: ask it.
        told = subprocess.run(
            [folder / name, "-c", "import sys; print(sys.implementation.cache_tag)"],
            capture_output=True,
            text=True,
            check=False,
        )
        if told.stdout.strip() == f"cpython-{PYTHON_VERSION.replace('.', '')}":
            return str(folder / name)
    return None


def recipe_of(requirements: Path) -> str:
    """A digest of everything that makes the layer what it is."""
    parts = (requirements.read_text(), *SERVICES, PLATFORM, PYTHON_VERSION, str(RECIPE))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def install(requirements: Path, target: Path) -> None:
    """Let uv put the locked wheels of the Lambda's platform into ``target``."""
    from uv import find_uv_bin  # noqa: PLC0415 - only where the layer is built

    done = subprocess.run(
        [
            *(find_uv_bin(), "pip", "install", "--quiet", "--no-deps", "--require-hashes"),
            *("--only-binary", ":all:", "--python-platform", PLATFORM, "--python-version", PYTHON_VERSION),
            *("--link-mode", "copy", "--target", str(target), "-r", str(requirements)),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise LayerError(requirements, done.stderr)


def trim(target: Path) -> None:
    """Leave out what no function reads."""
    for package in ("botocore", "boto3"):
        for directory in (target / package / "data").glob("*/"):
            if directory.name not in SERVICES:
                shutil.rmtree(directory)
    for pattern in UNUSED_DIRECTORIES:
        for directory in list(target.glob(pattern)):
            shutil.rmtree(directory, ignore_errors=True)
    for pattern in (*UNUSED, ".lock"):
        for file in target.glob(pattern):
            file.unlink()


def compile_all(python: str, target: Path) -> None:
    """Ship bytecode: a cold start then compiles nothing. It is not checked against the source's date."""
    subprocess.run(
        [
            python,
            "-m",
            "compileall",
            "-q",
            "--invalidation-mode",
            "unchecked-hash",
            "-s",
            str(target),
            str(target),
        ],
        check=True,
    )


def main() -> None:
    """Build the layers of this repository."""
    for name in LAYERS:
        try:
            layer, built = build_layer(Path.cwd(), name=name)
        except LayerError as error:
            sys.exit(str(error))
        size = sum(file.stat().st_size for file in layer.rglob("*") if file.is_file())
        print(f"{layer}: {'built' if built else 'up to date'}, {size / 1e6:.1f} MB")  # noqa: T201 - a command


if __name__ == "__main__":
    main()
