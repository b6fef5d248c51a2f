"""The thread in which all executions live, and the ways in from other threads."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError, HTTPClientError

from workbench.local.states.clients import Clients
from workbench.local.states.definition import machine_of
from workbench.local.states.documents import from_text, to_text, within_limit
from workbench.local.states.failures import (
    INTERRUPTED,
    RUNTIME,
    TIMEOUT,
    InvalidDefinitionError,
    StateFailedError,
)
from workbench.local.states.frames import Frame
from workbench.local.states.interpreter import Interpreter
from workbench.local.states.recovery import load_frames, recover

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

    from workbench.local.faults import Faults
    from workbench.local.states.announcements import Announcements
    from workbench.local.states.definition import Machine
    from workbench.local.states.execution import Execution
    from workbench.local.states.journal import Store

logger = logging.getLogger("slipway.states")

MAX_CALLS: Final = 256
"""Calls under way at once; waiting executions need no thread."""
KEPT_IN_MEMORY: Final = 500
"""Ended executions whose history is not left to the journal."""
PASSING: Final = frozenset(
    {"ThrottlingException", "Throttling", "InternalFailure", "ServiceUnavailable", "503", "500"}
)


class Services:
    """What all executions share: clients, threads for calls, faults, and who waits for what."""

    def __init__(self, endpoint_url: str, executions: dict[str, Execution], faults: Faults) -> None:
        self.clients = Clients(endpoint_url)
        self.faults = faults
        self.waiters: dict[str, asyncio.Event] = {}
        self._executions = executions
        self._jobs: dict[str, list[asyncio.Event]] = {}
        self._pool = ThreadPoolExecutor(MAX_CALLS, thread_name_prefix="states-call")
        self._background: set[asyncio.Task[Any]] = set()

    async def in_thread(self, work: Callable[[], Any]) -> Any:
        """Run what blocks."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    def in_background(self, work: Coroutine[Any, Any, Any]) -> None:
        """Let it run; its failure is logged."""
        task = asyncio.get_running_loop().create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background_ended)

    def _background_ended(self, task: asyncio.Task[Any]) -> None:
        self._background.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.warning("could not stop what an execution had started: %s", error)

    @contextmanager
    def following(self, job: str) -> Iterator[asyncio.Event]:
        """An event that is set when the job's state may have changed."""
        changed = asyncio.Event()
        self._jobs.setdefault(job, []).append(changed)
        try:
            yield changed
        finally:
            self._jobs[job].remove(changed)
            if not self._jobs[job]:
                del self._jobs[job]

    def job_changed(self, name: str) -> None:
        """Wake who follows the job; in the engine's thread."""
        for changed in self._jobs.get(name, ()):
            changed.set()

    def slowest_poll(self) -> float:
        """Seconds between two looks at a job: longer the more are followed."""
        return min(10.0, max(1.0, 0.05 * len(self._jobs)))

    def passing(self, error: Exception) -> bool:
        """Whether looking again may help."""
        if isinstance(error, ClientError):
            return error.response["Error"]["Code"] in PASSING
        return isinstance(error, HTTPClientError)

    async def execution_ended(self, arn: str) -> None:
        """Until an execution of this server has ended; at once if there is none such."""
        found = self._executions.get(arn)
        if found is None:
            return
        ended = asyncio.Event()
        with found.lock:
            if found.status != "RUNNING":
                return
            found.ended.append(ended)
        await ended.wait()


class Engine:
    """Starts, stops, redrives and resumes executions; every method may be called from any thread."""

    def __init__(self, store: Store, endpoint_url: str, announcements: Announcements, faults: Faults) -> None:
        self.store = store
        self.executions: dict[str, Execution] = {}
        self.services = Services(endpoint_url, self.executions, faults)
        self._announcements = announcements
        self._warming = ThreadPoolExecutor(1, thread_name_prefix="states-warm")
        self._untold: list[Execution] = []
        self._fresh: deque[Execution] = deque()
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, name="states", daemon=True).start()

    def load(self) -> None:
        """Read the journals: every execution answers from here on."""
        for execution, told in recover(self.store):
            self.executions[execution.start.arn] = execution
            if not told:
                self._untold.append(execution)

    def resume_all(self) -> None:
        """Go on with what ran when the server ended; the server must answer requests."""
        while self._untold:
            untold = self._untold.pop()
            load_frames(untold)
            self._announcements.changed(untold)
        for execution in [each for each in self.executions.values() if each.status == "RUNNING"]:
            if execution.running is not None:
                continue
            try:
                machine_of(self.store.definition(execution.start.definition))
            except (OSError, InvalidDefinitionError) as error:
                self.interrupt(execution, f"its definition is lost ({error})")
                continue
            self._loop.call_soon_threadsafe(self._create_task, execution)

    def ended(self, arn: str) -> Future[None]:
        """Done when the execution has ended."""
        return asyncio.run_coroutine_threadsafe(self.services.execution_ended(arn), self._loop)

    def begin(self, execution: Execution) -> None:
        """Run an execution, or go on with it."""
        self._announcements.changed(execution)
        self._loop.call_soon_threadsafe(self._create_task, execution)

    def _create_task(self, execution: Execution) -> None:
        task = self._loop.create_task(self._run(execution))
        execution.running = task
        task.add_done_callback(lambda _: _clear(execution, task))

    def redrive(self, execution: Execution) -> Future[None]:
        """Run again from where it failed; done when it runs."""
        return asyncio.run_coroutine_threadsafe(self._redrive(execution), self._loop)

    async def _redrive(self, execution: Execution) -> None:
        if execution.running is not None:
            await asyncio.wait({execution.running})
        if execution.status != "RUNNING":
            execution.redrive()
            self._announcements.changed(execution)
            self._create_task(execution)

    def prepare(self, machine: dict[str, Any]) -> None:
        """Make the clients that a machine needs before its first execution does: that takes long."""
        region = machine["stateMachineArn"].split(":")[3]
        for service in sorted(machine_of(machine["definition"]).services()):
            self._warming.submit(
                self.services.clients.client, service, region, machine["roleArn"], machine["name"]
            )

    def forget(self, machine_arn: str) -> None:
        """A machine was deleted: its executions end and are gone."""
        for execution in [each for each in self.executions.values() if each.start.machine_arn == machine_arn]:
            self.stop(execution, None, "The state machine was deleted.")
            self.executions.pop(execution.start.arn, None)
            execution.history()
            execution.journal.delete()

    def interrupt(self, execution: Execution, reason: str) -> None:
        """End what can't go on."""
        cause = (
            f"The embedded AWS ended while this execution ran, and it can't go on: {reason}. "
            "`slipway release retry` redrives it."
        )
        self.end(execution, "FAILED", error=INTERRUPTED, cause=cause)

    def stop(self, execution: Execution, error: str | None, cause: str | None) -> None:
        """Abort; jobs that it waits for are stopped."""
        if self.end(execution, "ABORTED", error=error, cause=cause):
            self._loop.call_soon_threadsafe(_cancel, execution)

    def told(self, nonce: str) -> None:
        """A task token was answered, or its heart beat."""

        def wake() -> None:
            if (waiter := self.services.waiters.get(nonce)) is not None:
                waiter.set()

        self._loop.call_soon_threadsafe(wake)

    def job_changed(self, name: str) -> None:
        """Look at a SageMaker job at once instead of at the next poll."""
        self._loop.call_soon_threadsafe(self.services.job_changed, name)

    def end(self, execution: Execution, status: Any, **given: Any) -> bool:
        """End it once and tell so."""
        if not execution.finish(status, **given):
            return False
        self._announcements.changed(execution)
        self._fresh.append(execution)
        if len(self._fresh) > KEPT_IN_MEMORY:
            self._fresh.popleft().rest()
        ended, execution.ended = execution.ended, []
        for each in ended:
            self._loop.call_soon_threadsafe(each.set)
        return True

    async def _run(self, execution: Execution) -> None:
        try:
            machine = machine_of(self.store.definition(execution.start.definition))
            document = await self._interpret(execution, machine)
            self.end(execution, "SUCCEEDED", output=within_limit(to_text(document), "output"))
        except StateFailedError as failure:
            self.end(execution, "FAILED", error=failure.error, cause=failure.cause)
        except TimeoutError:
            self.end(execution, "TIMED_OUT", error=TIMEOUT)
        except asyncio.CancelledError:
            pass
        except Exception as error:
            logger.exception("execution %s", execution.start.arn)
            self.end(execution, "FAILED", error=RUNTIME, cause=f"{type(error).__name__}: {error}")

    async def _interpret(self, execution: Execution, machine: Machine) -> Any:
        if () not in execution.frames:
            document = from_text(execution.start.input, "The input")
            execution.frames[()] = Frame((), machine.graph.start_at, document, last_event=1)
        run = Interpreter(execution, machine, self.services)
        remaining = None
        if machine.timeout is not None:
            began = execution.redriven_at or execution.start.started_at
            remaining = began + machine.timeout - time.time()
        root = execution.frames[()]
        if root.phase == "done":
            return root.output
        async with asyncio.timeout(remaining):
            return await run.run(machine.graph, root)


def _clear(execution: Execution, task: asyncio.Task[None]) -> None:
    if execution.running is task:
        execution.running = None


def _cancel(execution: Execution) -> None:
    if execution.running is not None:
        execution.running.cancel()
