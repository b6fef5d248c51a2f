"""``environments/<environment>.toml`` as a frozen, validated value."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from slipway.contracts.policy import AUTOMATIC_IN
from slipway.contracts.retention import ArtifactRetention
from stacks.settings_rules import (
    MAX_POLICY_BYTES,
    NO_DEFAULT,
    PRICE,
    SECTIONS,
    TOP,
    Rule,
    is_instance_type,
    is_price,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from slipway.contracts.idle import IdleRule
    from slipway.contracts.policy import Policy

ENVIRONMENTS: Final = ("local", "dev", "stage", "prod")


@dataclass(frozen=True, slots=True)
class SettingsProblem:
    """
    One thing that is wrong in a settings file.

    >>> str(SettingsProblem("environments/prod.toml", "sweeps.interval_minutes", "is missing", "a number"))
    'environments/prod.toml: sweeps.interval_minutes is missing; expected a number'
    """

    file: str
    key: str
    what: str
    expected: str

    def __str__(self) -> str:
        return f"{self.file}: {self.key} {self.what}; expected {self.expected}"


class SettingsError(Exception):
    """A settings file says something that it can't say; ``problems`` holds all of them."""

    def __init__(self, problems: list[SettingsProblem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Notifications:
    """Who is told besides a model's own recipients, and by what."""

    platform_team: tuple[str, ...]
    """Told of alarms."""
    slack_secret: str
    """Name of the Secrets Manager secret that holds the webhook's URL; empty: no Slack."""
    runbook_url: str
    """Alarms link to headings of this page."""
    slack_signing_secret: str
    """Name of the secret that holds the Slack app's signing secret; empty: no buttons."""
    slack_people: Mapping[str, str]
    """Slack's member id to e-mail address: whose click it is."""


@dataclass(frozen=True, slots=True)
class Retention:
    """How long what is not evidence is kept, in days."""

    log_days: int
    access_log_days: int
    noncurrent_object_days: int
    untagged_image_days: int
    experiment_days: int
    version_days: int
    keep_versions: int
    capture_days: int
    batch_days: int
    trial_days: int
    outcome_days: int

    @property
    def artifacts_json(self) -> str:
        """What functions read as ``SLIPWAY_RETENTION``: contracts.retention.ArtifactRetention."""
        return _compact({key: getattr(self, key) for key in ArtifactRetention.__annotations__})


@dataclass(frozen=True, slots=True)
class Telemetry:
    """Where the platform's own spans and metrics go."""

    otlp_endpoint: str
    """A collector's base URL; empty: nowhere."""
    headers_secret: str
    """Name of the Secrets Manager secret that holds the collector's headers; empty: it wants none."""
    metrics_minutes: int
    """How often endpoints' metrics are handed on; 0: never."""


@dataclass(frozen=True, slots=True)
class ApprovalApi:
    """The approval page's throttling."""

    requests_per_second: int
    burst: int


@dataclass(frozen=True, slots=True)
class Settings:
    """One environment of the platform."""

    environment: str
    account: str | None
    """None: whatever account the credentials at deployment belong to."""
    region: str | None
    policy: Policy
    notifications: Notifications
    retention: Retention
    idle: IdleRule
    telemetry: Telemetry
    prices: Mapping[str, float]
    """Instance types to USD per hour, where the platform's own list does not count."""
    approval_api: ApprovalApi
    sweep_minutes: int
    scan_on_push: bool
    """Whether this platform sets the registry's scanning; an account has one such configuration."""

    @property
    def retains(self) -> bool:
        """Whether buckets, table and keys outlive their stack: everywhere but on a laptop."""
        return self.environment != "local"

    @property
    def idle_json(self) -> str:
        """What functions read as ``SLIPWAY_IDLE``."""
        return _compact(self.idle)

    @property
    def prices_json(self) -> str:
        """What functions read as ``SLIPWAY_PRICES``."""
        return _compact(dict(self.prices))

    @property
    def policy_json(self) -> str:
        """What functions read as ``SLIPWAY_POLICY``."""
        return _compact(self.policy)

    @property
    def slack_people_json(self) -> str:
        """What functions read as ``SLIPWAY_SLACK_PEOPLE``."""
        return _compact(dict(self.notifications.slack_people))

    @property
    def addresses(self) -> tuple[str, ...]:
        """Every approver (second lists too) and recipient once, sorted: each gets an own subscription."""
        second = (rules.get("escalation", []) for rules in self.policy.get("approval_rules", {}).values())
        groups = (*self.policy["approvers"].values(), *self.policy["recipients"].values(), *second)
        return tuple(sorted({address for group in groups for address in group}))


def _expected(rules: Mapping[str, Any]) -> str:
    return "one of " + ", ".join(sorted(rules))


def _problems(
    file: str, table: Mapping[str, Any], rules: Mapping[str, Rule], at: str
) -> Iterator[SettingsProblem]:
    for key in table:
        if key not in rules:
            yield SettingsProblem(file, at + key, "is unknown", _expected(rules))
    for key, rule in rules.items():
        if key not in table:
            if rule.default is NO_DEFAULT:
                yield SettingsProblem(file, at + key, "is missing", rule.expected)
        elif not rule.accepts(table[key]):
            yield SettingsProblem(file, at + key, f"is {table[key]!r}", rule.expected)


def _defaults(section: str) -> dict[str, Any]:
    return {key: rule.default for key, rule in SECTIONS[section].items() if rule.default is not NO_DEFAULT}


def _compact(value: Any) -> str:
    # TOML's dates are no JSON; the key that holds one is a problem of its own.
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, default=str)


def _bytes(value: Any) -> int:
    return len(_compact(value).encode())


def _all_problems(file: str, document: Mapping[str, Any]) -> Iterator[SettingsProblem]:
    top = {key: value for key, value in document.items() if key not in SECTIONS}
    for key, value in top.items():
        if key not in TOP:
            what = "is an unknown section" if isinstance(value, dict) else "is unknown"
            yield SettingsProblem(file, key, what, _expected({**TOP, **SECTIONS}))
    yield from _problems(file, {key: value for key, value in top.items() if key in TOP}, TOP, "")
    for name, rules in SECTIONS.items():
        section = document.get(name, {})
        if isinstance(section, dict):
            yield from _problems(file, section, rules, f"{name}.")
        else:
            yield SettingsProblem(file, name, f"is {section!r}", "a section")
    yield from _unpriced(file, document.get("prices"))
    policy = document.get("policy")
    if isinstance(policy, dict) and policy.get("approvers") == {}:
        yield SettingsProblem(file, "policy.approvers", "is empty", 'at least "*" = ["team@example.com"]')
    if isinstance(policy, dict) and (size := _bytes(policy)) > MAX_POLICY_BYTES:
        longest = max(policy, key=lambda key: _bytes(policy[key]))
        yield SettingsProblem(
            file,
            f"policy.{longest}",
            f"has {_bytes(policy[longest])} of the {size} bytes that [policy] takes as JSON",
            f"at most {MAX_POLICY_BYTES} for all of [policy], as Lambda allows 4096 for a function's "
            "variables: name groups' addresses in place of people's, or fewer instance types and projects",
        )


def _unpriced(file: str, prices: Any) -> Iterator[SettingsProblem]:
    """What of the section ``[prices]`` states none."""
    for instance_type, price in (prices if isinstance(prices, dict) else {}).items():
        if not is_instance_type(instance_type):
            yield SettingsProblem(
                file, f"prices.{instance_type}", "is no instance type", 'a name such as "ml.m5.large"'
            )
        elif not is_price(price):
            yield SettingsProblem(file, f"prices.{instance_type}", f"is {price!r}", PRICE)


def _automatic(environment: str, file: str, document: Mapping[str, Any]) -> Iterator[SettingsProblem]:
    """Where people must look, no setting approves in their place."""
    policy = document.get("policy")
    rules = policy.get("approval_rules") if isinstance(policy, dict) else None
    if environment in AUTOMATIC_IN or not isinstance(rules, dict):
        return
    for project, rule in rules.items():
        if isinstance(rule, dict) and rule.get("automatic"):
            allowed = f"a person's decision here; only {' and '.join(AUTOMATIC_IN)} may approve by themselves"
            yield SettingsProblem(file, f"policy.approval_rules.{project}.automatic", "is true", allowed)


def parse(environment: str, text: str, *, file: str) -> Settings:
    """
    The settings that ``text`` holds.

    Raises:
        SettingsError: Anything is unknown, missing or of the wrong kind; all of it is named at once.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError([SettingsProblem(file, "the file", f"is not TOML ({error})", "TOML")]) from error
    if problems := [*_all_problems(file, document), *_automatic(environment, file, document)]:
        raise SettingsError(problems)
    notifications = document["notifications"]
    return Settings(
        environment=environment,
        account=document.get("account"),
        region=document.get("region"),
        policy=cast("Policy", _defaults("policy") | document["policy"]),
        notifications=Notifications(
            **_defaults("notifications")
            | notifications
            | {"platform_team": tuple(notifications["platform_team"])}
        ),
        retention=Retention(**_defaults("retention") | document["retention"]),
        idle=cast("IdleRule", _defaults("idle") | document.get("idle", {})),
        telemetry=Telemetry(**_defaults("telemetry") | document.get("telemetry", {})),
        prices=document.get("prices", {}),
        approval_api=ApprovalApi(**document["approval_api"]),
        sweep_minutes=document["sweeps"]["interval_minutes"],
        scan_on_push=document["registry"]["scan_on_push"],
    )


def load(environment: str, directory: Path) -> Settings:
    """
    The settings of one environment.

    Raises:
        SettingsError: There is no such file, or what it says can't be.
    """
    path = directory / f"{environment}.toml"
    file = f"{directory.name}/{path.name}"
    if not path.is_file():
        known = ", ".join(sorted(other.stem for other in directory.glob("*.toml")))
        raise SettingsError([SettingsProblem(file, "the file", "does not exist", f"an environment: {known}")])
    return parse(environment, path.read_text(encoding="utf-8"), file=file)
