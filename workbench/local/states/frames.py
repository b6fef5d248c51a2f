"""Where an execution stands: one frame for the machine and one for each running branch or iteration."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Path = tuple[str, ...]
Phase = Literal["enter", "ready", "calling", "waiting", "backoff", "forked", "done", "failed"]


@dataclass(slots=True)
class Frame:
    """
    The position of one line of states; enough to go on from after a restart.

    Attributes:
        path: ``()`` for the machine, ``(state, index, …)`` for a branch or iteration within it.
        state: Name of the current state.
        phase: ``enter``: not yet entered; ``ready``: entered, nothing begun; ``calling``: a request is
            under way; ``waiting``: for a token, a job or a time; ``backoff``: before a retry; ``forked``:
            children run; ``done``, ``failed``: ended.
        attempts: How often each retrier has answered.
        until: End of a wait or backoff, seconds since the epoch.
        deadline: When the task times out.
        nonce: Made when an attempt begins; part of its task token and of generated names.
        submitted: What ``.sync`` or ``.waitForTaskToken`` answered at once.
        item: ``{"Index", "Value"}`` of a Map's iteration.
    """

    path: Path
    state: str
    input: Any
    variables: dict[str, Any] = field(default_factory=dict)
    phase: Phase = "enter"
    entered_at: float = 0.0
    retry_count: int = 0
    attempts: list[int] = field(default_factory=list)
    until: float | None = None
    deadline: float | None = None
    nonce: str = ""
    request: Any = None
    submitted: Any = None
    output: Any = None
    item: dict[str, Any] | None = None
    last_event: int = 0

    def begin(self, state: str, document: Any) -> None:
        """Stand before ``state`` with its input."""
        self.state, self.input, self.phase = state, document, "enter"
        self.reset()

    def reset(self) -> None:
        """Forget the attempts at the current state."""
        self.retry_count, self.attempts = 0, []
        self.until = self.deadline = None
        self.nonce = ""
        self.request = self.submitted = None

    def redrive(self) -> None:
        """Stand as a redrive begins: in the state that did not end, with its input, nothing attempted."""
        if self.phase in {"done", "enter"}:
            return
        self.reset()
        if self.phase != "forked":
            self.phase = "ready"

    def record(self) -> dict[str, Any]:
        """As the journal keeps it."""
        return {name: getattr(self, name) for name in self.__slots__ if name != "path"} | {
            "path": list(self.path)
        }

    @classmethod
    def of(cls, record: dict[str, Any]) -> Frame:
        """From the journal."""
        return cls(**(record | {"path": tuple(record["path"])}))
