"""Runs one of a model's programs as a child: signals reach it, its exit code is kept, its last words too."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO

FORWARDED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)
LAST_WORDS_BYTES = 4096
NOT_FOUND = 127
NOT_EXECUTABLE = 126


def environment(root: Path, program: Path) -> dict[str, str]:
    """
    The environment that a model's programs run in.

    Args:
        root: The directory of this runtime, ``/opt/slipway``; the packages lie beside it.
        program: The directory of the model's own code.

    """
    variables = dict(os.environ)
    variables["PATH"] = _joined(
        str(program), str(Path(sys.executable).parent), variables.get("PATH", os.defpath)
    )
    modules = (str(root.parent / "packages"), str(root / "lib"))
    variables["PYTHONPATH"] = _joined(*modules, variables.get("PYTHONPATH", ""))
    variables.setdefault("PYTHONUNBUFFERED", "1")  # log lines are read while the job runs
    return variables


def exit_code(return_code: int) -> int:
    """The code a shell would report: 128 and the signal's number for a program that a signal ended."""
    return return_code if return_code >= 0 else 128 - return_code


class Program:
    """A child that begins with this object; from then on the signals of this process reach it."""

    def __init__(self, command: list[str], variables: dict[str, str], folder: Path) -> None:
        """Start it; raises OSError if it cannot be started. Only the main thread may."""
        self._words = bytearray()
        self._child: subprocess.Popen[bytes] | None = None
        self._early: list[int] = []
        for number in FORWARDED:
            signal.signal(number, lambda received, _frame: self.send(received))
        self._child = subprocess.Popen(command, env=variables, cwd=str(folder), stderr=subprocess.PIPE)
        for early in self._early:
            self.send(early)
        self._copier = threading.Thread(target=self._copy, args=(self._child.stderr,), daemon=True)
        self._copier.start()

    def send(self, number: int) -> None:
        """Send the program a signal; nothing happens if it has ended."""
        if self._child is None:
            self._early.append(number)
        elif self._child.poll() is None:
            self._child.send_signal(number)

    def wait(self) -> int:
        """Wait for its end; its exit code as a shell reports it."""
        code = exit_code(self._child.wait()) if self._child else NOT_FOUND
        self._copier.join(timeout=1)  # a grandchild may hold the pipe open for longer
        return code

    @property
    def last_words(self) -> str:
        """The end of what it wrote to standard error."""
        return self._words.decode("utf-8", "replace").strip()

    def _copy(self, stream: IO[bytes]) -> None:
        while True:
            chunk = os.read(stream.fileno(), 65536)
            if not chunk:
                return
            os.write(2, chunk)
            self._words += chunk
            del self._words[:-LAST_WORDS_BYTES]


def find(command: list[str], variables: dict[str, str], folder: Path) -> list[str]:
    """
    The command with its program's full path, looked for in the model's directory first, then on PATH.

    Raises FileNotFoundError if it is in neither; starting it would say "permission denied" instead where
    a folder of PATH is closed to this user.
    """
    name = command[0]
    own = folder / name
    if own.is_file():
        return [str(own), *command[1:]]
    found = shutil.which(name, path=variables["PATH"])
    if found is None:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name)
    return [found, *command[1:]]


def _joined(*parts: str) -> str:
    """Directories in their order, each once."""
    folders = (folder for part in parts for folder in part.split(os.pathsep) if folder)
    return os.pathsep.join(dict.fromkeys(folders))
