"""Requests to SageMaker's endpoints."""

from __future__ import annotations

import time
from typing import Any, Final

from botocore.exceptions import ClientError, HTTPClientError

from slipway.domain.smoke import HTTP_OK, EndpointAnswer

ANSWER_SECONDS: Final = 30
"""How long one request may take: a healthy model answers its own sample far sooner."""
LATE_ANSWER_SECONDS: Final = 120.0
"""How long an asynchronous endpoint may take for its sample: it has instances when it is asked."""
LOOK_SECONDS: Final = 0.5
_SHOWN_BYTES: Final = 1000
SERVER_ERROR: Final = 500
NO_ANSWER: Final = 0
"""Status where there was no HTTP answer at all."""


class SageMakerRuntime:
    """Port ``EndpointRuntime``."""

    def __init__(self, client: Any, files: Any = None) -> None:
        """``files``: S3's client; only asynchronous endpoints are asked through it."""
        self._client, self._files = client, files

    def invoke(
        self, endpoint: str, *, body: bytes, content_type: str, accept: str, variant: str = ""
    ) -> EndpointAnswer:
        started = time.perf_counter()
        target = {"TargetVariant": variant} if variant else {}
        try:
            answer = self._client.invoke_endpoint(
                EndpointName=endpoint, Body=body, ContentType=content_type, Accept=accept, **target
            )
            content: bytes = answer["Body"].read()
        except HTTPClientError as error:  # silent for too long, or the connection was lost
            return EndpointAnswer(NO_ANSWER, b"", "", _milliseconds(started), str(error))
        except ClientError as error:
            response: Any = error.response
            # ModelError: the container's own status stands beside the API's 424
            status = response.get("OriginalStatusCode") or response["ResponseMetadata"].get(
                "HTTPStatusCode", SERVER_ERROR
            )
            said = response.get("OriginalMessage") or response["Error"].get("Message", "")
            return EndpointAnswer(
                int(status), b"", "", _milliseconds(started), f"{response['Error']['Code']}: {said}"
            )
        return EndpointAnswer(
            status=int(answer["ResponseMetadata"]["HTTPStatusCode"]),
            body=content,
            custom_attributes=answer.get("CustomAttributes", ""),
            milliseconds=_milliseconds(started),
            error="",
        )

    def invoke_later(
        self, endpoint: str, *, body: bytes, content_type: str, accept: str, question: str
    ) -> EndpointAnswer:
        started = time.perf_counter()
        bucket, _, key = question.removeprefix("s3://").partition("/")
        self._files.put_object(Bucket=bucket, Key=key, Body=body)
        try:
            asked = self._client.invoke_endpoint_async(
                EndpointName=endpoint,
                InputLocation=question,
                ContentType=content_type,
                Accept=accept,
                InvocationTimeoutSeconds=ANSWER_SECONDS,
            )
        except ClientError as error:
            said = error.response["Error"]
            return EndpointAnswer(
                SERVER_ERROR, b"", "", _milliseconds(started), f"{said['Code']}: {said.get('Message', '')}"
            )
        while time.perf_counter() - started < LATE_ANSWER_SECONDS:
            answer = self._file(asked["OutputLocation"])
            if answer is not None:
                return EndpointAnswer(HTTP_OK, answer, "", _milliseconds(started), "")
            failed = self._file(asked["FailureLocation"]) if "FailureLocation" in asked else None
            if failed is not None:
                said = failed[:_SHOWN_BYTES].decode(errors="replace")
                return EndpointAnswer(
                    SERVER_ERROR, b"", "", _milliseconds(started), said or "no reason given"
                )
            time.sleep(LOOK_SECONDS)
        late = f"no answer within {LATE_ANSWER_SECONDS:.0f} seconds"
        return EndpointAnswer(NO_ANSWER, b"", "", _milliseconds(started), late)

    def _file(self, uri: str) -> bytes | None:
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        try:
            content: bytes = self._files.get_object(Bucket=bucket, Key=key)["Body"].read()
        except self._files.exceptions.NoSuchKey:
            return None
        return content


def _milliseconds(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 1)
