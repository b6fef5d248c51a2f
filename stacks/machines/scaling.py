"""
The promote workflow's tasks on Application Auto Scaling.

Before the update every scalable target of the endpoint is looked at, with its policies, its schedules and
the alarms of step scaling; ``scaled`` holds them as contracts.promotion.ScalingTarget does. SageMaker refuses
to change the instance type of a target's variant, or to take it away: such targets go before the update, all
others stay. After it they are as the new layout says; on the way back, as they were.
"""

from __future__ import annotations

from typing import Any, Final

from stacks.machines.endpoint import NAME, PROMOTION, catch, ignore, sagemaker
from stacks.machines.language import INPUT, State, States, choose, each, query, retry, when
from stacks.machines.resources import ALARM_TROUBLE

_ITEM: Final = "$states.input"
_TARGET: Final = {
    "ServiceNamespace": "sagemaker",
    "ResourceId": query(f"{_ITEM}.resource_id"),
    "ScalableDimension": query(f"{_ITEM}.dimension"),
}
"""Of the item of an iteration."""
_ALARM_FIELDS: Final = (
    "AlarmName",
    "AlarmDescription",
    "ActionsEnabled",
    "MetricName",
    "Namespace",
    "Statistic",
    "ExtendedStatistic",
    "Dimensions",
    "Period",
    "Unit",
    "EvaluationPeriods",
    "DatapointsToAlarm",
    "Threshold",
    "ComparisonOperator",
    "TreatMissingData",
    "Metrics",
)
"""What PutMetricAlarm takes of what DescribeAlarms says; the actions are the policies' own."""


def _fields(*names: str) -> str:
    """An object of those fields that are there."""
    return "{" + ", ".join(f"'{name}': {name}" for name in names) + "}"


def _types(variants: str) -> str:
    """Variant to instance type; serverless ones have none."""
    return f"$merge([{{}}, {variants}.{{VariantName: $exists(InstanceType) ? InstanceType : 'none'}}])"


def autoscaling(action: str, arguments: str | dict[str, Any], **more: Any) -> State:
    """One call that leaves the document as it is; ``more`` says what follows."""
    return {
        "Type": "Task",
        "Resource": f"arn:aws:states:::aws-sdk:applicationautoscaling:{action}",
        "Arguments": arguments,
        "Output": INPUT,
        "Retry": [
            retry(
                [
                    # throttling, for one: the service has no name for it
                    "ApplicationAutoScaling.ApplicationAutoScalingException",
                    "ApplicationAutoScaling.ConcurrentUpdateException",
                    "ApplicationAutoScaling.InternalServiceException",
                    "ApplicationAutoScaling.SdkClientException",
                ],
                first_seconds=2,
                attempts=8,
                longest_seconds=60,
            ),
        ],
    } | more


def look(*, next_state: str) -> States:
    """What is scaled now, and how; and on which instance types it runs."""
    served = sagemaker(
        "describeEndpointConfig",
        {"EndpointConfigName": query("$created ? $wanted : $served")},
        next_state="LookAtScaling",
    )
    # Of a config that somebody deleted nothing is known: then every target goes before the update.
    served["Catch"] = ignore("LookAtScaling")
    served["Assign"] = {"types": query(_types("$states.result.ProductionVariants"))}
    variants = (
        f"$append($endpoint.variants, [{PROMOTION}.endpoint_config_request.ProductionVariants.VariantName])"
    )
    resource = f"function($variant) {{'endpoint/' & {NAME} & '/variant/' & $variant}}"
    found = autoscaling(
        "describeScalableTargets",
        {
            "ServiceNamespace": "sagemaker",
            "ResourceIds": query(f"[$map($distinct({variants}), {resource})]"),
        },
        Catch=catch(),
        Next="RememberScaling",
    )
    target = """
        {'resource_id': ResourceId, 'dimension': ScalableDimension, 'min_capacity': MinCapacity,
         'max_capacity': MaxCapacity, 'suspended': SuspendedState}
        """
    found["Assign"] = {"found": query(f"[$states.result.ScalableTargets.{target}]"), "looked": True}
    remember = each("$found", "LookAtPolicies", _look_at_one(), next_state=next_state, catch=catch())
    # What a promotion that was killed remembered is how things were before it touched them.
    others = "$states.result[$not(resource_id & dimension in $left.(resource_id & dimension))]"
    remember["Assign"] = {"scaled": query(f"[$left, {others}]")}
    return {"LookAtServedConfig": served, "LookAtScaling": found, "RememberScaling": remember}


def _look_at_one() -> States:
    policies = autoscaling("describeScalingPolicies", _TARGET, Next="LookAtSchedules")
    policies["Assign"] = {"its_policies": query("[$states.result.ScalingPolicies]")}
    schedules = autoscaling("describeScheduledActions", _TARGET, Next="HasItStepAlarms")
    schedules["Assign"] = {"its_schedules": query("[$states.result.ScheduledActions]")}
    step_alarms = "$its_policies[PolicyType = 'StepScaling'].Alarms.AlarmName"
    alarms: State = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:cloudwatch:describeAlarms",
        "Arguments": {"AlarmNames": query(f"[{step_alarms}]")},
        "Output": _remembered(f"[$states.result.MetricAlarms.{_fields(*_ALARM_FIELDS)}]"),
        "Retry": ALARM_TROUBLE,
        "End": True,
    }
    return {
        "LookAtPolicies": policies,
        "LookAtSchedules": schedules,
        "HasItStepAlarms": choose(
            when(f"$count([{step_alarms}]) > 0", "LookAtStepAlarms"), default="Remembered"
        ),
        "LookAtStepAlarms": alarms,
        "Remembered": {"Type": "Succeed", "Output": _remembered("[]")},
    }


def _remembered(step_alarms: str) -> str:
    policy = _fields(
        "PolicyName",
        "PolicyType",
        "TargetTrackingScalingPolicyConfiguration",
        "StepScalingPolicyConfiguration",
    )
    schedule = _fields(
        "ScheduledActionName", "Schedule", "Timezone", "StartTime", "EndTime", "ScalableTargetAction"
    )
    return query(
        f"""
        $merge([{_ITEM}, {{'policies': [$its_policies.{policy}],
                           'schedules': [$its_schedules.{schedule}],
                           'step_alarms': {step_alarms}}}])
        """
    )


def drop(*, next_state: str, on_error: str = "MustItBeRestored") -> States:
    """Before the update: targets whose variant goes, or comes on another instance type."""
    wanted = _types(f"{PROMOTION}.endpoint_config_request.ProductionVariants")
    moving = f"""
        ($wanted_types := {wanted};
         [$filter($scaled, function($target) {{(
             $variant := $split($target.resource_id, '/')[3];
             $not($lookup($types, $variant) = $lookup($wanted_types, $variant))
         )}})])
        """
    return {"DropScaling": _deregister_each(moving, "DropTarget", next_state=next_state, on_error=on_error)}


def drop_all(name: str, target: str, *, next_state: str, catcher: list[dict[str, Any]]) -> States:
    """Whatever may be a target now: what was before, and what the layout asks for."""
    both = f"""
        [$distinct($append($scaled, {PROMOTION}.scaling_targets).{_fields("resource_id", "dimension")})]
        """
    return {name: _deregister_each(both, target, next_state=next_state) | {"Catch": catcher}}


def drop_planned(*, next_state: str) -> States:
    """Of an endpoint that was deleted: what the layout before may have had."""
    removals = f"[{PROMOTION}.scaling_removals]"
    return {"DropStopped": _deregister_each(removals, "DropStoppedTarget", next_state=next_state)}


def _deregister_each(
    targets: str, name: str, *, next_state: str, on_error: str = "MustItBeRestored"
) -> State:
    """Take targets away with their policies and schedules; each may be gone already."""
    gone = f"{name}Gone"
    one = autoscaling("deregisterScalableTarget", _TARGET, Next=gone)
    one["Catch"] = [
        {
            "ErrorEquals": ["ApplicationAutoScaling.ObjectNotFoundException"],
            "Output": INPUT,
            "Next": gone,
        }
    ]
    return each(
        targets, name, {name: one, gone: {"Type": "Succeed"}}, next_state=next_state, catch=catch(on_error)
    )


def scale(*, next_state: str) -> States:
    """After the update: as the layout says, and nothing beside it."""
    stale = f"""
        ($planned := {PROMOTION}.scaling_targets;
         [$filter($scaled, function($target) {{(
             $plan := $planned[resource_id = $target.resource_id and dimension = $target.dimension];
             $more := [$target.policies.PolicyName[$not($ in $plan.policies.PolicyName)],
                       $target.schedules.ScheduledActionName[
                           $not($ in $plan.schedules.ScheduledActionName)]];
             $not($exists($plan)) or $count($more) > 0
         )}})])
        """
    return {
        "ClearScaling": _deregister_each(stale, "ClearTarget", next_state="SetScaling"),
        "SetScaling": set_targets(f"{PROMOTION}.scaling_targets", next_state=next_state, catcher=catch()),
    }


def set_targets(targets: str, *, next_state: str, catcher: list[dict[str, Any]], mark: str = "") -> State:
    """Register targets with policies, schedules and step alarms; ``mark`` tells the states' names apart."""
    limits = f"{{'MinCapacity': {_ITEM}.min_capacity, 'MaxCapacity': {_ITEM}.max_capacity}}"
    suspended = f"$exists({_ITEM}.suspended) ? {{'SuspendedState': {_ITEM}.suspended}} : {{}}"
    register = autoscaling(
        "registerScalableTarget",
        query(f"$merge([{_named(_ITEM)}, {limits}, {suspended}])"),
        Next=f"PutPolicies{mark}",
    )
    own = f"{_ITEM}.target.step_alarms[AlarmName = {_ITEM}.own.PolicyName]"
    policy = autoscaling(
        "putScalingPolicy",
        query(f"$merge([{_named(f'{_ITEM}.target')}, {_ITEM}.own])"),
        Next=f"HasItAnAlarm{mark}",
    )
    # Step Functions spells members as Java's SDK does.
    policy["Assign"] = {"policy_arn": query("$states.result.PolicyArn")}
    alarm: State = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:cloudwatch:putMetricAlarm",
        "Arguments": query(f"$merge([{own}, {{'AlarmActions': [$policy_arn]}}])"),
        "Output": INPUT,
        "Retry": ALARM_TROUBLE,
        "End": True,
    }
    schedule = autoscaling(
        "putScheduledAction", query(f"$merge([{_named(f'{_ITEM}.target')}, {_ITEM}.own])"), End=True
    )
    selector = {"own": query("$states.context.Map.Item.Value"), "target": INPUT}
    graph = {
        f"RegisterTarget{mark}": register,
        f"PutPolicies{mark}": each(
            f"{_ITEM}.policies",
            f"PutPolicy{mark}",
            {
                f"PutPolicy{mark}": policy,
                f"HasItAnAlarm{mark}": choose(
                    when(f"$exists({own})", f"PutStepAlarm{mark}"), default=f"PolicySet{mark}"
                ),
                f"PutStepAlarm{mark}": alarm,
                f"PolicySet{mark}": {"Type": "Succeed"},
            },
            next_state=f"PutSchedules{mark}",
            selector=selector,
            at_once=1,
        ),
        f"PutSchedules{mark}": each(
            f"{_ITEM}.schedules",
            f"PutSchedule{mark}",
            {f"PutSchedule{mark}": schedule},
            next_state="",
            selector=selector,
            at_once=1,
        ),
    }
    return each(targets, f"RegisterTarget{mark}", graph, next_state=next_state, catch=catcher)


def _named(target: str) -> str:
    return (
        f"{{'ServiceNamespace': 'sagemaker', 'ResourceId': {target}.resource_id, "
        f"'ScalableDimension': {target}.dimension}}"
    )
