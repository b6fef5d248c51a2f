"""The ledger's peers: ml-metadata and MLflow on SQLite, in a Python of their own under ``build/peers``."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
LOCK = HERE / "peers" / "lineage.txt"
HOME = Path("build/peers/lineage")


def python() -> Path:
    """The peers' interpreter; made by uv when the lock file changed."""
    stamp, wanted = HOME / "stamp", hashlib.sha256(LOCK.read_bytes()).hexdigest()
    found = (HOME / "bin" / "python").absolute()
    if stamp.exists() and stamp.read_text() == wanted:
        return found
    uv = Path(sys.executable).with_name("uv")
    HOME.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run([uv, "venv", "--quiet", "--clear", "--python", "3.11", HOME], check=True)
    install = [uv, "pip", "install", "--quiet", "--require-hashes", "-r", LOCK, "--python", found]
    subprocess.run(install, check=True)
    stamp.write_text(wanted)
    return found


class Peer:
    """One peer's process, which does as it is told and says how long it took."""

    def __init__(self, name: str, folder: Path) -> None:
        folder.mkdir()
        self.process = subprocess.Popen(
            [python(), HERE.absolute() / "peers" / "lineage_stores.py", name, folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def do(self, name: str, **arguments: Any) -> tuple[float, int]:
        """Seconds, and how many it found."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(json.dumps({"do": name, **arguments}), file=self.process.stdin, flush=True)
        answer = json.loads(self.process.stdout.readline())
        return float(answer["seconds"]), int(answer["count"])

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
