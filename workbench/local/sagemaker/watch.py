"""What an update is rolled back for: its alarms, and its time."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any, Final

from workbench.local import seams
from workbench.local.services import start_thread

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.local.clock import Clock
    from workbench.local.sagemaker.deployment_plan import Plan

LOOK_SECONDS: Final = 0.1


class Watch:
    """
    Looks at an update's alarms from its start to ``end``, whatever is done meanwhile.

    Args:
        plan: With alarms and the longest time.
        clock: By which the update waits; its work takes real time.
        ending: Set when the server ends: the update is then neither done nor rolled back.
        spent_seconds: What an earlier server has spent on the update.
    """

    def __init__(self, plan: Plan, clock: Clock, ending: threading.Event, spent_seconds: float = 0.0) -> None:
        self._plan, self._clock, self._ending = plan, clock, ending
        self.tripped = threading.Event()
        """Set when the update is not to go on."""
        self.reason: str | None = None
        """Why it is to be rolled back; None: it is not."""
        self.on_trip: list[Callable[[], Any]] = []
        self._ended = threading.Event()
        self._waited, self._began = spent_seconds, time.monotonic()
        self._real_waits = 0.0

    def begin(self) -> None:
        """Look at once, then go on in a thread."""
        self._look("when the deployment began")
        start_thread("watch-update", self._run)

    def end(self) -> None:
        """Look no more."""
        self._ended.set()

    def spent_seconds(self) -> float:
        """Waits by SageMaker's clock, and all else as it was: how long the update would have taken there."""
        return self._waited + time.monotonic() - self._began - self._real_waits

    def wait(self, seconds: float) -> bool:
        """Wait by the clock; False when the update is not to go on."""
        began, shown = time.monotonic(), self._clock.now()
        left = max(self._plan.longest_seconds - self.spent_seconds(), 0.0)
        stopped = self._clock.wait(min(seconds, left), self.tripped)
        self._waited += self._clock.now() - shown
        self._real_waits += time.monotonic() - began
        if not stopped and seconds > left:
            self._trip(self._too_long)
        return not self.tripped.is_set()

    @property
    def _too_long(self) -> str:
        limit = f"{self._plan.longest_seconds:g} s"
        return f"The deployment took longer than its MaximumExecutionTimeoutInSeconds ({limit})."

    def _run(self) -> None:
        while not self._ended.wait(LOOK_SECONDS) and not self.tripped.is_set():
            self._look("during the deployment")

    def _look(self, when: str) -> None:
        if self._ending.is_set():
            self._trip(None)
            return
        ringing = [
            name
            for name in self._plan.alarms
            if (seams.ALARMS.by_name.get(name) or {}).get("StateValue") == "ALARM"
        ]
        if ringing:
            noun = "Alarm" if len(ringing) == 1 else "Alarms"
            verb = "was" if len(ringing) == 1 else "were"
            self._trip(f"{noun} {', '.join(ringing)} {verb} in ALARM state {when}.")
        elif self.spent_seconds() > self._plan.longest_seconds:
            self._trip(self._too_long)

    def _trip(self, reason: str | None) -> None:
        if self.tripped.is_set() or self._ended.is_set():
            return
        self.reason = reason
        self.tripped.set()
        for act in self.on_trip:
            act()
