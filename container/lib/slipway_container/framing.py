"""How long an HTTP message's body is: counted, in chunks, or until the close (RFC 9112, section 6)."""

from __future__ import annotations

from typing import Mapping, Union

MAX_LINE_BYTES = 8192


class FramingError(ValueError):
    """The peer's bytes are no HTTP message; the text says what is wrong with them."""


class CountedBody:
    """A body of a known number of bytes."""

    __slots__ = ("remaining",)

    def __init__(self, length: int) -> None:
        """Take the number of bytes to come."""
        self.remaining = length

    @property
    def done(self) -> bool:
        """Whether all of it has come."""
        return self.remaining == 0

    def feed(self, arrived: bytes) -> tuple[bytes, bytes]:
        """The body's part of what arrived, and what lies behind the body."""
        if len(arrived) <= self.remaining:
            self.remaining -= len(arrived)
            return arrived, b""
        content, rest = arrived[: self.remaining], arrived[self.remaining :]
        self.remaining = 0
        return content, rest


class EndlessBody:
    """A body that ends when its sender closes the connection."""

    __slots__ = ()
    done = False

    def feed(self, arrived: bytes) -> tuple[bytes, bytes]:
        """Everything belongs to the body."""
        return arrived, b""


class ChunkedBody:
    """A body in chunks, each behind its size in hexadecimal; trailers are read and dropped."""

    __slots__ = ("_line", "_remaining", "_state", "done")

    def __init__(self) -> None:
        """Begin before the first chunk's size."""
        self._state = "size"
        self._line = b""
        self._remaining = 0
        self.done = False

    def feed(self, arrived: bytes) -> tuple[bytes, bytes]:
        """The chunks' content in what arrived, and what lies behind the last chunk; raises FramingError."""
        content = []
        while arrived and not self.done:
            if self._state == "content":
                part, arrived = arrived[: self._remaining], arrived[self._remaining :]
                self._remaining -= len(part)
                content.append(part)
                if not self._remaining:
                    self._state = "end"
                continue
            line, found, arrived = arrived.partition(b"\n")
            self._line += line
            if len(self._line) > MAX_LINE_BYTES:
                raise FramingError(f"a chunk's size or trailer is longer than {MAX_LINE_BYTES} bytes")
            if found:
                self._end_of_line(self._line.rstrip(b"\r"))
                self._line = b""
        return b"".join(content), arrived

    def _end_of_line(self, line: bytes) -> None:
        if self._state == "size":
            digits = line.partition(b";")[0].strip()
            if not digits or digits.strip(b"0123456789abcdefABCDEF"):
                raise FramingError(f"{line[:40]!r} is no chunk size in hexadecimal")
            self._remaining = int(digits, 16)
            self._state = "content" if self._remaining else "trailer"
        elif self._state == "end":
            if line:
                raise FramingError("a chunk is longer than its size")
            self._state = "size"
        elif not line:
            self.done = True


Body = Union[CountedBody, EndlessBody, ChunkedBody]


def declared_length(headers: Mapping[bytes, bytes]) -> int | None:
    """The number of bytes that ``content-length`` declares, None without it; raises FramingError."""
    text = headers.get(b"content-length")
    if text is None:
        return None
    if not text.isdigit():
        raise FramingError(f"content-length {text[:40]!r} is no number of bytes")
    return int(text)


def is_chunked(headers: Mapping[bytes, bytes]) -> bool:
    """Whether the body comes in chunks; raises FramingError for an unknown coding, or for two lengths."""
    coding = headers.get(b"transfer-encoding")
    if coding is None:
        return False
    if coding.lower() != b"chunked":
        raise FramingError(
            f"transfer-encoding {coding[:40]!r} is not supported; send chunked or content-length"
        )
    if b"content-length" in headers:
        raise FramingError("both content-length and transfer-encoding are given; send one of them")
    return True
