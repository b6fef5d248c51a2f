"""What a trial is begun with: which strategy, how long, and under which id."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

from slipway.domain.errors import SlipwayError
from slipway.domain.serving import TRIALS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slipway.domain.serving import Strategy

_ID_DIGITS: Final = 16


class TrialUnknownError(SlipwayError):
    """The ledger holds no such trial."""

    def __init__(self, project: str, model: str, trial_id: str) -> None:
        super().__init__(
            f"there is no trial {trial_id} of {project}/{model}; `slipway ab status {project}/{model}` shows "
            "those that there are"
        )
        self.project, self.model, self.trial_id = project, model, trial_id


class NoTrialError(SlipwayError):
    """A trial cannot begin."""

    def __init__(self, project: str, model: str, version: str, problem: str) -> None:
        super().__init__(f"version {version!r} of {project}/{model} cannot be tried: {problem}")
        self.project, self.model, self.version, self.problem = project, model, version, problem


def trial_id_of(execution_arn: str) -> str:
    """
    The id of the trial that an execution runs: however often its first step is tried, there is one.

    >>> trial_id_of("arn:aws:states:eu-west-1:111122223333:execution:slipway-dev-trial:9f2c41d07b3a55e1-0-0")
    'eb4279e8e4b2f3e6'
    """
    return hashlib.sha256(execution_arn.encode()).hexdigest()[:_ID_DIGITS]


def superseded_by(change: Mapping[str, Any]) -> str:
    """
    Who ended a trial by changing what stands on its endpoint.

    Args:
        change: contracts.ledger.EndpointState, or the like: actor, action, version.

    >>> superseded_by({"actor": "ana", "action": "serve", "version": "1.2.0"})
    'ana promoted 1.2.0 meanwhile'
    """
    actor, version = change["actor"] or "somebody", change["version"]
    match change.get("action", "serve"):
        case "remove":
            return f"{actor} took {version} away meanwhile"
        case "stop":
            return f"{actor} stopped the endpoint meanwhile"
        case "beside" | "shadow":
            return f"{actor} put {version} beside the champion meanwhile"
        case _:
            return f"{actor} promoted {version} meanwhile"


def settings_of(strategy: Strategy) -> dict[str, Any]:
    """
    A strategy of a trial in full, as it is kept and goes with the promotion.

    >>> from slipway.domain.serving import Strategy
    >>> settings_of(Strategy.of({"kind": "shadow", "hours": 2}))
    {'kind': 'shadow', 'share': 1.0, 'requests': 1000, 'hours': 2}
    """
    return {
        name: value
        for name in ("kind", "share", "requests", "hours", "outcome", "direction", "minimum_effect")
        if (value := getattr(strategy, name)) is not None
    }


def problem_of(settings: Mapping[str, Any], *, capture_share: float) -> str:
    """
    Why there can be no such trial; empty: there can.

    Args:
        settings: Of ``settings_of``.
        capture_share: Of requests that the champion's endpoint keeps.
    """
    if settings["kind"] not in TRIALS:
        return f'its strategy is {settings["kind"]!r}; say "ab" or "shadow" under [serving.strategy]'
    if capture_share < 1:
        return (
            f"its endpoint captures {capture_share:.0%} of the requests, and a trial needs all of them; say "
            "capture_share = 1.0 under [serving]"
        )
    if settings["kind"] == "ab" and not 0 < settings["share"] < 1:
        return f"its share is {settings['share']:g}; an A/B test needs one between 0 and 1"
    if settings["kind"] == "ab" and not settings.get("minimum_effect", 0) > 0:
        return "its minimum_effect is not above 0"
    return ""
