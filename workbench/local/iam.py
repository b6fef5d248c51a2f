"""
Who asked for what, and what IAM said: every decision of the embedded AWS is kept.

The end-to-end tests compare what was granted with what was used.
"""

from __future__ import annotations

import threading
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from workbench.local import seams

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbench.local.gateway import Gateway


@dataclass(slots=True)
class Decision:
    """One principal's wish and IAM's answer, with how often it came up (seconds since the epoch)."""

    principal: str
    action: str
    resource: str
    decision: str
    """``Allow``, ``Deny`` (explicit), ``ImplicitDeny`` or ``Unauthenticated``."""
    count: int
    first: float
    last: float


class Audit:
    """All decisions of one server; equal ones are counted, so that a polling loop doesn't flood it."""

    def __init__(self) -> None:
        self._decisions: dict[tuple[str, str, str, str], Decision] = {}
        self._lock = threading.Lock()

    def record(self, principal: str, action: str, resource: str, decision: str) -> None:
        """Count one decision."""
        key, now = (principal, action, resource, decision), time.time()
        with self._lock:
            known = self._decisions.get(key)
            if known is None:
                self._decisions[key] = Decision(*key, count=1, first=now, last=now)
            else:
                known.count += 1
                known.last = now

    def answer(self, query: Mapping[str, str]) -> list[dict[str, Any]]:
        """Decisions whose fields contain the query's, ordered by when they first came up."""
        with self._lock:
            decisions = [asdict(decision) for decision in self._decisions.values()]
        return [
            decision
            for decision in decisions
            if all(wanted in str(decision.get(name, "")) for name, wanted in query.items())
        ]


def install(audit: Audit, gateway: Gateway) -> None:
    """Listen to every decision, and let requests from this machine count as encrypted."""
    original = seams.IAM_EVALUATOR.enforce

    def enforce(
        access_key_id: str,
        iam_action: str,
        service: str,
        region: str,
        resource_arn: str = "*",
        service_context: dict[str, Any] | None = None,
    ) -> Any:
        result = original(access_key_id, iam_action, service, region, resource_arn, service_context)
        if isinstance(result, seams.IAM_EVALUATOR.AuthError):
            audit.record(access_key_id or "anonymous", iam_action, resource_arn, "Unauthenticated")
        else:
            decision = "Allow" if result is None else result.decision
            audit.record(principal_of(access_key_id), iam_action, resource_arn, decision)
        return result

    # app.py imports it by name inside the request, so that this one is used.
    seams.IAM_EVALUATOR.replace("enforce", enforce)
    gateway.answers["audit"] = audit.answer

    pin = seams.APP.pin_request_origin

    def pin_as_encrypted(source_ip: str, secure_transport: bool) -> None:  # noqa: FBT001 - upstream's signature
        # Policies that demand aws:SecureTransport (CDK's enforce_ssl) would refuse plain HTTP
        # on the loopback interface, where there is nobody to listen.
        pin(source_ip, secure_transport or source_ip.startswith("127."))

    seams.APP.replace("pin_request_origin", pin_as_encrypted)

    s3_context = seams.IAM_ACTIONS.s3_context

    def with_conditional_writes(
        iam_action: str, query_params: Any, path: str = "", headers: Any = None
    ) -> dict[str, Any]:
        # app.py imports it by name inside the request
        found: dict[str, Any] = s3_context(iam_action, query_params, path, headers)
        return found | conditional_write(iam_action, query_params or {}, headers or {})

    seams.IAM_ACTIONS.replace("s3_context", with_conditional_writes)


def conditional_write(
    iam_action: str, query: Mapping[str, Any], headers: Mapping[str, str]
) -> dict[str, str]:
    """
    S3's condition keys of a write: whether it makes an object, and only if there is none.

    >>> conditional_write("s3:PutObject", {}, {"if-none-match": "*"})
    {'s3:ObjectCreationOperation': 'true', 's3:if-none-match': '*'}
    >>> conditional_write("s3:PutObject", {"uploadId": "u", "partNumber": "1"}, {})
    {'s3:ObjectCreationOperation': 'false'}
    """
    if iam_action != "s3:PutObject":
        return {}
    creates = "uploads" not in query and "partNumber" not in query
    found = {"s3:ObjectCreationOperation": str(creates).lower()}
    condition = headers.get("if-none-match")
    return found | ({"s3:if-none-match": condition} if condition else {})


def principal_of(access_key_id: str) -> str:
    """The ARN behind an access key; the key itself when nobody is."""
    account = seams.RESPONSES.get_account_id()
    found = seams.IAM_EVALUATOR.resolve_credential(access_key_id or "", account)
    return str(getattr(found, "principal_arn", access_key_id or "anonymous"))


def key_may(audit: Audit, access_key_id: str, action: str, resource: str) -> bool:
    """Whether the principal behind an access key may do this; for protocols that don't sign requests."""
    account = seams.RESPONSES.get_account_id()
    principal = seams.IAM_EVALUATOR.resolve_principal(access_key_id, account, None)
    if isinstance(principal, seams.IAM_EVALUATOR.AuthError):
        audit.record(access_key_id, action, resource, "Unauthenticated")
        return False
    if principal.policies is None:  # the account's root
        audit.record(principal.arn, action, resource, "Allow")
        return True
    context = seams.IAM_EVALUATOR.EvalContext(
        principal_arn=principal.arn,
        principal_type=principal.type,
        principal_account=principal.account,
        action=action,
        resource_arn=resource,
        region=seams.RESPONSES.get_region(),
        principal_keys=principal.keys,
    )
    decision = seams.IAM_EVALUATOR.evaluate(context, principal.policies, *principal.limits).decision
    audit.record(principal.arn, action, resource, decision)
    return bool(decision == "Allow")


def service_may(
    audit: Audit, service: str, action: str, resource: str, *, policy: Any, source_arn: str
) -> bool:
    """Whether a resource's own policy lets an AWS service call it on behalf of ``source_arn``."""
    account = seams.RESPONSES.get_account_id()
    context = seams.IAM_EVALUATOR.EvalContext(
        principal_arn="*",
        principal_type="Service",
        principal_account="",
        action=action,
        resource_arn=resource,
        region=seams.RESPONSES.get_region(),
        service_context={"aws:sourcearn": source_arn, "aws:sourceaccount": account},
    )
    answer = seams.IAM_EVALUATOR.evaluate_resource_policy(policy, context, service=service)
    audit.record(service, action, resource, answer.decision)
    return bool(answer.decision == "Allow")


def role_may(
    audit: Audit,
    role_arn: str,
    action: str,
    resource: str,
    *,
    session: str,
    context: Mapping[str, Any] | None = None,
) -> bool:
    """
    Would this role be allowed to do this, when an AWS service acts under it?

    Only identity policies are asked: the resource policies that our stacks write
    name services, and those are checked where a service calls without a role.
    """
    parts = role_arn.split(":")
    account, name = parts[4], role_arn.rsplit("/", 1)[-1]
    principal = f"arn:aws:sts::{account}:assumed-role/{name}/{session}"
    evaluated = seams.IAM_EVALUATOR.EvalContext(
        principal_arn=principal,
        principal_type="AssumedRole",
        principal_account=account,
        action=action,
        resource_arn=resource,
        region=seams.RESPONSES.get_region(),
        service_context={key.lower(): value for key, value in (context or {}).items()},
    )
    policies = seams.IAM_EVALUATOR.role_policies(name, account)
    decision = seams.IAM_EVALUATOR.evaluate(evaluated, policies).decision
    audit.record(principal, action, resource, decision)
    return bool(decision == "Allow")
