"""The OCI distribution protocol, as Docker clients speak it; layers stream to disk and from it."""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from workbench.local import seams
from workbench.local.blobs import DigestMismatchError, Upload
from workbench.local.repositories import RegistryError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from workbench.local.context import ServerContext
    from workbench.local.repositories import Repositories

    Headers = Iterable[tuple[str, str]]

_PATH = re.compile(
    r"^/v2/(?P<name>.+?)/(?P<kind>blobs/uploads|blobs|manifests|tags)(?:/(?P<reference>[^/]*))?$"
)
MAX_MANIFEST_BYTES = 4 << 20
"""ECR's limit."""

WRITE = ("ecr:InitiateLayerUpload", "ecr:UploadLayerPart", "ecr:CompleteLayerUpload")
READ = ("ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage")


@dataclass(slots=True)
class Request:
    """One request to the registry."""

    method: str
    name: str
    kind: str
    reference: str
    query: dict[str, str]
    headers: dict[str, str]
    receive: Any
    send: Any


@dataclass(slots=True)
class Answer:
    """Status, headers and either bytes or an iterable of them."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | Iterable[bytes] = b""


class Registry:
    """
    An ASGI application for ``/v2/``.

    Args:
        server: Its account and region are where images live.
        repositories: Where they are kept.
        access_key: The access key behind a token of GetAuthorizationToken; None for no such token.
        allowed: Whether IAM lets that key do this action on this ARN.
    """

    def __init__(
        self,
        server: ServerContext,
        repositories: Repositories,
        *,
        access_key: Callable[[str], str | None],
        allowed: Callable[[str, str, str], bool],
    ) -> None:
        self._server = server
        self._repositories = repositories
        self._access_key = access_key
        self._allowed = allowed
        self._uploads: dict[str, Upload] = {}

    @staticmethod
    def is_mine(path: str) -> bool:
        """Whether a path is the registry's; API Gateway and SES have others under ``/v2/``."""
        if path in {"/v2", "/v2/", "/v2/_catalog"}:
            return True
        return "/blobs/" in path or "/manifests/" in path or path.endswith("/tags/list")

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        seams.RESPONSES.set_account(self._server.account)
        seams.RESPONSES.set_region(self._server.region)
        headers = {key.decode("latin-1").lower(): value.decode("latin-1") for key, value in scope["headers"]}
        query = {key: values[0] for key, values in parse_qs(scope["query_string"].decode()).items()}
        match = _PATH.match(scope["path"].rstrip("/") if scope["path"] != "/v2/" else "")
        parts = match.groupdict() if match else {"name": "", "kind": "", "reference": ""}
        request = Request(
            method=scope["method"],
            name=parts["name"],
            kind=parts["kind"],
            reference=parts["reference"] or "",
            query=query,
            headers=headers,
            receive=receive,
            send=send,
        )
        try:
            answer = await self._answer(request)
        except RegistryError as error:
            answer = refusal(error.status, error.code, str(error))
        except DigestMismatchError as error:
            answer = refusal(400, "DIGEST_INVALID", str(error))
        except ConnectionError:
            return
        await self._reply(send, answer, head=request.method == "HEAD")

    async def _answer(self, request: Request) -> Answer:  # noqa: PLR0911 - one return per kind of request
        key = self._authenticated(request.headers.get("authorization", ""))
        if key is None:
            answer = refusal(401, "UNAUTHORIZED", "Not Authorized")
            answer.headers["WWW-Authenticate"] = f'Basic realm="{self._server.endpoint_url}/",service="ecr"'
            return answer
        if not request.kind:
            return Answer(200, {"Content-Type": "application/json"}, b"{}")
        self._authorize(key, request)
        if request.kind == "blobs/uploads":
            return await self._upload(request)
        if request.kind == "blobs":
            return self._blob(request)
        if request.kind == "tags":
            return self._tags(request)
        if request.method == "PUT":
            return await self._put_manifest(request)
        return self._manifest(request)

    # -- who may -----------------------------------------------------------------------------------

    def _authenticated(self, authorization: str) -> str | None:
        scheme, _, credentials = authorization.partition(" ")
        if scheme.lower() != "basic":
            return None
        try:
            user, _, token = base64.b64decode(credentials, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        return self._access_key(token) if user == "AWS" else None

    def _authorize(self, key: str, request: Request) -> None:
        wanted: tuple[str, ...] = READ
        if request.kind == "blobs/uploads":
            wanted = WRITE
        elif request.kind == "blobs" and request.method == "HEAD":
            wanted = ("ecr:BatchCheckLayerAvailability",)
        elif request.kind == "manifests" and request.method == "PUT":
            wanted = ("ecr:PutImage",)
        elif request.kind == "tags":
            wanted = ("ecr:ListImages",)
        arn = self._repositories.arn(request.name)
        if request.method in {"POST", "PUT"} and not self._repositories.exists(request.name):
            wanted = ("ecr:CreateRepository", *wanted)
        for action in wanted:
            if not self._allowed(key, action, arn):
                raise RegistryError(
                    403, "DENIED", "AccessDeniedException", f"not authorized to perform: {action} on {arn}"
                )

    # -- blobs -------------------------------------------------------------------------------------

    async def _upload(self, request: Request) -> Answer:  # noqa: PLR0911 - one return per method
        if request.method == "POST":
            self._repositories.create_on_push(request.name)
            source = request.query.get("mount", "")
            if self._repositories.blobs.path(source) is not None:
                return self._created(request.name, source)
            upload = self._repositories.blobs.begin()
            self._uploads[upload.id] = upload
            if "digest" in request.query:
                return await self._finish(request, upload)
            return self._progress(request.name, upload, 202)
        found = self._uploads.get(request.reference)
        if found is None:
            raise RegistryError(404, "BLOB_UPLOAD_UNKNOWN", "UploadNotFoundException", "no such upload")
        if request.method == "PATCH":
            await self._receive_into(request, found)
            return self._progress(request.name, found, 202)
        if request.method == "PUT":
            return await self._finish(request, found)
        if request.method == "DELETE":
            self._uploads.pop(found.id).cancel()
            return Answer(204)
        return self._progress(request.name, found, 204)

    async def _receive_into(self, request: Request, upload: Upload) -> None:
        more = True
        while more:
            message = await request.receive()
            if message["type"] == "http.disconnect":
                raise ConnectionError
            if body := message.get("body", b""):
                upload.write(body)
            more = message.get("more_body", False)

    async def _finish(self, request: Request, upload: Upload) -> Answer:
        await self._receive_into(request, upload)
        self._uploads.pop(upload.id, None)
        digest = await asyncio.to_thread(upload.finish, request.query.get("digest"))
        return self._created(request.name, digest)

    def _created(self, name: str, digest: str) -> Answer:
        location = f"/v2/{name}/blobs/{digest}"
        return Answer(201, {"Location": location, "Docker-Content-Digest": digest})

    def _progress(self, name: str, upload: Upload, status: int) -> Answer:
        return Answer(
            status,
            {
                "Location": f"/v2/{name}/blobs/uploads/{upload.id}",
                "Range": f"0-{max(0, upload.size - 1)}",
                "Docker-Upload-UUID": upload.id,
            },
        )

    def _blob(self, request: Request) -> Answer:
        self._exists(request.name)
        path = self._repositories.blobs.path(request.reference)
        if path is None:
            raise RegistryError(404, "BLOB_UNKNOWN", "LayersNotFoundException", "blob unknown to registry")
        size, start = path.stat().st_size, 0
        headers = {"Docker-Content-Digest": request.reference, "Content-Type": "application/octet-stream"}
        status = 200
        if match := re.match(r"^bytes=(\d+)-$", request.headers.get("range", "")):
            start, status = min(int(match[1]), size), 206
            headers["Content-Range"] = f"bytes {start}-{size - 1}/{size}"
        headers["Content-Length"] = str(size - start)
        body = () if request.method == "HEAD" else self._repositories.blobs.chunks(path, start)
        return Answer(status, headers, body)

    # -- manifests and tags --------------------------------------------------------------------------

    async def _put_manifest(self, request: Request) -> Answer:
        self._repositories.create_on_push(request.name)
        body, more = bytearray(), True
        while more:
            message = await request.receive()
            if message["type"] == "http.disconnect":
                raise ConnectionError
            body += message.get("body", b"")
            more = message.get("more_body", False)
            if len(body) > MAX_MANIFEST_BYTES:
                raise RegistryError(413, "SIZE_INVALID", "InvalidParameterException", "over 4 MiB")
        tag = None if request.reference.startswith("sha256:") else request.reference
        pushed = await asyncio.to_thread(
            self._repositories.put_image, request.name, tag, bytes(body), request.headers.get("content-type")
        )
        location = f"/v2/{request.name}/manifests/{pushed.digest}"
        return Answer(201, {"Location": location, "Docker-Content-Digest": pushed.digest})

    def _manifest(self, request: Request) -> Answer:
        self._exists(request.name)
        found = self._repositories.manifest(request.name, request.reference)
        if found is None:
            raise RegistryError(
                404,
                "MANIFEST_UNKNOWN",
                "ImageNotFoundException",
                f"{request.reference} is not in {request.name}",
            )
        digest, body, media_type = found
        return Answer(200, {"Content-Type": media_type, "Docker-Content-Digest": digest}, body)

    def _tags(self, request: Request) -> Answer:
        self._exists(request.name)
        tags = sorted(tag for image in seams.ECR.images.get(request.name, []) for tag in image["imageTags"])
        body = json.dumps({"name": request.name, "tags": tags}).encode()
        return Answer(200, {"Content-Type": "application/json"}, body)

    def _exists(self, name: str) -> None:
        if not self._repositories.exists(name):
            raise RegistryError(
                404, "NAME_UNKNOWN", "RepositoryNotFoundException", f"no repository {name!r} in this registry"
            )

    async def _reply(self, send: Any, answer: Answer, *, head: bool) -> None:
        headers = {"Docker-Distribution-API-Version": "registry/2.0"} | answer.headers
        if isinstance(answer.body, bytes):
            headers.setdefault("Content-Length", str(len(answer.body)))
        raw = [(key.encode("latin-1"), value.encode("latin-1")) for key, value in headers.items()]
        await send({"type": "http.response.start", "status": answer.status, "headers": raw})
        if isinstance(answer.body, bytes):
            await send({"type": "http.response.body", "body": b"" if head else answer.body})
            return
        for chunk in answer.body:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


def refusal(status: int, code: str, message: str) -> Answer:
    """An error in the registry's own words."""
    body = json.dumps({"errors": [{"code": code, "message": message}]}).encode()
    return Answer(status, {"Content-Type": "application/json"}, body)
