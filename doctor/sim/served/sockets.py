"""Clients of the servers here; nothing ever waits for them."""

from __future__ import annotations

import socket


def accepted(server: socket.socket) -> socket.socket | None:
    """The next client at the door of a server that does not block, itself not blocking; None if nobody is there."""
    try:
        client = server.accept()[0]
    except OSError:
        return None
    client.setblocking(False)
    return client


def arrived(client: socket.socket, most_bytes: int) -> bytes | None:
    """What a client that does not block has sent since: None for nothing yet, no bytes once it has gone."""
    try:
        return client.recv(most_bytes)
    except BlockingIOError:
        return None
    except OSError:
        return b""
