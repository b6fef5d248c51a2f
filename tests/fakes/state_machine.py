"""Runs a JSONata definition at once: waits only move its clock, tasks answer from a script."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from jsonata import Jsonata

from workbench.local.states.expressions import Template, bound
from workbench.local.states.failures import StateFailedError, matches

MAX_STEPS = 5000

Answer = Callable[[Any], Any]
"""Takes a task's arguments; returns its result or raises StateFailedError."""


@dataclass
class Run:
    """
    One execution.

    Attributes:
        tasks: What each Task state answers, by its name.
        path: Every state that was entered, in order.
        calls: The arguments of each attempt of each task, by its state's name.
        variables: As they stand.
        on_entry: Hears of every state that is entered, before it is; may raise to end the run there.
        execution: Its ARN.
        seconds: What its clock says, since the epoch.
    """

    definition: Mapping[str, Any]
    tasks: Mapping[str, Answer]
    path: list[str] = field(default_factory=list)
    calls: dict[str, list[Any]] = field(default_factory=dict)
    variables: dict[str, Any] = field(default_factory=dict)
    on_entry: Callable[[str], None] = lambda _: None
    execution: str = "arn:execution"
    item: dict[str, Any] | None = None
    seconds: float = field(default_factory=time.time)

    def start(self, document: Any) -> Any:
        """
        The execution's output.

        Raises:
            StateFailedError: It failed with this error.
        """
        return self._flow(self.definition, document)

    def _flow(self, graph: Mapping[str, Any], document: Any) -> Any:
        name: str | None = graph["StartAt"]
        while name is not None:
            assert len(self.path) < MAX_STEPS, f"it does not end: {self.path[-12:]}"
            self.on_entry(name)
            self.path.append(name)
            name, document = self._state(name, graph["States"][name], document)
        return document

    def _state(self, name: str, state: Mapping[str, Any], given: Any) -> tuple[str | None, Any]:
        if state["Type"] == "Choice":
            return self._choose(state, given)
        if state["Type"] == "Fail":
            raise StateFailedError(self._fill(state["Error"], given), self._fill(state["Cause"], given))
        for attempt in itertools.count():
            try:
                result = self._result(name, state, given, attempt)
                output = self._fill(state["Output"], given, result=result) if "Output" in state else result
                self._assign(state, given, result=result)
            except StateFailedError as error:
                if self._tried_again(state, error, attempt):
                    continue
                return self._caught(state, given, error)
            else:
                break
        return (None if state.get("End") or state["Type"] == "Succeed" else state["Next"]), output

    def _result(self, name: str, state: Mapping[str, Any], given: Any, attempt: int) -> Any:
        if state["Type"] == "Task":
            arguments = self._fill(state["Arguments"], given, attempt=attempt)
            if "TimeoutSeconds" in state:
                self._fill(state["TimeoutSeconds"], given)
            self.calls.setdefault(name, []).append(arguments)
            return self.tasks[name](arguments)
        if state["Type"] == "Parallel":
            return [self._flow(branch, given) for branch in state["Branches"]]
        if state["Type"] == "Map":
            return [
                self._iteration(state, given, *one) for one in enumerate(self._fill(state["Items"], given))
            ]
        if state["Type"] == "Wait":
            seconds = self._fill(state["Seconds"], given)
            assert seconds > 0
            self.seconds += seconds
        return given

    def _iteration(self, state: Mapping[str, Any], given: Any, index: int, value: Any) -> Any:
        """One item; it sees the variables, and can change none."""
        outside, around = dict(self.variables), self.item
        self.item = {"Index": index, "Value": value}
        try:
            document = self._fill(state["ItemSelector"], given) if "ItemSelector" in state else value
            result = self._flow(state["ItemProcessor"], document)
            assert {name: self.variables[name] for name in outside} == outside, (
                "it changed a variable outside"
            )
        finally:
            self.variables, self.item = outside, around
        return result

    def _choose(self, state: Mapping[str, Any], given: Any) -> tuple[str, Any]:
        for rule in state["Choices"]:
            holds = self._fill(rule["Condition"], given)
            assert isinstance(holds, bool), rule
            if holds:
                self._assign(rule, given)
                return rule["Next"], given
        return state["Default"], given

    def _caught(self, state: Mapping[str, Any], given: Any, error: StateFailedError) -> tuple[str, Any]:
        for catcher in state.get("Catch", ()):
            if matches(catcher["ErrorEquals"], error.error):
                output = self._fill(catcher["Output"], given, error=error)
                self._assign(catcher, given, error=error)
                return catcher["Next"], output
        raise error

    def _tried_again(self, state: Mapping[str, Any], error: StateFailedError, attempt: int) -> bool:
        for retrier in state.get("Retry", ()):
            if matches(retrier["ErrorEquals"], error.error):
                return bool(attempt < retrier["MaxAttempts"])  # the first that answers to it decides
        return False

    def _assign(self, holder: Mapping[str, Any], given: Any, **more: Any) -> None:
        if "Assign" in holder:
            self.variables |= self._fill(holder["Assign"], given, **more)

    def _fill(
        self,
        value: Any,
        given: Any,
        *,
        result: Any = None,
        error: StateFailedError | None = None,
        attempt: int = 0,
    ) -> Any:
        states = {
            "input": given,
            "result": result,
            "errorOutput": error.output() if error else None,
            "context": {
                "Execution": {
                    "Id": self.execution,
                    "RedriveCount": 0,
                    "StartTime": "2026-11-22T03:00:00.000Z",
                },
                "State": {"RetryCount": attempt},
                "Task": {"Token": "token"},
                "Map": {"Item": self.item},
            },
        }
        clock = Jsonata.JLambda(lambda: int(self.seconds * 1000))
        return Template(value).evaluate(bound(self.variables) | {"states": states, "millis": clock})


def task_states(definition: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every task of a definition, with its name: those of branches and iterations too."""
    for name, state in definition["States"].items():
        if state["Type"] == "Task":
            yield name, state
        inner = [*state.get("Branches", ()), *([state["ItemProcessor"]] if "ItemProcessor" in state else ())]
        for graph in inner:
            yield from task_states(graph)


def fails(error: str, cause: str = "") -> Answer:
    """A task that fails, each time."""

    def answer(_: Any) -> Any:
        raise StateFailedError(error, cause)

    return answer


def answers(*given: Any) -> Answer:
    """A task that answers with each of these in turn, then with the last for ever; exceptions are raised."""
    following: Iterator[Any] = iter(given)
    last: list[Any] = []

    def answer(_: Any) -> Any:
        for found in following:
            last[:] = [found]
            break
        if isinstance(last[0], StateFailedError):
            raise last[0]
        return last[0]

    return answer
