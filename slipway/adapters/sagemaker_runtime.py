"""Requests to SageMaker's endpoints."""

from __future__ import annotations

import time
from typing import Any, Final

from botocore.exceptions import ClientError, HTTPClientError

from slipway.domain.smoke import EndpointAnswer

ANSWER_SECONDS: Final = 30
"""How long one request may take: a healthy model answers its own sample far sooner."""
SERVER_ERROR: Final = 500
NO_ANSWER: Final = 0
"""Status where there was no HTTP answer at all."""


class SageMakerRuntime:
    """Port ``EndpointRuntime``."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def invoke(self, endpoint: str, *, body: bytes, content_type: str, accept: str) -> EndpointAnswer:
        started = time.perf_counter()
        try:
            answer = self._client.invoke_endpoint(
                EndpointName=endpoint, Body=body, ContentType=content_type, Accept=accept
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


def _milliseconds(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 1)
