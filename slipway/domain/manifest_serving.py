"""The section ``[serving]`` of ``slipway.toml``; limits that SageMaker or Auto Scaling set carry its name."""

from __future__ import annotations

from typing import Final

from slipway.domain.manifest_kinds import (
    ABSENT,
    Choice,
    Flag,
    Key,
    MapOf,
    Number,
    Table,
    Text,
    Whole,
)
from slipway.domain.serving import KINDS, STRATEGY_DEFAULTS

INSTANCE: Final = Text("an instance type such as 'ml.m5.large'", r"ml\.[a-z0-9][a-z0-9-]*\.[a-z0-9-]+", 64)
LONGEST_STARTUP_SECONDS: Final = 3600
"""SageMaker waits no longer for a server's first healthy answer."""
LONGEST_WAIT_MINUTES: Final = 60
"""SageMaker: of one wait in a deployment."""
MAX_SCHEDULES: Final = 20
MEMORY_MB: Final = tuple(range(1024, 6145, 1024))  # SageMaker

_MEDIA_TYPE: Final = Text(
    "a media type such as 'application/json'", r"[\w.+-]+/[\w.+-]+(?:; ?[\w=.+-]+)*", 255
)
_NAME: Final = Text(
    "1 to 40 of a-z, 0-9 and '-', beginning with a letter, not ending with '-'",
    r"[a-z](?:[a-z0-9-]{0,38}[a-z0-9])?",
    40,
)

_SCHEDULE: Final = Table(
    {
        "schedule": Key(
            Text(
                "a schedule such as 'cron(0 20 * * ? *)', 'rate(1 day)' or 'at(2026-12-24T18:00:00)'",
                r"cron\(\S+(?: \S+){5}\)|rate\([1-9]\d* (?:minute|hour|day)s?\)"
                r"|at\(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\)",
                200,
            ),
            "When: a cron expression has minute, hour, day of month, month, day of week and year.",
        ),
        "timezone": Key(
            Text(
                "a time zone's name such as 'Europe/Berlin'",
                r"[A-Za-z_]+(?:[/+-][A-Za-z0-9_+-]+){0,2}",
                50,
            ),
            "Of cron and at; daylight saving time counts.",
            "UTC",
        ),
        "min_instances": Key(Whole(0, 100), "From then on, autoscaling keeps at least as many ..."),
        "max_instances": Key(Whole(1, 100), "... and at most as many."),
    }
)

STRATEGY: Final = Table(
    {
        "kind": Key(
            Choice(tuple(STRATEGY_DEFAULTS)),
            "Step by step with alarms that roll back (canary, linear, rolling), all at once, or after a "
            "trial beside the champion (shadow, ab).",
            "all-at-once",
        ),
        "share": Key(
            Number(min=0.01, max=1),
            "canary: of the instances, at first, at most 0.5 (leave out: 0.1); ab: of the traffic for the "
            "challenger (leave out: 0.1); shadow: of the requests that are mirrored (leave out: 1).",
            ABSENT,
        ),
        "step": Key(
            Number(min=0.1, max=0.5), "linear: share of the instances per step; leave out: 0.2.", ABSENT
        ),
        "batch": Key(
            Number(min=0.05, max=0.5), "rolling: share of the instances per batch; leave out: 0.25.", ABSENT
        ),
        "interval_minutes": Key(
            Whole(0, LONGEST_WAIT_MINUTES),
            "canary: how long the first share alone is watched; linear, rolling: how long alarms are watched "
            "after each step; leave out: 5.",
            ABSENT,
        ),
        "bake_minutes": Key(
            Whole(0, LONGEST_WAIT_MINUTES),
            "How long alarms are watched with all traffic moved, before the old instances end; leave out: 5, "
            "or 0 for all-at-once.",
            ABSENT,
        ),
        "requests": Key(
            Whole(1, 100_000_000),
            "shadow: decide at the latest after so many copies (leave out: 1000); ab: after so many outcomes "
            "of the challenger (leave out: however many).",
            ABSENT,
        ),
        "hours": Key(
            Whole(1, 24 * 90), "shadow, ab: or after so long; leave out: 24, or 168 for ab.", ABSENT
        ),
        "outcome": Key(
            Text(
                "an outcome's name: 1 to 64 of letters, digits and '_.-', beginning with a letter",
                r"[A-Za-z][A-Za-z0-9_.-]*",
                64,
            ),
            "ab: what is reported back of an answer; required.",
            ABSENT,
        ),
        "direction": Key(
            Choice(("maximize", "minimize")),
            "ab: which way the outcome is better; leave out: maximize.",
            ABSENT,
        ),
        "minimum_effect": Key(
            Number(min=0),
            "ab: the smallest difference of the outcome's mean that counts; leave out: 0.01.",
            ABSENT,
        ),
    }
)

_ALARMS: Final = Table(
    {
        "error_share": Key(
            Number(min=0, max=1),
            "5XX answers per request in a minute, above which a deployment is rolled back; 1: never.",
            0.05,
        ),
        "model_error_share": Key(Number(min=0, max=1), "Likewise, of the container alone.", 0.05),
        "latency_p99_ms": Key(
            Whole(1, 3_600_000),
            "Likewise, the 99th percentile of the container's time; leave out: never.",
            ABSENT,
        ),
        "prediction": Key(
            Flag(),
            "Likewise, the mean prediction of two minutes in a row outside the range in which 99 % of those "
            "on the evaluation data lay; needs evaluation.task.",
            default=True,
        ),
    }
)

SERVING: Final = Table(
    {
        "kind": Key(
            Choice(KINDS),
            "What the endpoint is: instances that answer, nothing while nobody asks, or a queue.",
            "real-time",
        ),
        "instance_type": Key(
            INSTANCE, "Instance type of the endpoint; required unless it is serverless.", ABSENT
        ),
        "instance_count": Key(Whole(1, 100), "How many instances it begins with.", 1),
        "min_instances": Key(
            Whole(0, 100), "Autoscaling keeps at least as many; 0 for asynchronous endpoints alone.", 1
        ),
        "max_instances": Key(Whole(1, 100), "Autoscaling keeps at most as many.", 1),
        "invocations_per_instance": Key(
            Whole(1, 10_000_000),
            "Autoscaling's target per instance and minute; leave out all three targets: no autoscaling.",
            ABSENT,
        ),
        "concurrency_per_instance": Key(
            Whole(1, 10_000),
            "real-time: autoscaling's target of requests at the same time, per instance; follows within "
            "seconds.",
            ABSENT,
        ),
        "backlog_per_instance": Key(
            Whole(1, 1_000_000),
            "asynchronous: autoscaling's target of waiting requests, per instance.",
            ABSENT,
        ),
        "memory_mb": Key(
            Whole(MEMORY_MB[0], MEMORY_MB[-1]),
            "serverless: memory, in steps of 1024; leave out: 2048.",
            ABSENT,
        ),
        "max_concurrency": Key(Whole(1, 200), "serverless: requests at the same time; leave out: 5.", ABSENT),
        "concurrent_requests": Key(
            Whole(1, 1000),
            "asynchronous: requests at the same time, per instance; leave out: SageMaker chooses.",
            ABSENT,
        ),
        "capture_share": Key(
            Number(min=0, max=1),
            "Share of requests whose input and output are kept in S3; leave out: 1 for real-time endpoints, "
            "else 0.",
            ABSENT,
        ),
        "keep_idle": Key(
            Flag(),
            "Never stop the endpoint because nobody calls it, whatever the environment does with idle ones.",
            default=False,
        ),
        "startup_timeout_seconds": Key(
            Whole(60, LONGEST_STARTUP_SECONDS), "How long `serve` may take until /ping answers 200.", 240
        ),
        "identity": Key(
            Choice(("proxy", "native")),
            "Who adds the identity headers: the platform's front ('proxy'), or your server ('native').",
            "proxy",
        ),
        "sample": Key(
            Table(
                {
                    "content_type": Key(_MEDIA_TYPE, "Media type of body.", "application/json"),
                    "accept": Key(_MEDIA_TYPE, "Media type of the answer.", "application/json"),
                    "body": Key(Text("a text of at most 16384 characters", r"[\s\S]+", 16384), "A request."),
                }
            ),
            "A request that a healthy endpoint answers with 200: the smoke test after each promotion.",
        ),
        "schedules": Key(
            MapOf(_NAME, _SCHEDULE, 0, MAX_SCHEDULES),
            "By name: from a moment on, autoscaling keeps other numbers of instances.",
            ABSENT,
        ),
        "strategy": Key(STRATEGY, "How a version takes the champion's place.", ABSENT),
        "alarms": Key(_ALARMS, "What rolls a deployment back.", ABSENT),
    }
)
