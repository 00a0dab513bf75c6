"""The board under the core: the modem's UART by board type, the card, the watchdog, time. Nothing here runs on a PC.

Facts: board-and-repl.md 3.5, 4, 5.1, 5.4. Modules of the board are imported where they are used, so that a PC can
import this file too.
"""

import sys

from .card_source import sha256_of

try:
    from typing import Any, Callable, Optional  # noqa: F401
except ImportError:  # MicroPython
    pass

#: TX, RX, RTS, CTS of the modem's UART by ``sys.platform``; naming all four switches flow control on.
PINS = {"FiPy": ("P20", "P18", "P19", "P17"), "GPy": ("P5", "P98", "P7", "P99")}
#: Of UART(...), so that ``read`` gives up soon.
TIMEOUT_CHARS = 10
#: A watchdog that may run cannot be stopped, only given more time: longer than the longest flash, in ms.
WDT_MS = 14400000
#: Ticks wrap at 2**30 on this MicroPython.
_TICKS_MASK = 0x3FFFFFFF
#: Sleeping in slices of so many ms lets the pulse be felt.
_SLICE_MS = 100
#: Reads look every ms at first, since most answers come at once, and every 10 ms after this many looks.
_QUICK_LOOKS = 50
_SLOW_LOOK_MS = 10
_NONCE = "fipyup"
#: Less than the FIFO of the board's UART, which holds 128: so much is written without waiting for the modem.
FIFO_BYTES = 112
#: A modem may hold the line as long as it may take for a block; one that did so is not waited for as long again.
HELD_MS = 300000
HELD_AGAIN_MS = 1000


def module(name):
    # type: (str) -> Any
    """A module that must be the board's own edition."""
    return __import__(name)


class BoardClock(object):
    """Time on the board. Satisfies contract.Clock.

    pulse   called all the time while something is awaited
    on_key  called for a Ctrl-C that came through in spite of all; None: it ends what runs, as usual
    """

    def __init__(self, pulse):
        # type: (Callable[[], None]) -> None
        self.on_key = None  # type: Optional[Callable[[], None]]
        self._utime = module("utime")
        self._pulse = pulse
        self._last = self._utime.ticks_ms() & _TICKS_MASK
        self._now = 0

    def ticks_ms(self):
        # type: () -> int
        """Milliseconds since this clock was made; does not wrap."""
        now = self._utime.ticks_ms() & _TICKS_MASK
        self._now += (now - self._last) & _TICKS_MASK
        self._last = now
        return self._now

    def sleep_ms(self, ms):
        # type: (int) -> None
        """Sleep, with the pulse going on."""
        end = self.ticks_ms() + ms
        while ms > 0:
            try:
                self._utime.sleep_ms(min(ms, _SLICE_MS))
                self._pulse()
            except KeyboardInterrupt:
                if self.on_key is None:
                    raise
                self.on_key()
            ms = end - self.ticks_ms()


class ModemUart(object):
    """The modem's UART. Satisfies contract.Port. Raises KeyError on a board without a modem."""

    def __init__(self, baud, clock):
        # type: (int, BoardClock) -> None
        self.baud = baud
        self._clock = clock
        self._pins = PINS[sys.platform]
        self._tells = False  # ``wait_tx_done`` has said yes once
        self._held = False  # the modem did not take the last bytes in time
        self._uart = self._open()

    def _open(self):
        # type: () -> Any
        return module("machine").UART(1, baudrate=self.baud, pins=self._pins, timeout_chars=TIMEOUT_CHARS)

    def read(self, max_bytes, wait_ms):
        # type: (int, int) -> bytes
        """Bytes as soon as at least one is there; ``b""`` after ``wait_ms``."""
        uart = self._uart
        clock = self._clock
        end = clock.ticks_ms() + wait_ms
        looks = 0
        while True:
            waiting = uart.any()
            if waiting:
                return uart.read(min(waiting, max_bytes)) or b""
            left = end - clock.ticks_ms()
            if left <= 0:
                return b""
            looks += 1
            clock.sleep_ms(1 if looks < _QUICK_LOOKS else min(left, _SLOW_LOOK_MS))

    def write(self, data):
        # type: (bytes) -> None
        """Send all of ``data``.

        A modem that hangs may hold its side of the flow control, and a write that it holds never returns: no
        heartbeat, no deadline. So the line must be free first; what it is not free for in time is not sent, and the
        core misses its answer.
        """
        free = getattr(self._uart, "wait_tx_done", None)
        # A beginning that fits without waiting shows whether the modem takes more.
        most = FIFO_BYTES if free is not None else len(data)
        while data:
            if free is not None and not self._is_free(free):
                return
            sent = self._uart.write(data[:most])
            data = data[most if sent is None else sent :]
            most = len(data)

    def _is_free(self, done):
        # type: (Callable[[int], bool]) -> bool
        """Whether all that was sent before has left, after waiting for it; True if ``done`` never says yes."""
        end = self._clock.ticks_ms() + (HELD_AGAIN_MS if self._held else HELD_MS)
        while not done(_SLICE_MS):
            if not self._tells:  # it never said yes: not a word to go by
                return True
            if self._clock.ticks_ms() >= end:
                self._held = True
                return False
            self._clock.sleep_ms(1)
        self._tells = True
        self._held = False
        return True

    def set_baud(self, baud):
        # type: (int) -> None
        """Change the speed; what was received is lost."""
        if baud != self.baud:
            self.baud = baud
            self._uart.deinit()
            self._uart = self._open()

    def drain(self):
        # type: () -> bytes
        """Take and return all that was received so far."""
        data = b""
        while True:
            waiting = self._uart.any()
            if not waiting:
                return data
            data += self._uart.read(waiting) or b""

    def close(self):
        # type: () -> bool
        """Give the pins back to the firmware's own driver; False if only a reset does that.

        Before 1.18.1.r5 there is no call for it, and from 1.20.2.r2 on it crashes if LTE() was never tried.
        """
        self._uart.deinit()
        try:
            lte = module("network").LTE
            if not hasattr(lte, "reconnect_uart") or lte_task_is_lazy(module("os").uname().release):
                return False
            lte.reconnect_uart()
        except Exception:
            return False
        return True


def lte_task_is_lazy(release):
    # type: (str) -> bool
    """Whether this release (1.20.2.r2 on, eras E and F) makes its LTE task only when LTE() is used; True in doubt."""
    parts = release.split(".")
    try:
        version = [int(part) for part in parts[:3]]
    except ValueError:
        return True
    if version != [1, 20, 2]:
        return version > [1, 20, 2]
    last = parts[3] if len(parts) > 3 else ""
    if last[:1] == "r" and last[1:].isdigit():
        return int(last[1:]) >= 2
    return False


def extend_watchdog():
    # type: () -> None
    """Give a watchdog that may run enough time; a board whose watchdog refuses that has none that could bite."""
    try:
        module("machine").WDT(timeout=WDT_MS)
    except Exception:
        pass


def is_simulated():
    # type: () -> bool
    """Whether this board is fipy-doctor's simulator; a real one has no such module."""
    try:
        answer = module("fipy_doctor_sim").answer(_NONCE)
    except ImportError:
        return False
    return bool(answer == sha256_of(b"fipy-doctor simulated bench:" + _NONCE.encode())[:32])


class Card(object):
    """The volume that a path lies on, mounted where it was not; ``close`` leaves mounts as found.

    Raises OSError if the card does not answer or cannot be mounted.
    """

    def __init__(self, path):
        # type: (str) -> None
        self.root = "/" + path.strip("/").split("/")[0]
        self._sd = None  # type: Any
        if self.root[1:] in module("os").listdir("/"):
            return
        self._sd = module("machine").SD()
        try:
            module("os").mount(self._sd, self.root)
        except OSError:
            self._sd.deinit()
            self._sd = None
            raise

    def close(self):
        # type: () -> None
        """Unmount what was mounted here."""
        if self._sd is None:
            return
        os = module("os")
        unmount = os.umount if hasattr(os, "umount") else os.unmount
        unmount(self.root)
        self._sd.deinit()
        self._sd = None
