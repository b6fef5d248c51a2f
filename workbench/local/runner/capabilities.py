"""What this machine's kernel lets programs be shut off from."""

from __future__ import annotations

import functools
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_TRIAL_SECONDS: Final = 20.0


@dataclass(frozen=True, slots=True)
class Capabilities:
    """
    How programs run here.

    ``namespaces``: with a private root, network and process table, ``/opt/ml`` mounted. Without, they run
    as plain processes that must honour ``SAGEMAKER_BASE_DIR`` and the ``SM_*`` variables.
    """

    namespaces: bool
    user_namespace: bool
    reason: str
    """Why there are no namespaces; empty where there are."""

    @property
    def summary(self) -> str:
        """One line for ``slipway up``."""
        if self.namespaces:
            how = "as root" if not self.user_namespace else "in user namespaces"
            return f"models run in private namespaces ({how}), /opt/ml mounted"
        return "models run as plain processes, without private namespaces: " + self.reason

    @property
    def limits(self) -> tuple[str, ...]:
        """What does not work here; empty with namespaces."""
        if self.namespaces:
            return ()
        return (
            "programs that open /opt/ml by that path fail; those that honour SAGEMAKER_BASE_DIR or SM_* work",
            "images with a root file system of their own (built by Docker) do not run",
            "serving programs must listen on SAGEMAKER_BIND_TO_PORT, not on 8080",
            "programs see this machine's network and files",
        )


@functools.cache
def capabilities() -> Capabilities:
    """Try a program once in namespaces and say how it went."""
    from workbench.local.runner.program import Plan, Program, ProgramError  # noqa: PLC0415 - they need this

    user = os.geteuid() != 0
    if not sys.platform.startswith("linux"):
        return Capabilities(namespaces=False, user_namespace=False, reason="namespaces need Linux")
    if os.environ.get("SLIPWAY_NAMESPACES") == "0":
        return Capabilities(namespaces=False, user_namespace=False, reason="SLIPWAY_NAMESPACES=0 is set")
    trial = Capabilities(namespaces=True, user_namespace=user, reason="")
    try:
        with tempfile.TemporaryDirectory(prefix="slipway-trial-") as work:
            (Path(work) / "ml" / "model").mkdir(parents=True)
            plan = Plan(
                command=("python3", "-I", "-S", "-c", "open('/opt/ml/model/x', 'w').close()"),
                environment={"PATH": "/usr/local/bin:/usr/bin:/bin"},
                working_directory="/",
                work=Path(work),
                rootfs=None,
                binds=(),
            )
            ended = Program(plan, trial).wait(_TRIAL_SECONDS)
            if ended is None or ended.exit_code != 0:
                return Capabilities(
                    namespaces=False, user_namespace=False, reason=f"a trial ended with {ended}"
                )
    except ProgramError as error:
        return Capabilities(namespaces=False, user_namespace=False, reason=error.reason)
    return trial
