"""No function loads more than it needs; benchmarks/function_imports.py says what that costs in time."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

FUNCTIONS = sorted(path.stem for path in Path("functions").glob("[a-z]*.py"))

PACKAGES = {"aws_lambda_powertools", "jmespath", "typing_extensions", "functions", "slipway"}
"""All that a function may load beside the standard library before it is first invoked."""

HEAVY = {
    "asyncio": "no function waits for several things at once",
    "boto3": "clients are made when they are first needed",
    "email": "only HTTP clients need it",
    "http.client": "likewise",
    "ssl": "likewise",
    "tomllib": "only a workstation reads TOML",
    "unittest": "never",
    "urllib.request": "loaded with the registry's adapter",
    "xml": "only botocore needs it",
}

ONLY = {
    "slipway.domain.manifest": {"plan_release"},
    "slipway.domain.data_sets": {"plan_release"},
    "slipway.domain.verdict": {"judge_release"},
    "slipway.domain.failures": {"record_outcome", "sweep_executions"},
}
"""What only these functions need; ``record_outcome`` loads it when it is first invoked."""


def loaded_by(module: str) -> set[str]:
    """The modules that a fresh interpreter holds after importing one."""
    code = f"import sys, json, {module}; print(json.dumps(sorted(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(json.loads(run.stdout))


@pytest.fixture(scope="module", params=FUNCTIONS)
def loaded(request: pytest.FixtureRequest) -> tuple[str, set[str]]:
    # what the interpreter's own start brings (site, editable installs) does not count
    return request.param, loaded_by(f"functions.{request.param}") - loaded_by("sys")


class TestFunctionImports:
    def test_packages(self, loaded: tuple[str, set[str]]) -> None:
        """Beside the standard library a function loads its own code, powertools and what that needs."""
        function, modules = loaded
        packages = {name.partition(".")[0] for name in modules} - set(sys.stdlib_module_names)

        # powertools adds itself to the user agent by touching botocore's package, not its code
        assert packages - PACKAGES <= {"botocore"}, function
        assert not {name for name in modules if name.startswith("botocore.")} - {"botocore.config"}

    def test_heavy_modules(self, loaded: tuple[str, set[str]]) -> None:
        """Modules that cost milliseconds and serve nothing before the first call stay away."""
        function, modules = loaded

        assert not modules & HEAVY.keys(), function

    def test_adapters_come_with_the_first_call(self, loaded: tuple[str, set[str]]) -> None:
        """A function's adapters are loaded by its wiring, when it is first invoked."""
        _, modules = loaded

        assert not {name for name in modules if name.startswith("slipway.adapters.")}

    def test_foreign_capabilities(self, loaded: tuple[str, set[str]]) -> None:
        """A function does not load what only another one does."""
        function, modules = loaded
        foreign = {name for name, owners in ONLY.items() if function not in owners}

        assert not modules & foreign
