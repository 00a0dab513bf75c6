"""The way into a served bench through ``rfc2217://localhost:PORT``."""

from __future__ import annotations

import contextlib
import re
import struct
import time

from serial.rfc2217 import M_NORMAL, PortManager

from doctor.sim.served.sockets import Server
from doctor.sim.urlhandler.protocol_sim import Serial

CHUNK_BYTES = 4096
LONGEST_OPTION_BYTES = 1024
_ENDS = re.compile(rb"(?<=\xff\xf0)")  #: behind each end of an option
REFUSAL = bytes((255, 254, 44, 255, 252, 44)) + b"busy: another program uses this bench\r\n"
"""Telnet's DONT and WONT for the COM port option, which an RFC 2217 client understands at once; then words."""
MODEM_LINES_S = 0.1
"""How often CTS is looked at for RFC 2217 clients (repl-stack.md 7)."""


class NetworkClient(Server):
    """An RFC 2217 server on localhost for one program at a time: bytes, speed, RTS and CTS."""

    def __init__(self, tcp_port: int) -> None:
        super().__init__(tcp_port)
        self._manager: _Manager | None = None
        self._looked_s = 0.0

    def waits_on(self) -> tuple[int, ...]:
        """The server's descriptor, and the connection's."""
        return tuple(one.fileno() for one in (self._server, self.client) if one is not None)

    def arrived(self, port: Serial) -> bool:
        """Let a program in; True if one came."""
        self._manager = _Manager(port, self) if self.let_in() else None
        return self._manager is not None

    def shut(self) -> bool:
        """Nothing to prepare: other clients are refused by ``refuse_more``."""
        return True

    def reopen(self) -> None:
        """Nothing to undo."""

    def refuse_more(self) -> None:
        """Tell everybody who waits at the door that the bench is in use."""
        self.turn_away(REFUSAL)

    def receive(self, port: Serial) -> bool:
        """Hand over what the program sent."""
        raw = self.received(CHUNK_BYTES)
        if raw and self._manager is not None:
            self._manager.feed(raw)
        return bool(raw)

    def send(self, data: bytes) -> None:
        """Hand over the bench's bytes."""
        if self._manager is not None:
            self.write(b"".join(self._manager.escape(data)))

    def write(self, data: bytes) -> None:
        """Raw bytes to the connection; for the manager's own answers too."""
        self.say(data)

    def look(self, port: Serial) -> None:
        """Tell the program about CTS."""
        now = time.monotonic()
        if self._manager is not None and now - self._looked_s > MODEM_LINES_S:
            self._looked_s = now
            self._manager.check_modem_lines()

    def drop(self) -> None:
        """End the connection; the next program may come."""
        super().drop()
        self._manager = None


class _Manager(PortManager):
    """pySerial's RFC 2217 server side; bytes that came before a change of speed are sent before it."""

    def __init__(self, port: Serial, connection: NetworkClient) -> None:
        self._pending = bytearray()
        self._port = port
        # pySerial asks for a serial object and for anything with write(); its stubs ask for more.
        super().__init__(port, connection)  # type: ignore[arg-type]

    def feed(self, raw: bytes) -> None:
        """Take bytes from the network."""
        for piece in _ENDS.split(raw):
            try:
                for byte in self.filter(piece):
                    self._pending += byte
            except TypeError:  # an option that ends and never began
                self.mode = M_NORMAL
        if self.suboption is not None and len(self.suboption) > LONGEST_OPTION_BYTES:
            self.suboption = None
        self._flush()

    def _flush(self) -> None:
        if self._pending:
            data = bytes(self._pending)
            self._pending.clear()
            self._port.write(data)

    def _telnet_process_subnegotiation(self, suboption: bytes) -> None:
        self._flush()
        with contextlib.suppress(struct.error, KeyError, TypeError, ValueError):  # too short, or a value that is none
            super()._telnet_process_subnegotiation(suboption)  # type: ignore[misc]
