"""
The promote workflow: one version behind one endpoint, or what served before.

Its document is contracts.promotion.PromotionDocument; beside it, variables hold
what the way back needs: ``asked`` (the endpoint was asked to change), ``served``
(the config that served before), ``target`` and ``policy`` (how it was scaled),
``created`` (nothing served before), ``failure``.
"""

from __future__ import annotations

from typing import Final

from slipway.contracts import events, names
from stacks.machines import limits, restore, scaling
from stacks.machines.endpoint import (
    BROKEN,
    BUSY,
    LATE,
    MISSING,
    THROTTLED,
    UNAVAILABLE,
    UNNAMED,
    catch,
    describe,
    poll,
    sagemaker,
)
from stacks.machines.language import State, States, call, choose, extended, machine, query, tell, when
from stacks.machines.lease import release_lease, take_lease

PROMOTION: Final = "$states.input.promotion"


def definition(*, environment: str, resource_prefix: str) -> State:
    """The whole machine; ``${plan_promotion}`` and the like are functions, ``${ledger}`` the table."""
    return machine(
        "Put a registered version behind its model's endpoint; if that fails, what served before serves on",
        "TakeLease",
        take_lease(resource_prefix, next_state="PlanPromotion")
        | _plan()
        | _resources()
        | _endpoint()
        | scaling.states()
        | _proof(environment)
        | release_lease()
        | restore.states(),
        timeout_seconds=limits.MACHINE,
    )


def _plan() -> States:
    state = call("plan_promotion", key="promotion", next_state="CreateModel")
    state["Assign"] = {"wanted": query("$states.result.Payload.endpoint_config_name")}
    state["Catch"] = catch()
    return {"PlanPromotion": state}


def _resources() -> States:
    """Model and endpoint config. Their names are the version's own: one that exists is the one we want."""
    return _ensure("Model", next_state="CreateEndpointConfig", request="model_request") | _ensure(
        "EndpointConfig", next_state="Look", request="endpoint_config_request"
    )


def _ensure(kind: str, *, next_state: str, request: str) -> States:
    return {
        f"Create{kind}": sagemaker(
            f"create{kind}",
            query(f"{PROMOTION}.{request}"),
            next_state=next_state,
            on_error=f"IsThe{kind}There",
        ),
        # SageMaker has no error name for either; only the text tells.
        f"IsThe{kind}There": choose(
            when("$contains($failure.Cause, 'already exist')", next_state),
            when(THROTTLED, f"Create{kind}Later"),
            default="MustItBeRestored",
        ),
        f"Create{kind}Later": {"Type": "Wait", "Seconds": 5, "Next": f"Create{kind}"},
    }


def _endpoint() -> States:
    """
    Look, act once, look again until it is settled.

    Success is ``InService`` with the wanted config: a rollback ends in ``InService`` too.
    """
    in_place = "$endpoint.status = 'InService' and $endpoint.config = $wanted"
    return {
        "Look": describe(next_state="WhatIsThere", on_error="IsTheEndpointMissing"),
        "IsTheEndpointMissing": choose(
            when(f"{MISSING} and $created and {LATE}", "TookTooLong"),
            # One that was just created may not be seen yet.
            when(f"{MISSING} and $created", "WaitForEndpoint"),
            when(MISSING, "CreateEndpoint", asked=True, created=True),
            when(f"{THROTTLED} and $not({LATE})", "WaitForEndpoint"),
            default="MustItBeRestored",
        ),
        "WhatIsThere": choose(
            when(f"{in_place} and {PROMOTION}.scaling != null", "RegisterScaling"),
            when(in_place, "DeregisterScaling"),
            when(f"{BUSY} and {LATE}", "TookTooLong"),
            when(BUSY, "WaitForEndpoint"),
            when("$not($asked) and $endpoint.status = 'InService'", "LookAtScaling", asked=True),
            when("$not($asked) and $endpoint.status = 'Failed'", "DeleteFailedEndpoint"),
            when("$endpoint.status = 'InService'", "RolledBack"),
            when(BROKEN, "EndpointNeedsRepair"),
            default="EndpointFailed",
        ),
        "WaitForEndpoint": poll(next_state="Look"),
        "CreateEndpoint": sagemaker(
            "createEndpoint",
            {
                "EndpointName": query(f"{PROMOTION}.endpoint_name"),
                "EndpointConfigName": query("$wanted"),
                "Tags": query(f"[{PROMOTION}.tags]"),
            },
            next_state="WaitForEndpoint",
            retries=UNAVAILABLE,
        ),
        "UpdateEndpoint": sagemaker(
            "updateEndpoint",
            {
                "EndpointName": query(f"{PROMOTION}.endpoint_name"),
                "EndpointConfigName": query("$wanted"),
                # What autoscaling has set stays; without it, the manifest's count counts.
                "RetainAllVariantProperties": query(f"{PROMOTION}.scaling != null"),
                "DeploymentConfig": query(f"{PROMOTION}.deployment_config"),
            },
            next_state="WaitForEndpoint",
            retries=UNAVAILABLE,
        ),
        # One that failed when it was created can't be updated.
        "DeleteFailedEndpoint": sagemaker(
            "deleteEndpoint",
            {"EndpointName": query(f"{PROMOTION}.endpoint_name")},
            next_state="WaitForEndpoint",
            retries=UNNAMED,
        ),
        "TookTooLong": {
            "Type": "Pass",
            "Assign": {"failure": {"Error": "PromotionTimedOut", "Cause": query(_TOO_LONG)}},
            "Next": "MustItBeRestored",
        },
        "RolledBack": _failed("RolledBack", "SageMaker went back to config ' & $endpoint.config & '"),
        "EndpointNeedsRepair": _failed(
            "EndpointNeedsRepair",
            "only operators can mend status ' & $endpoint.status & ' (their runbook has the steps)",
        ),
        "EndpointFailed": _failed("EndpointFailed", "status ' & $endpoint.status & '"),
    }


_TOO_LONG: Final = f"""
    'endpoint ' & {PROMOTION}.endpoint_name & ' did not take config ' & $wanted
    & ' within {limits.FORWARD // 60} minutes'
    """


def _failed(error: str, what: str) -> State:
    cause = f"""
        'endpoint ' & {PROMOTION}.endpoint_name & ' did not take config ' & $wanted
        & ': {what}: ' & $endpoint.reason
        """
    return {
        "Type": "Pass",
        "Assign": {"failure": {"Error": error, "Cause": query(cause)}},
        "Next": "MustItBeRestored",
    }


def _proof(environment: str) -> States:
    """A real request must be answered before the alias moves; only then is anybody told."""
    smoke = call("smoke_endpoint", key="smoke", next_state="MoveAlias")
    smoke["Catch"] = catch()
    move = call("move_alias", key="alias", next_state="Tell")
    move["Output"] = extended("endpoint", _SUMMARY)
    move["Catch"] = catch()
    detail = {"environment": environment, "endpoint": query("$states.input.endpoint")} | {
        key: query(f"$states.input.request.{key}") for key in ("release_id", "project", "model", "version")
    }
    told = tell(events.ENDPOINT_IN_SERVICE, detail, next_state="ReleaseLease")
    told["Catch"] = catch("ReleaseLeaseAfterFailure")  # it serves and has the alias: nothing to restore
    return {"Smoke": smoke, "MoveAlias": move, "Tell": told}


_VARIANT: Final = f"{PROMOTION}.endpoint_config_request.ProductionVariants[0]"
_SUMMARY: Final = f"""
    {{'endpoint_name': {PROMOTION}.endpoint_name,
      'endpoint_arn': $endpoint.arn,
      'endpoint_config_name': $wanted,
      'variant': '{names.VARIANT}',
      'instance_type': {_VARIANT}.InstanceType,
      'instance_count': $exists($endpoint.count) ? $endpoint.count : {_VARIANT}.InitialInstanceCount,
      'identity': {PROMOTION}.identity,
      'smoke_status': $states.input.smoke.status,
      'smoke_milliseconds': $states.input.smoke.milliseconds}}
    """
