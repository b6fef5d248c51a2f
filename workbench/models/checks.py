"""What ``slipway model check`` looks at, one result after another."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from slipway.domain.manifest import InvalidManifestError
from workbench.images.build import RUNTIME_SOURCE
from workbench.images.model_directory import ModelDirectory, NotAModelError
from workbench.images.packages import PackagesError, packages, uv

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SHOWN_LINES: Final = 30
"""Of a tool that failed, its last ones."""
_LOCKED: Final = re.compile(r"[A-Za-z0-9._-]+(?:\[[^]]*\])?\s*==\s*[^\s;\\]+.*|.+ @ \S+.*")
_NO_TESTS: Final = 5
"""pytest's exit code where it found none."""


@dataclass(frozen=True, slots=True)
class Result:
    """How one check came out."""

    name: str
    outcome: Literal["ok", "failed", "skipped"]
    summary: str
    detail: tuple[str, ...] = ()

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "name": self.name,
            "outcome": self.outcome,
            "summary": self.summary,
            "detail": list(self.detail),
        }


def run_checks(directory: Path) -> Iterator[Result]:
    """All checks; after a manifest that is not valid there is nothing to check further."""
    model = ModelDirectory(directory)
    manifest = check_manifest(model)
    yield manifest
    if manifest.outcome == "failed":
        return
    checks: tuple[Callable[[ModelDirectory], Result], ...] = (
        check_programs,
        check_requirements,
        check_lint,
        check_tests,
    )
    for check in checks:
        yield check(model)


def check_manifest(model: ModelDirectory) -> Result:
    """``slipway.toml`` is valid."""
    try:
        manifest = model.manifest
    except InvalidManifestError as error:
        lines = tuple(str(problem) for problem in error.problems)
        return Result("manifest", "failed", f"{len(lines)} problem{'s' if len(lines) > 1 else ''}", lines)
    except NotAModelError as error:
        return Result("manifest", "failed", str(error))
    gates = len(manifest.gates)
    return Result(
        "manifest",
        "ok",
        f"{manifest.model.project}/{manifest.model.name}, {gates} gate{'s' if gates != 1 else ''}",
    )


def check_programs(model: ModelDirectory) -> Result:
    """Each program that lies in the directory can be run; one that does not must come with the image."""
    missing, stuck = [], []
    programs = model.manifest.programs
    for verb, words in {
        "train": programs.train,
        "evaluate": programs.evaluate,
        "serve": programs.serve,
    }.items():
        file = model.path / words[0]
        if not file.is_file() and shutil.which(words[0]) is None:
            missing.append(f"{verb}: {words[0]!r} is neither in {model.path} nor on PATH")
        elif file.is_file() and not os.access(file, os.X_OK):
            stuck.append(f"{verb}: {file} cannot be run; chmod +x {file}")
    if missing or stuck:
        return Result("programs", "failed", "not all can be run", (*missing, *stuck))
    return Result("programs", "ok", "train, evaluate, serve")


def check_requirements(model: ModelDirectory) -> Result:
    """Requirements are locked, so that an image built tomorrow is the one that was tested."""
    if not model.requirements.exists():
        return Result("requirements", "ok", "none")
    text = model.requirements.read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line.strip() for line in text.splitlines()]
    names = [line for line in lines if line and not line.startswith(("#", "-"))]
    loose = [line for line in names if not _LOCKED.fullmatch(line)]
    if loose:
        hint = "lock them: uv pip compile --universal --generate-hashes requirements.in -o requirements.txt"
        return Result("requirements", "failed", f"{len(loose)} not locked to a version", (*loose, hint))
    hashed = sum("--hash=" in line for line in names)
    return Result("requirements", "ok", f"{len(names)} locked, {hashed} of them with hashes")


def check_lint(model: ModelDirectory) -> Result:
    """Ruff finds nothing; its rules are those of the directory's own configuration."""
    ruff = _tool("ruff")
    if ruff is None:
        return Result("lint", "skipped", "ruff is not installed: uv tool install ruff")
    done = _run(
        [*ruff, "check", "--no-cache", "--quiet", "--extend-exclude", ".slipway", "."], model.path, {}
    )
    if done.returncode == 0:
        return Result("lint", "ok", "ruff finds nothing")
    return Result("lint", "failed", "ruff finds something", _last_lines(done))


def check_tests(model: ModelDirectory) -> Result:
    """The model's tests pass, with its own packages and the container runtime on the path."""
    if not (model.path / "tests").is_dir():
        return Result("tests", "skipped", "there is no directory tests/")
    try:
        installed = packages(model.requirements)
    except PackagesError as error:
        return Result("tests", "failed", "the packages cannot be installed", tuple(str(error).splitlines()))
    path = [model.path.absolute(), RUNTIME_SOURCE / "lib", *([installed.directory] if installed else [])]
    command = [sys.executable, "-m", "pytest"]
    if importlib.util.find_spec("pytest") is None:
        command = [uv(), "run", "--quiet", "--no-project", "--python", sys.executable, "--with", "pytest"]
        command += ["python", "-m", "pytest"]
    command += ["-q", "--no-header", "-p", "no:cacheprovider", "--import-mode=importlib", "tests"]
    done = _run(command, model.path, {"PYTHONPATH": os.pathsep.join(map(str, path))})
    lines = _last_lines(done)
    if done.returncode == _NO_TESTS:
        return Result("tests", "skipped", "tests/ holds no test")
    if done.returncode:
        return Result("tests", "failed", lines[-1] if lines else "pytest failed", lines)
    return Result("tests", "ok", lines[-1] if lines else "passed")


def _tool(name: str) -> list[str] | None:
    """A tool beside this command's Python, or on PATH."""
    beside = Path(sys.executable).with_name(name)
    found = str(beside) if beside.exists() else shutil.which(name)
    return [found] if found else None


def _run(command: list[str], directory: Path, variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "NO_COLOR": "1", **variables}
    return subprocess.run(
        command, cwd=directory, env=environment, capture_output=True, text=True, check=False
    )


def _last_lines(done: subprocess.CompletedProcess[str]) -> tuple[str, ...]:
    lines = (done.stdout + done.stderr).strip().splitlines()
    return tuple(line.rstrip() for line in lines[-SHOWN_LINES:])
