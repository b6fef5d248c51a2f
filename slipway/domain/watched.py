"""A model in service, with all that its dashboard and alarms say of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from slipway.contracts import names

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from slipway.contracts.ledger import AliasRecord, EndpointState

MAX_EARLIER: Final = 2
"""Versions that stood there before and are charted still; more lines can't be told apart."""


@dataclass(frozen=True, slots=True)
class WatchedVariant:
    """
    One version on an endpoint.

    Attributes:
        variant: SageMaker's name of it.
        version: The model's.
        model_name: SageMaker's model: the dimension of its predictions.
        role: ``champion``, ``beside`` or ``shadow``; ``earlier``: it stands there no more.
        share: Of the traffic, 0 to 1.
        instance_type: Empty where it has none (serverless).
        instances: As they are now.
    """

    variant: str
    version: str
    model_name: str
    role: str
    share: float
    instance_type: str = ""
    instances: int = 0

    @property
    def label(self) -> str:
        """
        What charts of its own numbers call it.

        >>> WatchedVariant("v-1-1-0", "1.1.0", "m", "shadow", 0.1).label
        '1.1.0 (shadow)'
        """
        return self.version if self.role == "champion" else f"{self.version} ({self.role})"

    @property
    def place(self) -> str:
        """
        What charts call the variant, whose numbers are those of every version that stood there, in turn.

        >>> WatchedVariant("AllTraffic", "1.1.0", "m", "champion", 1.0).place
        'AllTraffic'
        """
        return self.variant if self.role == "champion" else f"{self.variant} ({self.role})"


@dataclass(frozen=True, slots=True)
class Mark:
    """
    A moment at which the champion changed.

    Attributes:
        at: ISO 8601.
        said: ``1.1.0``, or ``back to 1.0.0``.
        actor: Who did it.
    """

    at: str
    said: str
    actor: str


@dataclass(frozen=True, slots=True)
class WatchedEndpoint:
    """
    An endpoint with what stands on it; the champion first.

    Attributes:
        environment: Of the platform.
        region: Of the endpoint.
        project: The model's.
        model: The model.
        endpoint: Its name.
        variants: What stands on it.
        marks: Promotions, newest first.
        data: The champion's training data in words.
        report_uri: The champion's evidence in S3; empty: none is known.
        runbook: The page that says what to do.
        usd_per_month: Of its instances as they are now; None: no price is known.
        earlier: What stood on it within the time that the dashboard shows, and does no more; newest first.
    """

    environment: str
    region: str
    project: str
    model: str
    endpoint: str
    variants: Sequence[WatchedVariant]
    marks: Sequence[Mark]
    data: str
    report_uri: str
    runbook: str
    usd_per_month: float | None
    earlier: Sequence[WatchedVariant] = ()

    @property
    def champion(self) -> WatchedVariant:
        """What serves."""
        return self.variants[0]


def earlier_variants(
    history: Iterable[EndpointState], now: Sequence[WatchedVariant], *, since: str, resource_prefix: str
) -> list[WatchedVariant]:
    """
    What stood on an endpoint after ``since`` (ISO 8601) and does no more.

    Args:
        history: Of the endpoint, newest first.
        now: What stands on it.
        since: What was replaced before is not among it.
        resource_prefix: Every name of the environment begins with it.
    """
    standing = {variant.model_name for variant in now}
    found: dict[str, WatchedVariant] = {}
    for state in history:
        for one in state["layout"] if state["status"] == "in-service" else ():
            name = names.of_release(resource_prefix, state["model"], one["version"], one["release_id"])
            if name not in standing:
                found.setdefault(
                    name, WatchedVariant(one["variant"], one["version"], name, "earlier", one["share"])
                )
        if state["changed_at"] <= since:
            break
    return list(found.values())[:MAX_EARLIER]


def marks_of(moves: Sequence[AliasRecord]) -> list[Mark]:
    """
    The champion's moves, newest first, as marks.

    A version that had served before is one that somebody went back to.
    """
    marks: list[Mark] = []
    served: set[str] = set()
    for move in sorted(moves, key=lambda one: one["moved_at"]):
        back = "back to " if move["version"] in served else ""
        marks.append(Mark(move["moved_at"], f"{back}{move['version']}", move["actor"].rpartition("/")[2]))
        served.add(move["version"])
    return marks[::-1]
