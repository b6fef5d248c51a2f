"""A connection's bytes become requests, however they are cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slipway_container.framing import FramingError
from slipway_container.messages import MAX_HEAD_BYTES, BodyTooLargeError, HeadTooLargeError, RequestReader

BODIES = st.lists(st.binary(max_size=200), min_size=1, max_size=4)


def counted(body: bytes) -> bytes:
    """A request whose body is counted."""
    return b"POST /invocations?x=1 HTTP/1.1\r\nContent-Length: %d\r\nHost: a\r\n\r\n%b" % (len(body), body)


def chunked(body: bytes) -> bytes:
    """A request whose body comes in chunks of up to seven bytes."""
    pieces = [body[start : start + 7] for start in range(0, len(body), 7)]
    chunks = b"".join(b"%x;note=1\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
    return (
        b"POST /invocations HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
        + chunks
        + b"0\r\nTrailer: 1\r\n\r\n"
    )


class TestRequestReader:
    @given(BODIES, st.booleans(), st.lists(st.integers(1, 60), min_size=1))
    def test_any_cut_gives_the_same_requests(
        self, bodies: list[bytes], in_chunks: object, cuts: list[int]
    ) -> None:
        """
        Packets may end anywhere: the requests are the same, in the same order.
        """
        stream = b"".join(map(chunked if in_chunks else counted, bodies))
        reader, found, place, turn = RequestReader(), [], 0, 0
        while place < len(stream):
            size = cuts[turn % len(cuts)]
            reader.feed(stream[place : place + size])
            place, turn = place + size, turn + 1
            while (request := reader.next()) is not None:
                found.append(request)

        assert [request.body for request in found] == bodies
        assert {request.path for request in found} == {b"/invocations"}
        assert reader.idle

    @given(st.binary(max_size=400))
    def test_noise_is_refused_or_waited_on(self, noise: bytes) -> None:
        """
        Bytes that are no HTTP end in FramingError or in waiting for more, never in another exception.
        """
        reader = RequestReader()
        reader.feed(noise)
        try:
            while reader.next() is not None:
                pass
        except FramingError:
            pass

    @pytest.mark.parametrize(
        ("head", "reason"),
        [
            (b"GET /ping", "is no request line"),
            (b"GET /ping HTTP/2", "is no request line"),
            (b"GET /ping HTTP/1.1\r\nno colon", "is no header"),
            (b"GET /ping HTTP/1.1\r\n folded: 1", "is no header"),
            (b"GET /ping HTTP/1.1\r\nspace : 1", "is no header"),
            (b"GET /ping HTTP/1.1\r\nContent-Length: -1", "is no number of bytes"),
            (b"GET /ping HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2", "given twice"),
            (b"GET /ping HTTP/1.1\r\nTransfer-Encoding: gzip", "not supported"),
            (b"GET /ping HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 2", "send one of them"),
        ],
    )
    def test_ambiguous_heads_are_refused(self, head: bytes, reason: str) -> None:
        """
        What two readers could understand in two ways is refused: it could smuggle a request past one of them.
        """
        reader = RequestReader()
        reader.feed(head + b"\r\n\r\n")
        with pytest.raises(FramingError, match=reason):
            reader.next()

    @pytest.mark.parametrize("chunk", [b"zz\r\n", b"\r\n", b"-1\r\n", b"2\r\nabc\r\n"])
    def test_bad_chunks_are_refused(self, chunk: bytes) -> None:
        """
        A chunk that is not as long as its size says ends the connection.
        """
        reader = RequestReader()
        reader.feed(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk)
        with pytest.raises(FramingError):
            reader.next()

    def test_too_long_bodies_are_refused_before_they_are_read(self) -> None:
        """
        A body beyond the limit is refused by its declared length, in chunks as soon as it passes the limit.
        """
        declared, streamed = RequestReader(10), RequestReader(10)
        declared.feed(b"POST / HTTP/1.1\r\nContent-Length: 11\r\n\r\n")
        streamed.feed(chunked(b"12345678901")[:-4])
        for reader in (declared, streamed):
            with pytest.raises(BodyTooLargeError):
                reader.next()

    def test_endless_headers_are_refused(self) -> None:
        """
        A client cannot fill the memory with headers.
        """
        reader = RequestReader()
        reader.feed(b"GET / HTTP/1.1\r\nX: " + b"x" * MAX_HEAD_BYTES)
        with pytest.raises(HeadTooLargeError):
            reader.next()

    @pytest.mark.parametrize(
        ("version", "connection", "keeps"),
        [
            (b"1.1", b"", True),
            (b"1.1", b"Connection: close\r\n", False),
            (b"1.0", b"", False),
            (b"1.0", b"Connection: Keep-Alive\r\n", True),
        ],
    )
    def test_connection_stays_open_as_the_version_says(
        self, version: bytes, connection: bytes, *, keeps: bool
    ) -> None:
        """
        HTTP/1.1 stays open unless told to close, HTTP/1.0 closes unless told to stay open.
        """
        reader = RequestReader()
        reader.feed(b"GET /ping HTTP/%b\r\n%b\r\n" % (version, connection))
        request = reader.next()

        assert request is not None
        assert request.keep_alive is keeps
