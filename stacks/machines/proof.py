"""
The promote workflow's good end: a real request is answered, the ledger says so, people are told.

What is only good to know comes last: it is tried again, rings an alarm where it fails, and undoes nothing.
"""

from __future__ import annotations

from typing import Final

from slipway.contracts import events, names
from stacks.machines import restore
from stacks.machines.endpoint import ACTION, NAME, PROMOTION, UNNAMED, catch, ignore, sagemaker
from stacks.machines.language import (
    INPUT,
    LAMBDA_TROUBLE,
    State,
    States,
    call,
    choose,
    extended,
    query,
    retry,
    tell,
    when,
)
from stacks.machines.lease import LOST, look_what_is_recorded, lost

_REFUSED: Final = retry([LOST, "AliasMovedError"], first_seconds=1, attempts=0, longest_seconds=2)
"""By the ledger: asking again, as what stands behind it says, changes nothing."""
_ANY: Final = retry(["States.TaskFailed"], first_seconds=2, attempts=4, longest_seconds=15)
"""For functions that do nothing twice, and may have done it before they failed."""


def proof(environment: str) -> States:
    """A real request must be answered before the ledger says so; only then is anybody told."""
    smoke = call("smoke_endpoint", key="smoke", next_state="MoveAlias")
    smoke["Catch"] = catch()
    detail = {"environment": environment, "endpoint": query("$states.input.endpoint")} | {
        key: query(f"$states.input.request.{key}") for key in ("release_id", "project", "model", "version")
    }
    kind = query(f"{ACTION} = 'serve' ? '{events.ENDPOINT_IN_SERVICE}' : '{events.ENDPOINT_CHANGED}'")
    told = tell(kind, detail, next_state="IsItMarked")
    # It serves and the ledger says so: nothing to restore.
    told["Catch"] = catch("ReleaseLeaseAfterFailure", rescaled=True)
    return {
        "Smoke": smoke,
        **_record(),
        "Tell": told,
        "IsItMarked": choose(when(f"{ACTION} = 'stop'", "Tidy"), default="MarkStages"),
        "MarkStages": _mark_stages(),
        "TagEndpoint": _tag_endpoint(),
        "Tidy": restore.tidy("changed", next_state="ReleaseLease"),
    }


def _record() -> States:
    move = call("move_alias", key="alias", next_state="Tell")
    move["Output"] = extended("endpoint", _SUMMARY)
    move["Retry"] = [_REFUSED, LAMBDA_TROUBLE, _ANY]
    move["Catch"] = [lost(LOST), *catch("LookWhatIsRecorded")]
    return {
        "MoveAlias": move,
        # It may have died when its work was done: then the ledger says that this serves, and so it shall.
        **look_what_is_recorded(extended("endpoint", _SUMMARY), next_state="IsItRecorded", on_error=catch()),
        "IsItRecorded": choose(when("$recorded", "Tell"), default="MustItBeRestored"),
    }


def _mark_stages() -> State:
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Arguments": {"FunctionName": "${mark_stages}", "Payload": INPUT},
        "Output": INPUT,
        "Retry": [LAMBDA_TROUBLE, _ANY],
        "Catch": ignore("TagEndpoint"),
        "Next": "TagEndpoint",
    }


def _tag_endpoint() -> State:
    """Costs are reported by tags: those of its creation name the first version."""
    state = sagemaker(
        "addTags",
        {"ResourceArn": query("$endpoint.arn"), "Tags": query(f"[{PROMOTION}.tags]")},
        next_state="Tidy",
        retries=UNNAMED,
    )
    return state | {"Catch": ignore("Tidy")}


_CHAMPION: Final = (
    f"{PROMOTION}.endpoint_config_request.ProductionVariants[VariantName = '{names.VARIANT}'][0]"
)
_SUMMARY: Final = f"""
    $merge([
        {{'endpoint_name': {NAME}, 'endpoint_config_name': $wanted, 'action': {ACTION},
          'kind': {PROMOTION}.kind, 'layout': {PROMOTION}.layout, 'identity': {PROMOTION}.identity}},
        {ACTION} = 'stop' ? {{}} : {{
          'endpoint_arn': $endpoint.arn,
          'variant': '{names.VARIANT}',
          'instance_type': $exists({_CHAMPION}.InstanceType) ? {_CHAMPION}.InstanceType : 'serverless',
          'instance_count': $exists($endpoint.count) ? $endpoint.count
              : $exists({_CHAMPION}.InitialInstanceCount) ? {_CHAMPION}.InitialInstanceCount : 0,
          'smoke_status': $states.input.smoke.status,
          'smoke_milliseconds': $states.input.smoke.milliseconds}}
    ])
    """
