"""
Synthesizes the platform of one environment: ``cdk synth -c env=prod``. Needs no credentials.

``-c layer=DIRECTORY`` takes another dependency layer than the one that ``make layer`` built.
"""

import sys
from pathlib import Path

import aws_cdk as cdk

from stacks.constructs.packages import MissingLayerError, Packages, find_layer, stage_code
from stacks.platform import add_platform
from stacks.settings import SettingsError, load

ROOT = Path(__file__).parent


def main() -> None:
    app = cdk.App(analytics_reporting=False, tree_metadata=False)
    environment = app.node.try_get_context("env") or "dev"
    layer = Path(app.node.try_get_context("layer") or ROOT / "build" / "layer")
    try:
        settings = load(environment, ROOT / "environments")
        packages = Packages(code=stage_code(ROOT, ROOT / "build"), layer=find_layer(layer))
    except (SettingsError, MissingLayerError) as error:
        sys.exit(str(error))
    add_platform(app, settings=settings, packages=packages)
    app.synth()


main()
