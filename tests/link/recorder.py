"""Another program that records what crosses a port: between ours and a device, with pieces and times of its own."""

from __future__ import annotations

import contextlib
import json
import os
import random
import select
import termios
import threading
import time
import tty
from pathlib import Path
from types import TracebackType

import serial

from doctor.link.link import OUR_SCHEMES

TURN_S = 0.002
SPEEDS = {termios.B115200: 115200, termios.B921600: 921600}


class Recorder:
    """A pseudo terminal with the simulated device ``url`` behind it; what crosses it goes to the file ``trace``."""

    def __init__(self, url: str, trace: Path, seed: int = 1) -> None:
        serial.protocol_handler_packages[:0] = [s for s in OUR_SCHEMES if s not in serial.protocol_handler_packages]
        self._device = serial.serial_for_url(url, baudrate=115200, timeout=0)
        self._ours, self._theirs = os.openpty()
        tty.setraw(self._theirs)
        self.name = os.ttyname(self._theirs)
        self._file = trace.open("w", encoding="ascii")
        self._start = time.monotonic()
        self._pieces = random.Random(seed)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Recorder:
        self._note("open", url=self.name, baud=115200)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, err: BaseException | None, where: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()
        self._note("close")
        self._file.close()
        self._device.close()
        os.close(self._ours)
        os.close(self._theirs)

    def _serve(self) -> None:
        baud = 115200
        while not self._ended.is_set():
            if select.select([self._ours], [], [], TURN_S)[0]:
                data = os.read(self._ours, self._pieces.choice((1, 7, 60, 4096)))
                now = SPEEDS[termios.tcgetattr(self._theirs)[5]]
                if now != baud:
                    baud = self._device.baudrate = now
                    self._note("baud", value=baud)
                self._note("tx", hex=data.hex())
                self._device.write(data)
            came = self._device.read(self._device.in_waiting)
            while came:
                length = self._pieces.choice((1, 2, 5, 33, 4096))
                piece, came = came[:length], came[length:]
                self._note("rx", hex=piece.hex())
                with contextlib.suppress(OSError):
                    os.write(self._ours, piece)

    def _note(self, what: str, **members: object) -> None:
        at = round(time.monotonic() - self._start, 4)
        self._file.write(json.dumps({"t": at, "dir": what, **members}) + "\n")
