"""
The promote workflow: what stands on one endpoint, or what stood there before.

Its document is contracts.promotion.PromotionDocument; beside it, variables hold what the way back needs:
``asked`` (the endpoint was asked to change), ``served`` (the config that served before), ``created`` (nothing
served before), ``scaled`` (how its variants were scaled), ``rescaled`` (what serves is scaled as it shall
be), ``failure``.
"""

from __future__ import annotations

from typing import Final

from slipway.contracts import promotion_limits as limits
from stacks.machines import proof, restore, scaling
from stacks.machines.endpoint import (
    ACTION,
    AWAY,
    BELIEVED,
    BROKEN,
    BUSY,
    DEAD,
    EXISTS,
    FOREIGN,
    LATE,
    MISSING,
    NAME,
    NO_CAPACITY,
    PROMOTION,
    UNANSWERED,
    UNAVAILABLE,
    UNNAMED,
    UPDATING,
    catch,
    describe,
    failed,
    ignore,
    not_taken,
    poll,
    sagemaker,
)
from stacks.machines.language import (
    State,
    States,
    call,
    choose,
    each,
    machine,
    query,
    when,
)
from stacks.machines.lease import keep, release_lease, take_lease
from stacks.machines.resources import ALARM_TROUBLE, resources
from stacks.machines.stop import stop


def definition(*, environment: str, resource_prefix: str) -> State:
    """The whole machine; ``${plan_promotion}`` and the like are functions, ``${ledger}`` the table."""
    return machine(
        "Put registered versions behind their model's endpoint; if that fails, what served before serves on",
        "TakeLease",
        take_lease(resource_prefix, next_state="PlanPromotion")
        | _plan()
        | _look()
        | resources(next_state="IsItNew")
        | scaling.look(next_state="IsItInPlace")
        | _change()
        | _refusals()
        | _settled()
        | proof.proof(environment)
        | stop(next_state="MoveAlias")
        | release_lease()
        | restore.states(),
        timeout_seconds=limits.MACHINE,
    )


def _plan() -> States:
    state = call("plan_promotion", key="promotion", next_state="WhatIsAsked")
    state["Assign"] = {"wanted": query("$states.result.Payload.endpoint_config_name")}
    state["Catch"] = catch()
    return {
        "PlanPromotion": state,
        "WhatIsAsked": choose(when(f"{ACTION} = 'stop'", "LookToStop"), default="Look"),
    }


IN_PLACE: Final = "$endpoint.status = 'InService' and $endpoint.config = $wanted"


def _look() -> States:
    """
    Look, act once, look again until it is settled.

    Success is ``InService`` with the wanted config: a rollback ends in ``InService`` too.
    """
    unproved = f"$not($asked) and {IN_PLACE} and {BELIEVED} != $wanted"
    first = f"{BELIEVED} = null and {PROMOTION}.previous = null and $wanted in $known"
    back = "$asked and $endpoint.status = 'InService' and $endpoint.config = $served"
    again = f"$tries < {limits.CAPACITY_TRIES} and $not({LATE})"
    return {
        "Look": describe(next_state="WhatIsThere", on_error="IsTheEndpointMissing"),
        "IsTheEndpointMissing": choose(
            when(f"{MISSING} and $asked and $created and {LATE}", "PromotionTimedOut"),
            # One that was just created may not be seen yet.
            when(f"{MISSING} and $asked and $created", "WaitForEndpoint"),
            when(MISSING, "MakeModels", created=True),
            when(f"{UNANSWERED} and $not({LATE})", "WaitForEndpoint"),
            default="MustItBeRestored",
        ),
        "WhatIsThere": choose(
            # A promotion that died has put it there: should it not answer, what the ledger knows is put back.
            when(f"{unproved} and {first}", "LookAtServedConfig", asked=True, created=True),
            when(
                f"{unproved} and {BELIEVED} != null", "LookAtServedConfig", asked=True, served=query(BELIEVED)
            ),
            when(f"{IN_PLACE} and $not($looked)", "LookAtServedConfig"),
            when(IN_PLACE, "MayWeScale"),
            when(f"{BUSY} and {LATE}", "PromotionTimedOut"),
            when(BUSY, "WaitForEndpoint"),
            when(f"$not($asked) and $endpoint.status = 'InService' and {FOREIGN}", "EndpointDriftedError"),
            when("$not($asked) and $endpoint.status = 'InService'", "MakeModels"),
            when(f"$not($asked) and {DEAD}", "MayWeDelete"),
            # It was busy when it was asked: whoever kept it so has ended.
            when(f"{back} and $again and {again}", "MayWeUpdate", again=False, tries=query("$tries + 1")),
            when(f"{back} and {NO_CAPACITY} and {again}", "WaitForCapacity", tries=query("$tries + 1")),
            when(back, "LookAtAlarms"),
            when("$endpoint.status = 'InService'", "EndpointDriftedError"),
            when(
                f"$created and {DEAD} and {NO_CAPACITY} and {again}",
                "WaitForCapacity",
                tries=query("$tries + 1"),
            ),
            when(f"{DEAD} and {NO_CAPACITY}", "CapacityError"),
            when(BROKEN, "EndpointNeedsRepair"),
            default="EndpointFailed",
        ),
        "WaitForEndpoint": poll(next_state="Look"),
        "LookAtAlarms": _alarms(),
        "WhyDidItGoBack": choose(
            when(NO_CAPACITY, "CapacityError"),
            when("$alarm != ''", "RolledBackByAlarm"),
            default="RolledBack",
        ),
        "WaitForCapacity": {
            "Type": "Wait",
            "Seconds": query(f"{PROMOTION}.poll_seconds * {limits.CAPACITY_POLLS}"),
            "Next": "HowToTryAgain",
        },
        "HowToTryAgain": choose(when("$created", "MayWeDelete"), default="MayWeUpdate"),
    }


def _alarms() -> State:
    """
    Which of them rang, and why: SageMaker does not say.

    Their history is asked, not their state: that is ``OK`` again as soon as the traffic is back.
    """
    rang = "$states.result.AlarmHistoryItems[$contains(HistorySummary, 'to ALARM')]"
    look: State = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:cloudwatch:describeAlarmHistory",
        "Arguments": {
            "AlarmName": query("$states.input"),
            "HistoryItemType": "StateUpdate",
            "StartDate": query("$fromMillis($began)"),
        },
        "Output": query(
            f"""
            $exists({rang})
                ? 'alarm ' & $states.input & ': ' & $parse({rang}[0].HistoryData).newState.stateReason
                : ''
            """
        ),
        "Retry": ALARM_TROUBLE,
        "End": True,
    }
    state = each(
        f"[{PROMOTION}.alarms.AlarmName]",
        "LookAtAlarm",
        {"LookAtAlarm": look},
        next_state="WhyDidItGoBack",
        catch=ignore("WhyDidItGoBack"),
    )
    return state | {"Assign": {"alarm": query("$join([$states.result[$ != '']], '; ')")}}


def _change() -> States:
    """Each write comes after a look at the lease."""
    # Counts that are too small for a step of the strategy would have it refused, each time.
    kept = f"""
        {PROMOTION}.retain_variant_properties and $endpoint.fewest >= {PROMOTION}.fewest_retained
            ? {{'RetainAllVariantProperties': true,
               'ExcludeRetainedVariantProperties': {PROMOTION}.exclude_retained}}
            : {{'RetainAllVariantProperties': false}}
        """
    guarded = f"""
        {PROMOTION}.deployment_config = null ? {{}} : {{'DeploymentConfig': {PROMOTION}.deployment_config}}
        """
    update = f"$merge([{{'EndpointName': {NAME}, 'EndpointConfigName': $wanted}}, {kept}, {guarded}])"
    return {
        "IsItNew": choose(when("$created", "MayWeCreate"), default="LookAtServedConfig"),
        "MayWeCreate": keep(next_state="CreateEndpoint", on_error=catch(), config="$wanted", asked=True),
        "CreateEndpoint": sagemaker(
            "createEndpoint",
            {
                "EndpointName": query(NAME),
                "EndpointConfigName": query("$wanted"),
                "Tags": query(f"[{PROMOTION}.tags]"),
            },
            next_state="WaitForEndpoint",
            on_error="WasItRefused",
            retries=UNAVAILABLE,
        ),
        "IsItInPlace": choose(when(IN_PLACE, "MayWeScale"), default="MayWeUpdate"),
        "MayWeUpdate": keep(next_state="DropScaling", on_error=catch(), config="$wanted", asked=True),
        **scaling.drop(next_state="MayWeStillUpdate"),
        "MayWeStillUpdate": keep(next_state="UpdateEndpoint", on_error=catch()),
        "UpdateEndpoint": sagemaker(
            "updateEndpoint",
            query(update),
            next_state="WaitForEndpoint",
            on_error="WasItRefused",
            retries=UNAVAILABLE,
        ),
        # It can't be updated: nothing serves, and it is made anew.
        "MayWeDelete": keep(
            next_state="DeleteDead", on_error=catch(), asked=False, created=False, rescaled=True
        ),
        "DeleteDead": sagemaker(
            "deleteEndpoint",
            {"EndpointName": query(NAME)},
            next_state="WaitForEndpoint",
            on_error="IsItDeleted",
            retries=UNNAMED,
        ),
        "IsItDeleted": choose(when(MISSING, "WaitForEndpoint"), default="MustItBeRestored"),
        "MayWeScale": keep(next_state="ClearScaling", on_error=catch()),
        **scaling.scale(next_state="Smoke"),
    }


def _refusals() -> States:
    """SageMaker has no error names for these; only the texts tell."""
    more = f"$refusals < {limits.REFUSALS} and $not({LATE})"
    return {
        "WasItRefused": choose(
            # By an update of somebody else, or by our own, whose answer was lost.
            when(f"({UPDATING} or $created and {EXISTS}) and $not({LATE})", "WaitForEndpoint", again=True),
            # A config that was just made may not be seen yet.
            when(f"({MISSING} or {AWAY}) and {more}", "WaitToAskAgain", refusals=query("$refusals + 1")),
            default="MustItBeRestored",
        ),
        "WaitToAskAgain": {
            "Type": "Wait",
            "Seconds": query(f"{PROMOTION}.poll_seconds"),
            "Next": "HowToAskAgain",
        },
        "HowToAskAgain": choose(when("$created", "MayWeCreate"), default="MayWeUpdate"),
    }


def _settled() -> States:
    """How it ends when it does not end well, in words."""
    late = f"""
        'endpoint ' & {NAME} & ' did not take config ' & $wanted & ' within {limits.FORWARD // 3600} hours'
        """
    drifted = f"""
        'endpoint ' & {NAME} & ' serves config ' & $endpoint.config
        & ', which no promotion asked for (the ledger knows ' & ({BELIEVED} = null ? 'none' : {BELIEVED})
        & '); it was left alone'
        """
    back = not_taken("SageMaker went back to config ' & $endpoint.config & ': ' & $endpoint.reason")
    return {
        "PromotionTimedOut": failed("PromotionTimedOut", late),
        "RolledBack": failed("RolledBack", back),
        "RolledBackByAlarm": failed("RolledBackByAlarm", f"{back} & '; ' & $alarm"),
        "CapacityError": failed(
            "CapacityError",
            not_taken("AWS had no instances in ' & ($tries + 1) & ' tries: ' & $endpoint.reason"),
        ),
        "EndpointNeedsRepair": failed(
            "EndpointNeedsRepair",
            not_taken(
                "it takes no update in status ' & $endpoint.status & ' (docs/operations.md has the steps): "
                "' & $endpoint.reason"
            ),
        ),
        "EndpointFailed": failed(
            "EndpointFailed", not_taken("status ' & $endpoint.status & ': ' & $endpoint.reason")
        ),
        # What somebody set by hand is never put back, nor replaced unless somebody says so.
        "EndpointDriftedError": failed("EndpointDriftedError", drifted, next_state="IsItToBeScaled"),
        # But it is scaled as it was: targets may have gone for our update.
        "IsItToBeScaled": choose(
            when("$asked and $not($created)", "RestoreScaling"), default="IsThereToTidy"
        ),
    }
