"""One call of an integration: its parameters, its result, and the name of its error as AWS gives it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError

from workbench.local.states.casing import from_answer, operation_of, sdk_name, sdk_service, to_request
from workbench.local.states.documents import to_text
from workbench.local.states.failures import RUNTIME, StateFailedError

if TYPE_CHECKING:
    from workbench.local.states.resources import Resource

_PREFIXES: Final = {
    "lambda": ("Lambda", "AWSLambda"),
    "dynamodb": ("DynamoDB", "AmazonDynamoDBv2"),
    "events": ("EventBridge", "AmazonEventBridge"),
    "sns": ("SNS", "AmazonSNS"),
    "sqs": ("SQS", "AmazonSQS"),
    "states": ("StepFunctions", "AWSStepFunctions"),
    "sagemaker": ("SageMaker", "AmazonSageMaker"),
}
"""Service of the ARN: the prefix of its errors, and the service's name in their causes."""

_UNMODELLED: Final = {
    "lambda": "Lambda.AWSLambdaException",
    "dynamodb": "DynamoDB.AmazonDynamoDBException",
    "events": "EventBridge.AmazonEventBridgeException",
    "sns": "SNS.AmazonSNSException",
    "sqs": "SQS.AmazonSQSException",
    "states": "StepFunctions.AWSStepFunctionsException",
    "sagemaker": "SageMaker.AmazonSageMakerException",
}
"""The error for codes that the service's model does not list (validation, throttling, denied access)."""


def call(client: Any, resource: Resource, parameters: dict[str, Any], about: dict[str, str]) -> Any:
    """
    Make the call.

    Args:
        client: boto3's, under the machine's role.
        resource: What the state names.
        parameters: As the state gives them.
        about: ``execution`` and ``machine``: their ARNs.

    Returns:
        The result in Step Functions' spelling.

    Raises:
        StateFailedError: With the error's name and cause as AWS gives them.
    """
    model = client.meta.service_model
    name = operation_of(model, resource.action)
    if name is None:
        raise StateFailedError(RUNTIME, f"{resource.service} has no operation {resource.action}")
    operation = model.operation_model(name)
    request = to_request(_prepared(resource, parameters, about), operation.input_shape)
    try:
        answer = getattr(client, xform_name(name))(**request)
    except ClientError as error:
        raise _refused(resource, operation, client, error) from None
    except BotoCoreError as error:
        raise _unreachable(resource, client, error) from None
    except (TypeError, ValueError) as error:
        raise StateFailedError(RUNTIME, f"{resource.resource}: {error}") from None
    return _result(resource, answer, operation.output_shape)


def _prepared(resource: Resource, parameters: dict[str, Any], about: dict[str, str]) -> dict[str, Any]:
    if resource.kind == "aws-sdk":
        return parameters
    if resource.service == "lambda":
        return parameters | {"Payload": _payload(parameters.get("Payload", {}))}
    if resource.service == "states" and resource.action == "startExecution":
        given = parameters.get("Input", {})
        return parameters | {"Input": given if isinstance(given, str) else to_text(given)}
    if resource.service == "events":
        entries = [
            entry | {"Resources": [*entry.get("Resources", []), about["machine"], about["execution"]]}
            for entry in parameters.get("Entries", [])
        ]
        return parameters | {"Entries": entries}
    return parameters


def _payload(payload: Any) -> bytes:
    if isinstance(payload, str):
        try:
            json.loads(payload)
        except ValueError:
            return to_text(payload).encode()
        return payload.encode()
    return to_text(payload).encode()


def _result(resource: Resource, answer: dict[str, Any], shape: Any) -> Any:
    metadata = answer.pop("ResponseMetadata", {})
    if resource.kind == "aws-sdk":
        return from_answer(answer, shape, spell=sdk_name)
    result = from_answer(answer, shape, timestamps="milliseconds")
    if resource.service == "lambda":
        if "FunctionError" in result:
            raise function_failed(result.get("Payload"))
        if resource.kind == "lambda":
            return result.get("Payload")
    if resource.service == "events" and result.get("FailedEntryCount"):
        raise StateFailedError("EventBridge.FailedEntry", to_text(result))
    http = {
        "SdkHttpMetadata": {"HttpStatusCode": metadata.get("HTTPStatusCode")},
        "SdkResponseMetadata": {"RequestId": metadata.get("RequestId")},
    }
    return result | http


def function_failed(payload: Any) -> StateFailedError:
    """What the handler raised, under its own type."""
    kind = payload.get("errorType") if isinstance(payload, dict) else None
    return StateFailedError(kind or "Lambda.Unknown", to_text(payload))


def _refused(resource: Resource, operation: Any, client: Any, error: ClientError) -> StateFailedError:
    said = error.response.get("Error", {})
    code, message = str(said.get("Code", "Unknown")), str(said.get("Message", ""))
    metadata = error.response.get("ResponseMetadata", {})
    status, request = metadata.get("HTTPStatusCode"), metadata.get("RequestId")
    modelled = code in {
        (shape.metadata.get("error") or {}).get("code", shape.name) for shape in operation.error_shapes
    }
    modelled = modelled or code in {shape.name for shape in operation.error_shapes}
    full = code if code.endswith("Exception") else f"{code}Exception"
    if resource.kind == "aws-sdk":
        service = sdk_service(client.meta.service_model.service_id)
        name = f"{service}.{sdk_name(full)}" if modelled else f"{service}.{service}Exception"
        return StateFailedError(
            name, f"{message} (Service: {service}, Status Code: {status}, Request ID: {request})"
        )
    prefix, service = _PREFIXES[resource.service]
    name = f"{prefix}.{full}" if modelled else _UNMODELLED[resource.service]
    return StateFailedError(
        name,
        f"{message} (Service: {service}; Status Code: {status}; Error Code: {code}; "
        f"Request ID: {request}; Proxy: null)",
    )


def _unreachable(resource: Resource, client: Any, error: BotoCoreError) -> StateFailedError:
    if resource.kind == "aws-sdk":
        service = sdk_service(client.meta.service_model.service_id)
    else:
        service = _PREFIXES[resource.service][0]
    return StateFailedError(f"{service}.SdkClientException", str(error))


def describe(client: Any, resource: Resource, arn: str) -> Any:
    """A nested execution's description, as ``.sync`` returns it."""
    about = {"execution": "", "machine": ""}
    answer = call(client, resource, {"ExecutionArn": arn}, about)
    return {name: value for name, value in answer.items() if not name.startswith("Sdk")}


def stop_execution(client: Any, arn: str) -> None:
    """Stop a nested execution."""
    client.stop_execution(
        executionArn=arn, error="States.TaskAborted", cause="The execution that started it ended."
    )
