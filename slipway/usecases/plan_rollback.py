"""Find the version that a model goes back to, and ask whether it may."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slipway.contracts import names
from slipway.domain.rollback import Rollback, refusals_of, served_before

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from slipway.domain.execution import Execution
    from slipway.usecases.ports import Clock, Executions, Fingerprints, Ledger


def plan_rollback(
    project: str,
    model: str,
    *,
    to: str = "",
    endpoint: str,
    ledger: Ledger,
    executions: Executions,
    files: Fingerprints,
    clock: Clock,
) -> Rollback:
    """
    Every reason against it is found, not only the first.

    Args:
        project: Of the model.
        model: Its name.
        to: The version to serve; empty: the one that served before.
        endpoint: The model's.
        ledger: Versions, alias and lease.
        executions: To say who works on the endpoint.
        files: Of the artifact bucket.
        clock: Whether a lease has run out.
    """
    champion = ledger.alias(project, model, names.CHAMPION)
    serving = champion["version"] if champion is not None and not champion.get("removed") else ""
    wanted = to or served_before(ledger.alias_history(project, model, names.CHAMPION))
    target = ledger.version(project, model, wanted) if wanted else None
    refusals = []
    if not wanted and not serving:
        refusals.append(f"nothing serves {project}/{model}, and nothing did")
    elif not wanted:
        refusals.append(f"nothing served before {serving}; name a version with --to")
    elif target is None:
        registered = ", ".join(one["version"] for one in ledger.versions(project, model)) or "none"
        refusals.append(f"{wanted} is not registered (registered: {registered})")
    else:
        there = bool(target.get("artifact_removed_at")) or bool(files.fingerprint(target["model_uri"]))
        refusals += refusals_of(target, serving=serving, artifact_there=there)
    owner = ledger.lease_owner(endpoint, now_epoch=int(clock().timestamp()))
    execution = executions.describe(owner) if owner else None
    # Who has ended changes nothing any more, though nobody has given back its lease yet.
    if owner and not (execution is not None and execution.ended):
        refusals.append(f"endpoint {endpoint} is being changed by {_who(execution, owner)}")
    return Rollback(project, model, serving, target, tuple(refusals))


def _who(execution: Execution | None, arn: str) -> str:
    """Who started the promotion that holds the lease, and what it promotes."""
    if execution is None:
        return f"execution {arn}"
    request: Mapping[str, Any] = execution.document.get("request", {})
    since = f"since {execution.started_at}, execution {execution.name}"
    if not request:
        return since
    return f"{request.get('actor') or 'somebody'}: {request.get('cause')} of {request.get('version')} {since}"
