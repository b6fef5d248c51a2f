"""From an unpacked image and a job's wishes to a plan that a sandbox can run."""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from workbench.local.runner.program import PYTHON_DIRECTORY, Bind, Plan, interpreter_links

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from workbench.local.runner.capabilities import Capabilities
    from workbench.local.runner.images import Image

OWN_DIRECTORIES: Final = ("program", "packages", "slipway")
"""What an image without a root file system brings, under /opt."""
SERVING_PORT: Final = 8080
_SYSTEM_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True)
class Launch:
    """A plan, and the port on which its program serves, should it serve."""

    plan: Plan
    port: int


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def launch(
    image: Image,
    work: Path,
    capabilities: Capabilities,
    *,
    command: Sequence[str],
    environment: Mapping[str, str],
    relay: int | None,
) -> Launch:
    """
    Plan to run ``command`` of ``image``, ``work/ml`` being its /opt/ml.

    Where there are no namespaces, paths of the image in its environment become paths of this machine and the
    ``SM_*`` variables say where ``/opt/ml`` lies.
    """
    has_system = image.whole_system
    directories = [
        entry.name
        for entry in sorted((image.root / "opt").iterdir() if (image.root / "opt").is_dir() else ())
        if entry.is_dir() and entry.name not in ("ml", "python")
    ]
    variables = {"PATH": _SYSTEM_PATH, "HOME": "/root" if has_system else "/tmp"}  # noqa: S108 - the program's own
    variables |= {"PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1", "LANG": "C.UTF-8"}
    variables |= image.environment
    if not has_system:
        variables["PATH"] = _with_interpreter(variables["PATH"], PYTHON_DIRECTORY)
        variables["PYTHONNOUSERSITE"] = "1"
    variables |= environment
    port = SERVING_PORT
    cwd = image.working_directory
    if not capabilities.namespaces:
        port = free_port()
        variables = _on_this_machine(variables, image.root, work)
        variables["PATH"] = _with_interpreter(variables["PATH"], str(interpreter_links(work)))
        variables |= sm_variables(work / "ml")
        cwd = str(image.root / cwd.lstrip("/"))
    elif not has_system and not (cwd == "/" or (image.root / cwd.lstrip("/")).is_dir()):
        cwd = "/"
    variables["SAGEMAKER_BIND_TO_PORT"] = str(port)
    plan = Plan(
        command=tuple(command),
        environment=variables,
        working_directory=cwd,
        work=work,
        rootfs=image.root if has_system and capabilities.namespaces else None,
        binds=tuple(Bind(image.root / "opt" / name, f"/opt/{name}") for name in directories)
        if not has_system
        else (),
        relay=relay,
    )
    return Launch(plan, port)


def _with_interpreter(path: str, directory: str) -> str:
    """``path`` with the interpreter after the image's own directories and before the system's."""
    entries = path.split(":")
    own = [entry for entry in entries if entry.startswith("/opt/") or "/opt/" in entry]
    return ":".join([*own, directory, *(entry for entry in entries if entry not in own)])


def _on_this_machine(variables: Mapping[str, str], root: Path, work: Path) -> dict[str, str]:
    translated: dict[str, str] = {}
    for name, value in variables.items():
        text = value.replace("/opt/ml", str(work / "ml"))
        for own in OWN_DIRECTORIES:
            text = text.replace(f"/opt/{own}", str(root / "opt" / own)) if name.endswith("PATH") else text
        translated[name] = text
    return translated


def sm_variables(ml: Path) -> dict[str, str]:
    """The training toolkit's variables, for programs that cannot be given /opt/ml itself."""
    channels = sorted(entry.name for entry in (ml / "input" / "data").glob("*") if entry.is_dir())
    configuration = ml / "input" / "config" / "hyperparameters.json"
    return {
        "SAGEMAKER_BASE_DIR": str(ml),
        "SM_MODEL_DIR": str(ml / "model"),
        "SM_OUTPUT_DIR": str(ml / "output"),
        "SM_OUTPUT_DATA_DIR": str(ml / "output" / "data"),
        "SM_INPUT_DIR": str(ml / "input"),
        "SM_INPUT_CONFIG_DIR": str(ml / "input" / "config"),
        "SM_CHANNELS": json.dumps(channels),
        "SM_CURRENT_HOST": "algo-1",
        "SM_HOSTS": json.dumps(["algo-1"]),
        "SM_HPS": configuration.read_text(encoding="utf-8") if configuration.exists() else "{}",
        **{f"SM_CHANNEL_{name.upper()}": str(ml / "input" / "data" / name) for name in channels},
    }
