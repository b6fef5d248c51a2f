"""
What survives ``slipway down``, and a kill.

There are snapshots of services that changed, and journals of those that must lose nothing.

A service is marked by the requests that change it and written some tenths of a
second later, whole, under a new name that then takes the old one's place. The
services in ``JOURNALLED`` also write each changing request down before it is
answered; a snapshot begins a new journal, and at start the journals since the
last snapshot are replayed.

A kill of the process loses nothing that was written: the operating system has
it. A loss of power may.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import itertools
import json
import logging
import re
import threading
import time
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from workbench.local import seams
from workbench.local.journal import Journal
from workbench.local.snapshots import Snapshots

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

logger = logging.getLogger("slipway.state")

DELAY_SECONDS: Final = 0.15
"""From a change to its snapshot: several changes share one."""
SHARE: Final = 0.1
"""A service that takes long to write is written less often: at most this share of the time."""
JOURNALLED: Final = ("dynamodb", "logs", "monitoring")
SLOW_SECONDS: Final = {"cloudwatch": 5.0}
"""Metrics come with every invocation, and nobody misses the last ones; alarms are journalled."""
SAYS_HOW: Final = ("x-amz-target", "content-type", "smithy-protocol")
"""Headers that say what a request asks for, and how its body is to be read."""
JOURNAL_BYTES: Final = 16 << 20
"""A longer journal is replaced by a snapshot."""
READING: Final = re.compile(
    r"^(Get|List|Describe|BatchGet|Head|Query|Scan|Lookup|Filter|Search|Select|Verify|Check)"
)
LOG_WRITES: Final = {
    "CreateLogGroup": "create_group",
    "CreateLogStream": "create_stream",
    "PutLogEvents": "put_events",
}
"""Operations that other services also use without a request, and our names for their functions."""
GENERATION: Final = "__slipway_journal__"
FOLLOWERS: Final = {
    "events": ("sqs", "cloudwatch_logs"),
    "sns": ("sqs",),
    "lambda": ("cloudwatch",),
}
"""State keys of services that one service changes without a request."""


def is_reading(
    method: str, path: str, headers: Mapping[str, str], body: bytes, query: Mapping[str, Any]
) -> bool:
    """
    Whether a request changes nothing.

    >>> is_reading("POST", "/", {"x-amz-target": "DynamoDB_20120810.PutItem"}, b"{}", {})
    False
    >>> is_reading("POST", "/", {}, b"Action=DescribeStacks&Version=2010-05-15", {})
    True
    """
    if target := headers.get("x-amz-target"):
        return bool(READING.match(target.rpartition(".")[2]))
    if operation := re.search(r"^/service/[^/]+/operation/(\w+)$", path):
        return bool(READING.match(operation[1]))
    if method in {"GET", "HEAD", "OPTIONS"} and "Action" not in query:
        return True
    if match := re.search(rb"(?:^|&)Action=(\w+)", body[:4096]):
        return bool(READING.match(match[1].decode()))
    return path.endswith("/invocations")


def is_metric_data(path: str, headers: Mapping[str, str], body: bytes) -> bool:
    """
    Whether a request to CloudWatch only brings datapoints, of which nobody misses the last ones.

    >>> is_metric_data("/service/GraniteServiceVersion20100801/operation/PutMetricData", {}, b"")
    True
    >>> is_metric_data("/", {"x-amz-target": "GraniteServiceVersion20100801.PutMetricAlarm"}, b"")
    False
    """
    target = headers.get("x-amz-target", "")
    return (
        path.endswith("/PutMetricData")
        or target.endswith(".PutMetricData")
        or b"Action=PutMetricData" in body[:4096]
    )


class State:
    """
    Writes and reads the state of every service under ``folder``.

    Args:
        folder: Holds ``<service>.json``, ``blobs/`` and ``journal/``.
        address: Host and port of the server.
    """

    def __init__(self, folder: Path, address: str) -> None:
        self._address = address
        self._snapshots = Snapshots(folder)
        self._journals = {key: Journal(folder / "journal", key) for key in JOURNALLED}
        self._due: dict[str, float] = {}
        self._cost: dict[str, float] = defaultdict(float)
        self._changed = threading.Condition()
        self._writing = threading.Lock()
        self._numbers = itertools.count(1)
        self._written: dict[str, int] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._replaying = False

    @property
    def replaying(self) -> bool:
        """Whether what an earlier server did is being done again."""
        return self._replaying

    # -- changes -----------------------------------------------------------------------------------

    def mark(self, *keys: str) -> None:
        """These services changed; they are written soon, or a little later where that is enough."""
        with self._changed:
            for key in keys:
                delay = SLOW_SECONDS.get(key, DELAY_SECONDS)
                at = time.monotonic() + max(delay, self._cost[key] / SHARE)
                self._due[key] = min(self._due.get(key, at), at)
            self._changed.notify()

    def mark_all(self) -> None:
        """Anything may have changed."""
        self.mark(*(key for key, _ in self._loaded()))

    def flush(self, key: str) -> None:
        """Write one service now, before its change is answered."""
        with self._changed:
            self._due.pop(key, None)
        holder = dict(self._loaded()).get(key)
        if holder is not None:
            self._write(key, holder)

    def note(self, service: str, method: str, path: str, headers: Mapping[str, str], body: bytes) -> None:
        """Write a changing request of a journalled service down."""
        journal = self._journals.get(service)
        if journal is None or self._replaying:
            return
        journal.add(
            {
                "account": seams.RESPONSES.get_account_id(),
                "region": seams.RESPONSES.get_region(),
                "method": method,
                "path": path,
                "headers": {name: headers[name] for name in SAYS_HOW if name in headers},
                "body": base64.b64encode(body).decode() if not body.isascii() else body.decode(),
                "encoded": not body.isascii(),
            }
        )
        if journal.size > JOURNAL_BYTES:
            self.mark(state_key(service))

    # -- writing -----------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to write; called on the server's event loop."""
        self._loop = asyncio.get_running_loop()
        threading.Thread(target=self._run, name="state", daemon=True).start()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._due:
                    self._changed.wait()
                key, at = min(self._due.items(), key=lambda item: item[1])
                wait = at - time.monotonic()
                if wait > 0:
                    self._changed.wait(wait)
                    continue
                del self._due[key]
            holder = dict(self._loaded()).get(key)
            if holder is None:
                continue
            started = time.perf_counter()
            try:
                self._write(key, holder)
            except Exception:
                logger.exception("state of %s", key)
            self._cost[key] = time.perf_counter() - started

    def write_all(self, _services: Any = None) -> None:
        """Write every service that holds anything; at the end of the server."""
        with self._changed:
            self._due.clear()
        for key, holder in self._loaded():
            try:
                self._write(key, holder)
            except Exception:
                logger.exception("state of %s", key)
        self._snapshots.forget_unused_blobs()

    def _write(self, key: str, holder: Any) -> None:
        service = service_of(key)
        journal = self._journals.get(service)
        # Taken without the lock: its holder would wait for the event loop, which may want to write itself.
        state, generation, number = self._taken(holder, journal)
        if state is None:
            return
        with self._writing:
            if number < self._written.get(key, 0):
                return  # what another one took later is there
            self._written[key] = number
            document: dict[str, Any] = {"__ministack_format__": seams.PERSISTENCE.version(key)}
            if journal is not None:
                document[GENERATION] = generation
            document["payload"] = state
            self._snapshots.write(key, document)
            if journal is not None:
                journal.forget_before(generation)

    def _taken(self, holder: Any, journal: Journal | None) -> tuple[Any, int, int]:
        """
        A service's state, the journal that begins with it, and a number that is greater for a later state.

        All between two requests, on the event loop.
        """

        def take() -> tuple[Any, int, int]:
            for _ in range(5):
                try:
                    state = holder.get_state()
                except RuntimeError:  # a background thread changed it meanwhile
                    time.sleep(0.002)
                    continue
                return state, journal.advance() if journal is not None else 0, next(self._numbers)
            return None, 0, 0

        loop = self._loop
        if loop is None or loop.is_closed() or not loop.is_running() or on_loop(loop):
            return take()

        async def taken() -> tuple[Any, int, int]:
            return take()

        return asyncio.run_coroutine_threadsafe(taken(), loop).result(30)

    def _loaded(self) -> list[tuple[str, Any]]:
        found = []
        for key, name in list(seams.APP.state_map.items()):
            holder = seams.APP.loaded_modules.get(name) or seams.loaded_service(name)
            if holder is not None and hasattr(holder, "get_state"):
                found.append((key, holder))
        return found

    # -- reading -----------------------------------------------------------------------------------

    def load(self, replay: Callable[[str, Mapping[str, Any]], None]) -> None:
        """Give every service what was written of it; then replay the journals."""
        self._snapshots.readdress(self._address)
        generations: dict[str, int] = {}
        for key, name in list(seams.APP.state_map.items()):
            try:
                document = self._snapshots.read(key)
                if document is None:
                    continue
                generations[service_of(key)] = document.get(GENERATION, 0)
                seams.APP.get_module(name).load_persisted_state(document["payload"])
            except Exception:
                logger.exception("state of %s is not readable; it starts empty", key)
                self._snapshots.set_aside(key)
        self._replaying = True
        for service, journal in self._journals.items():
            for entry in journal.entries(generations.get(service, 0)):
                try:
                    replay(service, entry)
                except Exception:
                    logger.exception("journal of %s", service)
        self._replaying = False


def state_key(service: str) -> str:
    """The name under which ministack keeps the state of a service."""
    config = seams.APP.registry.get(service) or {"module": service}
    return str(config.get("state_key", config["module"]))


def service_of(key: str) -> str:
    """The service whose state has this name."""
    return {"cloudwatch_logs": "logs", "cloudwatch": "monitoring"}.get(key, key)


def on_loop(loop: asyncio.AbstractEventLoop) -> bool:
    """Whether the caller runs on this event loop."""
    try:
        return asyncio.get_running_loop() is loop
    except RuntimeError:
        return False


def install(state: State) -> None:
    """Watch every service's requests; load and write in ministack's stead."""
    handlers = seams.APP.handlers
    for service, handler in list(handlers.items()):
        handlers[service] = watched(state, service, handler)

    def load() -> None:
        state.load(lambda service, entry: replayed(handlers[service], entry))
        state.start()

    for operation, ours in LOG_WRITES.items():
        seams.LOGS.replace(ours, noted(state, operation, getattr(seams.LOGS, ours)))
    seams.APP.replace("load_persisted_state", load)
    seams.APP.replace("save_all", state.write_all)


def noted(state: State, operation: str, write: Any) -> Any:
    """A function that writes logs, for requests and services alike, and is journalled."""

    def write_and_note(data: dict[str, Any]) -> Any:
        answer = write(data)
        if answer[0] < 400:  # noqa: PLR2004 - HTTP's errors
            headers = {"x-amz-target": f"Logs_20140328.{operation}"}
            state.note("logs", "POST", "/", headers, json.dumps(data).encode())
        return answer

    return write_and_note


def watched(state: State, service: str, handler: Any) -> Any:
    """A handler that tells the state of what changed."""
    followers = FOLLOWERS.get(service, ())

    async def handle(method: str, path: str, headers: Any, body: bytes, query: Any) -> Any:
        answer = await handler(method, path, headers, body, query)
        if is_reading(method, path, headers, body, query) or answer[0] >= 400:  # noqa: PLR2004 - HTTP's errors
            state.mark(*followers)
            return answer
        operation = headers.get("x-amz-target", "").rpartition(".")[2]
        metrics = service == "monitoring" and is_metric_data(path, headers, body)
        if operation not in LOG_WRITES and not metrics:
            state.note(service, method, path, headers, body)
        if service not in JOURNALLED or metrics or "Table" in operation:
            state.mark(state_key(service))
            state.mark(*followers)
        if service == "cloudformation":
            threading.Thread(target=follow_stacks, args=(state,), daemon=True).start()
        return answer

    return handle


def replayed(handler: Any, entry: Mapping[str, Any]) -> None:
    """Run one journalled request again; these services never wait in their handlers."""
    body = base64.b64decode(entry["body"]) if entry["encoded"] else entry["body"].encode()
    with seams.RESPONSES.scope(entry["account"], entry["region"]):
        # a journal of an older server names the target alone
        headers = entry.get("headers") or {"x-amz-target": entry["target"]}
        coroutine = handler(entry["method"], entry["path"], headers, body, {})
        with contextlib.suppress(StopIteration):
            coroutine.send(None)


def follow_stacks(state: State) -> None:
    """CloudFormation goes on in the background: write what it made, while it does and when it is done."""
    busy = True
    while busy:
        time.sleep(0.1)
        busy = any(
            str(stack.get("StackStatus", "")).endswith("_IN_PROGRESS")
            for _, stack in list(seams.CLOUDFORMATION_STACKS.stacks.all_items())
        )
        state.mark_all()
