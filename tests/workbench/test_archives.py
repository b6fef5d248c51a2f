from __future__ import annotations

import io
import tarfile

import pytest

from workbench import archives


def archive(*members):
    """An open archive of ``(name, kind, content or link)``."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as writer:
        for name, kind, content in members:
            member = tarfile.TarInfo(name)
            member.type, member.mode = kind, 0o4777
            if kind == tarfile.REGTYPE:
                member.size = len(content)
                writer.addfile(member, io.BytesIO(content))
            else:
                member.linkname = content
                writer.addfile(member)
    stream.seek(0)
    return tarfile.open(fileobj=stream)


@pytest.fixture(params=[True, False], ids=["with filters", "without"])
def _filters(request, monkeypatch):
    """Both as Pythons from 3.11.4 on and as those before unpack."""
    if request.param and not hasattr(tarfile, "data_filter"):
        pytest.skip("this Python's tarfile has no filters")
    monkeypatch.setattr(archives, "_FILTERS", request.param)


@pytest.mark.usefixtures("_filters")
class TestExtractAll:
    def test_files_arrive(self, tmp_path):
        """
        Ordinary files and links among them are unpacked.
        """
        archives.extract_all(archive(("a/b", tarfile.REGTYPE, b"x"), ("a/c", tarfile.SYMTYPE, "b")), tmp_path)

        assert (tmp_path / "a" / "c").read_bytes() == b"x"

    @pytest.mark.parametrize(
        "member",
        [
            ("../x", tarfile.REGTYPE, b"x"),
            ("a", tarfile.SYMTYPE, "../outside"),
            ("a", tarfile.SYMTYPE, "/etc/passwd"),
            ("a", tarfile.LNKTYPE, "../../etc/passwd"),
        ],
    )
    def test_what_leads_outside_is_refused(self, tmp_path, member):
        """
        Neither a path nor a link may leave the directory.
        """
        with pytest.raises(tarfile.TarError):
            archives.extract_all(archive(member), tmp_path / "inner")


class TestWithin:
    def test_a_link_that_was_unpacked_before_leads_nobody_outside(self, tmp_path):
        """
        A file below a link to outside is refused, though its own path looks harmless.
        """
        (tmp_path / "root").mkdir()
        (tmp_path / "root" / "link").symlink_to(tmp_path)

        with pytest.raises(archives.OutsideError):
            archives.within(tarfile.TarInfo("link/x"), tmp_path / "root")

    def test_a_leading_slash_and_set_user_id_are_dropped(self, tmp_path):
        """
        An absolute path is taken relative to the root, without special rights.
        """
        member = tarfile.TarInfo("/bin/x")
        member.mode = 0o4777
        kept = archives.within(member, tmp_path)

        assert (kept.name, kept.mode) == ("bin/x", 0o755)
