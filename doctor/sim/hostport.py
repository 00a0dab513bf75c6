"""The PC's end of the simulated serial port: what the USB chip, the cable and the driver do with bytes and lines."""

from __future__ import annotations

from collections.abc import Callable

from doctor.sim.world import Event, Wire, World, heard

DRIVER_BUFFER_BYTES = 4096
"""What a serial driver takes before a write waits (the usual size of a Linux tty buffer)."""
RECEIVE_LIMIT_BYTES = 1 << 20
"""More than any program leaves unread; beyond it the oldest bytes are lost, as in a driver."""
PACKET_BYTES = 62
"""A whole packet of FTDI's chips, which goes to the PC at once; 2 of its 64 bytes tell the state (AN232B-04)."""


class PortVanished(Exception):
    """The port is not there, or went away under an open handle."""


class HostPort:
    """One serial port of the PC.

    deliver   called with (bytes, baud) when the PC's bytes arrive at the other end
    on_lines  called when RTS or the open state changes, with RTS asserted (False while nobody has the port open,
              since the driver drops it at the last close: board-and-repl.md 6.2)
    read_cts  tells whether the CTS line is asserted
    """

    def __init__(
        self,
        world: World,
        deliver: Callable[[bytes, int], None],
        on_lines: Callable[[bool], None],
        read_cts: Callable[[], bool],
    ) -> None:
        self.world = world
        self.baud = 115200
        self.present = True
        self.times_vanished = 0
        """Handles opened before the latest disappearance are dead."""
        self.on_vanish_open: Callable[[], None] = lambda: None
        """Called when the port goes away while a handle is open."""
        self._on_lines = on_lines
        self._read_cts = read_cts
        self._wire = Wire(world, deliver)
        self._buffer = bytearray()
        self.latency_ms = 0
        """The chip's latency timer: how often it hands over less than a whole packet (known failure ftdi-latency)."""
        self._in_chip = bytearray()
        self._handed_ms = 0.0
        self._timer: Event | None = None
        self.is_open = False
        """True while a handle is open."""
        self.rts = False
        """RTS as last set; False while closed."""

    # --- the wire's side ---

    def arrive(self, data: bytes, baud: int) -> None:
        """Bytes from the board or modem, sent at ``baud``; lost while nobody has the port open."""
        if not (self.is_open and self.present):
            return
        self._in_chip += heard(data, baud, self.baud)
        if not self.latency_ms:
            self._hand_over(len(self._in_chip))
            return
        whole = len(self._in_chip) - len(self._in_chip) % PACKET_BYTES
        if whole:
            self._hand_over(whole)
        if self._in_chip and self._timer is None:
            gone_ms = (self.world.now_ms - self._handed_ms) % self.latency_ms  # it runs all the time
            self._timer = self.world.at(self.latency_ms - gone_ms, lambda: self._hand_over(len(self._in_chip)))

    def _hand_over(self, count: int) -> None:
        """What the chip has goes to the driver, and its timer begins anew."""
        self._buffer += self._in_chip[:count]
        del self._in_chip[:count]
        self._forget_timer()
        self._handed_ms = self.world.now_ms
        if len(self._buffer) > RECEIVE_LIMIT_BYTES:
            del self._buffer[: len(self._buffer) - RECEIVE_LIMIT_BYTES]

    def _forget_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _drop_received(self) -> None:
        self._buffer.clear()
        self._in_chip.clear()
        self._forget_timer()

    def vanish(self) -> None:
        """USB unplugged: the port is gone for the system, open handles die."""
        self.present = False
        self.times_vanished += 1
        was_open, self.is_open = self.is_open, False
        self.rts = False
        self._drop_received()
        self._wire.clear()
        self._on_lines(False)
        if was_open:
            self.on_vanish_open()

    def appear(self) -> None:
        """USB plugged in again."""
        self.present = True

    # --- the PC's side ---

    def open(self, baud: int, rts: bool) -> int:
        """Open the port; returns the number that ``check`` wants. Raises PortVanished if it is not there."""
        if not self.present:
            raise PortVanished
        self.baud = baud
        self._drop_received()
        self.is_open = True
        self.set_rts(rts)
        return self.times_vanished

    def close(self) -> None:
        """Last close: the driver drops RTS."""
        self.is_open = False
        self._drop_received()
        self.set_rts(False)

    def check(self, opened: int) -> None:
        """Raise PortVanished if the handle of that opening is dead."""
        if not self.present or opened != self.times_vanished:
            raise PortVanished

    @property
    def waiting(self) -> int:
        """Bytes that were received and not read."""
        return len(self._buffer)

    def take(self, max_bytes: int) -> bytes:
        """Read what is there, at most ``max_bytes``."""
        data = bytes(self._buffer[:max_bytes])
        del self._buffer[: len(data)]
        return data

    def send(self, data: bytes) -> None:
        """Put bytes into the driver's buffer; they travel while virtual time passes."""
        self._wire.send(data, self.baud)

    @property
    def unsent(self) -> int:
        """Bytes that have not left yet."""
        return self._wire.pending

    def drop_unsent(self) -> None:
        """Forget what has not left yet."""
        self._wire.clear()

    def drop_received(self) -> None:
        """Forget what was received and not read."""
        self._drop_received()

    def set_rts(self, asserted: bool) -> None:
        """RTS: True = asserted = electrically low."""
        self.rts = asserted
        self._on_lines(asserted)

    @property
    def cts(self) -> bool:
        """CTS: True = asserted = electrically low."""
        return self._read_cts()
