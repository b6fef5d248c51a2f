"""A registry that speaks the OCI distribution protocol on 127.0.0.1, with faults on demand."""

from __future__ import annotations

import hashlib
import json
import threading
import urllib.parse
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class Distribution:
    """What it holds, what it saw, and how it is to misbehave."""

    host: str = ""
    blobs: dict[str, bytes] = field(default_factory=dict)
    manifests: dict[str, tuple[bytes, str]] = field(default_factory=dict)
    """By tag and by digest: bytes and media type."""
    requests: list[str] = field(default_factory=list)
    failures: list[int] = field(default_factory=list)
    """Statuses with which the next requests are answered."""
    user: str = ""
    """``name:password`` for which the token service gives a token; empty: everybody may."""
    sneaks_in: tuple[str, bytes] | None = None
    """A tag and manifest that somebody else pushes just before our manifest arrives."""

    def hold(self, tag: str, manifest: bytes, media_type: str) -> None:
        digest = f"sha256:{hashlib.sha256(manifest).hexdigest()}"
        self.manifests[tag] = self.manifests[digest] = (manifest, media_type)


class Handler(BaseHTTPRequestHandler):
    """Answers one connection."""

    state: Distribution
    uploads: dict[str, bytes]
    protocol_version = "HTTP/1.1"

    def handle_one(self) -> None:
        self.state.requests.append(f"{self.command} {self.path}")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.state.failures:
            self.reply(self.state.failures.pop(0))
            return
        parts = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(parts.query))
        if parts.path == "/token":
            self.token()
        elif self.state.user and self.headers.get("Authorization") != "Bearer let-me-in":
            challenge = f'Bearer realm="http://{self.state.host}/token",service="registry"'
            self.reply(401, {"WWW-Authenticate": challenge})
        elif "/blobs/uploads/" in parts.path:
            self.upload(parts.path.rpartition("/")[2], query, body)
        elif "/blobs/" in parts.path:
            self.reply(200 if parts.path.rpartition("/")[2] in self.state.blobs else 404)
        else:
            self.manifest(parts.path.rpartition("/")[2], body)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = handle_one  # noqa: N815 - the base class's names

    def token(self) -> None:
        import base64  # noqa: PLC0415

        wanted = "Basic " + base64.b64encode(self.state.user.encode()).decode()
        known = self.headers.get("Authorization") == wanted
        self.reply(200 if known else 401, body=b'{"token": "let-me-in"}')

    def upload(self, name: str, query: dict[str, str], body: bytes) -> None:
        if self.command == "POST":
            name = f"u{len(self.uploads)}"
            self.uploads[name] = b""
            self.reply(202, {"Location": f"http://{self.state.host}/v2/x/blobs/uploads/{name}?state=1"})
            return
        self.uploads[name] += body
        if self.command == "PATCH":
            self.reply(202, {"Location": f"/v2/x/blobs/uploads/{name}"})
            return
        actual = f"sha256:{hashlib.sha256(self.uploads[name]).hexdigest()}"
        if actual != query["digest"]:
            self.reply(400, body=_error("DIGEST_INVALID", f"it is {actual}"))
            return
        self.state.blobs[actual] = self.uploads.pop(name)
        self.reply(201)

    def manifest(self, reference: str, body: bytes) -> None:
        if self.command == "PUT":
            if self.state.sneaks_in:
                self.state.hold(self.state.sneaks_in[0], self.state.sneaks_in[1], "application/json")
            if reference in self.state.manifests and self.state.manifests[reference][0] != body:
                self.reply(400, body=_error("TAG_INVALID", "the tag is immutable"))
                return
            self.state.hold(reference, body, self.headers["Content-Type"])
            self.reply(201)
        elif reference in self.state.manifests:
            content, media_type = self.state.manifests[reference]
            digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
            self.reply(200, {"Docker-Content-Digest": digest, "Content-Type": media_type})
        else:
            self.reply(404, body=_error("NAME_UNKNOWN", "no such repository"))

    def reply(self, status: int, headers: dict[str, str] | None = None, body: bytes = b"") -> None:
        self.send_response(status)
        for name, text in (headers or {}).items():
            self.send_header(name, text)
        self.send_header("Content-Length", "0" if self.command == "HEAD" else str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Silence."""


@contextmanager
def distribution() -> Iterator[Distribution]:
    """A registry that ends with the block."""
    state = Distribution()
    handler = type("OwnHandler", (Handler,), {"state": state, "uploads": {}})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    state.host = f"127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()


def _error(code: str, message: str) -> bytes:
    return json.dumps({"errors": [{"code": code, "message": message}]}).encode()
