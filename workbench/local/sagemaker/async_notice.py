"""What an asynchronous endpoint tells its SNS topics, in SageMaker's shape."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from workbench.local import seams
from workbench.local.services import role_credentials

if TYPE_CHECKING:
    from workbench.local.sagemaker.exchange import Answer
    from workbench.local.sagemaker.store import Document

SUCCESS_TOPIC: Final = "SUCCESS_NOTIFICATION_TOPIC"
ERROR_TOPIC: Final = "ERROR_NOTIFICATION_TOPIC"
LARGEST_INCLUDED: Final = 128 << 10
_TEXTS: Final = ("text/", "application/json", "application/jsonlines")


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def notice(
    request: Document, now: float, answer: Answer | None, reason: str | None, *, included: bool
) -> dict[str, Any]:
    """
    The message of a request that has ended.

    Args:
        request: As ``AsyncRequests`` keeps it.
        now: Seconds since the epoch.
        answer: What the program answered, if it did.
        reason: Why the request failed; None: it did not.
        included: Whether the answer is to be in the message.

    >>> request = {"endpoint": "e", "inference_id": "i", "received": 0.0, "input": "s3://b/k"}
    >>> request["headers"] = {"content-type": "text/csv"}
    >>> notice(request, 1.0, None, "ClientError: no", included=False)["invocationStatus"]
    'Failed'
    """
    asked = {"contentType": request["headers"]["content-type"], "endpointName": request["endpoint"]}
    if "input" in request:
        asked["inputLocation"] = request["input"]
    message: dict[str, Any] = {
        "awsRegion": seams.RESPONSES.get_region(),
        "eventTime": _moment(now),
        "receivedTime": _moment(request["received"]),
        "invocationStatus": "Failed" if reason else "Completed",
        "requestParameters": asked,
    }
    if reason:
        message["failureReason"] = reason
    told: dict[str, Any] = {}
    if answer is not None and not reason:
        told |= {"contentType": _content_type(answer), "outputLocation": request["output"]}
    if answer is not None and included and len(answer.body) <= LARGEST_INCLUDED:
        told["responseBody"] = _body(answer)
    if told:
        message["responseParameters"] = told
    return message | {
        "inferenceId": request["inference_id"],
        "eventVersion": "1.0",
        "eventSource": "aws:sagemaker",
        "eventName": "InferenceResult",
    }


def _content_type(answer: Answer) -> str:
    return answer.headers.get("content-type", "application/octet-stream")


def _body(answer: Answer) -> dict[str, str]:
    if _content_type(answer).startswith(_TEXTS):
        return {"content": answer.body.decode("utf-8", "replace"), "encoding": "UTF-8"}
    return {"content": base64.b64encode(answer.body).decode(), "encoding": "BASE64"}


def publish(endpoint_url: str, role_arn: str, session: str, topic: str, message: dict[str, Any]) -> None:
    """Publish under a role; raises botocore's errors."""
    import boto3  # noqa: PLC0415 - costs start-up time of every importer

    found = role_credentials(role_arn, session)
    client = boto3.client(
        "sns",
        region_name=topic.split(":")[3],
        endpoint_url=endpoint_url,
        aws_access_key_id=found["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=found["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=found.get("AWS_SESSION_TOKEN"),
    )
    client.publish(TopicArn=topic, Message=json.dumps(message))
