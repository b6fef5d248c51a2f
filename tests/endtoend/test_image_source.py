"""What a model image was made of is known without asking anybody, whoever built it."""

from __future__ import annotations

import json
import platform

import pytest

from slipway.adapters.dynamodb_lineage import DynamoDbLineage
from slipway.contracts.container import PACKAGES
from slipway.contracts.lineage import node_id
from slipway.contracts.names import LIBRARIES_LABEL
from workbench.cli.frame import progress
from workbench.cli.model import _registry
from workbench.images.build import MANIFEST_PATH, PROGRAM, build, runtime_layer
from workbench.images.image import Image, assemble
from workbench.images.layers import Entry, build_layer
from workbench.images.model_directory import ModelDirectory
from workbench.images.push import push

pytestmark = pytest.mark.endtoend

PROJECT = "sources"


def as_others_build(model: ModelDirectory) -> Image:
    """The image as a plain builder makes it: runtime, manifest and a package in it, no label of libraries."""
    image = build(model).image
    programs = (file for file in model.path.iterdir() if file.is_file())
    files = [Entry.of(file, f"{PROGRAM.lstrip('/')}/{file.name}") for file in programs]
    said = {
        MANIFEST_PATH: model.manifest.canonical(),
        f"{PACKAGES.lstrip('/')}/tiny_tools-1.2.dist-info/METADATA": "Name: tiny-tools\nVersion: 1.2\n",
    }
    own = build_layer("program", [*(Entry(path, text.encode()) for path, text in said.items()), *files])
    config = json.loads(image.config)
    labels = config["config"]["Labels"]
    config["config"]["Labels"] = {name: text for name, text in labels.items() if name != LIBRARIES_LABEL}
    layers = [runtime_layer(), own]
    config["rootfs"]["diff_ids"] = [layer.diff_id for layer in layers]
    config.pop("history")
    return assemble(layers, config)


@pytest.fixture(scope="module", autouse=True)
def data(laptop):
    laptop.put_numbers(PROJECT)


class TestImageSource:
    def test_release_keeps_what_our_builder_says(self, laptop):
        """
        Python, libraries and the platform's entry stand in the label, the plan, and the registered version.
        """
        laptop.push(laptop.model(PROJECT), "1.0.0")
        release = laptop.reach(laptop.release(f"{PROJECT}/tiny:1.0.0"), "awaiting-approval")

        source = laptop.ledger.release(release["release_id"])["plan"]["source"]
        assert source == {"python": platform.python_version(), "libraries": {}, "entry": True}
        assert laptop.ledger.version(PROJECT, "tiny", "1.0.0")["source"] == source

    def test_log_says_it_where_the_image_does_not(self, laptop):
        """
        Of an image by another builder, the training job's node knows Python and libraries from its log.
        """
        directory = ModelDirectory(laptop.model(PROJECT, bias="1.0"))
        image = as_others_build(directory)
        assert LIBRARIES_LABEL not in image.labels
        registry = _registry(laptop.workspace, directory)
        push(image, registry, "1.1.0", progress)
        registry.close()
        release = laptop.reach(laptop.release(f"{PROJECT}/tiny:1.1.0"), "awaiting-approval")
        assert "libraries" not in laptop.ledger.release(release["release_id"])["plan"]["source"]
        job = laptop.ledger.release(release["release_id"])["plan"]["job_names"]["training"]
        table = laptop.workspace.platform()["ledger_table"]
        lineage = DynamoDbLineage(laptop.aws.client("dynamodb"), table)

        def installed():
            node = lineage.node(node_id("training-job", f"{job}-0-0"))
            return node and node["facts"].get("installed")

        found = laptop.wait_for(installed, "the training job's node")
        assert found == {"python": platform.python_version(), "libraries": {"tiny-tools": "1.2"}}
