"""
Run the benchmarks: ``python -m benchmarks [NAME ...]``.

Each module beside this file has ``run() -> dict``; its answer goes to
``build/benchmarks/<name>.json`` and to standard output. Peers are measured in the
same run, because only the ratio means something on a machine that others use.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
RESULTS = Path("build/benchmarks")


def names() -> list[str]:
    return sorted(path.stem for path in HERE.glob("*.py") if not path.stem.startswith("_"))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Run the benchmarks.")
    parser.add_argument("name", nargs="*", choices=[*names(), []], help="default: all")
    chosen = parser.parse_args().name or names()
    RESULTS.mkdir(parents=True, exist_ok=True)
    for name in chosen:
        print(f"{name} …", file=sys.stderr, flush=True)
        started = time.perf_counter()
        result = {
            "benchmark": name,
            "machine": {"cores": os.cpu_count(), "python": platform.python_version()},
            **importlib.import_module(f"benchmarks.{name}").run(),
            "seconds_in_all": round(time.perf_counter() - started, 2),
        }
        text = json.dumps(result, indent=2, default=str)
        (RESULTS / f"{name}.json").write_text(text + "\n")
        print(text, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
