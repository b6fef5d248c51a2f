"""The functions' layer holds what they use and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from workbench.layer import SERVICES, LayerError, build_layer, find_python, recipe_of, trim

ROOT = Path(__file__).parents[2]


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """What uv leaves behind, in small."""
    files = (
        *("botocore/data/s3/2006-03-01/service-2.json.gz", "botocore/data/ec2/2016-11-15/service-2.json.gz"),
        *("botocore/data/endpoints.json", "boto3/data/ec2/x.json", "boto3/examples/x.rst"),
        *("boto3-1.dist-info/RECORD", "boto3-1.dist-info/METADATA", "bin/jp.py", "some/tests/test_x.py"),
    )
    for name in files:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    return tmp_path


class TestTrim:
    def test_descriptions_of_unused_services_are_left_out(self, installed: Path) -> None:
        """
        Botocore's data is 28 MB, of which the functions read a tenth.
        """
        trim(installed)
        left = {path.relative_to(installed).as_posix() for path in installed.rglob("*") if path.is_file()}

        assert left == {
            "botocore/data/s3/2006-03-01/service-2.json.gz",
            "botocore/data/endpoints.json",
            "boto3-1.dist-info/METADATA",
        }

    def test_every_service_that_the_library_makes_a_client_for_is_kept(self) -> None:
        """
        ``boto3.client("…")`` anywhere in the library names a service of the layer.
        """
        sources = [path.read_text() for path in (ROOT / "slipway" / "adapters").glob("*.py")]
        named = {part.split('"')[0] for text in sources for part in text.split('client("')[1:] if '"' in part}

        assert named <= set(SERVICES)


class TestBuild:
    def test_layer_that_is_up_to_date_is_left_alone(self, tmp_path: Path) -> None:
        """
        Without a change of lock file or recipe nothing is installed.
        """
        (tmp_path / "requirements").mkdir()
        lock = tmp_path / "requirements" / "layer.txt"
        lock.write_text("boto3==1\n")
        (tmp_path / "build" / "layer").mkdir(parents=True)
        (tmp_path / "build" / "layer.stamp").write_text(recipe_of(lock))

        assert build_layer(tmp_path) == (tmp_path / "build" / "layer", False)

    def test_requirement_without_a_hash_is_refused(self, tmp_path: Path) -> None:
        """
        Only what is locked gets into the layer.
        """
        (tmp_path / "requirements").mkdir()
        (tmp_path / "requirements" / "layer.txt").write_text("boto3==1.43.106\n")
        with pytest.raises(LayerError, match="hash"):
            build_layer(tmp_path)

        assert not (tmp_path / "build" / "layer").exists()

    def test_lock_file_pins_everything_by_hash(self) -> None:
        """
        Each requirement of the layer has hashes.
        """
        text = (ROOT / "requirements" / "layer.txt").read_text().replace("\\\n", " ")
        lines = [line for line in text.splitlines() if line and not line.startswith(("#", " "))]

        assert lines
        assert all("--hash=sha256:" in line for line in lines), json.dumps(lines, indent=1)


class TestFindPython:
    def test_a_closed_folder_of_path_is_passed_over(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """
        A folder of PATH that this user may not look into is no reason to stop.
        """
        closed = tmp_path / "closed"
        closed.mkdir(mode=0)
        monkeypatch.setenv("PATH", str(closed / "bin"))
        monkeypatch.setenv("HOME", str(tmp_path))

        assert find_python() is None
