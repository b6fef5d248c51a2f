"""
What a manifest asks of its endpoint: its kind, and how it is scaled, watched and changed.

A manifest is older than the platform that reads it: what it does not say has a
default here, and defaults stay out of its document, so that its text stays as it was.
"""

from __future__ import annotations

from dataclasses import MISSING, dataclass, field, fields
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slipway.contracts.promotion import ServingKind

KINDS: Final[tuple[ServingKind, ...]] = ("real-time", "serverless", "asynchronous")

StrategyKind = Literal["all-at-once", "canary", "linear", "rolling", "shadow", "ab"]

STRATEGY_DEFAULTS: Final[Mapping[StrategyKind, Mapping[str, Any]]] = {
    "all-at-once": {"bake_minutes": 0},
    "canary": {"share": 0.1, "interval_minutes": 5, "bake_minutes": 5},
    "linear": {"step": 0.2, "interval_minutes": 5, "bake_minutes": 5},
    "rolling": {"batch": 0.25, "interval_minutes": 5},
    "shadow": {"share": 1.0, "requests": 1000, "hours": 24},
    "ab": {
        "share": 0.1,
        "requests": None,
        "hours": 168,
        "outcome": None,
        "direction": "maximize",
        "minimum_effect": 0.01,
    },
}
"""Every strategy with the keys that it has; None: it has no default. An A/B test must name its outcome."""
GUARDED: Final[tuple[StrategyKind, ...]] = ("canary", "linear", "rolling")
"""Traffic moves step by step, each of which takes a part of the instances."""
TRIALS: Final[tuple[StrategyKind, ...]] = ("shadow", "ab")
"""The challenger is tried beside the champion before it may take its place."""


@dataclass(frozen=True, slots=True)
class Strategy:
    """How a version takes the champion's place; what its kind has no use for is None."""

    kind: StrategyKind = "all-at-once"
    share: float | None = None
    """Canary: of the fleet, at first. A/B: of the traffic. Shadow: of the requests that are mirrored."""
    step: float | None = None
    """Linear: of the fleet, each time."""
    batch: float | None = None
    """Rolling: likewise."""
    interval_minutes: int | None = None
    """Between two steps; rolling: how long alarms are watched after each."""
    bake_minutes: int | None = None
    """How long alarms are watched with all traffic moved."""
    requests: int | None = None
    """A trial is decided at the latest after so many to the challenger (None: however many) ..."""
    hours: int | None = None
    """... or so long."""
    outcome: str | None = None
    direction: Literal["maximize", "minimize"] | None = None
    minimum_effect: float | None = None
    """Of the outcome's mean, absolute."""

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Strategy:
        """A strategy by what was given of it, with its kind's defaults for the rest."""
        kind: StrategyKind = given.get("kind", "all-at-once")
        return cls(**{"kind": kind, **STRATEGY_DEFAULTS[kind], **given})

    def instead(self, asked: Mapping[str, Any]) -> Strategy:
        """
        The strategy with other keys; another kind takes nothing over.

        >>> Strategy.of({"kind": "canary", "interval_minutes": 9}).instead({"share": 0.2}).interval_minutes
        9
        """
        same = asked.get("kind", self.kind) == self.kind
        return Strategy.of({**(self.document() if same else {}), **asked})

    @property
    def fewest_instances(self) -> int:
        """That each variant needs: a step takes at most half of them."""
        return 2 if self.kind in GUARDED else 1

    @property
    def watched_minutes(self) -> int:
        """How long alarms are watched after all traffic has moved."""
        return (self.interval_minutes if self.kind == "rolling" else self.bake_minutes) or 0

    def document(self) -> dict[str, Any]:
        """What was given, but for defaults."""
        usual = {"kind": "all-at-once", **STRATEGY_DEFAULTS[self.kind]}
        return {
            one.name: getattr(self, one.name)
            for one in fields(self)
            if getattr(self, one.name) not in (None, usual.get(one.name))
        }


@dataclass(frozen=True, slots=True)
class AlarmLimits:
    """When a deployment is rolled back; also who is told afterwards."""

    error_share: float = 0.05
    """5XX per invocation in a minute; 1: no alarm."""
    model_error_share: float = 0.05
    """Of the container alone; 1: no alarm."""
    latency_p99_ms: int | None = None
    """None: no alarm."""
    prediction: bool = True
    """The mean prediction of two minutes in a row outside that of 99 % of those on the evaluation data."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """From a moment on, autoscaling keeps another number of instances."""

    schedule: str
    """``cron(…)``, ``rate(…)`` or ``at(…)`` of Application Auto Scaling."""
    min_instances: int
    max_instances: int
    timezone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Sample:
    """A request that a healthy endpoint answers with 200."""

    content_type: str
    accept: str
    body: str


@dataclass(frozen=True, slots=True)
class Serving:
    """The endpoint."""

    instance_count: int
    min_instances: int
    max_instances: int
    startup_timeout_seconds: int
    identity: Literal["proxy", "native"]
    sample: Sample
    instance_type: str | None = None
    """None exactly for a serverless endpoint."""
    kind: ServingKind = "real-time"
    invocations_per_instance: int | None = None
    """Autoscaling's target per instance and minute; at most one of the three targets is given."""
    concurrency_per_instance: int | None = None
    backlog_per_instance: int | None = None
    memory_mb: int | None = None
    """Serverless only."""
    max_concurrency: int | None = None
    """Serverless only."""
    concurrent_requests: int | None = None
    """Asynchronous only: per instance; None: SageMaker chooses."""
    capture_share: float = 0.0
    """Of requests whose input and output are kept."""
    keep_idle: bool = False
    """It is not stopped because nobody calls it."""
    schedules: Mapping[str, Schedule] = field(default_factory=dict)
    strategy: Strategy = field(default_factory=lambda: Strategy.of({}))
    alarms: AlarmLimits = AlarmLimits()

    @classmethod
    def of(cls, checked: Mapping[str, Any]) -> Serving:
        """The section ``[serving]``, as it was checked."""
        kind: ServingKind = checked.get("kind", "real-time")
        return cls(
            **{
                **_usual(kind),
                **checked,
                "sample": Sample(**checked["sample"]),
                "schedules": {
                    name: Schedule(**schedule) for name, schedule in checked.get("schedules", {}).items()
                },
                "strategy": Strategy.of(checked.get("strategy", {})),
                "alarms": AlarmLimits(**checked.get("alarms", {})),
            }
        )

    @property
    def scaled(self) -> bool:
        """Whether Application Auto Scaling changes the number of instances."""
        return bool(self.schedules) or any(
            (self.invocations_per_instance, self.concurrency_per_instance, self.backlog_per_instance)
        )

    @property
    def fewest_instances(self) -> int:
        """That may be there when the next version comes."""
        if not self.scaled:
            return self.instance_count
        return min(self.min_instances, *(one.min_instances for one in self.schedules.values()), 100)

    def document(self) -> dict[str, Any]:
        """As JSON values; keys that older manifests do not know are there where they differ from defaults."""
        usual = _usual(self.kind) | {"kind": "real-time", "keep_idle": False}
        plain: dict[str, Any] = {
            one.name: getattr(self, one.name)
            for one in fields(self)
            if one.name not in ("sample", "schedules", "strategy", "alarms")
            and getattr(self, one.name) not in (None, usual.get(one.name))
        }
        parts = {
            "schedules": {name: _plain(schedule) for name, schedule in self.schedules.items()},
            "strategy": self.strategy.document(),
            "alarms": _changed(self.alarms),
        }
        return plain | {"sample": _plain(self.sample)} | {name: part for name, part in parts.items() if part}

    def spelled_out(self) -> dict[str, Any]:
        """As ``document``, with every default; it reads back as the same."""
        parts = {"sample": self.sample, "strategy": self.strategy, "alarms": self.alarms}
        given = {
            one.name: getattr(self, one.name)
            for one in fields(self)
            if one.name not in (*parts, "schedules") and getattr(self, one.name) is not None
        }
        return (
            given
            | {"schedules": {name: _plain(schedule) for name, schedule in self.schedules.items()}}
            | {name: _plain(part) for name, part in parts.items()}
        )


def _usual(kind: ServingKind) -> dict[str, Any]:
    """Defaults that depend on the kind."""
    match kind:
        case "serverless":
            return {"memory_mb": 2048, "max_concurrency": 5, "capture_share": 0.0}
        case "real-time":
            return {"capture_share": 1.0}
        case "asynchronous":  # inputs and outputs lie in S3 anyway
            return {"capture_share": 0.0}


def _plain(value: Any) -> dict[str, Any]:
    plain = {one.name: getattr(value, one.name) for one in fields(value)}
    return {name: item for name, item in plain.items() if item is not None}


def _changed(value: Any) -> dict[str, Any]:
    return {
        one.name: getattr(value, one.name)
        for one in fields(value)
        if one.default is MISSING or getattr(value, one.name) != one.default
    }
