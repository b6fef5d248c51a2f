"""
What a cold start pays: each function's import in a fresh interpreter, alone and with its AWS clients.

``import_ms`` is the handler's module; ``with_clients_ms`` adds everything that its
first call would make (adapters, boto3, one client per service), ``one_client_ms`` stops after the first
client (null where the first step makes several, or none). Best of several.
"""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
ROUNDS = 5
LIMIT_MS = {"none": 250, "one": 550}
LIMIT_ZIP_BYTES = 2 * 1024 * 1024

_PROBE = """
import json, sys, time
started = time.perf_counter()
import functions.{name} as function
imported = time.perf_counter()
from functions import _ports, _wiring
times = []
for made in {made}:
    (getattr(_wiring, made, None) or getattr(_ports, made))()
    clients = sys.modules.get("slipway.adapters.clients")
    count = clients.client.cache_info().currsize if clients else 0
    times.append((count, time.perf_counter()))
print(json.dumps({{
    "import_ms": (imported - started) * 1000,
    "one_client_ms": next(((t - started) * 1000 for count, t in times if count == 1), None),
    "with_clients_ms": ((times[-1][1] if times else imported) - started) * 1000,
    "clients": times[-1][0] if times else 0,
}}))
"""

_SETTINGS = {
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_ACCESS_KEY_ID": "none",
    "AWS_SECRET_ACCESS_KEY": "none",
    "AWS_EC2_METADATA_DISABLED": "true",
}


def run() -> dict[str, Any]:
    """Milliseconds per function, and the size of the code asset."""
    names = sorted(path.stem for path in (ROOT / "functions").glob("[a-z]*.py"))
    functions = {name: _measure(name) for name in names}
    size = _zip_bytes()
    return {
        "functions": functions,
        "slowest_import_ms": max(one["import_ms"] for one in functions.values()),
        "slowest_with_one_client_ms": max(one["one_client_ms"] or 0 for one in functions.values()),
        "zip_bytes": size,
        "limits": {**LIMIT_MS, "zip_bytes": LIMIT_ZIP_BYTES},
    }


def _measure(name: str) -> dict[str, Any]:
    source = (ROOT / "functions" / f"{name}.py").read_text()
    # a setting is no part of the wiring that costs time
    made = [
        found
        for found in dict.fromkeys(re.findall(r"_(?:ports|wiring)\.(\w+)\(", source))
        if found != "setting"
    ]
    code = _PROBE.format(name=name, made=made)
    rounds = [json.loads(_python(code)) for _ in range(ROUNDS)]
    best = {key: min(one[key] for one in rounds) for key in ("import_ms", "with_clients_ms")}
    one_client = [one["one_client_ms"] for one in rounds if one["one_client_ms"] is not None]
    return {
        **{key: round(value) for key, value in best.items()},
        "one_client_ms": round(min(one_client)) if one_client else None,
        "clients": rounds[0]["clients"],
    }


def _python(code: str) -> str:
    variables = {
        f"SLIPWAY_{name}": "arn:aws:x:eu-west-1:123456789012:x"
        for name in re.findall(r"SLIPWAY_(\w+)", (ROOT / "slipway/contracts/environment.py").read_text())
    }
    variables |= {
        "SLIPWAY_POLICY": '{"repository_prefix": "models", "resource_prefix": "slipway-x", "approvers": {}}',
        "SLIPWAY_SLACK_SECRET_ARN": "",
    }
    environment = {**os.environ, **variables, **_SETTINGS}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout


def _zip_bytes() -> int:
    """Of all functions' one code asset: this repository's rooms that functions carry."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for room in ("functions", "slipway"):
            for path in sorted((ROOT / room).rglob("*.py")):
                archive.write(path, path.relative_to(ROOT))
    return len(target.getvalue())


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))
