"""A state machine's definition, read once: states with their templates, retriers and catchers."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from typing import Any, Final

from workbench.local.states.expressions import Template
from workbench.local.states.failures import InvalidDefinitionError
from workbench.local.states.resources import Resource, parse_resource

JSONATA: Final = "JSONata"
JSONPATH: Final = "JSONPath"


class Retrier:
    """One entry of ``Retry``."""

    __slots__ = ("backoff", "errors", "interval", "jitter", "max_attempts", "max_delay")

    def __init__(self, raw: dict[str, Any]) -> None:
        self.errors: list[str] = raw["ErrorEquals"]
        self.interval: float = raw.get("IntervalSeconds", 1)
        self.max_attempts: int = raw.get("MaxAttempts", 3)
        self.backoff: float = raw.get("BackoffRate", 2.0)
        self.max_delay: float | None = raw.get("MaxDelaySeconds")
        self.jitter: bool = raw.get("JitterStrategy", "NONE") == "FULL"


class Catcher:
    """One entry of ``Catch``."""

    __slots__ = ("assign", "errors", "next", "output", "result_path")

    def __init__(self, raw: dict[str, Any]) -> None:
        self.errors: list[str] = raw["ErrorEquals"]
        self.next: str = raw["Next"]
        self.output = Template(raw["Output"]) if "Output" in raw else None
        self.assign = Template(raw["Assign"]) if raw.get("Assign") else None
        self.result_path: str | None = raw.get("ResultPath", "$")


class Rule:
    """One entry of ``Choices``; in JSONPath states it is evaluated as it stands."""

    __slots__ = ("assign", "condition", "next", "output", "raw")

    def __init__(self, raw: dict[str, Any]) -> None:
        self.raw = raw
        self.next: str = raw["Next"]
        self.condition = Template(raw["Condition"]) if "Condition" in raw else None
        self.output = Template(raw["Output"]) if "Output" in raw else None
        self.assign = Template(raw["Assign"]) if raw.get("Assign") else None


class State:
    """One state; ``raw`` is its JSON."""

    __slots__ = (
        "arguments",
        "assign",
        "catchers",
        "choices",
        "fields",
        "graphs",
        "jsonata",
        "name",
        "next",
        "output",
        "raw",
        "resource",
        "retriers",
        "type",
    )

    def __init__(self, name: str, raw: dict[str, Any], language: str) -> None:
        self.name, self.raw = name, raw
        self.type: str = raw["Type"]
        own = raw.get("QueryLanguage", language)
        self.jsonata = own == JSONATA
        self.next: str | None = raw.get("Next")
        self.output = Template(raw["Output"]) if "Output" in raw else None
        self.assign = Template(raw["Assign"]) if raw.get("Assign") else None
        self.arguments = Template(raw["Arguments"]) if "Arguments" in raw else None
        self.retriers = [Retrier(each) for each in raw.get("Retry", [])]
        self.catchers = [Catcher(each) for each in raw.get("Catch", [])]
        self.choices = [Rule(each) for each in raw.get("Choices", [])]
        self.resource = _resource(raw)
        self.graphs = [Graph(each, own) for each in _branches(raw)]
        self.fields: dict[str, Template] = {}

    def field(self, name: str) -> Template | None:
        """Any other field as a template; None: the state has no such field."""
        if name not in self.raw:
            return None
        if name not in self.fields:
            self.fields[name] = Template(self.raw[name])
        return self.fields[name]


class Graph:
    """States and where to start: a machine, a branch, or a Map's processor."""

    __slots__ = ("start_at", "states")

    def __init__(self, raw: dict[str, Any], language: str) -> None:
        language = raw.get("QueryLanguage", language)
        self.start_at: str = raw["StartAt"]
        self.states = {name: State(name, each, language) for name, each in raw["States"].items()}

    def services(self) -> set[str]:
        """boto3's names of what its tasks call."""
        found: set[str] = set()
        for state in self.states.values():
            if state.resource is not None:
                found.add(state.resource.boto)
            for graph in state.graphs:
                found |= graph.services()
        return found


class Machine:
    """A whole definition; ``digest`` identifies its text."""

    __slots__ = ("digest", "graph", "text", "timeout")

    def __init__(self, text: str) -> None:
        self.text, self.digest = text, digest_of(text)
        raw = json.loads(text)
        self.graph = Graph(raw, JSONPATH)
        self.timeout: float | None = raw.get("TimeoutSeconds")

    def services(self) -> set[str]:
        """boto3's names of what its tasks call."""
        return self.graph.services()


def digest_of(text: str) -> str:
    """Hexadecimal SHA-256 of a definition."""
    return hashlib.sha256(text.encode()).hexdigest()


@lru_cache(maxsize=256)
def machine_of(text: str) -> Machine:
    """
    The machine with this definition, from the cache if it was ever read.

    Raises:
        InvalidDefinitionError: It is not even shaped like one.
    """
    try:
        return Machine(text)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InvalidDefinitionError([("SCHEMA_VALIDATION_FAILED", str(error), "")]) from None


def _resource(raw: dict[str, Any]) -> Resource | None:
    if raw["Type"] != "Task":
        return None
    found = parse_resource(raw["Resource"])
    if isinstance(found, str):
        raise TypeError(found)
    return found


def _branches(raw: dict[str, Any]) -> list[dict[str, Any]]:
    if raw["Type"] == "Parallel":
        return list(raw["Branches"])
    if raw["Type"] == "Map":
        return [raw.get("ItemProcessor") or raw["Iterator"]]
    return []
