"""What each key of ``environments/<environment>.toml`` must hold."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LOG_DAYS: Final = (
    1,
    3,
    5,
    7,
    14,
    30,
    60,
    90,
    120,
    150,
    180,
    365,
    400,
    545,
    731,
    1096,
    1827,
    2192,
    2557,
    2922,
    3653,
)
"""The retentions that CloudWatch Logs knows."""
MAX_RESOURCE_PREFIX: Final = 17
"""SageMaker's 63 characters, less a project (20), a model (24) and two hyphens."""
MAX_POLICY_BYTES: Final = 3072
"""Lambda's 4096 for all variables of a function, less what stands beside ``SLIPWAY_POLICY``."""
MAX_SLACK_PEOPLE: Final = 40
"""They share Lambda's 4096 bytes with the policy."""
MAX_PRICES: Final = 20
"""They share Lambda's 4096 bytes with the policy, and the parameter's that tells clients of the platform."""
MAX_PRICE: Final = 1000
PRICE: Final = f"a number of USD per hour above 0, at most {MAX_PRICE}"
NO_DEFAULT: Final = object()

_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


@dataclass(frozen=True, slots=True)
class Rule:
    """One key: what it may hold, in words and as a test, and what stands for it where it is missing."""

    expected: str
    accepts: Callable[[Any], bool]
    default: Any = NO_DEFAULT


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _matches(pattern: str) -> Callable[[Any], bool]:
    compiled = re.compile(pattern)
    return lambda value: isinstance(value, str) and compiled.fullmatch(value) is not None


def _whole(low: int, high: int) -> Callable[[Any], bool]:
    return lambda value: type(value) is int and low <= value <= high


def whole(low: int, high: int, unit: str, *, default: Any = NO_DEFAULT) -> Rule:
    """A whole number from ``low`` to ``high``; required where it has no default."""
    return Rule(f"a whole number of {unit} from {low} to {high}", _whole(low, high), default)


def _list_of(accepts: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and all(accepts(item) for item in value)


def _is_email(value: Any) -> bool:
    return isinstance(value, str) and _EMAIL.fullmatch(value) is not None


def _emails_by_project(value: Any) -> bool:
    return isinstance(value, dict) and all(_list_of(_is_email)(emails) for emails in value.values())


_APPROVAL_RULES: Final[Mapping[str, Callable[[Any], bool]]] = {
    "persons": _whole(1, 2),
    "reminder_hours": _whole(0, 720),
    "escalation_hours": _whole(0, 720),
    "escalation": _list_of(_is_email),
    "automatic": lambda value: isinstance(value, bool),
}


def _rules_by_project(value: Any) -> bool:
    return isinstance(value, dict) and all(
        isinstance(rules, dict)
        and rules.keys() <= _APPROVAL_RULES.keys()
        and all(_APPROVAL_RULES[key](held) for key, held in rules.items())
        # hours without a list would ask nobody, and a list without hours would never be asked
        and bool(rules.get("escalation_hours")) == bool(rules.get("escalation"))
        for rules in value.values()
    )


def _people(value: Any) -> bool:
    known = isinstance(value, dict) and all(
        re.fullmatch(r"[UW][A-Z0-9]{2,20}", member) and _is_email(address)
        for member, address in value.items()
    )
    return known and len(value) <= MAX_SLACK_PEOPLE


EMAILS: Final = Rule('a list of e-mail addresses, such as ["team@example.com"]', _list_of(_is_email))
EMAILS_BY_PROJECT: Final = Rule(
    'a table of project (or "*" for all others) to e-mail addresses, such as "*" = ["team@example.com"]',
    _emails_by_project,
)
APPROVAL_RULES: Final = Rule(
    'a table of project (or "*" for all others) to rules: persons = 1 or 2; reminder_hours, and '
    "escalation_hours with escalation (e-mail addresses), of at most 720 hours; in dev automatic = true",
    _rules_by_project,
    default={},
)
GATES: Final = Rule(
    "a list of gates, each a line of a subject, a comparison and a bound, such as "
    '"critical image findings == 0"',
    _list_of(_matches(r"[^\r\n]*[^\s<>=]\s*(>=|<=|==|>|<)\s*[^\s<>=][^\r\n]*")),
    default=[],
)
INSTANCE_TYPES: Final = Rule(
    'a list of SageMaker instance types, such as ["ml.m5.large"]; empty for every type',
    _list_of(_matches(r"ml\.[a-z0-9-]+\.[a-z0-9]+")),
)

SERVING_KINDS: Final = ("real-time", "serverless", "asynchronous")
STRATEGIES: Final = ("all-at-once", "canary", "linear", "rolling", "shadow", "ab")


def _some_of(options: tuple[str, ...]) -> Rule:
    return Rule(
        f"a list of {', '.join(options)}; empty for all", _list_of(lambda item: item in options), default=[]
    )


def is_instance_type(name: str) -> bool:
    """
    Whether SageMaker may have such a type.

    >>> is_instance_type("ml.g4dn.xlarge"), is_instance_type("m5.large")
    (True, False)
    """
    return re.fullmatch(r"ml\.[a-z0-9-]+\.[a-z0-9-]+", name) is not None


def is_price(value: Any) -> bool:
    """Whether it is what PRICE says."""
    return type(value) in (int, float) and 0 < value <= MAX_PRICE


TOP: Final[Mapping[str, Rule]] = {
    "account": Rule("an AWS account id of 12 digits, in quotes", _matches(r"\d{12}"), default=None),
    "region": Rule('an AWS region, such as "eu-west-1"', _matches(r"[a-z]{2}(-[a-z]+)+-\d"), default=None),
    "prices": Rule(
        f'a table of at most {MAX_PRICES} instance types to USD per hour, such as "ml.m5.large" = 0.128',
        lambda value: isinstance(value, dict) and len(value) <= MAX_PRICES,
        default={},
    ),
}

SECTIONS: Final[Mapping[str, Mapping[str, Rule]]] = {
    "policy": {
        "repository_prefix": Rule(
            'the first part of repository names: lower-case letters, digits and hyphens, such as "models"',
            _matches(r"[a-z0-9]+(-[a-z0-9]+)*"),
        ),
        "resource_prefix": Rule(
            f'letters, digits and hyphens, at most {MAX_RESOURCE_PREFIX}, such as "slipway-prod"',
            _matches(rf"(?=.{{1,{MAX_RESOURCE_PREFIX}}}$)[a-zA-Z0-9]+(-[a-zA-Z0-9]+)*"),
        ),
        "projects": Rule(
            'a list of project names, such as ["pricing"]; empty for every project', _list_of(_text)
        ),
        "training_instance_types": INSTANCE_TYPES,
        "serving_instance_types": INSTANCE_TYPES,
        "max_training_minutes": whole(1, 40_320, "minutes"),
        "max_instance_count": whole(1, 100, "instances"),
        "approval_timeout_hours": whole(1, 720, "hours"),
        "poll_seconds": whole(1, 300, "seconds"),
        "step_cache_days": whole(0, 3650, "days", default=90),
        "gates": GATES,
        "approvers": EMAILS_BY_PROJECT,
        "recipients": EMAILS_BY_PROJECT,
        "approval_rules": APPROVAL_RULES,
        "serving_kinds": _some_of(SERVING_KINDS),
        "strategies": _some_of(STRATEGIES),
        "max_share": Rule(
            "a number above 0, at most 1",
            lambda value: type(value) in (int, float) and 0 < value <= 1,
            default=1.0,
        ),
        "min_bake_minutes": whole(0, 60, "minutes", default=0),
        "require_alarms": Rule("true or false", lambda value: isinstance(value, bool), default=False),
        "newer_version": Rule(
            '"supersedes" or "waits"', lambda value: value in ("supersedes", "waits"), default="supersedes"
        ),
    },
    "notifications": {
        "platform_team": EMAILS,
        "slack_secret": Rule(
            "the name of a Secrets Manager secret that holds the incoming webhook's URL; empty for no Slack",
            _matches(r"[a-zA-Z0-9/_+=.@-]*"),
        ),
        "slack_signing_secret": Rule(
            "the name of a Secrets Manager secret with a Slack app's signing secret; empty for no buttons",
            _matches(r"[a-zA-Z0-9/_+=.@-]*"),
            default="",
        ),
        "slack_people": Rule(
            'a table of at most 40 Slack member ids to e-mail addresses, such as U01AB3C = "ana@example.com"',
            _people,
            default={},
        ),
        "runbook_url": Rule("a URL that begins with https://", _matches(r"https://\S+")),
    },
    "retention": {
        "log_days": Rule(
            "a number of days that CloudWatch Logs knows: " + ", ".join(map(str, LOG_DAYS)),
            lambda value: type(value) is int and value in LOG_DAYS,
        ),
        "access_log_days": whole(1, 3650, "days"),
        "noncurrent_object_days": whole(1, 3650, "days"),
        "untagged_image_days": whole(1, 3650, "days"),
        "experiment_days": whole(1, 3650, "days", default=30),
        "version_days": whole(1, 3650, "days", default=365),
        "keep_versions": whole(1, 100, "versions", default=5),
        "capture_days": whole(7, 3650, "days", default=90),
        "batch_days": whole(1, 3650, "days", default=90),
        # the parts of a trial's table that nobody rewrites must outlive the longest trial
        "trial_days": whole(100, 3650, "days", default=180),
        "outcome_days": whole(7, 3650, "days", default=365),
    },
    "idle": {
        "days": whole(0, 3650, "days", default=0),
        "warn_days": whole(0, 365, "days", default=3),
        "action": Rule('"tell" or "stop"', lambda value: value in ("tell", "stop"), "tell"),
    },
    "telemetry": {
        "otlp_endpoint": Rule(
            "the base URL of an OpenTelemetry collector (OTLP over HTTP), such as "
            '"https://collector.example.com:4318"; empty for none',
            _matches(r"|https://[^\s/]+(/\S*)?|http://(127\.0\.0\.1|localhost)(:\d+)?"),
            default="",
        ),
        "headers_secret": Rule(
            "the name of a Secrets Manager secret with the collector's headers as name=value,name=value; "
            "empty for none",
            _matches(r"[a-zA-Z0-9/_+=.@-]*"),
            default="",
        ),
        "metrics_minutes": whole(0, 60, "minutes", default=5),
    },
    "approval_api": {
        "requests_per_second": whole(1, 1000, "requests per second"),
        "burst": whole(1, 2000, "requests"),
    },
    "sweeps": {
        "interval_minutes": whole(1, 1440, "minutes"),
    },
    "registry": {
        "scan_on_push": Rule("true or false", lambda value: isinstance(value, bool)),
    },
}
