"""Executions as the journals tell of them."""

from __future__ import annotations

import json
import logging
import os
from typing import TYPE_CHECKING, Any

from workbench.local.states.execution import Execution, Start
from workbench.local.states.frames import Frame

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbench.local.states.journal import Journal, Store

logger = logging.getLogger("slipway.states")

_TAIL_BYTES = 1 << 20


def recover(store: Store) -> Iterator[tuple[Execution, bool]]:
    """
    Every execution that was ever started, and whether its last status was announced.

    Of those that ended only the summary is read; history and frames rest in the
    journal until somebody asks (``Execution.history``, ``load_frames``).
    """
    for journal in store.journals():
        try:
            yield _recovered(journal)
        except (ValueError, KeyError, TypeError, StopIteration):
            logger.warning("unreadable journal %s", journal.path)


def _recovered(journal: Journal) -> tuple[Execution, bool]:
    first = next(journal.records())
    if first["k"] != "start":
        raise ValueError("a journal begins with its start")
    execution = Execution(Start(**first["start"]), journal)
    last = _last_record(journal)
    if last is not None and last["k"] in {"end", "told"}:
        _ended(execution, last)
        execution.events = None
        return execution, last["k"] == "told"
    _repair(journal)
    replay(execution)
    return execution, True


def _ended(execution: Execution, record: dict[str, Any]) -> None:
    for name in ("status", "output", "error", "cause", "stopped_at", "redrive_count", "redriven_at"):
        setattr(execution, name, record[name])


def replay(execution: Execution) -> None:
    """Read everything: history, frames, and what was told to its tasks."""
    events: list[dict[str, Any]] = []
    for each in execution.journal.records():
        kind = each["k"]
        if kind == "event":
            events.append(each["event"])
        elif kind == "frame":
            frame = Frame.of(each["frame"])
            execution.frames[frame.path] = frame
        elif kind == "drop":
            prefix = tuple(each["prefix"])
            for path in [path for path in execution.frames if path[: len(prefix)] == prefix]:
                del execution.frames[path]
        elif kind == "answer":
            execution.answers[each["nonce"]] = each["answer"]
        elif kind == "redrive":
            execution.redrive_count, execution.redriven_at = each["count"], each["at"]
            for frame in execution.frames.values():
                frame.redrive()
    execution.events = events


def load_frames(execution: Execution) -> None:
    """Where an ended execution failed, from its journal; its history alone may have been read already."""
    unread = not execution.frames and execution.status not in ("RUNNING", "SUCCEEDED")
    if execution.events is None or unread:
        replay(execution)


def _last_record(journal: Journal) -> dict[str, Any] | None:
    with journal.path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - _TAIL_BYTES))
        tail = file.read()
    if not tail.endswith(b"\n"):
        return None
    line = tail[:-1].rpartition(b"\n")[2]
    try:
        found: dict[str, Any] = json.loads(line)
    except ValueError:
        return None
    return found


def _repair(journal: Journal) -> None:
    """Close a line that a crash has torn, so that the next begins on its own."""
    with journal.path.open("rb+") as file:
        if file.seek(0, os.SEEK_END) == 0:
            return
        file.seek(-1, os.SEEK_END)
        if file.read(1) != b"\n":
            file.write(b"\n")
