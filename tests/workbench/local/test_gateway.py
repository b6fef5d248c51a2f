from __future__ import annotations

import asyncio

import pytest

from workbench.local.gateway import Gateway


def asked(host: bytes | None) -> int:
    """The status of a request for the inbox that names a host."""
    gateway = Gateway(lambda *_: None)
    gateway.answers["inbox"] = lambda _query: []
    sent = []

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/_slipway/inbox",
        "headers": [] if host is None else [(b"host", host)],
        "query_string": b"",
    }
    asyncio.run(gateway(scope, None, send))
    return sent[0]["status"]


class TestHost:
    @pytest.mark.parametrize("host", [b"127.0.0.1:4566", b"localhost:4566", b"localhost", None])
    def test_this_machine_is_answered(self, host):
        """
        Requests that name this machine get the inbox.
        """
        assert asked(host) == 200

    @pytest.mark.parametrize("host", [b"evil.example:4566", b"127.0.0.1.evil.example", b"localhost.evil:80"])
    def test_another_name_for_it_is_not(self, host):
        """
        A page whose name was made to resolve to 127.0.0.1 must not read approval links.
        """
        assert asked(host) == 421


def posted(content_type: bytes, body: bytes) -> int:
    """The status of a change that is posted."""
    gateway = Gateway(lambda *_: None)
    gateway.changes["speed"] = lambda document: document
    sent = []

    async def receive():
        return {"type": "http.request", "body": body}

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/_slipway/speed",
        "headers": [(b"host", b"localhost"), (b"content-type", content_type)],
        "query_string": b"",
    }
    asyncio.run(gateway(scope, receive, send))
    return sent[0]["status"]


class TestChange:
    @pytest.mark.parametrize(
        ("content_type", "body", "status"),
        [
            (b"application/json", b'{"speed": 60}', 200),
            (b"text/plain", b'{"speed": 60}', 415),
            (b"application/x-www-form-urlencoded", b'{"speed": 60}', 415),
            (b"application/json", b"[60]", 400),
            (b"application/json", b"fast", 400),
            (b"application/json", b" " * ((1 << 20) + 1), 400),
        ],
    )
    def test_only_a_json_object_of_this_machine_is_taken(self, content_type, body, status):
        """
        What a page of another site can post without leave, and what is no JSON object, changes nothing.
        """
        assert posted(content_type, body) == status
