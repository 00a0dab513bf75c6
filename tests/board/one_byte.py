"""A bad line: exactly one chosen byte between program and board is flipped, dropped or doubled, always the same one."""

from __future__ import annotations

import contextlib
import os
import select
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

KINDS = ("flip", "drop", "double")
TO_BOARD, FROM_BOARD = "to-board", "from-board"
TURN_S = 0.005
CHUNK_BYTES = 4096


@dataclass
class OneByte:
    """Which byte is hit, and how.

    kind        one of KINDS
    way         TO_BOARD or FROM_BOARD
    at          the byte's number on that way, from 0, counted from behind ``after``
    after       a pattern that must have gone by first; empty: counted from the first byte of all
    occurrence  which one of the pattern, from 1
    bit         that is flipped, 0 the lowest
    hit         the byte that was hit; None as long as it has not come
    """

    kind: str
    way: str
    at: int = 0
    after: bytes = b""
    occurrence: int = 1
    bit: int = 0
    hit: int | None = None
    _left: int | None = field(default=None, init=False)
    _seen: int = field(default=0, init=False)
    _tail: bytes = field(default=b"", init=False)

    def __post_init__(self) -> None:
        if self.kind not in KINDS or self.way not in (TO_BOARD, FROM_BOARD):
            raise ValueError(f"no such fault: {self.kind} {self.way}")
        if not self.after:
            self._left = self.at

    def pass_on(self, way: str, data: bytes) -> bytes:
        """What arrives of ``data``, however it was cut into pieces."""
        if way != self.way or self.hit is not None:
            return data
        out = bytearray()
        for byte in data:
            out += self._one(byte)
        return bytes(out)

    def _one(self, byte: int) -> bytes:
        if self.hit is not None:
            return bytes([byte])
        if self._left is None:
            self._tail = (self._tail + bytes([byte]))[-len(self.after) :]
            if self._tail == self.after:
                self._seen += 1
                if self._seen == self.occurrence:
                    self._left = self.at
            return bytes([byte])
        if self._left:
            self._left -= 1
            return bytes([byte])
        self.hit = byte
        return {"flip": bytes([byte ^ 1 << self.bit]), "drop": b"", "double": bytes([byte, byte])}[self.kind]


class PtyProxy:
    """A pseudo terminal in front of another one; ``name`` is what the program opens.

    pass_on  called with (way, bytes); what it returns goes on

    It opens the board's terminal only while a program has its own open, and at the program's speed.
    """

    def __init__(self, board: str, pass_on: Callable[[str, bytes], bytes]) -> None:
        import pty
        import tty

        self._board = board
        self._pass_on = pass_on
        self._outer, slave = pty.openpty()
        self.name = os.ttyname(slave)
        tty.setraw(slave)
        os.close(slave)
        self._inner: int | None = None
        self._ends = False
        self._thread = threading.Thread(target=self._run, name="proxy", daemon=True)
        self._thread.start()

    def __enter__(self) -> PtyProxy:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Hang up on both sides."""
        self._ends = True
        self._thread.join(5)
        self._hang_up()
        os.close(self._outer)

    def _run(self) -> None:
        while not self._ends:
            if self._program_is_there():
                with contextlib.suppress(OSError):
                    self._turn()
            else:
                self._hang_up()
                select.select([], [], [], TURN_S)

    def _program_is_there(self) -> bool:
        poll = select.poll()
        poll.register(self._outer, select.POLLIN)
        return not any(event & select.POLLHUP for _, event in poll.poll(0))

    def _turn(self) -> None:
        import tty

        if self._inner is None:
            self._inner = os.open(self._board, os.O_RDWR | os.O_NOCTTY)
            tty.setraw(self._inner)
        for source in select.select([self._outer, self._inner], [], [], TURN_S)[0]:
            data = os.read(source, CHUNK_BYTES)
            self._follow_speed()
            way, sink = (TO_BOARD, self._inner) if source == self._outer else (FROM_BOARD, self._outer)
            arrives = self._pass_on(way, data)
            while arrives:
                arrives = arrives[os.write(sink, arrives) :]

    def _follow_speed(self) -> None:
        if sys.platform == "win32" or self._inner is None:
            return
        import termios

        wanted, has = termios.tcgetattr(self._outer), termios.tcgetattr(self._inner)
        if wanted[4:6] != has[4:6]:
            has[4:6] = wanted[4:6]
            termios.tcsetattr(self._inner, termios.TCSANOW, has)

    def _hang_up(self) -> None:
        if self._inner is not None:
            os.close(self._inner)
            self._inner = None
