"""``slipway endpoint invoke --async``: a request to an asynchronous endpoint, and its result from S3."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from workbench.cli import frame

if TYPE_CHECKING:
    from collections.abc import Mapping

LARGEST_INLINE: Final = 128_000
"""Bytes of a body that goes with the request itself; larger ones lie in S3."""
LOCAL_PAUSE, AWS_PAUSE = 0.1, 2.0


def ask(
    workspace: frame.Workspace,
    name: str,
    body: bytes | str,
    content_type: str,
    accept: str,
    inference_id: str | None,
) -> dict[str, Any]:
    """
    Send one request; what SageMaker answers: where its result will lie.

    Args:
        workspace: Where the platform is.
        name: The endpoint.
        body: The request's, or where in S3 it lies (``s3://…``).
        content_type: Of the body.
        accept: Of the wanted result.
        inference_id: The caller's own; None: SageMaker makes one.

    Raises:
        Refusal: The body is too large to go with the request.
    """
    if isinstance(body, bytes) and len(body) > LARGEST_INLINE:
        raise frame.Refusal(
            f"the body has {len(body)} bytes, and {LARGEST_INLINE} go with a request",
            "put it into the artifact bucket, and name it with --input-location",
            frame.EXIT_USAGE,
        )
    where: Mapping[str, Any] = {"InputLocation": body} if isinstance(body, str) else {"Body": body}
    answer = workspace.client("sagemaker-runtime").invoke_endpoint_async(
        EndpointName=name,
        ContentType=content_type,
        Accept=accept,
        **where,
        **({"InferenceId": inference_id} if inference_id else {}),
    )
    return {
        "endpoint": name,
        "inference_id": answer["InferenceId"],
        "output": answer["OutputLocation"],
        "failure": answer.get("FailureLocation", ""),
    }


def result(workspace: frame.Workspace, asked: Mapping[str, Any], seconds: float) -> dict[str, Any]:
    """
    Wait for the result and read it.

    Raises:
        Refusal: The request failed, or there is no result in time.
    """
    began, pause = time.monotonic(), LOCAL_PAUSE if workspace.is_local else AWS_PAUSE
    while time.monotonic() - began < seconds:
        found = _read(workspace, asked["output"])
        if found is not None:
            waited = round(time.monotonic() - began, 2)
            return {**asked, "body": found.decode("utf-8", "replace"), "seconds": waited}
        failed = _read(workspace, asked["failure"]) if asked["failure"] else None
        if failed is not None:
            raise frame.Refusal(
                f"the request failed: {failed.decode('utf-8', 'replace')}",
                f"see its log: `slipway logs {asked['endpoint']}`",
            )
        time.sleep(pause)
    raise frame.Refusal(
        f"there is no result after {seconds:g} s; it will lie at {asked['output']}",
        "an endpoint without instances starts one first: `slipway endpoint show MODEL`",
    )


def _read(workspace: frame.Workspace, location: str) -> bytes | None:
    bucket, _, key = location.removeprefix("s3://").partition("/")
    s3 = workspace.client("s3")
    try:
        body: bytes = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    except s3.exceptions.NoSuchKey:
        return None
    return body
