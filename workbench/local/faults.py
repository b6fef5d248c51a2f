"""
Faults that a test or a rehearsal asks for: what AWS does on its bad days, when it is told to.

They are kept over restarts, and gone when they have been met as often as they were asked for, or are cleared.
"""

from __future__ import annotations

import contextlib
import functools
import json
import threading
from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from slipway.domain.errors import SlipwayError
from workbench.local import seams
from workbench.local.fault_kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from workbench.local.gateway import Gateway


class UnknownFaultError(SlipwayError):
    """A fault cannot be made as it was asked for, or is not there."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault that was asked for."""

    id: int
    kind: str
    times: int | None
    """How often it will still be met; None: until it is cleared."""
    operation: str | None = None
    endpoint: str | None = None
    variant: str | None = None
    config: str | None = None
    machine: str | None = None
    state: str | None = None
    execution: str | None = None
    function: str | None = None
    error: str | None = None
    cause: str | None = None
    seconds: float | None = None
    requests: int | None = None
    seen: int = 0
    """Requests since it was met last."""

    def is_about(self, where: Mapping[str, str]) -> bool:
        """Whether it is about what is named; what it does not name is any."""
        return all(getattr(self, name) in (None, value) for name, value in where.items())


def fault_of(number: int, asked: Mapping[str, Any]) -> Fault:
    """
    The fault that somebody asks for.

    Raises:
        UnknownFaultError: There is no such kind, or it has other options.
    """
    kind = KINDS.get(str(asked.get("kind")))
    if kind is None:
        raise UnknownFaultError(f"no kind of fault is {asked.get('kind')!r}; there are {', '.join(KINDS)}")
    given = {name: value for name, value in asked.items() if value is not None and name != "kind"}
    for name in kind.needs:
        if name not in given:
            raise UnknownFaultError(f"{asked['kind']} needs --{name}")
    if extra := sorted(given.keys() - set(kind.options)):
        has = ", ".join(f"--{name}" for name in kind.options)
        raise UnknownFaultError(f"{asked['kind']} has no --{extra[0]}; it has {has}")
    for name, least in (("times", 1), ("requests", 1), ("seconds", 0)):
        value = given.get(name)
        if value is not None and (not isinstance(value, (int, float)) or not value >= least):
            raise UnknownFaultError(f"--{name} is a number of at least {least}, not {value!r}")
    given.setdefault("times", None if kind.until_cleared else 1)
    return Fault(id=number, kind=str(asked["kind"]), **given)


class Faults:
    """
    Those of one server, by id.

    Args:
        path: Where they are kept.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._lock = path, threading.Lock()
        self._faults: dict[int, Fault] = {}
        self.on_add: dict[str, Callable[[Fault], None]] = {}
        """By kind: what is done when one is added; it may refuse by a SlipwayError."""
        self._standing: list[dict[str, str]] = []
        self._last = 0
        with contextlib.suppress(OSError, ValueError, TypeError):
            document = json.loads(path.read_text(encoding="utf-8"))
            self._last = document["last"]
            self._faults = {one["id"]: Fault(**one) for one in document["faults"]}

    def __bool__(self) -> bool:
        """Whether there is any: asked with every request."""
        return bool(self._faults)

    def _write(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        document = {"last": self._last, "faults": [asdict(fault) for fault in self._faults.values()]}
        temporary = self._path.with_suffix(".tmp")
        temporary.write_text(json.dumps(document), encoding="utf-8")
        temporary.replace(self._path)

    def add(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """
        Let it be met from now on; the fault.

        Raises:
            UnknownFaultError: There is no such kind, or it has other options.
        """
        with self._lock:
            fault = fault_of(self._last + 1, asked)
        if act := self.on_add.get(fault.kind):  # it happens now, and is over when it is over
            act(fault)
            return _shown(fault)
        with self._lock:
            self._last = fault.id
            self._faults[fault.id] = fault
            self._write()
        return _shown(fault)

    def all(self) -> list[dict[str, Any]]:
        """Those that will be met."""
        return [_shown(fault) for fault in list(self._faults.values())]

    def clear(self, number: int | None = None) -> list[dict[str, Any]]:
        """
        Take one away, or all; what was taken.

        Raises:
            UnknownFaultError: There is none of that id.
        """
        with self._lock:
            if number is not None and number not in self._faults:
                raise UnknownFaultError(f"no fault has the id {number}")
            gone = [self._faults.pop(one) for one in ([number] if number is not None else list(self._faults))]
            self._write()
        return [_shown(fault) for fault in gone]

    def standing(self) -> list[dict[str, str]]:
        """Executions that a ``stall`` keeps: ``{"execution", "state"}``."""
        return list(self._standing)

    @contextlib.contextmanager
    def keeping(self, execution: str, state: str) -> Iterator[None]:
        """Meanwhile, this execution stands still at this state."""
        where = {"execution": execution, "state": state}
        self._standing.append(where)
        try:
            yield
        finally:
            self._standing.remove(where)

    def find(self, kind: str, **where: str) -> Fault | None:
        """One of a kind that is about what is named, without meeting it."""
        for fault in list(self._faults.values()):
            if fault.kind == kind and fault.is_about(where):
                return fault
        return None

    def meet(self, kind: str, **where: str) -> Fault | None:
        """Meet one of a kind that is about what is named; the last time it is gone."""
        if not self._faults:
            return None
        with self._lock:
            fault = self.find(kind, **where)
            if fault is None:
                return None
            seen = fault.seen + 1
            if fault.requests is not None and seen < fault.requests:
                self._faults[fault.id] = replace(fault, seen=seen)
                return None
            if fault.times is not None and fault.times <= 1:
                del self._faults[fault.id]
            else:
                left = fault.times - 1 if fault.times is not None else None
                self._faults[fault.id] = replace(fault, times=left, seen=0)
            self._write()
            return fault


def _shown(fault: Fault) -> dict[str, Any]:
    shown = {one.name: getattr(fault, one.name) for one in fields(fault) if one.name != "seen"}
    return {name: value for name, value in shown.items() if value is not None} | {
        "meaning": KINDS[fault.kind].meaning
    }


def operation_of(path: str, headers: Mapping[str, str]) -> str:
    """
    The operation that a request of a JSON service, or of SageMaker's runtime, is for.

    >>> operation_of("/", {"x-amz-target": "SageMaker.CreateModel"})
    'CreateModel'
    >>> operation_of("/endpoints/prices/invocations", {})
    'InvokeEndpoint'
    """
    if path.startswith("/endpoints/") and path.endswith("/invocations"):
        return "InvokeEndpoint"
    return headers.get("x-amz-target", "").rpartition(".")[2]


def install(faults: Faults, gateway: Gateway) -> None:
    """Throttle every JSON service's requests where that is asked for; tell and take faults."""
    for service, handler in list(seams.APP.handlers.items()):
        seams.APP.handlers[service] = throttled(faults, handler)
    gateway.answers["faults"] = lambda _query: faults.all()
    gateway.answers["faults/standing"] = lambda _query: faults.standing()
    gateway.changes["faults"] = faults.add
    gateway.changes["faults/clear"] = lambda document: faults.clear(document.get("id"))


def throttled(faults: Faults, handler: Any) -> Any:
    """A handler that sometimes refuses."""

    @functools.wraps(handler)
    async def handle(method: str, path: str, headers: Any, body: bytes, query: Any) -> Any:
        if (
            faults
            and (operation := operation_of(path, headers))
            and faults.meet("throttle", operation=operation)
        ):
            refused = {
                "__type": "ThrottlingException",
                "message": "Rate exceeded",
                "Message": "Rate exceeded",
            }
            kind = {"Content-Type": "application/x-amz-json-1.1", "x-amzn-errortype": "ThrottlingException"}
            return 400, kind, json.dumps(refused).encode()
        return await handler(method, path, headers, body, query)

    return handle
