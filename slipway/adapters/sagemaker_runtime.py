"""Requests to SageMaker's endpoints."""

from __future__ import annotations

import time
from typing import Any, Final

from slipway.domain.smoke import EndpointAnswer

SERVER_ERROR: Final = 500


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
        except self._client.exceptions.ClientError as error:
            response = error.response
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
