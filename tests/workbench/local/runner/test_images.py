"""Images of the embedded registry, unpacked on disk."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.workbench.local.runner.layers_of import FakeRegistry, digest_of, layer
from workbench.local.runner.images import ImageNotFoundError, ImageReference, ImageStore

OCI_INDEX = "application/vnd.oci.image.index.v1+json"


@pytest.fixture
def registry() -> FakeRegistry:
    return FakeRegistry()


@pytest.fixture
def store(tmp_path: Path, registry: FakeRegistry) -> ImageStore:
    return ImageStore(tmp_path / "store", registry)


def files(root: Path) -> dict[str, str]:
    """Every file below a directory by its path, as a program sees them: links to directories are followed."""
    return {
        str(Path(folder, name).relative_to(root)): Path(folder, name).read_text()
        for folder, _, names in os.walk(root, followlinks=True)
        for name in names
    }


class TestImageStore:
    def test_later_layers_lie_over_earlier_ones(self, store: ImageStore, registry: FakeRegistry) -> None:
        """
        A file of a later layer stands in the place of an earlier one's; the earlier one is unchanged.
        """
        first = layer({"opt/program/train": "one", "opt/program/kept": "k"})
        registry.push("m/a", "1.0.0", first)
        registry.push("m/a", "1.1.0", first, layer({"opt/program/train": "two"}))

        newer, older = store.unpack("r.io/m/a:1.1.0"), store.unpack("r.io/m/a:1.0.0")

        assert files(newer.root) == {"opt/program/train": "two", "opt/program/kept": "k"}
        assert files(older.root) == {"opt/program/train": "one", "opt/program/kept": "k"}

    def test_whiteouts_remove(self, store: ImageStore, registry: FakeRegistry) -> None:
        """
        ``.wh.name`` takes a file or directory away; ``.wh..wh..opq`` all that lay in its directory before.
        """
        registry.push(
            "m/a",
            "1.0.0",
            layer({"a/x": "1", "a/y": "2", "b/deep/z": "3", "c/old": "4"}),
            layer({"a/.wh.x": "", "b/.wh.deep": "", "c/.wh..wh..opq": "", "c/new": "5"}),
        )

        assert files(store.unpack("r.io/m/a:1.0.0").root) == {"a/y": "2", "c/new": "5"}

    def test_each_layer_is_read_once(self, store: ImageStore, registry: FakeRegistry) -> None:
        """
        Images share layers on disk: what was unpacked is not read from the registry again.
        """
        shared = layer({"opt/packages/numpy": "big"})
        registry.push("m/a", "1.0.0", shared, layer({"opt/program/train": "1"}))
        registry.push("m/a", "1.1.0", shared, layer({"opt/program/train": "2"}))
        store.unpack("r.io/m/a:1.0.0")
        store.unpack("r.io/m/a:1.1.0")
        store.unpack("r.io/m/a:1.1.0")

        assert registry.reads.count(digest_of(shared)) == 1

    def test_directory_of_one_layer_is_not_copied(self, store: ImageStore, registry: FakeRegistry) -> None:
        """
        What one layer alone brings below /opt lies on disk once for all images, also when the store moves;
        what two layers bring is put together from both.
        """
        packages = layer({f"opt/packages/{number}": "big" for number in range(5)})
        registry.push("m/a", "1.0.0", packages, layer({"opt/program/a": "1"}), layer({"opt/program/b": "2"}))

        root = store.unpack("r.io/m/a:1.0.0").root
        moved = root.parent.parent.rename(root.parent.parent.with_name("moved")) / "images" / root.name

        assert (moved / "opt/packages").is_symlink()
        assert sorted(files(moved)) == [
            *(f"opt/packages/{n}" for n in range(5)),
            "opt/program/a",
            "opt/program/b",
        ]

    def test_an_index_leads_to_linux_amd64(self, store: ImageStore, registry: FakeRegistry) -> None:
        """
        Of an index, the linux/amd64 manifest is run; attestations and other machines are passed over.
        """
        arm = registry.push("m/a", "arm", layer({"arch": "arm64"}))
        amd = registry.push("m/a", "amd", layer({"arch": "amd64"}))
        index = {
            "manifests": [
                {"digest": arm, "platform": {"os": "unknown", "architecture": "unknown"}},
                {"digest": arm, "platform": {"os": "linux", "architecture": "arm64"}},
                {"digest": amd, "platform": {"os": "linux", "architecture": "amd64"}},
            ]
        }
        registry.keep("m/a", "2.0.0", index, OCI_INDEX)

        assert files(store.unpack("r.io/m/a:2.0.0").root) == {"arch": "amd64"}

    def test_configuration_comes_along(self, store: ImageStore, registry: FakeRegistry) -> None:
        """
        Entrypoint, command, variables and working directory are the image's.
        """
        config = {
            "Entrypoint": ["python", "-u"],
            "Cmd": ["x"],
            "Env": ["A=b=c"],
            "WorkingDir": "/opt/program",
        }
        registry.push("m/a", "1.0.0", layer({"opt/program/x": ""}), **config)

        image = store.unpack("r.io/m/a:1.0.0")

        assert (image.entrypoint, image.command) == (("python", "-u"), ("x",))
        assert (image.environment, image.working_directory) == ({"A": "b=c"}, "/opt/program")

    def test_what_is_missing_is_told(self, store: ImageStore, registry: FakeRegistry) -> None:
        """
        An unknown tag, or a layer that the registry lost, is an ImageNotFoundError that names it.
        """
        gone = layer({"x": ""})
        registry.push("m/a", "1.0.0", gone)
        del registry.blobs[digest_of(gone)]

        with pytest.raises(ImageNotFoundError, match="does not hold it"):
            store.unpack("r.io/m/a:9.9.9")
        with pytest.raises(ImageNotFoundError, match="lacks its blob sha256:"):
            store.unpack("r.io/m/a:1.0.0")

    def test_nothing_is_written_outside(
        self, store: ImageStore, registry: FakeRegistry, tmp_path: Path
    ) -> None:
        """
        A layer whose paths climb out of its root is refused; nothing appears outside of the store.
        """
        registry.push("m/a", "1.0.0", layer({"../../../../escaped": "!"}))

        with pytest.raises(Exception, match="escaped"):
            store.unpack("r.io/m/a:1.0.0")

        assert not list(tmp_path.glob("**/escaped"))

    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        layers=st.lists(
            st.dictionaries(
                st.sampled_from(["opt/a/f", "opt/a/g/h", "opt/b/f", "opt/c", "d/e", "d/f"]),
                st.text("xyz", max_size=3),
                max_size=4,
            ),
            min_size=1,
            max_size=4,
        )
    )
    def test_unpacking_is_the_layers_laid_over_each_other(
        self, tmp_path_factory: pytest.TempPathFactory, layers: list[dict[str, str]]
    ) -> None:
        """
        For any layers without whiteouts, the result is what updating a dictionary with each in turn gives.
        """
        registry = FakeRegistry()
        registry.push("m/a", "1.0.0", *(layer(each) for each in layers))
        wanted: dict[str, str] = {}
        for each in layers:
            wanted |= each

        store = ImageStore(tmp_path_factory.mktemp("store"), registry)

        assert files(store.unpack("r.io/m/a:1.0.0").root) == wanted


class TestImageReference:
    @pytest.mark.parametrize(
        ("image", "repository", "reference"),
        [
            ("127.0.0.1:4566/models/p/m:1.2.0", "models/p/m", "1.2.0"),
            ("0.dkr.ecr.us-east-1.amazonaws.com/p/m", "p/m", "latest"),
            (f"localhost:4566/p/m@sha256:{'a' * 64}", "p/m", f"sha256:{'a' * 64}"),
            (f"localhost:4566/p/m:1.0.0@sha256:{'a' * 64}", "p/m", f"sha256:{'a' * 64}"),
        ],
    )
    def test_reads_repository_and_reference(self, image: str, repository: str, reference: str) -> None:
        """
        A digest counts more than a tag, and a missing tag is ``latest``.
        """
        assert ImageReference.parse(image) == ImageReference(repository, reference)

    def test_refuses_what_is_none(self) -> None:
        """
        What cannot name an image is told at once.
        """
        with pytest.raises(ImageNotFoundError):
            ImageReference.parse("Not An Image")
