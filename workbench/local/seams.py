"""
Every private name of ministack 1.5.33 that the embedded AWS touches.

One ``Upstream`` per module, one line per name: what we call it, what upstream
calls it, and its shape (the signature, or the type of what is no callable).
``tests/workbench/local/test_seams.py`` compares each shape with what is
installed, so that an upgrade fails there first. Modules are imported when a
name is first used: listing one here costs nothing at start-up.

>>> RESPONSES.get_region()
'us-east-1'
"""

from __future__ import annotations

import importlib
import inspect
import sys
from typing import TYPE_CHECKING, Any

from slipway.domain.errors import SlipwayError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

UPSTREAMS: list[Upstream] = []
"""In the order of this file; the test walks over it."""


class UnknownSeamError(SlipwayError, AttributeError):
    """A private name is used that this file does not list."""

    def __init__(self, module: str, name: str) -> None:
        super().__init__(
            f"{name!r} of {module} is not listed in workbench/local/seams.py; add it there with its shape"
        )
        self.module, self.name = module, name


class Upstream:
    """
    One upstream module and the names of it that we reach.

    Args:
        module: Its dotted path.
        names: Our name for it to ``(upstream's name, shape)``.
    """

    def __init__(self, module: str, **names: tuple[str, str]) -> None:
        self.module_name = module
        self.names = names
        UPSTREAMS.append(self)

    @property
    def module(self) -> ModuleType:
        """The module itself, imported when it is first asked for."""
        # import_module costs some microseconds even then, and a request asks for a dozen names
        return sys.modules.get(self.module_name) or importlib.import_module(self.module_name)

    def __getattr__(self, ours: str) -> Any:
        return getattr(self.module, self.upstream_name(ours))

    def replace(self, ours: str, value: Any) -> Any:
        """Put ``value`` in the place of upstream's; returns what stood there."""
        name = self.upstream_name(ours)
        before = getattr(self.module, name)
        setattr(self.module, name, value)
        return before

    def upstream_name(self, ours: str) -> str:
        """What upstream calls it."""
        try:
            return self.names[ours][0]
        except KeyError:
            raise UnknownSeamError(self.module_name, ours) from None

    def differences(self) -> Iterator[str]:
        """Each name whose shape is not the expected one, in words."""
        for name, expected in self.names.values():
            found = shape_of(getattr(self.module, name, MISSING))
            if found != expected:
                yield f"{self.module_name}.{name} is {found}, expected {expected}"


MISSING = object()


def shape_of(value: Any) -> str:
    """
    Parameter names of what can be called, the type's name of what can not.

    >>> shape_of(lambda name, *, tags=None: name), shape_of({})
    ('(name, *, tags)', 'dict')
    """
    if value is MISSING:
        return "missing"
    if not callable(value):
        return type(value).__name__
    parts: list[str] = []
    for parameter in inspect.signature(value).parameters.values():
        if parameter.kind is parameter.VAR_POSITIONAL:
            parts.append(f"*{parameter.name}")
            continue
        if parameter.kind is parameter.VAR_KEYWORD:
            parts.append(f"**{parameter.name}")
            continue
        if parameter.kind is parameter.KEYWORD_ONLY and not any(p.startswith("*") for p in parts):
            parts.append("*")
        parts.append(parameter.name)
    return f"({', '.join(parts)})"


def loaded_service(name: str) -> ModuleType | None:
    """A service's module, if something has imported it."""
    return sys.modules.get(f"ministack.services.{name}")


# --- ministack.core.responses: answers, and whose account and region a request is in ------------
RESPONSES = Upstream(
    "ministack.core.responses",
    ScopedDict=("AccountRegionScopedDict", "()"),
    error=("error_response_json", "(code, message, status, extra, *, message_key, content_type)"),
    json=("json_response", "(data, status, *, content_type)"),
    get_account_id=("get_account_id", "()"),
    get_region=("get_region", "()"),
    set_account=("set_request_account_id", "(access_key_id)"),
    set_region=("set_request_region", "(region)"),
    scope=("request_scope", "(account_id, region)"),
)

ARN = Upstream("ministack.core.arn", parse=("parse_arn", "(value)"))

# --- ministack.app: the ASGI application and its service registry --------------------------------
APP = Upstream(
    "ministack.app",
    asgi=("app", "(scope, receive, send)"),
    handlers=("SERVICE_HANDLERS", "dict"),
    registry=("SERVICE_REGISTRY", "dict"),
    loaded_modules=("_loaded_modules", "dict"),
    get_module=("_get_module", "(name)"),
    state_map=("_state_map", "dict"),
    load_persisted_state=("_load_persisted_state", "()"),
    pin_request_origin=("pin_request_origin", "(source_ip, secure_transport)"),
    call_handler=(
        "call_service_handler_sync",
        "(handler, method, path, headers, body, query_params, timeout)",
    ),
    save_all=("save_all", "(services)"),
)

# --- ministack.core.persistence: how state is written and read ------------------------------------
PERSISTENCE = Upstream(
    "ministack.core.persistence",
    encode=("_json_default", "(obj)"),
    decode=("_json_object_hook", "(obj)"),
    version=("_state_format_version", "(service)"),
)

# --- ministack.core.router: which service a request is for ----------------------------------------
ROUTER = Upstream(
    "ministack.core.router",
    patterns=("SERVICE_PATTERNS", "dict"),
    access_key=("extract_access_key_id", "(headers, query_params)"),
)

# --- ministack.core.iam_*: actions, resources and decisions ---------------------------------------
IAM_ACTIONS = Upstream(
    "ministack.core.iam_actions",
    namespaces=("SERVICE_TO_IAM_NAMESPACE", "dict"),
    extract_action=("extract_iam_action", "(service, method, path, headers, body, query_params)"),
    extract_resource=(
        "extract_resource_arn",
        "(service, method, path, headers, body, query_params, region, account_id)",
    ),
    request_context=("request_tag_context", "(service, iam_action, body, params)"),
    s3_context=("s3_service_context", "(iam_action, query_params, path, headers)"),
)
IAM_EVALUATOR = Upstream(
    "ministack.core.iam_evaluator",
    enforce=("enforce", "(access_key_id, iam_action, service, region, resource_arn, service_context)"),
    evaluate=("evaluate", "(ctx, policies, *limits)"),
    EvalContext=(
        "EvalContext",
        (
            "(principal_arn, principal_type, principal_account, action, resource_arn, region, source_ip, "
            "secure_transport, request_tags, tag_keys, service_context, principal_keys)"
        ),
    ),
    AuthError=("AuthError", "(code, message, details)"),
    evaluate_resource_policy=("evaluate_resource_policy", "(doc, ctx, service, named_only, direct_only)"),
    parsed=("parse_policy_document", "(doc)"),
    role_policies=("_gather_role_policies", "(role_name, account_id)"),
    resolve_principal=("resolve_principal", "(access_key_id, account_id, credential)"),
    resolve_credential=("resolve_credential", "(access_key_id, account_id, session_token)"),
)

# --- ministack.services.dynamodb: tables with their items -------------------------------------------
DYNAMODB = Upstream(
    "ministack.services.dynamodb",
    tables=("_tables", "AccountRegionScopedDict"),
    item_size=("_item_size_bytes", "(item)"),
)

# --- ministack.core.lambda_runtime: credentials of a role's session -------------------------------
LAMBDA_RUNTIME = Upstream(
    "ministack.core.lambda_runtime",
    execution_credentials=("execution_credentials", "(config)"),
)

# --- ministack.services.* -------------------------------------------------------------------------
LAMBDA = Upstream(
    "ministack.services.lambda_svc",
    functions=("_functions", "AccountRegionScopedDict"),
    function_for=("_get_func_record_for_ref", "(function_ref)"),
    function_policy=("function_policy_for_arn", "(resource_arn)"),
    execution_record=("_execution_record_for_config", "(func, config)"),
    invoke_async=("invoke_async_with_retry", "(func, event)"),
    execute_warm=("_execute_function_warm", "(func, event, request_id)"),
    emit_logs=("_emit_lambda_logs", "(func, request_id, log_text, error, duration_ms, *, log_source)"),
    layer_zip=("_resolve_layer_zip", "(attachment)"),
    user_variables=("_runtime_env_vars", "(config)"),
    trace_id=("_xray_trace_id_for_invocation", "(config, inbound_trace_header)"),
    reset=("reset", "()"),
)
EVENTBRIDGE = Upstream(
    "ministack.services.eventbridge",
    put_events=("_put_events", "(data, allow_aws_source)"),
    invoke_target=("_invoke_target", "(target, event, rule, view)"),
    to_lambda=("_dispatch_to_lambda", "(arn, payload)"),
    to_sqs=("_dispatch_to_sqs", "(spec, payload, sqs_parameters)"),
    to_sns=("_dispatch_to_sns", "(arn, payload)"),
    to_states=("_dispatch_to_stepfunctions", "(arn, payload)"),
)
LOGS = Upstream(
    "ministack.services.cloudwatch_logs",
    create_group=("_create_log_group", "(data)"),
    create_stream=("_create_log_stream", "(data)"),
    put_events=("_put_log_events", "(data)"),
    groups=("_log_groups", "AccountRegionScopedDict"),
)
CLOUDWATCH = Upstream(
    "ministack.services.cloudwatch",
    record_metric=("record_metric", "(namespace, metric_name, value, unit, dimensions)"),
    metrics=("_metrics", "AccountRegionScopedDict"),
    alarms=("_alarms", "AccountRegionScopedDict"),
    put_composite_alarm=("_put_composite_alarm", "(params, cbor_data, is_cbor, is_json)"),
    delete_alarms=("_delete_alarms", "(params, cbor_data, is_cbor, is_json)"),
    evaluate=("_evaluate_alarm", "(alarm)"),
    evaluate_parents=("_evaluate_parent_alarms", "(child, seen)"),
    act=("_dispatch_alarm_actions", "(alarm, old_state, new_state, reason)"),
    record_history=(
        "_record_history",
        "(alarm_name, old_state, new_state, reason, alarm_type, reason_data)",
    ),
    statistics=("_calc_stats", "(points)"),
    statistic=("_stat_value", "(stats, stat_name, points)"),
    dimensions_key=("_dims_key", "(dims)"),
    put_dashboard=("_put_dashboard", "(params, cbor_data, is_cbor, is_json)"),
    error=("_error", "(code, message, status, use_json, use_cbor)"),
)
CLOUDFORMATION = Upstream(
    "ministack.services.cloudformation.provisioners",
    resource_handlers=("_RESOURCE_HANDLERS", "dict"),
)
CLOUDFORMATION_STACKS = Upstream(
    "ministack.services.cloudformation", stacks=("_stacks", "AccountRegionScopedDict")
)
ECR = Upstream(
    "ministack.services.ecr",
    repositories=("_repositories", "AccountRegionScopedDict"),
    images=("_images", "AccountRegionScopedDict"),
    lifecycle_policies=("_lifecycle_policies", "AccountRegionScopedDict"),
    repository_policies=("_repo_policies", "AccountRegionScopedDict"),
    handle_request=("handle_request", "(method, path, headers, body, query_params)"),
    create_repository=("_create_repository", "(data)"),
    repository_uri=("_repo_uri", "(name)"),
)
APIGATEWAY = Upstream(
    "ministack.services.apigateway",
    apis=("_apis", "AccountRegionScopedDict"),
    function_of=("_extract_lambda_ref_from_integration_uri", "(uri)"),
    call_function=(
        "_invoke_lambda_proxy",
        (
            "(integration, api_id, stage, path, method, headers, body, query_params, route_key, path_params, "
            "*, authorizer_claims, authorizer_scopes, authorizer_lambda_context, authorizer_iam, "
            "owner_account_id, owner_region, raw_query_string)"
        ),
    ),
)
SCHEDULER = Upstream("ministack.services.scheduler", tick_seconds=("_SCHEDULE_TICK_INTERVAL", "int"))
SQS = Upstream(
    "ministack.services.sqs",
    policy_allows=("queue_policy_allows", "(queue_arn, service, source_arn, source_account)"),
    queue_by_arn=("_queue_by_arn", "(arn)"),
)
SNS = Upstream(
    "ministack.services.sns",
    policy_allows=("topic_policy_allows", "(topic_arn, service, source_arn, source_account)"),
    topics=("_topics", "AccountRegionScopedDict"),
    topic_by_arn=("_topic_by_arn_any_scope", "(topic_arn)"),
    fan_out=(
        "_fanout",
        (
            "(topic_arn, msg_id, message, subject, message_structure, message_attributes, "
            "message_group_id, message_dedup_id)"
        ),
    ),
    subscribe=("_subscribe", "(params)"),
    parameter=("_p", "(params, key, default)"),
    message_for=("_resolve_message_for_protocol", "(message, message_structure, protocol)"),
    matches_filter=("_matches_filter_policy", "(sub, message_attributes, message)"),
)

# --- what the embedded SageMaker and autoscaling look at (workbench/local/sagemaker, autoscaling.py) ------
ALARMS = Upstream(
    "ministack.services.cloudwatch",
    by_name=("_alarms", "AccountRegionScopedDict"),
    put=("_put_metric_alarm", "(params, cbor_data, is_cbor, is_json)"),
    delete=("_delete_alarms", "(params, cbor_data, is_cbor, is_json)"),
    metric_bucket=("_metric_bucket", "(key)"),
    dimensions_key=("_dims_key", "(dims)"),
)

# === Step Functions (workbench/local/states) ======================================================
STATES = Upstream(
    "ministack.services.stepfunctions",
    handle_request=("handle_request", "(method, path, headers, body, query_params)"),
    get_state=("get_state", "()"),
    load_persisted_state=("load_persisted_state", "(data)"),
    machines=("_state_machines", "AccountRegionScopedDict"),
    versions=("_state_machine_versions", "AccountRegionScopedDict"),
    aliases=("_state_machine_aliases", "AccountRegionScopedDict"),
    tags=("_tags", "AccountRegionScopedDict"),
    activities=("_activities", "AccountRegionScopedDict"),
    activity_tasks=("_activity_tasks", "AccountRegionScopedDict"),
    resolve_machine=("_resolve_state_machine_arn", "(arn)"),
    version_of=("_execution_version_arn", "(arn)"),
    create_state_machine=("_create_state_machine", "(data)"),
    update_state_machine=("_update_state_machine", "(data)"),
    validate_definition=("_validate_state_machine_definition", "(data)"),
    start_execution=("_start_execution", "(data)"),
    stop_execution=("_stop_execution", "(data)"),
    describe_execution=("_describe_execution", "(data)"),
    list_executions=("_list_executions", "(data)"),
    get_execution_history=("_get_execution_history", "(data)"),
    describe_machine_for_execution=("_describe_state_machine_for_execution", "(data)"),
    send_task_success=("_send_task_success", "(data)"),
    send_task_failure=("_send_task_failure", "(data)"),
    send_task_heartbeat=("_send_task_heartbeat", "(data)"),
    register_jsonata_functions=("_register_sfn_jsonata_functions", "(expr)"),
    apply_input_path=("_apply_input_path", "(state_def, data, ctx)"),
    apply_output_path=("_apply_output_path", "(state_def, data, ctx)"),
    apply_parameters=("_apply_parameters", "(state_def, data, ctx)"),
    apply_result_selector=("_apply_result_selector", "(state_def, data)"),
    apply_result_path=("_apply_result_path", "(state_def, original, result)"),
    evaluate_rule=("_evaluate_rule", "(rule, data, ctx)"),
    fill_template=("_resolve_params_obj", "(template, data, ctx)"),
    resolve_path=("_resolve_path_or_ctx", "(path, data, ctx)"),
)
# === end of Step Functions ========================================================================
