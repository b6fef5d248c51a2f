"""Reads outcomes that others report; one that is wrong is refused alone, with the reason."""

from __future__ import annotations

import csv
import io
import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from slipway.contracts.ledger import OPEN_TRIALS
from slipway.contracts.outcome import MAX_INFERENCE_ID

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from slipway.contracts.ledger import TrialRecord
    from slipway.contracts.outcome import OutcomeLine, OutcomeProblem

MAX_TEXT: Final = 256
"""Characters of a class, or of an outcome's name."""
_WORDS: Final = {"true": 1.0, "false": 0.0}


def _nothing(_line: OutcomeLine) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Taken:
    """
    What was read.

    Attributes:
        lines: What is kept.
        problems: What is not, and why.
    """

    lines: list[OutcomeLine]
    problems: list[OutcomeProblem]


def read_outcome(document: Any) -> OutcomeLine | str:
    """
    One outcome, or why it is none.

    >>> read_outcome({"inference_id": "r-1", "value": True, "outcome": "booked"})
    {'inference_id': 'r-1', 'value': 1.0, 'outcome': 'booked'}
    >>> read_outcome({"inference_id": "r-1"})
    'it has no value'
    """
    if not isinstance(document, dict):
        return 'it is no object; send {"inference_id": "…", "value": 1}'
    if unknown := sorted(set(map(str, document)) - {"inference_id", "value", "outcome"}):
        return f"it has {', '.join(map(repr, unknown))}; known are inference_id, value, outcome"
    inference_id, name = document.get("inference_id"), document.get("outcome", "")
    if problem := _misnamed(inference_id, name):
        return problem
    if document.get("value") in (None, ""):
        return "it has no value"
    value = _value(document["value"])
    if value is None:
        return f"its value {document['value']!r} is neither a finite number nor a short text"
    line: OutcomeLine = {"inference_id": str(inference_id), "value": value}
    return {**line, "outcome": name} if name else line


def _misnamed(inference_id: Any, name: Any) -> str:
    if not isinstance(inference_id, str) or not inference_id or not inference_id.isascii():
        return "its inference_id is not the text that was sent as InferenceId"
    if len(inference_id) > MAX_INFERENCE_ID:
        return f"its inference_id has more than {MAX_INFERENCE_ID} characters"
    if not isinstance(name, str) or len(name) > MAX_TEXT:
        return "its outcome is not a short name"
    return ""


def _value(value: Any) -> float | str | None:
    if isinstance(value, bool | int | float):
        return float(value) if math.isfinite(value) else None
    if not isinstance(value, str) or len(value) > MAX_TEXT:
        return None
    if value.lower() in _WORDS:
        return _WORDS[value.lower()]
    try:
        number = float(value)
    except ValueError:
        return value
    return number if math.isfinite(number) else None


def no_number(line: OutcomeLine, trials: Iterable[TrialRecord]) -> str:
    """
    Why an outcome would be lost on an A/B test, which counts numbers alone; empty: it would not.

    The first outcome for an inference id counts, so that a right one could not mend it later.

    Args:
        line: What is reported.
        trials: Of the model; those that have ended count nothing any more.
    """
    if not isinstance(line["value"], str):
        return ""
    for trial in trials:
        name = str(trial["settings"].get("outcome") or "")
        meant = not name or line.get("outcome", name) == name
        if trial["kind"] == "ab" and trial["status"] in OPEN_TRIALS and meant:
            test = f"the A/B test of {trial['challenger']}"
            counts = f"counts {name!r} by" if name else "counts by"
            return (
                f"its value {line['value']!r} is no number, and {test} {counts} "
                "numbers alone (yes and no: 1 and 0)"
            )
    return ""


def take(documents: Iterable[tuple[int, Any]], problem_of: Callable[[OutcomeLine], str] = _nothing) -> Taken:
    """
    Sort numbered documents into what is kept and what is refused.

    Args:
        documents: With their numbers.
        problem_of: Why an outcome is refused that could be read; empty: it is not.
    """
    taken = Taken([], [])
    for index, document in documents:
        found = read_outcome(document) if not isinstance(document, _Unreadable) else document.problem
        if not isinstance(found, str):
            found = problem_of(found) or found
        if isinstance(found, str):
            named = document.get("inference_id", "") if isinstance(document, dict) else ""
            shown = str(named)[:MAX_INFERENCE_ID]
            taken.problems.append({"index": index, "inference_id": shown, "problem": found})
        else:
            taken.lines.append(found)
    return taken


@dataclass(frozen=True, slots=True)
class _Unreadable:
    problem: str


def documents_of(name: str, text: str) -> Iterator[tuple[int, Any]]:
    """
    The documents of a file, with their lines from 1.

    Args:
        name: Its ending says what it is: ``.csv`` with a head of ``inference_id,value[,outcome]``, else one
            JSON object a line.
        text: All of it.
    """
    yield from _rows(text) if name.endswith(".csv") else _objects(text)


def _objects(text: str) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                yield number, json.loads(line)
            except ValueError as error:
                yield number, _Unreadable(f"it is no JSON: {error}")


def _rows(text: str) -> Iterator[tuple[int, Any]]:
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    if not {"inference_id", "value"} <= set(reader.fieldnames or ()):
        yield 1, _Unreadable("the file's head lacks inference_id or value")
        return
    for row in reader:
        kept = {key: value for key, value in row.items() if key is not None and value not in (None, "")}
        yield reader.line_num, kept
