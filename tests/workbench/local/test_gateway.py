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
