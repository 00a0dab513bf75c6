"""``--stop-on-stdin``: a program that started this one, and cannot press Ctrl-C, says on standard input what it wants.

Only stopping can be said there. No plan and no risk is agreed to on a pipe.
"""

from __future__ import annotations

import _thread
import os
import signal
import threading

STOP, STOP_TRANSFER = b"stop", b"stop transfer"
_PIECE_BYTES = 256


class ToldToStop:
    """Listens to standard input from now on. Its end means nothing: a flash outlives the program that started it.

    ``stop`` is Ctrl-C: before the first block it stops, in the middle of a transfer it changes nothing.
    ``stop transfer`` is Ctrl-C too, and the yes to what it asks then.
    """

    def __init__(self, handle: int = 0) -> None:
        self._handle = handle
        self._transfer = threading.Event()
        threading.Thread(target=self._listen, name="told to stop", daemon=True).start()

    def transfer(self) -> bool:
        """Whether the transfer was to be stopped since this was asked last."""
        told = self._transfer.is_set()
        self._transfer.clear()
        return told

    def _listen(self) -> None:
        """Not through ``sys.stdin``: whoever waits in there when Python ends crashes it."""
        heard = b""
        while piece := self._read():
            *lines, heard = (heard + piece).split(b"\n")
            heard = heard[-_PIECE_BYTES:]
            for line in lines:
                self._obey(line.strip())

    def _read(self) -> bytes:
        try:
            return os.read(self._handle, _PIECE_BYTES)
        except OSError:
            return b""

    def _obey(self, line: bytes) -> None:
        if line == STOP_TRANSFER:
            self._transfer.set()
        if line in (STOP, STOP_TRANSFER):
            # What a script runs in the background hears no Ctrl-C until it flashes (interrupts.py).
            deaf = signal.getsignal(signal.SIGINT) is signal.SIG_IGN
            _thread.interrupt_main(signal.SIGTERM if deaf else signal.SIGINT)
