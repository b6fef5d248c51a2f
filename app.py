"""
Synthesizes the platform of one environment: ``cdk synth -c env=prod``. Needs no credentials.

``-c layer=DIRECTORY`` and ``-c arrays=DIRECTORY`` take other dependency layers than those that ``make
layer`` built, ``-c environments=DIRECTORY`` other settings than those in ``environments/``.
"""

import sys
from pathlib import Path

import aws_cdk as cdk

from stacks.constructs.packages import MissingLayerError, Packages, pack_code, pack_layer
from stacks.platform import FLAGS, add_platform
from stacks.settings import SettingsError, load

ROOT = Path(__file__).parent
PACKAGES = ROOT / "build" / "packages"


def main() -> None:
    app = cdk.App(analytics_reporting=False, tree_metadata=False, context=FLAGS)
    environment = app.node.try_get_context("env") or "dev"
    layer = Path(app.node.try_get_context("layer") or ROOT / "build" / "layer")
    arrays = Path(app.node.try_get_context("arrays") or ROOT / "build" / "arrays")
    environments = Path(app.node.try_get_context("environments") or ROOT / "environments")
    try:
        settings = load(environment, environments)
        packages = Packages(
            code=pack_code(ROOT, PACKAGES),
            layer=pack_layer(layer, PACKAGES),
            arrays=pack_layer(arrays, PACKAGES),
        )
    except (SettingsError, MissingLayerError) as error:
        sys.exit(str(error))
    add_platform(app, settings=settings, packages=packages)
    app.synth()


main()
