"""Whether an environment's policy allows what a manifest asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slipway.domain.approval import different_people, named_approvers
from slipway.domain.approval_rules import persons_of, rules_for
from slipway.domain.judging.gate_language import GateSyntaxError, parse_gate
from slipway.domain.refusals import (
    nobody_may_approve,
    policy_forbids,
    too_few_may_approve,
    unreadable_gate,
)
from slipway.domain.strategy_policy import forbidden_strategy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from slipway.contracts.policy import Policy
    from slipway.domain.manifest import Manifest
    from slipway.domain.refusals import Refusal
    from slipway.domain.serving import AlarmLimits


def refuse_by_policy(manifest: Manifest, policy: Policy, environment: str) -> Refusal | None:
    """The first thing that the environment forbids; None: it allows all of it."""
    return next(_forbidden(manifest, policy, environment), None)


def _missing_alarms(alarms: AlarmLimits, policy: Policy, environment: str) -> Iterator[Refusal]:
    if not policy.get("require_alarms", False):
        return
    for key in ("error_share", "model_error_share"):
        if getattr(alarms, key) >= 1:
            yield policy_forbids(f"serving.alarms.{key} =", getattr(alarms, key), "less than 1", environment)
    if not alarms.prediction:
        yield policy_forbids("serving.alarms.prediction =", "false", "true", environment)


def _forbidden(manifest: Manifest, policy: Policy, environment: str) -> Iterator[Refusal]:
    training, evaluation, serving = manifest.training, manifest.evaluation, manifest.serving
    listed = (
        ("the project", manifest.model.project, policy["projects"]),
        ("the training instance type", training.instance_type, policy["training_instance_types"]),
        ("the evaluation instance type", evaluation.instance_type, policy["training_instance_types"]),
        ("the serving instance type", serving.instance_type, policy["serving_instance_types"]),
        ("the kind of endpoint", serving.kind, policy.get("serving_kinds", [])),
    )
    for subject, value, allowed in listed:
        if value is not None and allowed and value not in allowed:
            yield policy_forbids(subject, value, ", ".join(allowed), environment)
    minutes, count = policy["max_training_minutes"], policy["max_instance_count"]
    limited = (
        ("training.max_runtime_minutes =", training.max_runtime_minutes, minutes),
        ("training.max_wait_minutes =", training.max_wait_minutes or 0, minutes),
        ("evaluation.max_runtime_minutes =", evaluation.max_runtime_minutes, minutes),
        ("training.instance_count =", training.instance_count, count),
        ("serving.instance_count =", serving.instance_count, count),
        ("serving.max_instances =", serving.max_instances, count),
        *(
            (f"serving.schedules.{name}.max_instances =", schedule.max_instances, count)
            for name, schedule in serving.schedules.items()
        ),
    )
    for subject, number, limit in limited:
        if number > limit:
            yield policy_forbids(subject, number, f"at most {limit}", environment)
    if serving.kind != "serverless":  # it has neither guardrails nor alarms that they watch
        yield from forbidden_strategy(serving.strategy, policy, environment)
        yield from _missing_alarms(serving.alarms, policy, environment)
    for gate in policy.get("gates", []):
        try:
            parse_gate(gate)
        except GateSyntaxError as error:
            yield unreadable_gate(str(error), environment)
    project = manifest.model.project
    named = named_approvers(policy["approvers"], project)
    persons = persons_of(rules_for(policy.get("approval_rules", {}), project), manifest.document())
    if not named:
        yield nobody_may_approve(project, environment)
    elif different_people(named) < persons:
        yield too_few_may_approve(project, environment, persons, len(named))
