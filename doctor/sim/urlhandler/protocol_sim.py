"""``sim://`` as a pySerial port: a simulated bench with modem lines, in virtual time, on every system.

Time-outs are virtual: a read that waits ten seconds lets the bench live through ten seconds and returns at once, or,
with ``speed=N``, after 10/N seconds.
"""

from __future__ import annotations

import errno
from typing import Any

from serial.serialutil import PortNotOpenError, SerialBase, SerialException, SerialTimeoutException

from doctor.sim.bench import BenchBusy, SimBench, StateUnusable
from doctor.sim.hands import Hands
from doctor.sim.hostport import DRIVER_BUFFER_BYTES, HostPort, PortVanished
from doctor.sim.simurl import parse_sim_url
from doctor.sim.world import World

FOREVER_MS = 10 * 60 * 1000.0
"""A read without a time-out gives up after so much silence: nobody would ever wake a bench that waits for the host."""
POLL_FIRST_MS = 0.5
POLL_LONGEST_MS = 50.0
"""A program that polls ``in_waiting`` and sleeps in real time lets virtual time pass by asking: first little, then,
while it goes on asking in vain, up to this much each time."""


class Serial(SerialBase):
    """The serial object behind ``sim://fipy?scenario=…``; see ``SimBench.from_url`` for the URL.

    simulated  always True
    clock      the bench's virtual clock
    hands      what the user's hands can do: pull jumpers, power, the card
    bench      the bench itself, for tests
    """

    simulated = True

    # Kept by pySerial's base class.
    _port: str | None
    _baudrate: int
    _timeout: float | None
    _write_timeout: float | None
    _rts_state: bool

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._bench: SimBench | None = None
        self._opened = 0
        self._poll_ms = POLL_FIRST_MS
        super().__init__(*args, **kwargs)

    # --- the bench ---

    @property
    def bench(self) -> SimBench:
        """The bench behind the open port. Raises PortNotOpenError before ``open``."""
        if self._bench is None:
            raise PortNotOpenError()
        return self._bench

    @property
    def clock(self) -> World:
        """The bench's virtual clock."""
        return self.bench.world

    @property
    def hands(self) -> Hands:
        """The simulated user's hands; they also work while the port is away."""
        return self.bench.hands

    @property
    def usb_id(self) -> tuple[int, int] | None:
        """(vendor, product) that the system would show for the port; None for a bare modem."""
        if self.bench.device is not None:
            return self.bench.device.kind.usb_id
        return self.bench.carrier.usb_id if self.bench.board is not None else None

    @property
    def latency_ms(self) -> int:
        """The latency timer of the chip, as the system would tell it; 0: it has none."""
        return self.bench.spec.latency

    @property
    def received_sha256(self) -> str | None:
        """SHA-256 of the last whole image that the simulated modem was sent; None if there was none."""
        received = self.bench.modem.received
        return received[-1].sha256 if received else None

    # --- open and close ---

    @property
    def port(self) -> str | None:
        """The URL. Setting one that means nothing raises ValueError."""
        return self._port

    @port.setter
    def port(self, url: str | None) -> None:
        if url is not None:
            parse_sim_url(url)
        SerialBase.port.fset(self, url)  # type: ignore[attr-defined]

    def open(self) -> None:
        """Open the bench that the URL names.

        Raises ValueError for a URL that means nothing, SerialException if the bench is in use or unplugged
        or cannot be kept in its directory.
        """
        if self._port is None:
            raise SerialException("Port must be configured before it can be used.")
        if self.is_open:
            raise SerialException("Port is already open.")
        try:
            bench = SimBench.from_url(self._port)
        except BenchBusy as busy:
            raise SerialException(errno.EBUSY, f"could not open port {self._port}: {busy}") from busy
        except StateUnusable as unusable:
            raise SerialException(errno.EROFS, f"could not open port {self._port}: {unusable}") from unusable
        try:
            self._opened = bench.open_port(self._baudrate, self._rts_state)
        except PortVanished as gone:
            raise SerialException(errno.ENOENT, f"could not open port {self._port}: no power at the board") from gone
        self._bench = bench
        self.is_open = True

    def close(self) -> None:
        """Give the bench back; with ``state=DIR`` it is saved. May be called twice."""
        if not self.is_open or self._bench is None:
            return
        self.is_open = False
        self._bench.close_port(self._opened)

    def reopen(self) -> None:
        """Open the same bench again after it was unplugged and plugged in, under the same object.

        Raises SerialException while it is unplugged. A real port needs a new object; this is for the listener.
        """
        bench = self.bench
        try:
            self._opened = bench.open_port(self._baudrate, self._rts_state)
        except PortVanished as gone:
            raise SerialException(errno.ENOENT, "the board has no power") from gone

    def _reconfigure_port(self) -> None:
        if self._bench is not None and self.is_open:
            self._port_or_raise().baud = self._baudrate

    def _port_or_raise(self) -> HostPort:
        if not self.is_open or self._bench is None:
            raise PortNotOpenError()
        try:
            self._bench.port.check(self._opened)
        except PortVanished as gone:
            raise SerialException("device disconnected: the board lost power or was unplugged") from gone
        return self._bench.port

    # --- bytes ---

    @property
    def in_waiting(self) -> int:
        """Bytes that can be read at once; asking in vain lets a little time pass."""
        port = self._port_or_raise()
        if not port.waiting:
            self.clock.run_until(lambda: port.waiting, self._poll_ms)
            self._poll_ms = min(self._poll_ms * 2, POLL_LONGEST_MS)
            port = self._port_or_raise()
        if port.waiting:
            self._poll_ms = POLL_FIRST_MS
        return port.waiting

    def read(self, size: int = 1) -> bytes:
        """Up to ``size`` bytes: fewer when the time-out is over. Raises SerialException if the port went away."""
        port = self._port_or_raise()
        self._poll_ms = POLL_FIRST_MS
        limit_ms = FOREVER_MS if self._timeout is None else self._timeout * 1000
        if port.waiting < size and limit_ms > 0:
            self.clock.run_until(lambda: port.waiting >= size or not port.present, limit_ms)
        return self._port_or_raise().take(size)

    def write(self, data: Any, /) -> int:
        """Send bytes; waits, in virtual time, while the driver's buffer is full.

        Raises SerialTimeoutException if ``write_timeout`` is over first, SerialException if the port went away.
        """
        port = self._port_or_raise()
        self._poll_ms = POLL_FIRST_MS
        raw = bytes(data)
        for start in range(0, len(raw), DRIVER_BUFFER_BYTES):
            port.send(raw[start : start + DRIVER_BUFFER_BYTES])
            self._wait_for_room(port)
        return len(raw)

    def _wait_for_room(self, port: HostPort) -> None:
        if port.unsent <= DRIVER_BUFFER_BYTES:
            return
        limit_ms = FOREVER_MS if self._write_timeout is None else self._write_timeout * 1000
        self.clock.run_until(lambda: port.unsent <= DRIVER_BUFFER_BYTES or not port.present, limit_ms)
        if self._port_or_raise().unsent > DRIVER_BUFFER_BYTES:
            raise SerialTimeoutException("Write timeout")

    def flush(self) -> None:
        """Wait until everything has left."""
        port = self._port_or_raise()
        self.clock.run_until(lambda: not port.unsent, FOREVER_MS)

    def reset_input_buffer(self) -> None:
        """Forget what was received."""
        self._port_or_raise().drop_received()

    def reset_output_buffer(self) -> None:
        """Forget what has not left yet."""
        self._port_or_raise().drop_unsent()

    # --- lines ---

    def _update_rts_state(self) -> None:
        if self._bench is not None and self.is_open:
            self._port_or_raise().set_rts(self._rts_state)

    def _update_dtr_state(self) -> None:
        """DTR leads nowhere on these boards (board-and-repl.md 6.4)."""

    def _update_break_state(self) -> None:
        """A break is no byte that board or modem would act on."""

    @property
    def cts(self) -> bool:
        """CTS line; True = asserted."""
        return self._port_or_raise().cts

    @property
    def dsr(self) -> bool:
        """The boards drive none of DSR, RI and CD."""
        self._port_or_raise()
        return False

    ri = cd = dsr
