"""The served board's telnet server: login, then the REPL. One client at a time (board-and-repl.md 3.7)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from doctor.sim.served.sockets import Server

if TYPE_CHECKING:
    from doctor.sim.board.board import BoardSim

USER, PASSWORD = b"micro", b"python"
LOGIN_TRIES = 3
LOOK_MS = 10.0
"""How often the servers' task looks at its sockets, Wi-Fi's own delay in it: **?**"""
CHUNK_BYTES = 1024

_IAC, _WILL, _WONT = 255, 251, 252
_ECHO, _GO_AHEAD, _LINE_MODE = 1, 3, 34
_COMMAND = re.compile(rb"\xff(?:(?P<data>\xff)|\xfa.*?\xff\xf0|[\xfb-\xfe].|[^\xfa-\xff])", re.DOTALL)
"""RFC 854: IAC IAC is a byte 255, options take three bytes, a subnegotiation ends with IAC SE."""
_WHOLE = re.compile(rb"(?:[^\xff]+|" + _COMMAND.pattern + rb")*", re.DOTALL)
_AT_USER = bytes((_IAC, _WONT, _ECHO, _IAC, _WONT, _GO_AHEAD, _IAC, _WILL, _LINE_MODE))
_AT_PASSWORD = bytes((_IAC, _WILL, _ECHO, _IAC, _WONT, _GO_AHEAD, _IAC, _WILL, _LINE_MODE))
_AT_REPL = bytes((_IAC, _WILL, _ECHO, _IAC, _WILL, _GO_AHEAD, _IAC, _WONT, _LINE_MODE))
_FAKED_ENTER = b"\b" * 128 + b"\r"
"""What the server types by itself after a login, to clear the line and bring the prompt; in raw mode too."""


class TelnetServer(Server):
    """Serves the REPL of ``board`` on localhost; call ``turn`` regularly. Nobody listens while it has a client."""

    def __init__(self, board: BoardSim) -> None:
        super().__init__()
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

    def turn(self) -> bool:
        """Let a client in, take what it sent, send what the board printed; True if something moved."""
        now = self._board.world.now_ms
        if not self._board.network_up or now < self._look_at_ms:
            return False
        self._look_at_ms = now + LOOK_MS
        if self.client is None:
            self._accept()
        moved = self._receive()
        self.say(b"")
        return moved

    def heard(self, data: bytes) -> None:
        """The board prints: its ``on_console``."""
        if self._state == "in":
            self._out += data.replace(b"\xff", b"\xff\xff")

    def drop(self) -> None:
        """The client has gone, or the board: reset, or no power."""
        super().drop()
        self._begin()

    def _accept(self) -> None:
        if not self.listens() or not self.let_in():
            return
        self.stop_listening()
        self._begin()
        self.say(f"MicroPython {self._board.era.version}; {self._board.kind} with ESP32\r\n".encode())
        self._ask_user()

    def _ask_user(self) -> None:
        self._state = "user"
        self.say(_AT_USER + b"Login as: ")

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
            self.say(b"Password: " + _AT_PASSWORD)
            return
        if self._user_fits and word == self.login[1]:
            self.say(_AT_REPL + b'\r\nLogin succeeded!\r\nType "help()" for more information.\r\n')
            self._state = "in"
            self._board.receive_telnet(_FAKED_ENTER)
            return
        self._tries += 1
        if self._tries >= LOGIN_TRIES:
            self.drop()
            return
        self.say(b"\r\nInvalid credentials, try again.\r\n")
        self._ask_user()
