"""What CreateStateMachine refuses, with the place of every fault."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from workbench.local.states.definition import JSONATA, JSONPATH
from workbench.local.states.expressions import expression, is_expression
from workbench.local.states.failures import InvalidDefinitionError
from workbench.local.states.resources import parse_resource

if TYPE_CHECKING:
    from collections.abc import Iterator

    Problem = tuple[str, str, str]

SCHEMA: Final = "SCHEMA_VALIDATION_FAILED"
TARGET: Final = "MISSING_TRANSITION_TARGET"

_TYPES: Final = ("Task", "Pass", "Choice", "Wait", "Succeed", "Fail", "Parallel", "Map")
_ONLY_JSONPATH: Final = (
    "InputPath",
    "OutputPath",
    "ResultPath",
    "ResultSelector",
    "Result",
    "Parameters",
    "ItemsPath",
    "SecondsPath",
    "TimestampPath",
    "TimeoutSecondsPath",
    "HeartbeatSecondsPath",
    "ErrorPath",
    "CausePath",
    "MaxConcurrencyPath",
    "ToleratedFailureCountPath",
    "ToleratedFailurePercentagePath",
)
_COMMON: Final = ("Type", "Comment", "QueryLanguage", "Assign", "InputPath", "OutputPath", "Output")
_ON: Final = ("Next", "End")
_EFFORT: Final = ("Arguments", "Parameters", "ResultPath", "ResultSelector", "Retry", "Catch", *_ON)
_LIMITS: Final = ("TimeoutSeconds", "TimeoutSecondsPath", "HeartbeatSeconds", "HeartbeatSecondsPath")
_UNSUPPORTED: Final = ("ItemReader", "ResultWriter", "ItemBatcher", "Credentials")
_FIELDS: Final = {
    "Task": ("Resource", "Credentials", *_LIMITS, *_EFFORT),
    "Pass": ("Result", "ResultPath", "Parameters", *_ON),
    "Choice": ("Choices", "Default"),
    "Wait": ("Seconds", "Timestamp", "SecondsPath", "TimestampPath", *_ON),
    "Succeed": (),
    "Fail": ("Error", "Cause", "ErrorPath", "CausePath"),
    "Parallel": ("Branches", *_EFFORT),
    "Map": (
        *("Items", "ItemsPath", "ItemSelector", "ItemProcessor", "Iterator", "Label"),
        *("MaxConcurrency", "MaxConcurrencyPath", "ToleratedFailureCount", "ToleratedFailureCountPath"),
        *("ToleratedFailurePercentage", "ToleratedFailurePercentagePath"),
        *("ItemReader", "ResultWriter", "ItemBatcher"),
        *_EFFORT,
    ),
}
_ONLY_JSONATA: Final = ("Arguments", "Output", "Items", "Assign")
_REQUIRED: Final = {
    "Task": ("Resource",),
    "Choice": ("Choices",),
    "Parallel": ("Branches",),
}


def validate(text: str) -> None:
    """
    Refuse a definition that could not run.

    Raises:
        InvalidDefinitionError: With all problems as ``(code, message, place)``.
    """
    problems = list(problems_of(text))
    if problems:
        raise InvalidDefinitionError(problems)


def problems_of(text: str) -> Iterator[Problem]:
    """Every fault; empty: the definition can run."""
    try:
        raw = json.loads(text)
    except (TypeError, ValueError) as error:
        yield "INVALID_JSON_DESCRIPTION", str(error), ""
        return
    if not isinstance(raw, dict):
        yield "INVALID_JSON_DESCRIPTION", "Must be an object", ""
        return
    yield from _graph(raw, "", JSONPATH)
    timeout = raw.get("TimeoutSeconds")
    if timeout is not None and not _whole(timeout, 1):
        yield SCHEMA, "TimeoutSeconds must be a whole number above 0", "/TimeoutSeconds"


def _graph(raw: dict[str, Any], place: str, language: str) -> Iterator[Problem]:
    language = raw.get("QueryLanguage", language)
    if language not in {JSONATA, JSONPATH}:
        yield SCHEMA, f"QueryLanguage must be JSONata or JSONPath, not {language!r}", f"{place}/QueryLanguage"
    states = raw.get("States")
    if not isinstance(states, dict) or not states:
        yield SCHEMA, "States must be an object with at least one state", f"{place}/States"
        return
    start = raw.get("StartAt")
    if start not in states:
        yield TARGET, f"StartAt names {start!r}, which is no state here", f"{place}/StartAt"
    reached = {start}
    for name, state in states.items():
        where = f"{place}/States/{name}"
        if not isinstance(state, dict):
            yield SCHEMA, "A state must be an object", where
            continue
        for field, target in _targets(state):
            reached.add(target)
            if target not in states:
                yield TARGET, f"{field} names {target!r}, which is no state here", f"{where}/{field}"
        yield from _state(name, state, where, language)
    for name in states:
        if name not in reached:
            yield TARGET, f"State {name!r} is not reachable", f"{place}/States/{name}"


def _targets(state: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for field in ("Next", "Default"):
        if field in state:
            yield field, state[field]
    for group in ("Choices", "Catch"):
        for index, each in enumerate(state.get(group) or []):
            if isinstance(each, dict):
                yield f"{group}[{index}]/Next", each.get("Next")


def _state(name: str, state: dict[str, Any], where: str, language: str) -> Iterator[Problem]:
    kind = state.get("Type")
    if kind not in _TYPES:
        yield SCHEMA, f"Type must be one of {', '.join(_TYPES)}, not {kind!r}", f"{where}/Type"
        return
    yield from _shape(name, kind, state, where)
    own = state.get("QueryLanguage", language)
    if language == JSONATA and own == JSONPATH:
        yield SCHEMA, "A JSONPath state can't stand in a JSONata machine", f"{where}/QueryLanguage"
    foreign = _ONLY_JSONPATH if own == JSONATA else _ONLY_JSONATA
    for field in foreign:
        if field in state:
            yield SCHEMA, f"{field} is not for states whose QueryLanguage is {own}", f"{where}/{field}"
    yield from _retries(state, where)
    if own == JSONATA:
        yield from _expressions({k: v for k, v in state.items() if k not in _NESTED}, where)
    if kind in _KINDS:
        yield from _KINDS[kind](state, where, own)


_NESTED: Final = ("Branches", "ItemProcessor", "Iterator")


def _shape(name: str, kind: str, state: dict[str, Any], where: str) -> Iterator[Problem]:
    if not 0 < len(name) <= 80:  # noqa: PLR2004 - the service's limit of a name
        yield SCHEMA, "A state's name has 1 to 80 characters", where
    if kind not in {"Choice", "Succeed", "Fail"} and ("Next" in state) == bool(state.get("End")):
        yield SCHEMA, "Exactly one of Next and End is needed", where
    for field in state:
        if field not in _COMMON and field not in _FIELDS[kind]:
            yield SCHEMA, f"A {kind} state has no field {field!r}", f"{where}/{field}"
        elif field in _UNSUPPORTED:
            yield SCHEMA, f"{field} is not supported by the embedded AWS", f"{where}/{field}"
    for field in _REQUIRED.get(kind, ()):
        if not state.get(field):
            yield SCHEMA, f"{field} is missing", where


def _task(state: dict[str, Any], where: str, _: str) -> Iterator[Problem]:
    if isinstance(state.get("Resource"), str):
        found = parse_resource(state["Resource"])
        if isinstance(found, str):
            yield SCHEMA, found, f"{where}/Resource"
    timeout, heartbeat = state.get("TimeoutSeconds", _NO_TIMEOUT), state.get("HeartbeatSeconds")
    if _whole(timeout, 1) and _whole(heartbeat, 1) and heartbeat >= timeout:
        yield SCHEMA, "HeartbeatSeconds must be smaller than TimeoutSeconds", f"{where}/HeartbeatSeconds"


def _wait(state: dict[str, Any], where: str, _: str) -> Iterator[Problem]:
    if sum(field in state for field in ("Seconds", "Timestamp", "SecondsPath", "TimestampPath")) != 1:
        yield SCHEMA, "Exactly one of Seconds and Timestamp is needed", where


def _choice(state: dict[str, Any], where: str, language: str) -> Iterator[Problem]:
    for index, rule in enumerate(state.get("Choices") or []):
        if language == JSONATA and (not isinstance(rule, dict) or "Condition" not in rule):
            yield SCHEMA, "Condition is missing", f"{where}/Choices[{index}]"


def _parallel(state: dict[str, Any], where: str, language: str) -> Iterator[Problem]:
    for index, branch in enumerate(state.get("Branches") or []):
        yield from _graph(branch, f"{where}/Branches[{index}]", language)


def _map(state: dict[str, Any], where: str, language: str) -> Iterator[Problem]:
    processor = state.get("ItemProcessor") or state.get("Iterator")
    if not isinstance(processor, dict):
        yield SCHEMA, "ItemProcessor is missing", where
    else:
        yield from _graph(processor, f"{where}/ItemProcessor", language)


_KINDS: Final = {"Task": _task, "Wait": _wait, "Choice": _choice, "Parallel": _parallel, "Map": _map}
_NO_TIMEOUT: Final = 99_999_999


def _retries(state: dict[str, Any], where: str) -> Iterator[Problem]:
    for group in ("Retry", "Catch"):
        for index, each in enumerate(state.get(group) or []):
            place = f"{where}/{group}[{index}]"
            errors = each.get("ErrorEquals") if isinstance(each, dict) else None
            if not isinstance(errors, list) or not errors:
                yield SCHEMA, "ErrorEquals must list at least one error", place
                continue
            last = index == len(state[group]) - 1
            if "States.ALL" in errors and (len(errors) > 1 or not last):
                yield SCHEMA, "States.ALL must stand alone, in the last entry", place
            if group == "Retry":
                yield from _retrier(each, place)


def _retrier(raw: dict[str, Any], place: str) -> Iterator[Problem]:
    if "IntervalSeconds" in raw and not _whole(raw["IntervalSeconds"], 1):
        yield SCHEMA, "IntervalSeconds must be a whole number above 0", place
    if "MaxAttempts" in raw and not _whole(raw["MaxAttempts"], 0):
        yield SCHEMA, "MaxAttempts must be a whole number, 0 or above", place
    rate = raw.get("BackoffRate", 1.0)
    if not isinstance(rate, int | float) or rate < 1:
        yield SCHEMA, "BackoffRate must be 1.0 or above", place
    if raw.get("JitterStrategy", "NONE") not in {"NONE", "FULL"}:
        yield SCHEMA, "JitterStrategy must be NONE or FULL", place
    delay = raw.get("MaxDelaySeconds")
    if delay is not None and (not _whole(delay, 1) or delay <= raw.get("IntervalSeconds", 1)):
        yield SCHEMA, "MaxDelaySeconds must be greater than IntervalSeconds", place


def _expressions(value: Any, place: str) -> Iterator[Problem]:
    if isinstance(value, dict):
        for name, member in value.items():
            yield from _expressions(member, f"{place}/{name}")
    elif isinstance(value, list):
        for index, member in enumerate(value):
            yield from _expressions(member, f"{place}[{index}]")
    elif is_expression(value):
        try:
            expression(value)
        except ValueError as error:
            code, _, said = str(error).partition(": ")
            yield code, said, place


def _whole(value: Any, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least
