"""HTTP answers as bytes; every one of them says which model stands behind it."""

from __future__ import annotations

import json
from http import HTTPStatus

from .identity import HEADER

JSON = "application/json"


class Answers:
    """Builds answers that carry one identity."""

    def __init__(self, identity_value: str) -> None:
        """Take the identity header's value; empty: no header."""
        self._identity = f"{HEADER}: {identity_value}\r\n" if identity_value else ""
        self._heads: dict[tuple[int, str, bool], bytes] = {}

    def answer(self, status: int, content_type: str, body: bytes, *, keep_alive: bool) -> bytes:
        """A complete answer."""
        head = self._heads.get((status, content_type, keep_alive))
        if head is None:
            head = self._heads[status, content_type, keep_alive] = self._head(
                status, content_type, keep_alive
            )
        return b"%b%d\r\n\r\n%b" % (head, len(body), body)

    def error(self, status: int, text: str, *, keep_alive: bool) -> bytes:
        """An answer that tells what is wrong: ``{"error": text}``."""
        return self.answer(status, JSON, error_body(text), keep_alive=keep_alive)

    def _head(self, status: int, content_type: str, keep_alive: bool) -> bytes:  # noqa: FBT001 - private
        typed = f"Content-Type: {content_type}\r\n" if content_type else ""
        connection = "" if keep_alive else "Connection: close\r\n"
        phrase = HTTPStatus(status).phrase
        return f"HTTP/1.1 {status} {phrase}\r\n{typed}{self._identity}{connection}Content-Length: ".encode(
            "ascii"
        )


def error_body(text: str) -> bytes:
    """The body of an answer that tells what is wrong."""
    return json.dumps({"error": text}).encode()
