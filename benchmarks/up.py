"""``slipway up`` as a person waits for it: cold, with synthesis, with nothing changed, after ``down``."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any, Final

from benchmarks._platform import free_port, scratch_home
from workbench.layer import build_layers
from workbench.synthesis import repository_root, synthesize

if TYPE_CHECKING:
    from pathlib import Path

ROUNDS: Final = 5
PATIENCE_SECONDS: Final = 120
TARGETS: Final = {"cold": 12.0, "nothing_changed": 5.0}
"""Seconds on two cores, the tree built."""
SETTLE_SECONDS: Final = 3.0
"""The functions are warmed up in the background after ``up``; that is none of the next one's time."""


def slipway(*arguments: str) -> float:
    """Seconds of one command, with the start of its interpreter."""
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "workbench.cli", *arguments],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=repository_root(),
        timeout=PATIENCE_SECONDS,
    )
    return time.perf_counter() - started


def run() -> dict[str, Any]:
    """
    Run the commands in scratch homes.

    Returns:
        ``cold``, ``nothing_changed``, ``after_down`` and ``down``: ``median_seconds`` and ``seconds`` of each
        round; ``cold_with_synthesis``: seconds, once; ``targets``: seconds, and whether a median is below.
    """
    root = repository_root()
    build_layers(root)
    synthesize(root, "local", account="000000000000", region="us-east-1")
    rounds: dict[str, list[float]] = {"cold": [], "nothing_changed": [], "down": [], "after_down": []}
    for _ in range(ROUNDS):
        with scratch_home():
            port = str(free_port())
            rounds["cold"].append(slipway("up", "--port", port))
            time.sleep(SETTLE_SECONDS)
            rounds["nothing_changed"].append(slipway("up"))
            rounds["down"].append(slipway("down"))
            rounds["after_down"].append(slipway("up", "--port", port))
    results: dict[str, Any] = {
        name: {
            "median_seconds": round(statistics.median(seconds), 2),
            "seconds": [round(one, 2) for one in seconds],
        }
        for name, seconds in rounds.items()
    }
    results["cold_with_synthesis"] = round(_with_synthesis(root), 2)
    results["targets"] = {
        name: {"seconds": limit, "reached": results[name]["median_seconds"] < limit}
        for name, limit in TARGETS.items()
    }
    return results


def _with_synthesis(root: Path) -> float:
    """In a copy of the tree that has the layer but no templates: this one may be in use."""
    with scratch_home() as home:
        tree = home.parent / "tree"
        shutil.copytree(root, tree, ignore=_ignored, symlinks=True)
        for built in ("layer", "layer.stamp"):
            (tree / "build" / built).parent.mkdir(exist_ok=True)
            (tree / "build" / built).symlink_to(root / "build" / built)
        started = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "workbench.cli", "up", "--port", str(free_port())],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=tree,
            env=os.environ | {"PYTHONPATH": str(tree)},
            timeout=PATIENCE_SECONDS,
        )
        return time.perf_counter() - started


def _ignored(folder: str, names: list[str]) -> set[str]:
    """What is no source: builds, environments, histories."""
    top = {"build", "node_modules", ".venv", ".git", ".slipway", "tests", "models"}
    return {
        name
        for name in names
        if name == "__pycache__" or (name in top and folder == str(repository_root())) or name.startswith(".")
    }
