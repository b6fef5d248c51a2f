"""A Task state: evaluate, call, and where the pattern asks for it, wait."""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from workbench.local import seams
from workbench.local.states import integrations, jobs, jsonpath
from workbench.local.states.documents import from_text, to_text, within_limit
from workbench.local.states.failures import HEARTBEAT_TIMEOUT, RUNTIME, TASK_FAILED, TIMEOUT, StateFailedError
from workbench.local.states.faulty import fail_task
from workbench.local.states.tokens import Address, token_of
from workbench.local.states.waiting import number_field

if TYPE_CHECKING:
    from workbench.local.states.definition import State
    from workbench.local.states.frames import Frame
    from workbench.local.states.interpreter import Interpreter
    from workbench.local.states.resources import Resource


async def run_task(run: Interpreter, state: State, frame: Frame) -> Any:
    """
    One attempt, or the rest of one that a restart interrupted.

    Raises:
        StateFailedError: Recorded in the history.
    """
    assert state.resource is not None  # noqa: S101 - every Task's definition was read with one
    attempt = Attempt(run, state, frame, state.resource)
    return await attempt.perform()


class Attempt:
    """One attempt at a Task."""

    def __init__(self, run: Interpreter, state: State, frame: Frame, resource: Resource) -> None:
        self.run, self.state, self.frame, self.resource = run, state, frame, resource
        self.execution = run.execution
        self.resumed = frame.phase in {"calling", "waiting"}
        self.prefix = {"lambda": "LambdaFunction", "activity": "Activity"}.get(resource.kind, "Task")
        self.about = (
            {}
            if self.prefix != "Task"
            else {"resourceType": resource.resource_type, "resource": resource.resource}
        )

    async def perform(self) -> Any:
        frame = self.frame
        if not self.resumed:
            frame.nonce = uuid.uuid4().hex
            self._schedule()
        remaining = None if frame.deadline is None else frame.deadline - time.time()
        try:
            async with asyncio.timeout(remaining):
                result = await self._call_and_wait()
        except TimeoutError:
            self._abandon()
            self.execution.record(f"{self.prefix}TimedOut", self.about | {"error": TIMEOUT}, frame=frame)
            raise StateFailedError(TIMEOUT, recorded=True) from None
        except asyncio.CancelledError:
            self._abandon()
            raise
        except StateFailedError as failure:
            kind = "TimedOut" if failure.error == HEARTBEAT_TIMEOUT else "Failed"
            self.execution.record(f"{self.prefix}{kind}", self.about | _told(failure), frame=frame)
            failure.recorded = True
            raise
        return result

    def _schedule(self) -> None:
        frame, state = self.frame, self.state
        parameters = self._parameters()
        text = within_limit(to_text(parameters), state.name)
        timeout = number_field(self.run, state, frame, "TimeoutSeconds")
        heartbeat = number_field(self.run, state, frame, "HeartbeatSeconds")
        frame.deadline = None if timeout is None else time.time() + timeout
        frame.request, frame.phase = parameters, "calling"
        limits = {"timeoutInSeconds": timeout, "heartbeatInSeconds": heartbeat}
        details: dict[str, Any] = {name: value for name, value in limits.items() if value is not None}
        if self.prefix == "Task":
            details |= {**self.about, "region": self.execution.start.region, "parameters": text}
        else:
            details |= {"resource": self.resource.arn, "input": text, "inputDetails": {"truncated": False}}
        self.execution.record(f"{self.prefix}Scheduled", details, frame=frame)
        if self.prefix != "Activity":
            self.execution.record(f"{self.prefix}Started", self.about or None, frame=frame)
        self.execution.save(frame)

    def _parameters(self) -> Any:
        state, frame, run = self.state, self.frame, self.run
        token = None
        if self.resource.pattern == "waitForTaskToken":
            token = self.token()
        if not state.jsonata:
            return jsonpath.effective_input(state.raw, frame.input, run.context(frame, token))
        if state.arguments is None:
            return frame.input if self.prefix != "Task" else {}
        parameters = state.arguments.evaluate(run.bindings(frame, token=token))
        if self.prefix == "Task" and not isinstance(parameters, dict):
            raise StateFailedError(RUNTIME, f"Arguments must be an object but were: {to_text(parameters)}")
        return parameters

    def token(self) -> str:
        """The same for the same attempt, also after a restart."""
        return token_of(Address(self.execution.start.arn, self.frame.path, self.frame.nonce))

    async def _call_and_wait(self) -> Any:
        frame, pattern = self.frame, self.resource.pattern
        if frame.phase == "calling":
            fail_task(self.run, self.state)
            answer = await self._call()
            if pattern == "request":
                return self._succeed(answer)
            text = to_text(answer)
            frame.submitted, frame.request, frame.phase = answer, self._followed(), "waiting"
            if self.prefix == "Task":
                details = {**self.about, "output": text, "outputDetails": {"truncated": False}}
                self.execution.record("TaskSubmitted", details, frame=frame)
            self.execution.save(frame)
        if pattern == "waitForTaskToken":
            return self._succeed(await self._wait_for_token())
        if self.resource.service == "states":
            return self._succeed(await self._follow_execution())
        return self._succeed(await self._follow_job())

    async def _call(self) -> Any:
        if self.resource.kind == "activity":
            task = {"taskToken": self.token(), "input": to_text(self.frame.request)}
            await self.run.services.in_thread(
                partial(_enqueue, self.execution.start, self.resource.arn, task)
            )
            return {}
        parameters = self.frame.request
        resource = self.resource
        if resource.kind == "lambda":
            parameters = {"FunctionName": resource.arn, "Payload": parameters}
        elif resource.service == "states" and "Name" not in parameters:
            parameters = parameters | {"Name": str(uuid.UUID(self.frame.nonce))}
            self.frame.request = parameters
        about = {"execution": self.execution.start.arn, "machine": self.execution.start.machine_arn}
        asked = asyncio.ensure_future(
            self._signed(resource.boto, integrations.call, resource, parameters, about)
        )
        try:
            # who is aborted meanwhile still has to stop what comes of it
            return await asyncio.shield(asked)
        except asyncio.CancelledError:
            if self.resource.pattern in FOLLOWED:
                self.run.services.in_background(self._abandon_later(asked))
            raise
        except StateFailedError as failure:
            if self.resumed and failure.error in _MADE_ALREADY and self._can_adopt():
                return self._adopted(parameters)
            raise

    async def _signed(self, service: str, work: Any, *arguments: Any) -> Any:
        start, services = self.execution.start, self.run.services

        def under_the_role() -> Any:
            try:
                client = services.clients.client(service, start.region, start.role_arn, start.machine_name)
            except Exception as error:  # noqa: BLE001 - unknown service, or the session can't be made
                raise StateFailedError(RUNTIME, f"no client for {service!r}: {error}") from None
            return work(client, *arguments)

        return await services.in_thread(under_the_role)

    def _can_adopt(self) -> bool:
        return self.resource.service == "states" or self.resource.pattern == "sync"

    def _adopted(self, parameters: dict[str, Any]) -> dict[str, Any]:
        """What this attempt itself had made before the server died."""
        if self.resource.service != "states":
            return {}
        prefix = parameters["StateMachineArn"].replace(":stateMachine:", ":execution:")
        return {"ExecutionArn": f"{prefix}:{parameters['Name']}"}

    def _followed(self) -> Any:
        kind = jobs.JOBS.get(self.resource.action)
        if self.resource.pattern == "sync" and kind is not None:
            wanted = kind.name.lower()
            return next(value for name, value in self.frame.request.items() if name.lower() == wanted)
        return None

    async def _wait_for_token(self) -> Any:
        heartbeat = number_field(self.run, self.state, self.frame, "HeartbeatSeconds")
        waiters, nonce = self.run.services.waiters, self.frame.nonce
        told = waiters.setdefault(nonce, asyncio.Event())
        try:
            while nonce not in self.execution.answers:
                try:
                    await asyncio.wait_for(told.wait(), heartbeat)
                except TimeoutError:
                    raise StateFailedError(HEARTBEAT_TIMEOUT) from None
                told.clear()
        finally:
            waiters.pop(nonce, None)
        answer = self.execution.answers[nonce]
        if "output" in answer:
            return from_text(answer["output"], "The output")
        raise StateFailedError(answer.get("error") or TASK_FAILED, answer.get("cause") or "")

    async def _follow_job(self) -> Any:
        kind, name = jobs.JOBS[self.resource.action], self.frame.request
        services = self.run.services
        delay = 0.1
        with services.following(name) as changed:
            while True:
                changed.clear()
                try:
                    found = await self._signed("sagemaker", jobs.look_at, kind, name)
                except StateFailedError:
                    raise
                except Exception as error:  # noqa: BLE001 - whatever the client raises
                    if not services.passing(error):
                        raise StateFailedError("SageMaker.AmazonSageMakerException", str(error)) from None
                    found = None
                if found is not None:
                    return found
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(changed.wait(), delay)
                delay = min(delay * 1.6, services.slowest_poll())

    async def _follow_execution(self) -> Any:
        arn = self.frame.submitted["ExecutionArn"]
        await self.run.services.execution_ended(arn)
        describe = replace(self.resource, action="describeExecution", pattern="request")
        described = await self._signed("stepfunctions", integrations.describe, describe, arn)
        if described["Status"] != "SUCCEEDED":
            raise StateFailedError(TASK_FAILED, to_text(described))
        if self.resource.pattern == "sync:2":
            parsed = {
                name: from_text(described[name], name) for name in ("Input", "Output") if described.get(name)
            }
            return described | parsed
        return described

    def _succeed(self, result: Any) -> Any:
        text = within_limit(to_text(result), self.resource.resource)
        details = {**self.about, "output": text, "outputDetails": {"truncated": False}}
        self.execution.record(f"{self.prefix}Succeeded", details, frame=self.frame)
        return result

    def _abandon(self) -> None:
        """Stop what ``.sync`` follows: the execution no longer waits for it."""
        if self.frame.phase != "waiting" or self.resource.pattern not in FOLLOWED:
            return
        if self.resource.service == "states":
            arn = self.frame.submitted["ExecutionArn"]
            work = self._signed("stepfunctions", integrations.stop_execution, arn)
        else:
            work = self._signed("sagemaker", jobs.stop, jobs.JOBS[self.resource.action], self.frame.request)
        self.run.services.in_background(work)

    async def _abandon_later(self, asked: asyncio.Future[Any]) -> None:
        """Stop what was being asked for when the execution was aborted, once it is there."""
        self.frame.submitted = await asked
        self.frame.request, self.frame.phase = self._followed(), "waiting"
        self._abandon()


FOLLOWED: Final = frozenset({"sync", "sync:2"})
"""Integrations that wait for the end of what they start."""
_MADE_ALREADY = frozenset(
    {"SageMaker.ResourceInUseException", "StepFunctions.ExecutionAlreadyExistsException"}
)


def _told(failure: StateFailedError) -> dict[str, str]:
    return {"error": failure.error} | ({"cause": failure.cause} if failure.cause else {})


def _enqueue(start: Any, arn: str, task: dict[str, str]) -> None:
    with seams.RESPONSES.scope(start.account, start.region):
        queue = seams.STATES.activity_tasks.get(arn)
        if queue is None:
            raise StateFailedError(RUNTIME, f"The activity {arn} does not exist")
        queue.append(task)
