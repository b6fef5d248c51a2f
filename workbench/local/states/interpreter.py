"""Walks an execution through its states."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from workbench.local.states import jsonpath
from workbench.local.states.documents import from_text, iso, to_text, within_limit
from workbench.local.states.expressions import bound
from workbench.local.states.failures import NO_CHOICE, QUERY, RUNTIME, StateFailedError
from workbench.local.states.fan_out import fan_out
from workbench.local.states.faulty import stall
from workbench.local.states.retrying import attempts
from workbench.local.states.tasks import run_task
from workbench.local.states.waiting import wait_end

if TYPE_CHECKING:
    from workbench.local.states.definition import Graph, Machine, Rule, State
    from workbench.local.states.engine import Services
    from workbench.local.states.execution import Execution
    from workbench.local.states.expressions import Template
    from workbench.local.states.frames import Frame, Path

END = None
"""In the place of the next state's name."""

_NOT_TWICE = frozenset({"Task", "Wait", "Parallel", "Map"})
"""States that a restart must not enter again once they were left."""

Step = tuple[str | None, Any]
"""The next state and its input; or END and the result."""


class Interpreter:
    """
    One run of one execution, from its frames on; all its coroutines live in the engine's loop.

    Attributes:
        services: Clients, timers and task tokens, shared by all executions.
    """

    def __init__(self, execution: Execution, machine: Machine, services: Services) -> None:
        self.execution, self.machine, self.services = execution, machine, services
        self._written: dict[Path, tuple[Any, str]] = {}
        """Each frame's last output beside its text, which is the next state's input."""
        self.context_of_execution = execution.context(from_text(execution.start.input, "The input"))

    async def run(self, graph: Graph, frame: Frame) -> Any:
        """
        From the frame's state to the end of its graph.

        Raises:
            StateFailedError: A state failed and nothing caught it; the frame stands at that state.
        """
        while True:
            state = graph.states[frame.state]
            try:
                following, document = await self._step(state, frame)
            except StateFailedError as failure:
                frame.phase = "failed" if frame.phase != "forked" else "forked"
                if not failure.recorded:
                    self._record_failure(state, frame, failure)
                raise
            if following is END:
                frame.phase, frame.output = "done", document
                return document
            frame.begin(following, document)
            if state.type in _NOT_TWICE:
                self.execution.save(frame)

    async def _step(self, state: State, frame: Frame) -> Step:
        if frame.phase == "enter":
            frame.entered_at = time.time()
            self.execution.record(
                f"{state.type}StateEntered",
                {
                    "name": state.name,
                    "input": self._text_of(frame),
                    "inputDetails": {"truncated": False},
                },
                frame=frame,
            )
            frame.phase = "ready"
            await stall(self, state)
        following, document, assigned = await self._evaluate(state, frame)
        text = within_limit(to_text(document), state.name)
        self._written[frame.path] = (document, text)
        exited: dict[str, Any] = {"name": state.name, "output": text, "outputDetails": {"truncated": False}}
        if assigned:
            frame.variables = frame.variables | assigned
            exited["assignedVariables"] = {name: to_text(value) for name, value in assigned.items()}
            exited["assignedVariablesDetails"] = {"truncated": False}
        self.execution.record(f"{state.type}StateExited", exited, frame=frame)
        return following, document

    def _text_of(self, frame: Frame) -> str:
        document, text = self._written.get(frame.path, (None, ""))
        return text if text and document is frame.input else to_text(frame.input)

    async def _evaluate(self, state: State, frame: Frame) -> tuple[str | None, Any, dict[str, Any]]:
        kind = state.type
        if kind in {"Task", "Parallel", "Map"}:
            return await attempts(self, state, frame, run_task if kind == "Task" else fan_out)
        if kind == "Choice":
            return self._choose(state, frame)
        if kind == "Wait":
            await self._wait(state, frame)
        elif kind == "Fail":
            raise self._fail(state, frame)
        if not state.jsonata:
            return self.next_of(state), self._pass_by_path(state, frame), {}
        result = frame.input
        document, assigned = self.leave(state.output, state.assign, frame, default=result)
        return self.next_of(state), document, assigned

    def next_of(self, state: State) -> str | None:
        return state.next

    def context(self, frame: Frame, token: str | None = None) -> dict[str, Any]:
        """``$states.context`` in a state."""
        context = self.context_of_execution | {
            "State": {
                "EnteredTime": iso(frame.entered_at),
                "Name": frame.state,
                "RetryCount": frame.retry_count,
            }
        }
        if token is not None:
            context["Task"] = {"Token": token}
        if frame.item is not None:
            context["Map"] = {"Item": frame.item}
        return context

    def bindings(self, frame: Frame, **more: Any) -> dict[str, Any]:
        """What expressions see: ``states`` and the variables."""
        token = more.pop("token", None)
        states = {"input": frame.input, "context": self.context(frame, token)} | more
        return bound(frame.variables) | {"states": states} if frame.variables else {"states": states}

    def leave(
        self, output: Template | None, assign: Template | None, frame: Frame, *, default: Any, **more: Any
    ) -> tuple[Any, dict[str, Any]]:
        """A JSONata state's output and assigned variables; ``default``: the output if it declares none."""
        if output is None and assign is None:
            return default, {}
        bindings = self.bindings(frame, **more)
        document = default if output is None else output.evaluate(bindings)
        assigned = {} if assign is None else assign.evaluate(bindings)
        return document, assigned

    def _choose(self, state: State, frame: Frame) -> tuple[str | None, Any, dict[str, Any]]:
        if not state.jsonata:
            context = self.context(frame)
            document = jsonpath.only_input_path(state.raw, frame.input, context)
            chosen = next((r for r in state.choices if jsonpath.rule_holds(r.raw, document, context)), None)
            following = chosen.next if chosen else self._default(state)
            return (
                following,
                jsonpath.effective_output({**state.raw, "ResultPath": "$"}, document, document, context),
                {},
            )
        bindings = self.bindings(frame)
        for rule in state.choices:
            if self._holds(rule, bindings):
                document, assigned = self.leave(rule.output, rule.assign, frame, default=frame.input)
                return rule.next, document, assigned
        following = self._default(state)
        document, assigned = self.leave(state.output, state.assign, frame, default=frame.input)
        return following, document, assigned

    def _holds(self, rule: Rule, bindings: dict[str, Any]) -> bool:
        held = rule.condition.evaluate(bindings) if rule.condition else False
        if not isinstance(held, bool):
            raise StateFailedError(
                QUERY, f"The Condition of a Choice must be a boolean but was: {to_text(held)}"
            )
        return held

    def _default(self, state: State) -> str:
        default: str | None = state.raw.get("Default")
        if default is None:
            raise StateFailedError(
                NO_CHOICE, f"No choice rule of state '{state.name}' holds and it has no Default."
            )
        return default

    async def _wait(self, state: State, frame: Frame) -> None:
        if frame.phase != "waiting":
            frame.until = wait_end(self, state, frame)
            frame.phase = "waiting"
            self.execution.save(frame)
        delay = (frame.until or 0) - time.time()
        if delay > 0:
            await asyncio.sleep(delay)

    def _fail(self, state: State, frame: Frame) -> StateFailedError:
        said: dict[str, str] = {}
        for field in ("Error", "Cause"):
            template = state.field(field)
            value: Any = (
                ""
                if template is None
                else template.evaluate(self.bindings(frame))
                if state.jsonata
                else state.raw[field]
            )
            path = state.raw.get(f"{field}Path")
            if path is not None:
                value = jsonpath.at(path, frame.input, self.context(frame))
            if not isinstance(value, str):
                raise StateFailedError(
                    RUNTIME, f"The {field} of a Fail state must be a string but was: {to_text(value)}"
                )
            said[field] = value
        return StateFailedError(said["Error"], said["Cause"], recorded=True)

    def _pass_by_path(self, state: State, frame: Frame) -> Any:
        context = self.context(frame)
        raw = state.raw
        if state.type != "Pass":
            document = jsonpath.only_input_path(raw, frame.input, context)
            return jsonpath.effective_output(raw, document, document, context)
        document = jsonpath.effective_input(raw, frame.input, context)
        result = raw.get("Result", document)
        return jsonpath.effective_output(raw, frame.input, result, context)

    def _record_failure(self, state: State, frame: Frame, failure: StateFailedError) -> None:
        if failure.error == QUERY:
            details = {"state": state.name, "error": failure.error, "cause": failure.cause}
            self.execution.record("EvaluationFailed", details, frame=frame)
        failure.recorded = True
