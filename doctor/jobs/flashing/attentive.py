"""Ctrl-C is heard while nothing answers: the clock, the port and the deadline of a flash look at signals."""

from __future__ import annotations

from doctor.clock import Clock, Deadline
from doctor.jobs.flashing.interrupts import Interrupts
from doctor.updater.contract import Port
from doctor.updater.session import STOPPED, FlowError, Outcome

SLICE_MS = 1000  #: longest wait in which nobody looks
#: A modem that we restart may be silent for so long before a wish to stop is taken at once: it is brought back sooner
#: if it has come up (switching.py).
RESTART_MS = 30_000


class AttentiveClock:
    """The clock of a flash. Time that a question to the user takes does not count: no answer is late because of it."""

    def __init__(self, clock: Clock, interrupts: Interrupts) -> None:
        self._clock = clock
        self._interrupts = interrupts
        self._asked_ms = 0
        self.outcome = Outcome()  #: what is known of the flash so far

    def ticks_ms(self) -> int:
        """As the clock within."""
        self._interrupts.look()
        return self._clock.ticks_ms() - self._asked_ms

    def sleep_ms(self, ms: int) -> None:
        """As the clock within; a long rest is one that the user may leave. Raises LeftAsItIs."""
        while ms > 0:
            piece = min(ms, SLICE_MS)
            self._clock.sleep_ms(piece)
            ms -= piece
            if ms:
                self.ends_wait(restarting=True)

    def ends_wait(self, *, restarting: bool) -> bool:
        """As Interrupts.ends_wait, which may ask the user: time stands still then. Raises LeftAsItIs."""
        outcome = self.outcome
        over = outcome.error is not None or outcome.unsure is not None
        began_ms = self._clock.ticks_ms()
        try:
            return self._interrupts.ends_wait(restarting=restarting, may_write=outcome.maybe_all, over=over)
        finally:
            self._asked_ms += self._clock.ticks_ms() - began_ms


class AttentivePort:
    """The way to the modem, for the core. A wait in which nothing comes ends when the user wants to stop.

    port     the way itself
    clock    of this flash
    """

    def __init__(self, port: Port, clock: AttentiveClock) -> None:
        self._port = port
        self._clock = clock
        self._heard_ms = clock.ticks_ms()
        self.max_block: int = getattr(port, "max_block", 0)
        self.long_writes: bool = getattr(port, "long_writes", True)

    def read(self, max_bytes: int, wait_ms: int) -> bytes:
        """As the port within. Raises FlowError or LeftAsItIs if the user wants to stop, and nothing comes."""
        while True:
            piece = min(wait_ms, SLICE_MS)
            data = self._port.read(max_bytes, piece)
            if data:
                self._heard_ms = self._clock.ticks_ms()
                return data
            wait_ms -= piece
            self._heed()
            if wait_ms <= 0:
                return b""

    def _heed(self) -> None:
        silent_ms = self._clock.ticks_ms() - self._heard_ms
        if self._clock.ends_wait(restarting=self._clock.outcome.changed and silent_ms < RESTART_MS):
            raise FlowError("user-interrupt", STOPPED)

    def write(self, data: bytes) -> None:
        """As the port within."""
        self._port.write(data)

    def set_baud(self, baud: int) -> None:
        """As the port within."""
        self._port.set_baud(baud)

    def drain(self) -> bytes:
        """As the port within."""
        return self._port.drain()


class UntilCtrlC(Deadline):
    """For the way to the modem while it is made ready: over once the user has asked to stop."""

    def __init__(self, clock: Clock, interrupts: Interrupts) -> None:
        super().__init__(clock, 0)
        self._interrupts = interrupts

    @property
    def left_ms(self) -> int:
        """Enough, or nothing."""
        return 0 if self._interrupts.pressed_early else SLICE_MS * 3600
