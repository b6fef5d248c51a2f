"""What ``train`` writes to its log of the image's Python and distributions."""

from __future__ import annotations

import importlib.metadata
import json
import platform
import sys
from typing import TYPE_CHECKING

from slipway.domain.image_source import LOG_MARK, MAX_LIBRARIES_BYTES, installed_in

if TYPE_CHECKING:
    from pathlib import Path

    from tests.container.conftest import Image

JOB = {"TRAINING_JOB_ARN": "arn:aws:sagemaker:eu-west-1:123456789012:training-job/a"}


def install(folder: Path, name: str, version: str) -> None:
    """A distribution as installers leave it."""
    place = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    place.mkdir(parents=True)
    (place / "METADATA").write_text(f"Name: {name}\nVersion: {version}\n\nVersion: 9\n")


class TestAnnounce:
    def test_training_job_says_python_and_libraries_first(self, image: Image) -> None:
        """An image without the label says in its log what the programs will import."""
        install(image.root / "opt" / "packages", "scikit-learn", "1.7.2")
        image.program("train", "print('mae=3')")
        image.variables = JOB

        _, out, _ = image.run("train")

        line, rest = out.split("\n", 1)
        source = installed_in(line)
        assert source is not None
        assert source["python"] == platform.python_version()
        assert source["libraries"]["scikit-learn"] == "1.7.2"
        assert rest == "mae=3\n"

    def test_it_is_what_importlib_metadata_says(self, image: Image) -> None:
        """The quick look finds what the standard library's slow one finds."""
        from slipway_container import installed  # noqa: PLC0415 - the runtime's path is set by conftest

        found = reversed(list(importlib.metadata.distributions()))
        said = {one.metadata["Name"]: one.version for one in found}

        assert installed.distributions(sys.path) == said
        assert len(said) > 20

    def test_image_with_the_label_says_nothing(self, image: Image) -> None:
        """Slipway's builder leaves a file beside the manifest: the label has it."""
        (image.root / "opt" / "slipway" / "libraries.json").write_text("{}")
        image.program("train", "print('mae=3')")
        image.variables = JOB

        assert image.run("train")[1] == "mae=3\n"

    def test_only_training_jobs_say_it(self, image: Image) -> None:
        """An evaluation, or a trial at home, writes what its program writes."""
        image.program("train", "print('trained')")
        image.program("evaluate", "print('evaluated')")
        assert image.run("train")[1] == "trained\n"
        image.variables = JOB
        assert image.run("evaluate")[1] == "evaluated\n"

    def test_line_is_short_enough_for_log_drivers(self) -> None:
        """A line of more than 16 KiB would come in pieces; what is left out is counted."""
        from slipway_container import installed  # noqa: PLC0415 - the runtime's path is set by conftest

        libraries = {f"library-{number}": "1.0" for number in range(2000)}
        line = installed.line("3.13.1", libraries)
        source = installed_in(line)

        assert installed.MAX_BYTES == MAX_LIBRARIES_BYTES
        assert line.startswith(LOG_MARK)
        assert len(line) <= installed.MAX_BYTES
        assert source is not None
        assert len(source["libraries"]) + source["libraries_left_out"] == 2000
        assert json.loads(line)["io.slipway.libraries"]["python"] == "3.13.1"
