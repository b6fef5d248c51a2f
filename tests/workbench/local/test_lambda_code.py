"""Layers of functions as the embedded AWS unpacks them."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

from workbench.local.lambda_code import CodeStore

if TYPE_CHECKING:
    from pathlib import Path


def zipped(**files: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in files.items():
            archive.writestr(f"python/{name}", text)
    return content.getvalue()


ARRAYS = zipped(
    **{
        "numpy/__init__.py": "raise ImportError('made for another processor')",
        "numpy/_core/_multiarray_umath.cpython-313-aarch64-linux-gnu.so": "\x7fELF",
        "numpy.libs/libopenblas.so": "\x7fELF",
        "plain/__init__.py": "answer = 42",
    }
)


class TestLayer:
    def test_compiled_library_is_this_machines_own(self, tmp_path: Path) -> None:
        """A layer is compiled for Lambda's processor; here its libraries run all the same."""
        layer = CodeStore(tmp_path).layer(ARRAYS)

        found = f"import sys; sys.path.insert(0, {str(layer / 'python')!r})"
        command = [sys.executable, "-I", "-S", "-c", f"{found}; import numpy; print(numpy.ones(3).sum())"]
        run = subprocess.run(command, capture_output=True, text=True, check=True)
        assert run.stdout.strip() == "3.0"

    def test_what_is_not_compiled_stays(self, tmp_path: Path) -> None:
        """Plain packages are the layer's own, also when it is unpacked again."""
        store = CodeStore(tmp_path)
        store.layer(ARRAYS)

        layer = store.layer(ARRAYS)

        assert (layer / "python" / "plain" / "__init__.py").read_text() == "answer = 42"
        assert (layer / "python" / "numpy").is_symlink()

    def test_library_that_this_environment_lacks_stays(self, tmp_path: Path) -> None:
        """Nothing can stand in for it: importing it says what is wrong."""
        layer = CodeStore(tmp_path).layer(zipped(**{"unheard_of/fast.so": "\x7fELF"}))

        assert (layer / "python" / "unheard_of" / "fast.so").is_file()
