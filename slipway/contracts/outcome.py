"""What came of single answers of an endpoint, reported back by inference id."""

from __future__ import annotations

from typing import Final, NotRequired, TypedDict

MAX_OUTCOMES: Final = 500
"""In one request to the API."""
MAX_INFERENCE_ID: Final = 64
"""SageMaker's own limit."""
DROP: Final = "outcomes"
"""Files under ``outcomes/<project>/<model>/`` in the data bucket are taken in when they arrive."""
REFUSED: Final = "outcomes-refused"
"""What could not be taken of such a file is listed under its own key below this."""
KEPT: Final = "outcomes-kept"
"""Outcomes as they were taken: ``<project>/<model>/yyyy/mm/dd/hh/<moment>-<digest>.jsonl``."""


def drop_prefix(project: str, model: str) -> str:
    """
    Where people and programs put files of a model's outcomes.

    >>> drop_prefix("pricing", "hotel-rates")
    'outcomes/pricing/hotel-rates/'
    """
    return f"{DROP}/{project}/{model}/"


def kept_prefix(project: str, model: str) -> str:
    """Where a model's outcomes are kept; keys below it rise with the time at which they were taken."""
    return f"{KEPT}/{project}/{model}/"


class OutcomeLine(TypedDict):
    """One outcome; of several for one inference id and name, the first that was taken counts."""

    inference_id: str
    """The ``InferenceId`` of the request."""
    value: float | str
    """A number, or the class that turned out to be right."""
    outcome: NotRequired[str]
    """Its name, such as ``booked``; missing: it goes by any name."""


class OutcomeProblem(TypedDict):
    """Why one outcome was not taken."""

    index: int
    """Place in the request from 0; the line from 1 in a file."""
    inference_id: str
    problem: str


class OutcomesAnswer(TypedDict):
    """What the API answers, and the command line prints."""

    accepted: int
    refused: list[OutcomeProblem]
