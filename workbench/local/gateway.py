"""The one HTTP entrance: what is ours is answered here, all else is ministack's."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from slipway.domain.errors import SlipwayError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    Answer = Callable[[Mapping[str, str]], Any]
    Change = Callable[[dict[str, Any]], Any]
    Asgi = Callable[[Any, Any, Any], Awaitable[None]]

PREFIX = "/_slipway/"
HOSTS = ("127.0.0.1", "localhost")
LARGEST_CHANGE = 1 << 20


class Gateway:
    """
    An ASGI application around another.

    ``answers`` maps a path below ``/_slipway/`` to a function of the query that
    returns what is sent as JSON, ``pages`` to one that makes HTML of that for
    browsers, ``changes`` to one of the JSON object that was posted; a mounted
    ASGI application takes the whole request, body included.
    """

    def __init__(self, inner: Asgi) -> None:
        self.inner = inner
        self.answers: dict[str, Answer] = {}
        self.changes: dict[str, Change] = {}
        self.pages: dict[str, Callable[[Any], str]] = {}
        self._mounts: list[tuple[str, Callable[[str], bool], Asgi]] = []

    def mount(self, is_mine: Callable[[str], bool], prefix: str, application: Asgi) -> None:
        """Give an application the paths that begin with ``prefix`` and are its own."""
        self._mounts.append((prefix, is_mine, application))

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            path = scope["path"]
            if path.startswith(PREFIX):
                if not asked_by_this_machine(scope):
                    await send_json(
                        send, 421, {"error": f"{PREFIX} answers to 127.0.0.1 and localhost alone"}
                    )
                    return
                name = path.removeprefix(PREFIX)
                if scope["method"] == "POST":
                    await self._change(name, scope, receive, send)
                else:
                    await self._answer(name, scope, send)
                return
            for prefix, is_mine, application in self._mounts:
                if path.startswith(prefix) and is_mine(path):
                    await application(scope, receive, send)
                    return
        await self.inner(scope, receive, send)

    async def _answer(self, name: str, scope: Any, send: Any) -> None:
        answer = self.answers.get(name)
        status, document = 200, None
        if answer is None:
            status, document = 404, {"error": f"no {PREFIX}{name}; there are {sorted(self.answers)}"}
        else:
            document = answer(dict(parse_qsl(scope.get("query_string", b"").decode("latin-1"))))
        if name in self.pages and status == 200 and wants_page(scope):  # noqa: PLR2004 - HTTP's success
            await send_body(send, status, self.pages[name](document).encode(), b"text/html; charset=utf-8")
        else:
            await send_json(send, status, document)

    async def _change(self, name: str, scope: Any, receive: Any, send: Any) -> None:
        change = self.changes.get(name)
        if change is None:
            error = f"nothing to post at {PREFIX}{name}; there are {sorted(self.changes)}"
            await send_json(send, 404, {"error": error})
            return
        # A page of another site can post, but not this type without being asked for leave first.
        if not any(
            key == b"content-type" and value == b"application/json" for key, value in scope["headers"]
        ):
            await send_json(send, 415, {"error": "post application/json"})
            return
        try:
            document = read_object(await received(receive))
            found = await asyncio.to_thread(change, document)
        except (ValueError, SlipwayError) as error:
            await send_json(send, 400, {"error": str(error)})
            return
        await send_json(send, 200, found)


def read_object(body: bytes) -> dict[str, Any]:
    """
    The JSON object that a body is.

    Raises:
        ValueError: It is something else.
    """
    document = json.loads(body)
    if not isinstance(document, dict):
        raise ValueError("it is no JSON object")  # noqa: TRY004 - a wrong value that was posted
    return document


async def received(receive: Any) -> bytes:
    """
    The whole body of a request.

    Raises:
        ValueError: It is larger than anything that is posted here.
    """
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > LARGEST_CHANGE:
            raise ValueError(f"the body is larger than {LARGEST_CHANGE} bytes")
        if not message.get("more_body", False):
            return bytes(body)


def asked_by_this_machine(scope: Any) -> bool:
    """
    Whether the request names this machine as its host.

    A web page whose own name resolves to 127.0.0.1 could else read approval links out of the inbox.
    """
    hosts = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
    return all(host.rpartition(":")[0] in HOSTS or host in HOSTS for host in hosts)


def wants_page(scope: Any) -> bool:
    """Whether a browser asks."""
    return any(name == b"accept" and b"text/html" in value for name, value in scope["headers"])


async def send_json(send: Any, status: int, document: Any) -> None:
    """Send one JSON document as the whole response."""
    await send_body(send, status, json.dumps(document, default=str).encode(), b"application/json")


async def send_body(send: Any, status: int, body: bytes, content_type: bytes) -> None:
    """Send one body as the whole response."""
    headers = [
        (b"content-type", content_type),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
