from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.domain.image_source import (
    LOG_MARK,
    MAX_LIBRARIES_BYTES,
    image_source,
    installed_in,
    libraries_text,
)

LIBRARIES = {"numpy": "2.3.5", "scikit-learn": "1.7.2"}
DISTRIBUTIONS = st.dictionaries(st.text(min_size=1, max_size=40), st.text(max_size=20), max_size=900)


def config(variables: list[Any] | None = None, **labels: Any) -> dict[str, Any]:
    """An image's configuration; label names have underscores for dots."""
    named = {name.replace("_", "."): text for name, text in labels.items()}
    return {"config": {"Labels": named, "Env": variables}}


class TestImageSource:
    def test_labels_of_any_builder_are_read(self) -> None:
        """The OCI annotations, Python and the libraries, each under its own name."""
        assert image_source(
            config(
                org_opencontainers_image_revision="9f2c41d+dirty",
                org_opencontainers_image_source="https://git.example.com/a.git",
                org_opencontainers_image_base_name="python:3.13-slim",
                org_opencontainers_image_base_digest="sha256:ab",
                org_opencontainers_image_created="2026-11-01T00:00:00Z",
                io_slipway_libraries=libraries_text("3.13.1", LIBRARIES),
            )
        ) == {
            "git_commit": "9f2c41d+dirty",
            "git_repository": "https://git.example.com/a.git",
            "base_image": "python:3.13-slim",
            "base_digest": "sha256:ab",
            "built_at": "2026-11-01T00:00:00Z",
            "python": "3.13.1",
            "libraries": LIBRARIES,
        }

    @pytest.mark.parametrize("image", [{}, {"config": None}, {"config": {"Labels": None, "Env": None}}])
    def test_image_that_says_nothing_gives_nothing(self, image: dict[str, Any]) -> None:
        """An image without labels is not guessed at."""
        assert image_source(image) == {}

    def test_python_comes_from_the_official_images_variable(self) -> None:
        """Without the label, PYTHON_VERSION names it; the label comes first."""
        variables = ["PATH=/bin", "PYTHON_VERSION=3.12.7"]

        assert image_source(config(variables)) == {"python": "3.12.7"}
        label = libraries_text("3.13.1", {})
        assert image_source(config(variables, io_slipway_libraries=label))["python"] == "3.13.1"

    @pytest.mark.parametrize("label", ["{", "[]", '{"libraries": 3, "python": "x y"}', "", 7])
    def test_broken_label_is_passed_over(self, label: Any) -> None:
        """A label that is not ours does not stop a release."""
        assert image_source(config(io_slipway_libraries=label)) == {}

    def test_label_of_any_length_stays_bounded(self) -> None:
        """The plan travels through the workflow: somebody else's endless label is cut, and counted."""
        libraries = {f"library-{number:05}": "1.0.0" for number in range(5000)}
        label = json.dumps({"python": "3.13.1", "libraries": libraries})

        source = image_source(config(io_slipway_libraries=label, org_opencontainers_image_source="a" * 9999))

        assert len(source["git_repository"]) == 1024
        assert len(source["libraries"]) + source["libraries_left_out"] == 5000
        assert len(json.dumps(source["libraries"])) < 20_000


class TestLibraries:
    @given(libraries=DISTRIBUTIONS)
    def test_label_is_bounded_and_loses_nothing_unsaid(self, libraries: dict[str, str]) -> None:
        """Whatever is installed: at most 15,000 bytes, and what is not in it is counted."""
        text = libraries_text("3.13.1", libraries)
        source = image_source(config(io_slipway_libraries=text))

        assert len(text.encode()) <= MAX_LIBRARIES_BYTES
        assert source["libraries"].items() <= libraries.items()
        assert len(source["libraries"]) + source.get("libraries_left_out", 0) == len(libraries)

    def test_order_of_installation_does_not_matter(self) -> None:
        """Equal libraries give equal labels, and so equal digests."""
        assert libraries_text("3.13.1", LIBRARIES) == libraries_text(
            "3.13.1", dict(reversed(list(LIBRARIES.items())))
        )


class TestInstalledIn:
    def test_line_of_the_runtime_is_read(self) -> None:
        """A training job's log says what its image does not."""
        line = f"{LOG_MARK}{libraries_text('3.11.9', LIBRARIES)}}}"

        assert installed_in(line) == {"python": "3.11.9", "libraries": LIBRARIES}

    @pytest.mark.parametrize("line", ["", "mae=3", LOG_MARK, f"{LOG_MARK}{{}}}}", f'{LOG_MARK}{{"python":'])
    def test_other_and_broken_lines_say_nothing(self, line: str) -> None:
        """What a program prints, or a line that was cut."""
        assert installed_in(line) is None
