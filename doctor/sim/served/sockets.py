"""Servers on localhost, each with one client at a time; nothing ever waits for a client."""

from __future__ import annotations

import contextlib
import socket


class Server:
    """A server with at most one client.

    tcp_port  0 = any free one
    client    its connection, which does not block; None while nobody is connected

    Raises OSError if the port is taken.
    """

    def __init__(self, tcp_port: int = 0) -> None:
        self._server = _listening(tcp_port)
        self.tcp_port: int = self._server.getsockname()[1]
        self.client: socket.socket | None = None
        self._out = bytearray()

    def connected(self) -> bool:
        """True while a program is connected."""
        return self.client is not None

    def drop(self) -> None:
        """End the connection; the next program may come."""
        if self.client is not None:
            self.client.close()
        self.client = None
        self._out.clear()

    def say(self, data: bytes) -> None:
        """Send the client all of this as soon as it takes it; call ``say(b"")`` until it has."""
        self._out += data
        if self.client is None or not self._out:
            return
        try:
            del self._out[: self.client.send(self._out)]
        except BlockingIOError:
            return
        except OSError:
            self.drop()

    def close(self) -> None:
        """End connection and server; may be called twice."""
        self.drop()
        self._server.close()

    def stop_listening(self) -> None:
        """Whoever comes now is refused by the system."""
        self._server.close()

    def listens(self) -> bool:
        """Listen, if nobody does; False while another program has the port."""
        if self._server.fileno() < 0:
            try:
                self._server = _listening(self.tcp_port)
            except OSError:
                return False
        return True

    def let_in(self) -> bool:
        """Take the next program that waits; True if one did."""
        self.client = self._waiting()
        return self.client is not None

    def turn_away(self, words: bytes = b"") -> None:
        """Tell everybody who waits at the door to go."""
        while (client := self._waiting()) is not None:
            with client, contextlib.suppress(OSError):
                client.sendall(words)

    def _waiting(self) -> socket.socket | None:
        try:
            client = self._server.accept()[0]
        except OSError:
            return None
        client.setblocking(False)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return client

    def received(self, most_bytes: int) -> bytes:
        """What the client has sent since; it is dropped if it has gone."""
        if self.client is None:
            return b""
        try:
            raw = self.client.recv(most_bytes)
        except BlockingIOError:
            return b""
        except OSError:
            raw = b""
        if not raw:
            self.drop()
        return raw


def _listening(tcp_port: int) -> socket.socket:
    made = socket.create_server(("127.0.0.1", tcp_port))
    made.setblocking(False)
    return made
