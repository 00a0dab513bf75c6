"""A PC at the end of the simulated board's UART0: for the tests of the board alone."""

from __future__ import annotations

from typing import Any

from doctor.sim.board.board import BoardSim
from doctor.sim.modem.modem import Modem
from doctor.sim.world import Wire, World, heard


class Desk:
    """World, modem, board and two wires; ``ask`` runs code in the raw REPL."""

    def __init__(self, release: str = "1.20.2.r4", kind: str = "fipy", *, settle: bool = True, **board: Any) -> None:
        self.world = World()
        self.modem = Modem(self.world, mode=board.pop("modem_mode", "application"))
        self.board = BoardSim(self.world, self.modem, kind, release, **board)
        self.baud = 115200
        self.heard = bytearray()
        self._out = Wire(self.world, self.board.receive)
        self._in = Wire(self.world, self._arrive)
        self.board.transmit = self._in.send
        if settle:
            self.board.settle()
            self.world.sleep_ms(100)
            self.boot_text = self.take()

    def _arrive(self, data: bytes, baud: int) -> None:
        self.heard += heard(data, baud, self.baud)

    def send(self, data: bytes) -> None:
        self._out.send(data, self.baud)

    def take(self) -> bytes:
        data = bytes(self.heard)
        self.heard.clear()
        return data

    def until(self, end: bytes, limit_ms: float = 20_000) -> bytes:
        self.world.run_until(lambda: end in self.heard, limit_ms)
        cut = self.heard.find(end)
        assert cut >= 0, f"{end!r} did not come: {bytes(self.heard)!r}"
        data = bytes(self.heard[: cut + len(end)])
        del self.heard[: cut + len(end)]
        return data

    def quiet(self, ms: float = 500) -> bytes:
        self.world.sleep_ms(ms)
        return self.take()

    def type(self, text: str, end: bytes = b"\r\n>>> ") -> bytes:
        self.take()
        self.send(text.encode() + b"\r")
        return self.until(end)

    def raw(self) -> None:
        self.send(b"\r\x03\x01")
        self.until(b"raw REPL; CTRL-B to exit\r\n>")

    def ask(self, code: str, limit_ms: float = 60_000) -> str:
        """Output of code in the raw REPL; its traceback if it raised."""
        if not self.board.raw_mode:
            self.raw()
        self.send(code.encode() + b"\x04")
        self.until(b"OK")
        out = self.until(b"\x04", limit_ms)[:-1]
        error = self.until(b"\x04>")[:-2]
        return (error or out).decode()
