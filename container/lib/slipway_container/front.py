"""Stands before a model's own server, whatever it is; adds the identity header and the prediction record."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from typing import TYPE_CHECKING

from . import identity, predictions
from .answers import Answers
from .exchange import Relay
from .program import FORWARDED, NOT_EXECUTABLE, NOT_FOUND, exit_code, find
from .records import SAMPLING_VARIABLE, RecordLog
from .relay import Client
from .runtime_manifest import ROOT
from .serving import BACKLOG, PORT_VARIABLE, address, run

if TYPE_CHECKING:
    from pathlib import Path


def main(command: list[str], variables: dict[str, str], folder: Path) -> int:
    """
    Start the model's server one port above SageMaker's and stand before it until it ends.

    Args:
        command: The manifest's ``serve`` program with its arguments.
        variables: Its environment; ``SAGEMAKER_BIND_TO_PORT`` is set to the port that it has to listen on.
        folder: The model's own directory.

    Returns:
        The server's exit code; 127 or 126 if it cannot be started.

    """
    sys.path.append(str(ROOT.parent / "packages"))  # uvloop, if the model's packages have it
    code: int = run(_stand_before(command, variables, folder))
    return code


async def _stand_before(command: list[str], variables: dict[str, str], folder: Path) -> int:
    loop = asyncio.get_running_loop()
    host, port = address()
    own = identity.from_environment()
    value = identity.format_header(own)
    records = RecordLog(own, loop)
    meter = predictions.from_environment(loop, records)
    relay = Relay(port + 1, value, Answers(value), records, meter)
    listener = await loop.create_server(lambda: Client(relay), host, port, backlog=BACKLOG)
    variables = {
        **variables,
        PORT_VARIABLE: str(port + 1),
        SAMPLING_VARIABLE: "0",
        predictions.VARIABLE: "",
    }  # one record and one count per request: ours
    try:
        child = await asyncio.create_subprocess_exec(
            *find(command, variables, folder), env=variables, cwd=str(folder)
        )
    except OSError as error:
        print(f"{command[0]} cannot be started in {folder}: {error.strerror}", file=sys.stderr)
        return NOT_FOUND if isinstance(error, FileNotFoundError) else NOT_EXECUTABLE
    for number in FORWARDED:
        loop.add_signal_handler(number, _send, child, number)
    code = exit_code(await child.wait())
    listener.close()
    meter.flush()
    records.close()
    if code not in (0, 128 + signal.SIGTERM):
        print(
            f"{command[0]} ended with exit code {code}; it has to listen on port "
            f'{port + 1} (${PORT_VARIABLE}), since slipway.toml says serving.identity = "proxy"',
            file=sys.stderr,
        )
    sys.stderr.flush()
    return code


def _send(child: asyncio.subprocess.Process, number: int) -> None:
    try:
        os.kill(child.pid, number)
    except ProcessLookupError:
        return  # it has ended already; its exit code is on the way
