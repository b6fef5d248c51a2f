"""InvokeEndpointAsync: a request is taken, kept on disk, and answered with where its result will lie."""

from __future__ import annotations

import base64
import json
import re
import time
import uuid
from typing import TYPE_CHECKING, Any, Final

from workbench.local.sagemaker.endpoint_kinds import kind_of
from workbench.local.sagemaker.errors import ServiceError
from workbench.local.sagemaker.invocations import SERVING, Response, error_response
from workbench.local.sagemaker.store import current_scope

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from workbench.local.sagemaker.endpoints import Endpoints
    from workbench.local.sagemaker.store import Document, Records

KIND: Final = "async-request"
PREFIX: Final = "x-amzn-sagemaker-"
ACCEPTED: Final = 202
LARGEST_INLINE: Final = 128_000
DEFAULT_TTL_SECONDS: Final = 21600
DEFAULT_TIMEOUT_SECONDS: Final = 900
_LOCATION: Final = re.compile(r"(https|s3)://([^/]+)/?(.*)")
_FILENAME: Final = re.compile(r"(?!.*\..*\.)[a-zA-Z0-9][a-zA-Z0-9-_.]{0,31}")
_EXTENSION: Final = re.compile(r"(?!s3:|https:)[a-zA-Z0-9!_.*'()/-]{1,512}")
_LONGEST_ID: Final = 64


def invalid(message: str) -> ServiceError:
    """The runtime's ValidationError."""
    return ServiceError("ValidationError", message)


class AsyncRequests:
    """
    Serves ``POST /endpoints/<name>/async-invocations``.

    Args:
        records: Requests that wait or are under way, by inference id.
        taken: Called when there is a new one.
    """

    def __init__(self, records: Records, endpoints: Endpoints, taken: Callable[[], None]) -> None:
        self._records, self._endpoints, self._taken = records, endpoints, taken

    def accept(self, name: str, headers: Mapping[str, str], body: bytes) -> Response:
        """Take one request; headers by lower-case name."""
        try:
            request = self._request(name, headers, body)
        except ServiceError as error:
            return error_response(error)
        self._taken()
        told = {
            "content-type": "application/json",
            "X-Amzn-SageMaker-OutputLocation": request["output"],
        }
        if "failure" in request:
            told["X-Amzn-SageMaker-FailureLocation"] = request["failure"]
        return ACCEPTED, told, json.dumps({"InferenceId": request["inference_id"]}).encode()

    def _request(self, name: str, headers: Mapping[str, str], body: bytes) -> Document:
        config = self._config(name)
        location = headers.get(f"{PREFIX}inputlocation")
        if (location is None) == (not body):
            raise invalid("Exactly one of InputLocation and Body must be given")
        if len(body) > LARGEST_INLINE:
            raise invalid(f"Body must have length less than or equal to {LARGEST_INLINE}")
        if location is not None and _LOCATION.fullmatch(location) is None:
            raise invalid(f"InputLocation {location!r} is no S3 location")
        inference_id = headers.get(f"{PREFIX}inference-id") or str(uuid.uuid4())
        if len(inference_id) > _LONGEST_ID:
            raise invalid(f"InferenceId must have length less than or equal to {_LONGEST_ID}")
        request: Document = {
            "id": str(uuid.uuid4()),
            "endpoint": name,
            "inference_id": inference_id,
            "received": time.time(),
            "attempts": 0,
            "ttl": _seconds(headers, "requestttlseconds", DEFAULT_TTL_SECONDS, 60, 21600),
            "timeout": _seconds(headers, "invocationtimeoutseconds", DEFAULT_TIMEOUT_SECONDS, 1, 3600),
            "headers": _passed(headers) | {f"{PREFIX}inference-id": inference_id},
            **_locations(config["AsyncInferenceConfig"]["OutputConfig"], headers),
        }
        request |= {"input": location} if location else {"body": base64.b64encode(body).decode()}
        return self._records.put(request["id"], request)

    def _config(self, name: str) -> Document:
        """The configuration that the endpoint serves."""
        account, _ = current_scope()
        try:
            endpoint = self._endpoints.get(name)
        except ServiceError:
            endpoint = {"EndpointStatus": "none"}
        if endpoint["EndpointStatus"] not in SERVING or "_served" not in endpoint:
            raise invalid(f"Endpoint {name} of account {account} not found.")
        config: Document = endpoint["_served"]["config"]
        if kind_of(config) != "asynchronous":
            raise invalid(f"Endpoint {name} is not for asynchronous inference: use InvokeEndpoint")
        return config


def _passed(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers of the request that its program will get, by the names that InvokeEndpoint has for them."""
    found = {"content-type": headers.get(f"{PREFIX}content-type", "application/octet-stream")}
    for name in ("accept", "custom-attributes"):
        if value := headers.get(f"{PREFIX}{name}"):
            found[f"{PREFIX}{name}"] = value
    return found


def _seconds(headers: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    given = headers.get(f"{PREFIX}{name}")
    if given is None:
        return default
    if not given.isdecimal() or not least <= int(given) <= most:
        raise invalid(f"{name} must be from {least} to {most}, not {given}")
    return int(given)


def _locations(output: Mapping[str, Any], headers: Mapping[str, str]) -> dict[str, str]:
    """Where result and failure will lie."""
    extension, name = (headers.get(f"{PREFIX}{one}", "") for one in ("s3outputpathextension", "filename"))
    if extension and _EXTENSION.fullmatch(extension) is None:
        raise invalid(f"S3OutputPathExtension {extension!r} is no part of a path")
    if name and _FILENAME.fullmatch(name) is None:
        raise invalid(f"Filename {name!r} is no name of a file")
    if "S3OutputPath" not in output:
        raise invalid("The endpoint's AsyncInferenceConfig has no S3OutputPath")
    stem = str(uuid.uuid4())
    path = f"{extension.strip('/')}/" if extension else ""
    found = {"output": f"{output['S3OutputPath'].rstrip('/')}/{path}{name or stem + '.out'}"}
    if "S3FailurePath" in output:
        found["failure"] = f"{output['S3FailurePath'].rstrip('/')}/{path}{stem}-error.out"
    return found
