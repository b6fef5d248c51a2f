from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from stacks.constructs.packages import MissingLayerError, pack_code, pack_layer

ROOT = Path(__file__).parents[2]
MAX_ZIP_BYTES = 2_000_000


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A repository of one file in each room, and things that functions must not carry."""
    root = tmp_path / "repository"
    for name in ("functions/plan.py", "slipway/domain/gates.py", "workbench/cli.py", "tests/test_gates.py"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(f"# {name}\n")
    (root / "slipway" / "__pycache__").mkdir()
    (root / "slipway" / "__pycache__" / "gates.cpython-311.pyc").write_bytes(b"x")
    return root


class TestPackCode:
    def test_functions_carry_two_rooms(self, tree: Path, tmp_path: Path) -> None:
        """What runs in Lambda is the functions and the library: no tests, no workbench, no bytecode."""
        package = pack_code(tree, tmp_path / "out")
        assert zipfile.ZipFile(package.path).namelist() == ["functions/plan.py", "slipway/domain/gates.py"]

    def test_same_code_has_the_same_digest_and_bytes(self, tree: Path, tmp_path: Path) -> None:
        """Neither dates nor places change the package: CloudFormation sees no change where there is none."""
        first = pack_code(tree, tmp_path / "a")
        (tree / "functions" / "plan.py").touch()
        second = pack_code(tree, tmp_path / "b")
        assert first.digest == second.digest
        assert first.path.read_bytes() == second.path.read_bytes()

    def test_other_code_has_another_digest(self, tree: Path, tmp_path: Path) -> None:
        """A change of one file changes the name of the package."""
        first = pack_code(tree, tmp_path)
        (tree / "functions" / "plan.py").write_text("# changed\n")
        assert pack_code(tree, tmp_path).digest != first.digest

    def test_package_stays_small(self, tmp_path: Path) -> None:
        """The code beside the layer stays below 2 MB: it is fetched at every cold start."""
        assert pack_code(ROOT, tmp_path).path.stat().st_size < MAX_ZIP_BYTES


class TestPackLayer:
    def test_missing_layer_says_how_to_build_it(self, tmp_path: Path) -> None:
        """Without a layer, synthesis ends with the command that makes one."""
        with pytest.raises(MissingLayerError, match="make layer"):
            pack_layer(tmp_path / "layer", tmp_path)

    def test_files_keep_their_places(self, tmp_path: Path) -> None:
        """Lambda looks for packages below ``python/``."""
        (tmp_path / "layer" / "python" / "boto3").mkdir(parents=True)
        (tmp_path / "layer" / "python" / "boto3" / "__init__.py").write_text("")
        package = pack_layer(tmp_path / "layer", tmp_path / "out")
        assert zipfile.ZipFile(package.path).namelist() == ["python/boto3/__init__.py"]
