"""What endpoints' programs use of this machine, told to CloudWatch each minute as SageMaker does."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from workbench.local import seams
from workbench.local.services import start_thread

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from workbench.local.sagemaker.endpoints import Endpoints
    from workbench.local.sagemaker.fleet import Fleet
    from workbench.local.sagemaker.surroundings import Surroundings

logger = logging.getLogger("slipway.sagemaker")

NAMESPACE: Final = "/aws/sagemaker/Endpoints"
PERIOD_SECONDS: Final = 60.0
"""By SageMaker's clock."""
OFTEN_SECONDS: Final = 1.0
PROC: Final = Path("/proc")
_PERCENT: Final = 100.0


@dataclass(frozen=True, slots=True)
class Process:
    """One process of this machine, as /proc tells."""

    parent: int
    cpu_seconds: float
    """Its own, of all its threads."""
    resident_bytes: int


def processes() -> dict[int, Process]:
    """All processes by id; none where there is no /proc."""
    if not PROC.is_dir():
        return {}
    ticks, page = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")
    found = {}
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError, ValueError, IndexError):
                found[int(entry.name)] = _read((entry / "stat").read_text(), ticks, page)
    return found


def _read(stat: str, ticks: int, page: int) -> Process:
    """
    A line of /proc/PID/stat; the program's name may hold blanks and brackets.

    >>> _read("7 (a) b) S 3 7 7 0 -1 0 0 0 0 0 50 25 0 0 20 0 1 0 9 4096 10 0", 100, 4096)
    Process(parent=3, cpu_seconds=0.75, resident_bytes=40960)
    """
    fields = stat.rpartition(")")[2].split()
    return Process(
        parent=int(fields[1]),
        cpu_seconds=(int(fields[11]) + int(fields[12])) / ticks,
        resident_bytes=int(fields[21]) * page,
    )


def below(root: int, known: Mapping[int, Process]) -> set[int]:
    """A process and all that it has started, directly or not."""
    children: dict[int, list[int]] = {}
    for pid, process in known.items():
        children.setdefault(process.parent, []).append(pid)
    found, left = set(), [root]
    while left:
        pid = left.pop()
        if pid in known and pid not in found:
            found.add(pid)
            left += children.get(pid, [])
    return found


@dataclass(slots=True)
class Meter:
    """Turns what processes have used into what they use: percents between two looks."""

    _before: dict[int, float] = field(default_factory=dict)
    """CPU seconds by process."""
    _at: float = 0.0

    def look(
        self, roots: Iterable[int], known: Mapping[int, Process], now: float, memory_bytes: int
    ) -> dict[int, tuple[float, float]]:
        """
        For each root with all below it: percent of one core, percent of the machine's memory.

        A root that was not there at the last look is left out.
        """
        used, elapsed = {}, now - self._at
        seconds = {pid: process.cpu_seconds for pid, process in known.items()}
        for root in roots:
            family = below(root, known)
            if root in self._before and elapsed > 0:
                cpu = sum(seconds[pid] - self._before.get(pid, 0.0) for pid in family)
                resident = sum(known[pid].resident_bytes for pid in family)
                used[root] = (
                    max(cpu, 0.0) / elapsed * _PERCENT,
                    min(resident / memory_bytes * _PERCENT, _PERCENT),
                )
        self._before, self._at = seconds, now
        return used


class Utilization:
    """One thread that looks at every endpoint's programs; an instance is a program with all it started."""

    def __init__(self, surroundings: Surroundings, endpoints: Endpoints) -> None:
        self._surroundings, self._endpoints = surroundings, endpoints
        self._records = surroundings.store.records("endpoint")
        self._meter = Meter()
        self._told: dict[int, int] = {}
        """By process: the minute of this machine's clock in which it was counted last."""

    def start(self) -> None:
        """Begin, in a thread, where this machine has /proc."""
        if PROC.is_dir():
            start_thread("utilization", self._loop)

    def _loop(self) -> None:
        clock, never = self._surroundings.server.clock, threading.Event()
        while True:
            time.sleep(OFTEN_SECONDS)
            clock.wait(PERIOD_SECONDS - OFTEN_SECONDS * clock.speed, never)
            try:
                self.turn()
            except Exception:
                logger.exception("utilization")

    def turn(self) -> None:
        """Look at all of them once."""
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        serving = []
        for scope, name, _ in self._records.everywhere():
            with seams.RESPONSES.scope(*scope):
                traffic = self._endpoints.traffic(name)
            serving += [(scope, name, fleet) for fleet in traffic.fleets] if traffic is not None else []
        pids = {pid for _, _, fleet in serving for _, pid in _programs(fleet)}
        if not pids:
            return
        used = self._meter.look(pids, processes(), time.monotonic(), memory)
        minute = int(time.time() // PERIOD_SECONDS)
        self._told = {pid: at for pid, at in self._told.items() if pid in pids}
        disk = shutil.disk_usage(self._surroundings.server.home)
        full = ("DiskUtilization", round(disk.used / disk.total * _PERCENT, 2), "Percent")
        for scope, name, fleet in serving:
            with seams.RESPONSES.scope(*scope):
                for variant, pid in _programs(fleet):
                    if pid in used:
                        cpu, resident = used[pid]
                        self._surroundings.measure(
                            NAMESPACE,
                            {"EndpointName": name, "VariantName": variant},
                            ("CPUUtilization", round(cpu, 2), "Percent"),
                            ("MemoryUtilization", round(resident, 3), "Percent"),
                            # once a real minute, however fast the clock: its reports count instances
                            *([full] if self._told.get(pid) != minute else []),
                        )
                        self._told[pid] = minute


def _programs(fleet: Fleet) -> list[tuple[str, int]]:
    """Variant and process id of each program that runs."""
    return [
        (variant.name, pid)
        for variant in [*fleet.variants.values(), *fleet.shadows.values()]
        for process in list(variant.processes)
        if (pid := process.pid) is not None
    ]
