"""What a service of ours needs to stand beside ministack's own."""

from __future__ import annotations

import contextvars
import json
import threading
from typing import TYPE_CHECKING, Any

from workbench.local import seams

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


def register_service(
    name: str,
    module: Any,
    *,
    target_prefixes: Sequence[str],
    host_patterns: Sequence[str] = (),
    iam_namespace: str | None = None,
) -> None:
    """
    Serve ``name`` by ``module``.

    The module (or object) offers ``async handle_request(method, path, headers, body, query_params)``
    returning ``(status, headers, body)``, ``get_state() -> dict``,
    ``load_persisted_state(dict)`` and ``reset()``.
    """
    handlers = seams.APP.handlers
    seams.APP.loaded_modules[name] = module
    seams.APP.registry[name] = {"module": name}
    seams.APP.state_map[name] = name
    handlers[name] = module.handle_request
    seams.ROUTER.patterns[name] = {
        "target_prefixes": list(target_prefixes),
        "host_patterns": list(host_patterns),
    }
    seams.IAM_ACTIONS.namespaces[name] = iam_namespace or name


def authorize_by(
    name: str,
    resource_of: Callable[[dict[str, Any], str, str], str],
    context_of: Callable[[dict[str, Any]], dict[str, Any]],
) -> None:
    """
    Tell the authorizer what a JSON service's requests are about.

    Args:
        name: The service.
        resource_of: Request, region and account to the ARN that a policy names.
        context_of: Request to condition keys and their values.
    """
    resource_before = seams.IAM_ACTIONS.extract_resource
    context_before = seams.IAM_ACTIONS.request_context

    def resource(  # upstream's signature
        service: str, method: str, path: str, headers: Any, body: bytes, query: Any, region: str, account: str
    ) -> Any:
        if service != name:
            return resource_before(service, method, path, headers, body, query, region, account)
        return resource_of(_document(body), region, account)

    def context(service: str, iam_action: str, body: bytes, params: Any) -> Any:
        own = context_of(_document(body)) if service == name else {}
        return {**context_before(service, iam_action, body, params), **own}

    seams.IAM_ACTIONS.replace("extract_resource", resource)
    seams.IAM_ACTIONS.replace("request_context", context)


def _document(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def keep_state(name: str, holder: Any) -> None:
    """Persist what ``holder`` offers by ``get_state()``, ``load_persisted_state(dict)`` and ``reset()``."""
    seams.APP.loaded_modules[name] = holder
    seams.APP.state_map[name] = name


def put_aws_event(
    source: str, detail_type: str, detail: Mapping[str, Any], *, resources: Sequence[str] = ()
) -> None:
    """Put an event of an AWS service (``aws.…``) on the default bus of the request's account and region."""
    entry = {
        "Source": source,
        "DetailType": detail_type,
        "Resources": list(resources),
        "Detail": json.dumps(detail, default=str),
    }
    seams.EVENTBRIDGE.put_events({"Entries": [entry]}, allow_aws_source=True)


def role_credentials(role_arn: str, session: str) -> dict[str, str]:
    """Environment variables (``AWS_ACCESS_KEY_ID`` …) of a session under a role, as a service assumes it."""
    account = role_arn.split(":")[4]
    region = seams.RESPONSES.get_region()
    config = {
        "Role": role_arn,
        "FunctionArn": f"arn:aws:lambda:{region}:{account}:function:{session}",
        "FunctionName": session[:60],
    }
    found = seams.LAMBDA_RUNTIME.execution_credentials(config)
    return {name: value for name, value in found.items() if value}


def start_thread(name: str, work: Callable[..., None], *arguments: Any) -> threading.Thread:
    """Run ``work`` in a daemon thread that keeps the account and region of the caller."""
    context = contextvars.copy_context()
    thread = threading.Thread(target=context.run, args=(work, *arguments), name=name, daemon=True)
    thread.start()
    return thread
