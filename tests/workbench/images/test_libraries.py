from __future__ import annotations

import pytest

from workbench.images.base_image import BaseImage, base_image
from workbench.images.layers import Entry, Layer, build_layer
from workbench.images.libraries import in_layers

SITE = "usr/local/lib/python3.13/site-packages"


def metadata(name: str, version: str) -> bytes:
    return f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\nVersion: of what?\n".encode()


def layer(**files: bytes) -> Layer:
    return build_layer("x", [Entry(path, content) for path, content in files.items()])


class TestInLayers:
    def test_distributions_of_every_kind_are_read(self) -> None:
        """Wheels, eggs, and what a distribution's own packages leave."""
        image = layer(
            **{
                f"{SITE}/numpy-2.3.5.dist-info/METADATA": metadata("numpy", "2.3.5"),
                f"{SITE}/old-1.egg-info/PKG-INFO": metadata("old", "1"),
                "usr/lib/python3/dist-packages/PyYAML-6.0.egg-info": metadata("PyYAML", "6.0"),
                f"{SITE}/numpy/METADATA": metadata("other", "9"),
            }
        )

        assert in_layers([image], {}) == ("", {"numpy": "2.3.5", "old": "1", "PyYAML": "6.0"})

    def test_later_layers_replace_and_remove(self) -> None:
        """What a later layer took away is not in the image: pip deletes the old version's metadata."""
        before = layer(
            **{
                f"{SITE}/numpy-1.0.dist-info/METADATA": metadata("numpy", "1.0"),
                f"{SITE}/pip-24.dist-info/METADATA": metadata("pip", "24"),
                "opt/gone/a-1.dist-info/METADATA": metadata("a", "1"),
            }
        )
        after = layer(
            **{
                f"{SITE}/.wh.numpy-1.0.dist-info": b"",
                f"{SITE}/numpy-2.0.dist-info/METADATA": metadata("numpy", "2.0"),
                "opt/gone/.wh..wh..opq": b"",
            }
        )

        assert in_layers([before, after], {})[1] == {"numpy": "2.0", "pip": "24"}

    def test_what_is_imported_counts(self) -> None:
        """Of one name in several places, the one that comes first on the path; spelling does not matter."""
        image = layer(
            **{
                "usr/lib/python3/dist-packages/Scikit_Learn-1.0.egg-info": metadata("Scikit_Learn", "1.0"),
                "opt/packages/scikit_learn-1.7.dist-info/METADATA": metadata("scikit-learn", "1.7"),
            }
        )

        assert in_layers([image], {})[1] == {"scikit-learn": "1.7"}

    def test_python_is_the_images_own(self) -> None:
        """From PYTHON_VERSION where there is one, else from the headers of the Python that is installed."""
        image = layer(
            **{
                "usr/include/python3.11/patchlevel.h": b'/* */\n#define PY_VERSION      \t"3.11.2"\n',
                "usr/local/include/python3.13/patchlevel.h": b'#define PY_VERSION "3.13.1+"\n',
            }
        )

        assert in_layers([image], {})[0] == "3.13.1+"
        assert in_layers([image], {"PYTHON_VERSION": "3.12.7"})[0] == "3.12.7"


class TestBaseImage:
    @pytest.mark.parametrize(
        ("dockerfile", "base"),
        [
            ("FROM python:3.13-slim\nRUN x", BaseImage("python:3.13-slim", "")),
            ("# x\nfrom a/b@sha256:12 as y\n", BaseImage("a/b", "sha256:12")),
            ("FROM a AS one\nFROM b AS two\nCOPY --from=two x x\nFROM ONE", BaseImage("a", "")),
            ("ARG V=1\nFROM a:$V\nARG V=2", BaseImage("a:1", "")),
            ("FROM a:${V:-3}", BaseImage("a:3", "")),
            ("FROM --platform=linux/amd64 \\\n  a:1", BaseImage("a:1", "")),
            ("FROM scratch", None),
            ("FROM $UNKNOWN", None),
            ("", None),
        ],
    )
    def test_last_stage_names_it(self, dockerfile: str, base: BaseImage | None) -> None:
        """Through stages and build arguments with defaults; what only a build would know is not guessed."""
        assert base_image(dockerfile) == base
