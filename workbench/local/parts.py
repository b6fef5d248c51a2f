"""
What the embedded AWS consists of beside ministack, in the order in which it is put together.

Import it once the process's environment is as ministack wants it.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from workbench.local import (
    alarms,
    apigateway,
    autoscaling,
    clock,
    cloudformation_types,
    dashboards,
    dynamodb_queries,
    ecr,
    embedded_metrics,
    faults,
    iam,
    inbox,
    lambda_functions,
    sagemaker,
    seams,
    state,
    states,
    targets,
)
from workbench.local.gateway import Gateway

if TYPE_CHECKING:
    from workbench.local.context import ServerContext


def install(server: ServerContext) -> Gateway:
    """Put every part in its place; the ASGI application that answers for all of them."""
    gateway = Gateway(seams.APP.asgi)
    gateway.answers["health"] = lambda _query: {"pid": os.getpid(), "home": str(server.home)}
    clock.install(server.clock, gateway)
    iam.install(server.audit, gateway)
    inbox.install(server, inbox.Inbox(server.home / "inbox.jsonl"), gateway)
    ecr_api = ecr.install(server, gateway)
    lambda_functions.install(server, gateway)
    alarms.install(server)
    dashboards.install()
    targets.Targets(server)
    apigateway.install(server)
    scaling = autoscaling.register(server)
    cloudformation_types.repository_creation_templates(ecr_api)
    cloudformation_types.registry_scanning(ecr_api)
    cloudformation_types.composite_alarms()
    cloudformation_types.metric_math_alarms()
    dynamodb_queries.install()
    states.install(server)
    sagemaker.register(server, is_target=scaling.is_target)
    scaling.scaler.scaled = sagemaker.running().capacity
    embedded_metrics.install(server.state)
    faults.install(server.faults, gateway)
    state.install(server.state)
    return gateway
