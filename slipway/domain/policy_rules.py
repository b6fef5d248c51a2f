"""Whether an environment's policy allows what a manifest asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slipway.domain.approval import different_people, named_approvers
from slipway.domain.approval_rules import persons_of, rules_for
from slipway.domain.refusals import nobody_may_approve, policy_forbids, too_few_may_approve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from slipway.contracts.policy import Policy
    from slipway.domain.manifest import Manifest
    from slipway.domain.refusals import Refusal


def refuse_by_policy(manifest: Manifest, policy: Policy, environment: str) -> Refusal | None:
    """The first thing that the environment forbids; None: it allows all of it."""
    return next(_forbidden(manifest, policy, environment), None)


def _forbidden(manifest: Manifest, policy: Policy, environment: str) -> Iterator[Refusal]:
    training, evaluation, serving = manifest.training, manifest.evaluation, manifest.serving
    listed = (
        ("the project", manifest.model.project, policy["projects"]),
        ("the training instance type", training.instance_type, policy["training_instance_types"]),
        ("the evaluation instance type", evaluation.instance_type, policy["training_instance_types"]),
        ("the serving instance type", serving.instance_type, policy["serving_instance_types"]),
    )
    for subject, value, allowed in listed:
        if allowed and value not in allowed:
            yield policy_forbids(subject, value, ", ".join(allowed), environment)
    minutes, count = policy["max_training_minutes"], policy["max_instance_count"]
    limited = (
        ("training.max_runtime_minutes =", training.max_runtime_minutes, minutes),
        ("training.max_wait_minutes =", training.max_wait_minutes or 0, minutes),
        ("evaluation.max_runtime_minutes =", evaluation.max_runtime_minutes, minutes),
        ("training.instance_count =", training.instance_count, count),
        ("serving.instance_count =", serving.instance_count, count),
        ("serving.max_instances =", serving.max_instances, count),
    )
    for subject, number, limit in limited:
        if number > limit:
            yield policy_forbids(subject, number, f"at most {limit}", environment)
    project = manifest.model.project
    named = named_approvers(policy["approvers"], project)
    persons = persons_of(rules_for(policy.get("approval_rules", {}), project), manifest.document())
    if not named:
        yield nobody_may_approve(project, environment)
    elif different_people(named) < persons:
        yield too_few_may_approve(project, environment, persons, len(named))
