"""What every part of the embedded AWS knows of the server that carries it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from workbench.local.clock import Clock
from workbench.local.faults import Faults
from workbench.local.iam import Audit
from workbench.local.state import State

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ACCOUNT = "000000000000"
REGION = "us-east-1"


@dataclass(frozen=True, slots=True)
class ServerContext:
    """
    One running server.

    ``on_start`` runs in order once persisted state is loaded and requests are
    answered; ``on_stop`` in reverse when the server ends in an orderly way.
    Both run in a worker thread and may block.
    """

    home: Path
    port: int
    account: str = ACCOUNT
    region: str = REGION
    confirm_email: bool = True
    """Whether the inbox confirms e-mail subscriptions itself."""
    state: State = field(init=False)
    """What keeps everything; ``state.mark("name")`` has a service written soon."""
    clock: Clock = field(init=False)
    """The time of SageMaker's waits."""
    faults: Faults = field(init=False)
    """Those that somebody asked for."""
    audit: Audit = field(default_factory=Audit)
    on_start: list[Callable[[], None]] = field(default_factory=list)
    on_stop: list[Callable[[], None]] = field(default_factory=list)
    on_push: list[Callable[[str, str], None]] = field(default_factory=list)
    """Called with repository and digest of each pushed manifest; must not block."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "clock", Clock(self.home / "speed"))
        object.__setattr__(self, "faults", Faults(self.home / "faults.json"))
        object.__setattr__(self, "state", State(self.home / "state", self.registry))

    @property
    def endpoint_url(self) -> str:
        """Where all services answer, without a slash at its end."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def registry(self) -> str:
        """The host of image URIs."""
        return f"127.0.0.1:{self.port}"
