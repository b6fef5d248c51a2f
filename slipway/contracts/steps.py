"""
The step cache: what a step of a release depends on, what came of it, and how a hit or a miss is explained.

A step's key is the digest of its inputs. Inputs are a flat document of names and texts, so that the first
difference of two of them can be named.
"""

from __future__ import annotations

from typing import Any, Final, Literal, NotRequired, TypedDict

Step = Literal["training", "challenger", "champion"]
STEPS: Final[tuple[Step, ...]] = ("training", "challenger", "champion")

StepInputs = dict[str, str]
"""
``image``, ``program``, ``data <channel>``, ``hyperparameter <name>``, ``artifact``, ``instance`` and what
else of the manifest matters, each as text: ``{"hyperparameter depth": "6"}``. ``slipway.domain.steps`` knows
in which order they explain a miss.
"""


class StepRecord(TypedDict):
    """One step's key: who works on it, or what came of it."""

    key: str
    """SHA-256 of the inputs, hexadecimal."""
    step: Step
    project: str
    model: str
    inputs: StepInputs
    status: Literal["running", "done"]
    release_id: str
    """Who claimed it, and whose outputs these are."""
    version: str
    claimed_at: str
    outputs: NotRequired[dict[str, Any]]
    """contracts.release.Training or EvaluationRun, as the release that ran it has it."""
    done_at: NotRequired[str]
    expires_at: NotRequired[int]
    """Seconds since 1970; DynamoDB's TTL."""


class StepLookup(TypedDict):
    """What the look-up before a step answered; the release's document and record keep it."""

    step: Step
    key: str
    result: Literal["hit", "miss", "wait", "off"]
    """``wait``: an identical release works on it. ``off``: the cache is not used for this step."""
    explanation: str
    """``hit: same as release 9f2c41d0…``, ``miss: hyperparameter depth 6 → 8 (first difference of 2)``."""
    release_id: NotRequired[str]
    """Of the release whose outputs were taken, or that is waited for."""
    outputs: NotRequired[dict[str, Any]]
    """On a hit."""


def step_key(key: str) -> dict[str, str]:
    """Key of a step's record."""
    return {"pk": f"STEP#{key}", "sk": "STEP"}


def latest_step_key(project: str, model: str, step: Step) -> dict[str, str]:
    """Key of the inputs of the model's last finished step: what a miss is compared with."""
    return {"pk": f"MODEL#{project}/{model}", "sk": f"STEP#{step}"}
