"""Carries connections from a program's private network to the embedded AWS."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
from typing import Final

_CHUNK: Final = 1 << 16


class Relay:
    """
    Accepts on a listener inside the program's network and carries bytes to ``127.0.0.1:port`` outside.

    The listener was made in the private namespace and handed out; closing the relay ends every connection.
    """

    def __init__(self, listener: socket.socket, port: int) -> None:
        self._listener = listener
        self._port = port
        self._open: set[socket.socket] = {listener}
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, name="program-relay", daemon=True).start()

    def close(self) -> None:
        """Stop accepting and end what is open."""
        with self._lock:
            open_sockets, self._open = self._open, set()
        for connection in open_sockets:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            if connection is self._listener:
                connection.close()

    def _accept(self) -> None:
        while True:
            try:
                inside, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=(inside,), name="program-relay", daemon=True).start()

    def _carry(self, inside: socket.socket) -> None:
        try:
            outside = socket.create_connection(("127.0.0.1", self._port), 5.0)
        except OSError:
            inside.close()
            return
        with self._lock:
            if not self._open:
                inside.close()
                outside.close()
                return
            self._open |= {inside, outside}
        with inside, outside, selectors.DefaultSelector() as selector:
            outside.settimeout(None)
            selector.register(inside, selectors.EVENT_READ, outside)
            selector.register(outside, selectors.EVENT_READ, inside)
            with contextlib.suppress(OSError):
                while selector.get_map():
                    for key, _ in selector.select():
                        if not self._pass(key.fileobj, key.data):  # type: ignore[arg-type] # we registered sockets
                            selector.unregister(key.fileobj)
        with self._lock:
            self._open -= {inside, outside}

    @staticmethod
    def _pass(source: socket.socket, target: socket.socket) -> bool:
        received = source.recv(_CHUNK)
        if received:
            target.sendall(received)
            return True
        target.shutdown(socket.SHUT_WR)
        return False
