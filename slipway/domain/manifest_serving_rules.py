"""Rules of ``[serving]`` between keys: what a kind of endpoint can do, and what a strategy needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from slipway.domain.guardrails import MAX_DEPLOYMENT_SECONDS, deployment_seconds
from slipway.domain.serving import GUARDED, STRATEGY_DEFAULTS, TRIALS, Serving, Strategy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Report = Callable[[str, Any, str], None]
    Rule = Callable[[Mapping[str, Any], Report], None]

TARGETS: Final = {
    "invocations_per_instance": "real-time",
    "concurrency_per_instance": "real-time",
    "backlog_per_instance": "asynchronous",
}
"""What autoscaling may follow, and the kind of endpoint that has such a metric."""
_OF_KINDS: Final = TARGETS | {
    "memory_mb": "serverless",
    "max_concurrency": "serverless",
    "concurrent_requests": "asynchronous",
}
_STEP_OF_MEMORY_MB: Final = 1024
_LIMITS_OF_SHARE: Final = {"canary": 0.5, "ab": 0.99}


def keys_go_with_the_kind(manifest: Mapping[str, Any], report: Report) -> None:
    """Every key is one that the kind of endpoint has; instances where there are some, memory where not."""
    serving = manifest["serving"]
    kind = _kind(serving)
    for key, wanted in _OF_KINDS.items():
        if key in serving and kind != wanted:
            report(f"serving.{key}", serving[key], f"no such key, because it goes with the kind '{wanted}'")
    if kind == "serverless":
        _nothing_of_instances(serving, report)
    elif "instance_type" not in serving:
        report(
            "serving.instance_type",
            None,
            "an instance type such as 'ml.m5.large', because only a serverless endpoint has none",
        )
    memory = serving.get("memory_mb", _STEP_OF_MEMORY_MB)
    if memory % _STEP_OF_MEMORY_MB:
        report("serving.memory_mb", memory, "a multiple of 1024")


def _nothing_of_instances(serving: Mapping[str, Any], report: Report) -> None:
    why = "no such key, because a serverless endpoint has no instances"
    for key in ("instance_type", "schedules"):
        if serving.get(key):
            report(f"serving.{key}", serving[key], why)
    for key in ("instance_count", "min_instances", "max_instances"):
        if serving[key] != 1:
            report(f"serving.{key}", serving[key], why)
    if serving.get("capture_share"):
        report(
            "serving.capture_share",
            serving["capture_share"],
            "0, because SageMaker captures no serverless data",
        )


def one_scaling_target(manifest: Mapping[str, Any], report: Report) -> None:
    """Two targets would pull the number of instances to and fro."""
    given = [key for key in TARGETS if key in manifest["serving"]]
    for key in given[1:]:
        report(f"serving.{key}", manifest["serving"][key], f"no such key beside serving.{given[0]}")


def none_only_behind_a_queue(manifest: Mapping[str, Any], report: Report) -> None:
    """Without an instance only an asynchronous endpoint keeps requests, and its backlog starts one again."""
    serving = manifest["serving"]
    counts = {"serving.min_instances": serving["min_instances"]} | {
        f"serving.schedules.{name}.min_instances": schedule["min_instances"]
        for name, schedule in serving.get("schedules", {}).items()
    }
    for key, count in counts.items():
        if count == 0 and _kind(serving) != "asynchronous":
            report(
                key,
                count,
                "at least 1, because only the kind 'asynchronous' keeps requests without instances",
            )
        elif count == 0 and "backlog_per_instance" not in serving:
            report(key, count, "at least 1, or serving.backlog_per_instance, which starts instances again")


def schedules_are_in_order(manifest: Mapping[str, Any], report: Report) -> None:
    """min_instances <= max_instances."""
    for name, schedule in manifest["serving"].get("schedules", {}).items():
        if schedule["min_instances"] > schedule["max_instances"]:
            report(
                f"serving.schedules.{name}.min_instances",
                schedule["min_instances"],
                f"at most its max_instances, which is {schedule['max_instances']}",
            )


def keys_go_with_the_strategy(manifest: Mapping[str, Any], report: Report) -> None:
    """Every key is one that the strategy has, and A/B says what is reported back."""
    for problem in strategy_problems(manifest["serving"].get("strategy", {})):
        report(*problem)


def strategy_problems(given: Mapping[str, Any]) -> list[tuple[str, Any, str]]:
    """What keys of a strategy contradict: dotted key, value, what is expected."""
    kind = given.get("kind", "all-at-once")
    found: list[tuple[str, Any, str]] = []
    for key, value in given.items():
        if key != "kind" and key not in STRATEGY_DEFAULTS[kind]:
            having = " or ".join(f"'{name}'" for name, keys in STRATEGY_DEFAULTS.items() if key in keys)
            found.append(
                (f"serving.strategy.{key}", value, f"no such key, because it goes with kind {having}")
            )
    if kind == "ab" and "outcome" not in given:
        expected = "what is reported back of an answer, such as 'booked', because the strategy is 'ab'"
        found.append(("serving.strategy.outcome", None, expected))
    if given.get("minimum_effect", 1) <= 0:
        found.append(
            (
                "serving.strategy.minimum_effect",
                given["minimum_effect"],
                "above 0, because no number of outcomes shows that there is no difference at all",
            )
        )
    limit = _LIMITS_OF_SHARE.get(kind, 1)
    if given.get("share", 0) > limit:
        found.append(
            ("serving.strategy.share", given["share"], f"at most {limit:g}, because the strategy is '{kind}'")
        )
    return found


def the_kind_can_do_the_strategy(manifest: Mapping[str, Any], report: Report) -> None:
    """Guardrails need instances, a trial needs requests that are answered at once."""
    serving = manifest["serving"]
    kind, strategy = _kind(serving), serving.get("strategy", {})
    named = strategy.get("kind", "all-at-once")
    if named in GUARDED and kind == "serverless":
        report(
            "serving.strategy.kind",
            named,
            "'all-at-once', because traffic moves step by step by instances alone",
        )
    if named in TRIALS and kind != "real-time":
        report(
            "serving.strategy.kind",
            named,
            "another one, because only real-time endpoints take a second version",
        )
    if kind == "serverless" and strategy.get("bake_minutes"):
        report(
            "serving.strategy.bake_minutes",
            strategy["bake_minutes"],
            "0, because SageMaker watches no alarms of serverless endpoints",
        )


def half_of_the_instances_is_one(manifest: Mapping[str, Any], report: Report) -> None:
    """A step takes at most half of the instances, so that there must be two."""
    if _strategy(manifest).kind not in GUARDED or _kind(manifest["serving"]) == "serverless":
        return
    serving = Serving.of(manifest["serving"])
    least = serving.strategy.fewest_instances
    if serving.fewest_instances < least:
        key = "min_instances" if serving.scaled else "instance_count"
        report(
            f"serving.{key}" if not serving.schedules else "serving.min_instances and its schedules'",
            serving.fewest_instances,
            f"at least {least}, because the strategy '{serving.strategy.kind}' moves at most half of the "
            "instances at once; or the strategy 'all-at-once'",
        )


def a_deployment_ends_in_time(manifest: Mapping[str, Any], report: Report) -> None:
    """SageMaker gives a deployment at most eight hours."""
    strategy = _strategy(manifest)
    seconds = deployment_seconds(strategy, int(manifest["serving"]["startup_timeout_seconds"]))
    if seconds > MAX_DEPLOYMENT_SECONDS:
        report(
            "serving.strategy.interval_minutes",
            strategy.interval_minutes,
            f"fewer minutes or larger steps: all waits and starts add up to {seconds // 60} minutes, and "
            f"SageMaker gives a deployment {MAX_DEPLOYMENT_SECONDS // 60}",
        )


def _kind(serving: Mapping[str, Any]) -> str:
    return str(serving.get("kind", "real-time"))


def _strategy(manifest: Mapping[str, Any]) -> Strategy:
    return Strategy.of(manifest["serving"].get("strategy", {}))


SERVING_RULES: Final[tuple[Rule, ...]] = (
    keys_go_with_the_kind,
    one_scaling_target,
    none_only_behind_a_queue,
    schedules_are_in_order,
    keys_go_with_the_strategy,
    the_kind_can_do_the_strategy,
    half_of_the_instances_is_one,
    a_deployment_ends_in_time,
)
