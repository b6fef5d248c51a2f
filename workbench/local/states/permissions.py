"""Which resource a task token stands for when IAM is asked: the machine whose execution waits for it."""

from __future__ import annotations

import json
from typing import Any

from workbench.local import seams
from workbench.local.states.tokens import address_of


def machine_of(execution_arn: str) -> str:
    """
    The state machine of an execution, which is what CDK's ``grant_task_response`` grants on.

    >>> machine_of("arn:aws:states:us-east-1:000000000000:execution:release:1")
    'arn:aws:states:us-east-1:000000000000:stateMachine:release'
    """
    return execution_arn.rpartition(":")[0].replace(":execution:", ":stateMachine:")


def machine_of_request(body: bytes) -> str | None:
    """The machine that a request's task token stands for; None: the request has no token of ours."""
    try:
        request = json.loads(body or b"{}")
    except ValueError:
        return None
    token = request.get("taskToken") if isinstance(request, dict) else None
    address = address_of(token) if isinstance(token, str) else None
    return machine_of(address.execution_arn) if address else None


def install() -> None:
    """Teach the authorizer; every other request goes where it went before."""
    before = seams.IAM_ACTIONS.extract_resource

    def resource(service: str, method: str, path: str, headers: Any, body: bytes, *rest: Any) -> Any:
        machine = machine_of_request(body) if service == "states" else None
        return machine or before(service, method, path, headers, body, *rest)

    seams.IAM_ACTIONS.replace("extract_resource", resource)
