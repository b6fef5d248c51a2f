"""A client of the OCI distribution protocol: asks what a registry holds, and uploads blobs and manifests."""

from __future__ import annotations

import contextlib
import http.client
import io
import json
import time
import urllib.parse
from typing import TYPE_CHECKING, Final, Protocol

from workbench.images.credentials import TIMEOUT_SECONDS, Credentials, answer, is_local
from workbench.images.media_types import DOCKER, INDEXES, OCI
from workbench.images.registry_errors import RegistryError, RegistryUnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Body = Callable[[], "Readable"]
    """Opens the body afresh: a request that is tried again begins it again."""

ATTEMPTS: Final = 4
FIRST_PAUSE_SECONDS: Final = 0.25
"""Doubled with each attempt."""
BLOCK: Final = 1 << 20
_TRANSIENT: Final = frozenset({408, 429, 500, 502, 503, 504})
_NOT_FOUND: Final = 404
_UNAUTHORIZED: Final = 401


class Response:
    """A status, headers by their lower-case names, and the whole body."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body

    @property
    def detail(self) -> str:
        """The registry's own words."""
        try:
            errors = json.loads(self.body)["errors"]
            return "; ".join(f"{error['code']}: {error.get('message', '')}" for error in errors)
        except (ValueError, KeyError, TypeError):
            return self.body[:200].decode("utf-8", "replace")


class Registry:
    """
    One repository of one registry.

    Args:
        host: ``host:port``; ``127.0.0.1`` and ``localhost`` are spoken to by plain HTTP, all others by HTTPS.
        repository: Such as ``models/pricing/hotel-rates``.
        credentials: For Basic, or for the token service that the registry names.
        chunk: Bytes of each part of an upload; None: a blob in one piece.
        pause: What waits between attempts.
    """

    def __init__(
        self,
        host: str,
        repository: str,
        credentials: Credentials | None = None,
        *,
        chunk: int | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.host, self.repository = host, repository
        self._credentials, self._chunk, self._pause = credentials, chunk, pause
        self._authorization: str | None = None
        self._connection: http.client.HTTPConnection | None = None

    def close(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def has_blob(self, digest: str) -> bool:
        """Whether the repository holds a blob, so that it need not be sent."""
        response = self._request("HEAD", self._path(f"blobs/{digest}"))
        return response.status == http.HTTPStatus.OK

    def manifest_digest(self, reference: str) -> str | None:
        """The digest of what a tag names; None: it names nothing, or there is no such repository yet."""
        accepted = ", ".join((DOCKER.manifest, OCI.manifest, *INDEXES))
        response = self._request("HEAD", self._path(f"manifests/{reference}"), {"Accept": accepted})
        if response.status == _NOT_FOUND:
            return None
        self._expect(response, f"the manifest {reference}", http.HTTPStatus.OK)
        return response.headers.get("docker-content-digest")

    def put_manifest(self, reference: str, manifest: bytes, media_type: str) -> Response:
        """Send a manifest under a tag or its digest; the answer may be a refusal."""
        headers = {"Content-Type": media_type}
        return self._request("PUT", self._path(f"manifests/{reference}"), headers, _opener(manifest))

    def upload(self, digest: str, size: int, body: Body, sent: Callable[[int], None]) -> None:
        """
        Upload a blob; ``sent`` hears the number of bytes of each block.

        Raises:
            RegistryError: The registry refuses it, or read another digest.
        """
        started = self._request("POST", self._path("blobs/uploads/"))
        self._expect(started, "to begin an upload", http.HTTPStatus.ACCEPTED)
        place = self._place(started)
        if self._chunk is None:
            response = self._request(
                "PUT", _with_digest(place, digest), _octets(size), lambda: _Reporting(body(), sent)
            )
        else:
            place = self._send_parts(place, size, body, sent)
            response = self._request("PUT", _with_digest(place, digest), _octets(0))
        self._expect(response, f"the blob {digest}", http.HTTPStatus.CREATED)

    def _send_parts(self, place: str, size: int, body: Body, sent: Callable[[int], None]) -> str:
        with contextlib.closing(body()) as stream:
            for start in range(0, size, self._chunk or size):
                part = stream.read(self._chunk or size)
                headers = _octets(len(part)) | {"Content-Range": f"{start}-{start + len(part) - 1}"}
                response = self._request("PATCH", place, headers, _opener(part))
                self._expect(response, "a part of a blob", http.HTTPStatus.ACCEPTED)
                place = self._place(response)
                sent(len(part))
        return place

    def _path(self, rest: str) -> str:
        return f"/v2/{self.repository}/{rest}"

    def _place(self, response: Response) -> str:
        """Where the next part of an upload goes: an absolute or relative address of the same registry."""
        parts = urllib.parse.urlsplit(response.headers.get("location", ""))
        return urllib.parse.urlunsplit(("", "", parts.path, parts.query, ""))

    def _expect(self, response: Response, doing: str, status: int) -> None:
        if response.status != status:
            raise RegistryError(self.host, f"{doing} of {self.repository}", response.status, response.detail)

    def _request(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: Body | None = None
    ) -> Response:
        """Try until there is an answer that counts; a challenge is answered once."""
        failure = ""
        challenged = False
        attempt = 0
        while attempt < ATTEMPTS:
            try:
                response = self._once(method, path, headers or {}, body)
            except (OSError, http.client.HTTPException) as error:
                self.close()
                failure = str(error) or type(error).__name__
            else:
                if response.status == _UNAUTHORIZED and not challenged:
                    challenged = True
                    challenge = response.headers.get("www-authenticate", "")
                    scope = f"repository:{self.repository}:pull,push"
                    self._authorization = answer(self.host, challenge, self._credentials, scope)
                    if self._authorization:
                        continue
                if response.status not in _TRANSIENT or attempt == ATTEMPTS - 1:
                    return response
            self._pause(FIRST_PAUSE_SECONDS * 2**attempt)
            attempt += 1
        raise RegistryUnreachableError(self.host, failure)

    def _once(self, method: str, path: str, headers: Mapping[str, str], body: Body | None) -> Response:
        if self._connection is None:
            kind = http.client.HTTPConnection if is_local(self.host) else http.client.HTTPSConnection
            self._connection = kind(self.host, timeout=TIMEOUT_SECONDS * 10, blocksize=BLOCK)
        own = {"User-Agent": "slipway"} | dict(headers)
        if self._authorization:
            own["Authorization"] = self._authorization
        if body is None:
            self._connection.request(method, path, b"" if method in {"POST", "PUT"} else None, own)
        else:
            with contextlib.closing(body()) as stream:
                if "Content-Length" not in own:
                    content = stream.read()
                    self._connection.request(method, path, content, own)
                else:
                    self._connection.request(method, path, stream, own)
        answered = self._connection.getresponse()
        content = answered.read()
        if answered.will_close:
            self.close()
        return Response(
            answered.status, {name.lower(): text for name, text in answered.getheaders()}, content
        )


class Readable(Protocol):
    """What a request's body is read from."""

    def read(self, size: int = -1, /) -> bytes: ...

    def close(self) -> None: ...


class _Reporting:
    """A stream that says how much of it was read."""

    def __init__(self, stream: Readable, sent: Callable[[int], None]) -> None:
        self._stream, self._sent = stream, sent

    def read(self, size: int = -1) -> bytes:
        block = self._stream.read(size)
        self._sent(len(block))
        return block

    def close(self) -> None:
        self._stream.close()


def _opener(content: bytes) -> Body:
    return lambda: io.BytesIO(content)


def _octets(size: int) -> dict[str, str]:
    return {"Content-Type": "application/octet-stream", "Content-Length": str(size)}


def _with_digest(place: str, digest: str) -> str:
    joint = "&" if "?" in place else "?"
    return f"{place}{joint}{urllib.parse.urlencode({'digest': digest})}"
