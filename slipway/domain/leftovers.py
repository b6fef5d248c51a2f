"""What promotions that were killed, or people by hand, left behind in SageMaker and CloudWatch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from slipway.contracts import names

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

Kind = Literal["scalable target", "alarm", "dashboard", "endpoint config", "model", "endpoint"]
ORDER: Final[tuple[Kind, ...]] = (
    "scalable target",
    "alarm",
    "dashboard",
    "endpoint config",
    "model",
    "endpoint",
)
"""What is removed first needs what comes later: a config names its models."""


@dataclass(frozen=True, slots=True)
class Leftover:
    """
    One thing that nothing needs.

    Attributes:
        kind: What it is.
        name: Its name; of a scalable target its resource id, ``endpoint/<name>/variant/<name>``.
        why: Why nothing needs it, for a person.
        removable: False: it may be somebody's, so that a person must decide.
    """

    kind: Kind
    name: str
    why: str
    removable: bool = True


@dataclass(frozen=True, slots=True)
class Found:
    """
    All that bears the environment's prefix.

    Attributes:
        endpoints: Name to the names of its variants, shadow variants too.
        serving: Endpoint to the configs it serves or is about to serve.
        configs_of: The same, and those that the ledger believes in: the last two of its history.
        configs: Config to its models' names, and when it was made.
        models: Name to when it was made.
        alarms: Names of the alarms that promotions make, ``<endpoint>/<config>/<what>``, and of those
            that scale an endpoint, also under the name that they had before.
        targets: Resource ids of scalable targets.
        dashboards: Name to the endpoint it shows.
        known: Endpoints that the ledger knows, in service or stopped.
        busy_since: When the first of the promotions that run now began; None: none runs.
    """

    endpoints: Mapping[str, frozenset[str]]
    serving: Mapping[str, frozenset[str]]
    configs_of: Mapping[str, frozenset[str]]
    configs: Mapping[str, tuple[frozenset[str], datetime]]
    models: Mapping[str, datetime]
    alarms: frozenset[str] = frozenset()
    targets: frozenset[str] = frozenset()
    dashboards: Mapping[str, str] = field(default_factory=dict)
    known: frozenset[str] = frozenset()
    busy_since: datetime | None = None


def leftovers(found: Found) -> list[Leftover]:
    """
    What nothing needs, in the order in which it can be removed.

    What a running promotion may have made is never among it.
    """
    every = [*_targets(found), *_alarms(found), *_dashboards(found), *_configs(found), *_models(found)]
    every += _endpoints(found)
    return sorted(every, key=lambda one: (ORDER.index(one.kind), one.name))


def _kept(found: Found) -> frozenset[str]:
    return frozenset[str]().union(*found.configs_of.values())


def _may_be_in_the_making(found: Found, made_at: datetime) -> bool:
    return found.busy_since is not None and made_at >= found.busy_since


def _targets(found: Found) -> Iterator[Leftover]:
    for resource in found.targets:
        _, endpoint, _, variant = resource.split("/", 3)
        if endpoint not in found.endpoints:
            yield Leftover("scalable target", resource, f"there is no endpoint {endpoint}")
        elif variant not in found.endpoints[endpoint] and found.busy_since is None:
            yield Leftover("scalable target", resource, f"endpoint {endpoint} has no variant {variant}")


def _alarms(found: Found) -> Iterator[Leftover]:
    for name in found.alarms:
        endpoint, config = _watched(name)
        if endpoint not in found.endpoints and found.busy_since is None:
            yield Leftover("alarm", name, f"there is no endpoint {endpoint}")
        elif config == names.SCALING_ALARMS:
            if (
                endpoint not in {resource.split("/")[1] for resource in found.targets}
                and not found.busy_since
            ):
                yield Leftover("alarm", name, f"nothing scales endpoint {endpoint}")
        elif config not in _kept(found) and config in found.configs:
            made_at = found.configs[config][1]
            if not _may_be_in_the_making(found, made_at):
                yield Leftover("alarm", name, f"config {config} serves no more")
        elif config in found.configs and config not in found.serving.get(endpoint, ()):
            if found.busy_since is None:
                yield Leftover("alarm", name, f"config {config} serves no more")
        elif config not in found.configs and found.busy_since is None:
            yield Leftover("alarm", name, f"there is no config {config}")


def _watched(alarm: str) -> tuple[str, str]:
    """Endpoint, and config or ``scaling``."""
    if "/" not in alarm:
        return alarm.removesuffix(names.old_scaling_alarm("")), names.SCALING_ALARMS
    endpoint, config, _ = alarm.split("/", 2)
    return endpoint, config


def _dashboards(found: Found) -> Iterator[Leftover]:
    for name, endpoint in found.dashboards.items():
        if endpoint not in found.endpoints and found.busy_since is None:
            yield Leftover("dashboard", name, f"there is no endpoint {endpoint}")


def _configs(found: Found) -> Iterator[Leftover]:
    for name, (_, made_at) in found.configs.items():
        if name not in _kept(found) and not _may_be_in_the_making(found, made_at):
            yield Leftover("endpoint config", name, "no endpoint serves it, or goes back to it")


def _models(found: Found) -> Iterator[Leftover]:
    gone = {one.name for one in _configs(found)}
    used = frozenset[str]().union(
        *(models for name, (models, _) in found.configs.items() if name not in gone)
    )
    for name, made_at in found.models.items():
        if name not in used and not _may_be_in_the_making(found, made_at):
            yield Leftover("model", name, "no endpoint config names it; a promotion makes it again")


def _endpoints(found: Found) -> Iterator[Leftover]:
    for name in found.endpoints:
        if name not in found.known and found.busy_since is None:
            yield Leftover(
                "endpoint", name, "the ledger knows of no promotion to it: somebody made it", removable=False
            )
