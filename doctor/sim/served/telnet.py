"""The served board's telnet server: login, then the REPL. One client at a time (board-and-repl.md 3.7)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from doctor.sim.served.sockets import Server

if TYPE_CHECKING:
    from doctor.sim.board.board import BoardSim

USER, PASSWORD = b"micro", b"python"
LOGIN_TRIES = 3
"""The reference does not say how often one may try: **?**"""
LOOK_MS = 10.0
"""How often the servers' task looks at its sockets, Wi-Fi's own delay in it: **?**"""
CHUNK_BYTES = 1024
UNREAD_LIMIT_BYTES = 1 << 18
"""A client that reads nothing loses what comes after that."""

_IAC, _WILL, _WONT = 255, 251, 252
_COMMAND = re.compile(rb"\xff(?:(?P<data>\xff)|\xfa.*?\xff\xf0|[\xfb-\xfe].|[^\xfa-\xff])", re.DOTALL)
"""RFC 854: IAC IAC is a byte 255, options take three bytes, a subnegotiation ends with IAC SE."""
_WHOLE = re.compile(rb"(?:[^\xff]+|" + _COMMAND.pattern + rb")*", re.DOTALL)
_BEFORE_LOGIN = bytes((_IAC, _WONT, 1, _IAC, _WONT, 3))
_AFTER_LOGIN = bytes((_IAC, _WILL, 1, _IAC, _WILL, 3, _IAC, _WONT, 34))
"""Echo by the server, no go-aheads, no line mode: what a REPL needs. That the board sends just this is **?**."""


class TelnetServer(Server):
    """Serves the REPL of ``board`` on localhost; call ``turn`` regularly.

    turns_away  a second client is sent away at once; else it waits in silence until the first has gone. **?**
    """

    def __init__(self, board: BoardSim) -> None:
        super().__init__()
        self.turns_away = False
        self.login = (USER, PASSWORD)
        self._board = board
        self._look_at_ms = 0.0
        self._begin()

    def _begin(self) -> None:
        self._state = "user"
        self._tries = 0
        self._user_fits = False
        self._line = bytearray()
        self._raw = bytearray()
        self._out = bytearray()

    def turn(self) -> bool:
        """Let a client in, take what it sent, send what the board printed; True if something moved."""
        now = self._board.world.now_ms
        if not self._board.network_up or now < self._look_at_ms:
            return False
        self._look_at_ms = now + LOOK_MS
        if self.client is None:
            self._accept()
        elif self.turns_away:
            self.turn_away()
        moved = self._receive()
        self._flush()
        return moved

    def heard(self, data: bytes) -> None:
        """The board prints: its ``on_console``."""
        if self._state == "in" and len(self._out) < UNREAD_LIMIT_BYTES:
            self._out += data.replace(b"\xff", b"\xff\xff")

    def drop(self) -> None:
        """The client has gone, or the board: reset, or no power."""
        super().drop()
        self._begin()

    def _accept(self) -> None:
        if not self.let_in():
            return
        self._begin()
        self._out += self._board.era.banner(self._board.kind).encode() + b"\r\n" + _BEFORE_LOGIN + b"Login as: "

    def _receive(self) -> bool:
        raw = self.received(CHUNK_BYTES)
        typed = self._without_commands(raw)
        if self._state == "in":
            self._board.receive_telnet(typed)
        else:
            self._log_in(typed)
        return bool(raw)

    def _without_commands(self, raw: bytes) -> bytes:
        """What is data; a command that is not all there yet waits for the rest."""
        self._raw += raw
        whole = next(_WHOLE.finditer(self._raw))[0]
        del self._raw[: len(whole)]
        return _COMMAND.sub(lambda command: command["data"] or b"", whole)

    def _log_in(self, typed: bytes) -> None:
        self._line += typed
        end = self._line.find(b"\r")
        if end < 0:
            return
        word = bytes(self._line[:end]).strip(b"\n\0")
        self._line.clear()  # what came behind it in the same packet is dropped, as the pause of pyboard.py hints
        if self._state == "user":
            self._user_fits = word == self.login[0]
            self._state = "password"
            self._out += b"Password: "
            return
        if self._user_fits and word == self.login[1]:
            self._out += b'\r\nLogin succeeded!\r\nType "help()" for more information.\r\n' + _AFTER_LOGIN
            self._flush()
            self._state = "in"
            return
        self._tries += 1
        if self._tries >= LOGIN_TRIES:
            self.drop()
            return
        self._state = "user"
        self._out += b"\r\nInvalid credentials, try again.\r\nLogin as: "

    def _flush(self) -> None:
        if self.client is None or not self._out:
            return
        try:
            sent = self.client.send(self._out)
        except BlockingIOError:
            return
        except OSError:
            self.drop()
            return
        del self._out[:sent]
