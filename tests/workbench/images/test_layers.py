from __future__ import annotations

import gzip
import hashlib
import io
import os
import tarfile
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from workbench.images.layers import Entry, Layer, build_layer, write_layer

if TYPE_CHECKING:
    from pathlib import Path

PATHS = st.lists(
    st.from_regex(r"\A[a-z]{1,3}(/[a-zA-Z é.]{1,5}){0,3}[a-z]\Z"), min_size=1, max_size=8, unique=True
)


def archive(layer: Layer) -> list[tarfile.TarInfo]:
    with layer.open() as stream, tarfile.open(fileobj=io.BytesIO(stream.read())) as opened:
        return opened.getmembers()


class TestLayer:
    def test_bytes_depend_on_paths_and_contents_alone(self, tmp_path: Path) -> None:
        """
        Owner, time and order of the files do not reach the digest; a file's executable bit does.
        """
        one, other = tmp_path / "one", tmp_path / "other"
        for file, time in ((one, 1), (other, 2_000_000_000)):
            file.write_bytes(b"x")
            os.utime(file, (time, time))
            file.chmod(0o600)

        first = build_layer("a", [Entry.of(one, "opt/b"), Entry("opt/a", b"1")])
        second = build_layer("a", [Entry("opt/a", b"1"), Entry.of(other, "opt/b")])
        other.chmod(0o755)
        third = build_layer("a", [Entry("opt/a", b"1"), Entry.of(other, "opt/b")])

        assert first == second
        assert third.digest != first.digest

    def test_members_have_no_time_and_no_owner(self) -> None:
        """
        Folders come before what they hold, and everything belongs to root at time 0.
        """
        members = archive(build_layer("a", [Entry("opt/program/train", b"#!", executable=True)]))

        assert [member.name for member in members] == ["opt", "opt/program", "opt/program/train"]
        assert {(member.mtime, member.uid, member.gid, member.uname) for member in members} == {(0, 0, 0, "")}
        assert [member.mode for member in members] == [0o755, 0o755, 0o755]

    def test_known_bytes_stay_known(self) -> None:
        """
        The plain archive's digest is pinned: a change of it would push every image anew.
        """
        layer = build_layer("a", [Entry("opt/program/train", b"print()\n", executable=True)])

        assert layer.diff_id == "sha256:52cd20c89084b4765d493c7dd99e20eece00cecb8ded7f66011aa2c8e9228ce5"

    def test_links_stay_links(self, tmp_path: Path) -> None:
        """
        A symbolic link goes into the layer as one.
        """
        (tmp_path / "link").symlink_to("target")

        (member,) = archive(build_layer("a", [Entry.of(tmp_path / "link", "link")]))

        assert (member.issym(), member.linkname) == (True, "target")

    @given(PATHS, st.binary(max_size=2000))
    def test_digests_are_those_of_the_bytes(self, paths: list[str], content: bytes) -> None:
        """
        The digest is of the compressed bytes, the diff id of the plain ones, the size is right.
        """
        files = [path for path in paths if not any(other.startswith(path + "/") for other in paths)]
        layer = build_layer("a", [Entry(path, content) for path in files])

        with layer.open() as stream:
            compressed = stream.read()
        assert layer.size == len(compressed)
        assert layer.digest == "sha256:" + hashlib.sha256(compressed).hexdigest()
        assert layer.diff_id == "sha256:" + hashlib.sha256(gzip.decompress(compressed)).hexdigest()
        assert sorted(files) == [member.name for member in archive(layer) if member.isfile()]

    def test_large_layer_lies_in_a_file(self, tmp_path: Path) -> None:
        """
        A layer written to a file holds what one in memory would.
        """
        layer = write_layer("a", [Entry("x", b"1" * 100_000)], tmp_path / "layer.tar.gz")

        assert layer.diff_id == build_layer("a", [Entry("x", b"1" * 100_000)]).diff_id
        assert layer.size == (tmp_path / "layer.tar.gz").stat().st_size
