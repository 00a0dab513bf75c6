"""The stub module `machine`: UARTs, pins, the card slot, the watchdog and resets.

Source: board-and-repl.md 3.4, 3.5, 4, 5.1.
"""

from __future__ import annotations

from calendar import timegm
from collections.abc import Callable, Iterable
from time import gmtime
from types import ModuleType
from typing import Any, ClassVar, NoReturn

from doctor.sim.board.errors import EIO, IMPOSSIBLE, REFUSED, UNAVAILABLE, BoardOSError
from doctor.sim.board.modules.misc import module
from doctor.sim.board.pins import INPUT_ONLY, PinState
from doctor.sim.board.uart import FIFO_BYTES, Uart
from doctor.sim.board.vm import Vm
from doctor.sim.card.image import CardDevice, CardFault

CALL_US = 30
"""Virtual time of one call into a UART or pin driver."""

SD_INIT_MS = 60
SD_FAIL_MS = 1100

RESET_CAUSES = {"PWRON": 0, "HARD": 1, "WDT": 2, "DEEPSLEEP": 3, "SOFT": 4, "BROWN_OUT": 5}
"""`machine.reset_cause()` values by name (``PWRON_RESET`` …)."""


class Uart0Or1:
    """`machine.UART(0 or 1, …)`: a view of the hardware; two objects of one number share it."""

    EVEN: ClassVar[int] = 0
    ODD: ClassVar[int] = 1
    RX_ANY: ClassVar[int] = 1

    def __init__(self, vm: Vm, number: int = 0, *settings: Any, keep: bool = False, **keywords: Any) -> None:
        if number not in (0, 1):
            raise BoardOSError(UNAVAILABLE)  # UART(2) is the modem driver's own
        self._vm = vm
        self.number = number
        self._board = vm.board
        self._live = True
        if not keep:
            self.init(*settings, **keywords)

    @property
    def _uart(self) -> Uart:
        if not self._live:
            raise BoardOSError(IMPOSSIBLE)
        return self._board.uart0 if self.number == 0 else self._board.uart1

    def init(
        self,
        baudrate: int = 9600,
        bits: int = 8,
        parity: int | None = None,
        stop: int = 1,
        *,
        timeout_chars: int = 2,
        pins: tuple[str | None, ...] | None = None,
        rx_buffer_size: int | None = None,
    ) -> None:
        """Set up again; releases before 1.20 know no ``rx_buffer_size``."""
        if rx_buffer_size is not None and not self._board.era.vfs:
            raise TypeError("extra keyword arguments given")
        is_full_size = rx_buffer_size is None or rx_buffer_size >= 1
        if not 0 < baudrate <= 5_000_000 or bits not in (5, 6, 7, 8) or not is_full_size:
            raise ValueError("invalid argument(s) value")
        self._live = True
        self._board.setup_uart(self.number, baudrate, None if pins is None else tuple(pins))
        self._uart.timeout_chars = timeout_chars

    def deinit(self) -> None:
        """Stop."""
        if self._live and self.number == 1:
            self._board.release_uart1()
        self._live = False

    def any(self) -> int:
        """Bytes that wait."""
        self._vm.charge(CALL_US)
        return len(self._uart.rx)

    def read(self, count: int | None = None) -> bytes | None:
        """Up to ``count`` bytes; ends after ``timeout_chars`` of silence. None if nothing came."""
        self._vm.charge(CALL_US)
        uart = self._uart
        self._gather(lambda: count is not None and len(uart.rx) >= count)
        return uart.take(len(uart.rx) if count is None else count) or None

    def _gather(self, enough: Callable[[], bool]) -> None:
        uart = self._uart
        while not enough():
            before = len(uart.rx)
            if not self._vm.wait(uart.chars_ms(max(1, uart.timeout_chars)), lambda: len(uart.rx) > before):  # noqa: B023
                break

    def readall(self) -> bytes | None:
        """All that waits."""
        return self.read()

    def readline(self) -> bytes | None:
        """Up to the end of a line."""
        uart = self._uart
        self._gather(lambda: b"\n" in uart.rx)
        end = uart.rx.find(b"\n")
        return uart.take(end + 1 if end >= 0 else len(uart.rx)) or None

    def readinto(self, buffer: bytearray, count: int | None = None) -> int | None:
        """Into a buffer; the number of bytes, None if nothing came."""
        data = self.read(len(buffer) if count is None else min(count, len(buffer)))
        if data is None:
            return None
        buffer[: len(data)] = data
        return len(data)

    def write(self, data: str | bytes | bytearray | memoryview) -> int:
        """Send; returns when all but a FIFO full has left."""
        self._vm.charge(CALL_US)
        uart = self._uart
        raw = data.encode() if isinstance(data, str) else bytes(data)
        if self.number == 0:
            self._board.write_uart0(raw)
            return len(raw)
        if self._board.uart1_on_modem and self._board.pins.reaches_modem:
            wire = self._board.to_modem
            wire.send(raw, uart.baud)
            while wire.pending > FIFO_BYTES:
                self._vm.wait(uart.chars_ms(wire.pending), lambda: wire.pending <= FIFO_BYTES)
        else:
            self._vm.wait(uart.chars_ms(max(0, len(raw) - FIFO_BYTES)))
        return len(raw)

    def wait_tx_done(self, timeout_ms: int) -> bool:
        """True once all has left."""
        wire = self._board.to_modem
        return self._vm.wait(timeout_ms, lambda: wire.pending == 0) if self.number else True

    def sendbreak(self) -> None:
        """Pull TX low for a moment."""
        self.write(b"\0")

    def irq(self, **_keywords: object) -> None:
        """Accepted and never called."""

    def __repr__(self) -> str:
        return f"UART({self.number}, baudrate={self._uart.baud}, bits=8, parity=None, stop=1)"


class BoardPin:
    """`machine.Pin`."""

    IN: ClassVar[int] = 0
    OUT: ClassVar[int] = 1
    OPEN_DRAIN: ClassVar[int] = 2
    PULL_UP: ClassVar[int] = 1
    PULL_DOWN: ClassVar[int] = 2
    IRQ_FALLING: ClassVar[int] = 1
    IRQ_RISING: ClassVar[int] = 2

    def __init__(self, vm: Vm, name: str | BoardPin, *settings: Any, **keywords: Any) -> None:
        self._vm = vm
        self._pins = vm.board.pins
        self._name: str = name._name if isinstance(name, BoardPin) else str(name)
        if self._name not in self._pins.names:
            raise ValueError("invalid argument(s) value")
        if settings or keywords:
            self.init(*settings, **keywords)

    def init(self, mode: int = 0, pull: int | None = None, *, value: int | None = None, alt: int = -1) -> None:
        """Set mode, pull and value."""
        words = {self.IN: "in", self.OUT: "out", self.OPEN_DRAIN: "open-drain"}
        pulls = {None: None, self.PULL_UP: True, self.PULL_DOWN: False}
        if mode not in words or pull not in pulls or (mode != self.IN and self._name in INPUT_ONLY):
            raise ValueError("invalid argument(s) value")
        old = self._pins[self._name].value
        level = old if value is None else bool(value)
        self._vm.charge(CALL_US)
        self._vm.board.configure_pin(self._name, PinState(words[mode], pulls[pull], level))

    def value(self, *value: int) -> int | None:
        """Read the level, or set it."""
        self._vm.charge(CALL_US)
        if not value:
            return int(self._pins.level(self._name))
        state = self._pins[self._name]
        self._vm.board.configure_pin(self._name, PinState(state.mode, state.pull, bool(value[0])))
        return None

    __call__ = value

    def toggle(self) -> None:
        """The other level."""
        self.value(not self._pins[self._name].value)

    def id(self) -> str:
        """Its name."""
        return self._name

    def __repr__(self) -> str:
        return f"Pin('{self._name}')"


class SdCard:
    """`machine.SD`."""

    def __init__(self, vm: Vm, number: int = 0) -> None:
        if number != 0:
            raise BoardOSError(UNAVAILABLE)
        self._vm = vm
        self.init()

    def init(self, number: int = 0) -> None:
        """Wake the card up."""
        try:
            self.card().init()
        except CardFault:
            self._vm.wait(SD_FAIL_MS)
            raise BoardOSError(REFUSED) from None
        self._vm.wait(SD_INIT_MS)

    def deinit(self) -> None:
        """Let go of it."""

    def card(self) -> CardDevice:
        """What is in the slot."""
        return self._vm.board.card

    def readblocks(self, number: int, buffer: bytearray) -> None:
        """Raw sectors into a buffer."""
        try:
            buffer[:] = self.card().readblocks(number, len(buffer) // 512)
        except CardFault:
            raise BoardOSError(EIO) from None
        self._vm.charge(len(buffer))

    def writeblocks(self, number: int, data: bytes) -> None:
        """Raw sectors from a buffer."""
        try:
            self.card().writeblocks(number, bytes(data))
        except CardFault:
            raise BoardOSError(EIO) from None

    def __repr__(self) -> str:
        return "<SD>"


class BoardWdt:
    """`machine.WDT`: cannot be stopped; made again, it has a new time."""

    def __init__(self, vm: Vm, id: int = 0, timeout: int = 5000) -> None:
        if timeout < 1000:
            raise ValueError("invalid argument(s) value")
        self._board = vm.board
        self._timeout = timeout
        self.feed()

    def init(self, timeout: int) -> None:
        """Another time."""
        self._timeout = timeout
        self.feed()

    def feed(self) -> None:
        """Start counting again."""
        self._board.feed_wdt(self._timeout)


class BoardRtc:
    """`machine.RTC`: Pycom's own, without MicroPython's ``datetime``; there is no network time here."""

    INTERNAL_RC, XTAL_32KHZ = 0, 1

    def __init__(self, vm: Vm, id: int = 0, datetime: tuple[int, ...] | None = None, source: int | None = None) -> None:
        if id:
            raise BoardOSError(UNAVAILABLE)
        self._board = vm.board
        if datetime is not None:
            self.init(datetime)

    def init(self, datetime: tuple[int, ...] | None = None, source: int | None = None) -> None:
        """Set the clock: year, month, day, hour, minute, second."""
        if datetime is not None:
            since_s = int(self._board.world.now_ms // 1000)
            self._board.clock_starts_s = timegm((*datetime[:6], *(0,) * (6 - len(datetime)))) - since_s

    def now(self) -> tuple[object, ...]:
        """Year to second, microseconds, and None for the time zone."""
        now_ms = self._board.world.now_ms
        return (*gmtime(self._board.clock_starts_s + now_ms // 1000)[:6], int(now_ms % 1000 * 1000), None)

    def ntp_sync(self, server: str | None, update_period: int = 3600, backup_server: str | None = None) -> None:
        """Ask for network time, which nobody here answers."""

    def synced(self) -> bool:
        """Never: see ``ntp_sync``."""
        return False


class Chrono:
    """`machine.Timer.Chrono`: a stopwatch."""

    def __init__(self, vm: Vm) -> None:
        self._world = vm.board.world
        self._ran_ms = 0.0
        self._since_ms: float | None = None

    def start(self) -> None:
        """Go on counting."""
        if self._since_ms is None:
            self._since_ms = self._world.now_ms

    def stop(self) -> None:
        """Keep what was counted."""
        self._ran_ms, self._since_ms = self.read_ms(), None

    def reset(self) -> None:
        """Count from zero."""
        self._ran_ms = 0.0
        self._since_ms = None if self._since_ms is None else self._world.now_ms

    def read_ms(self) -> float:
        """Counted so far, in ms."""
        return self._ran_ms + (0.0 if self._since_ms is None else self._world.now_ms - self._since_ms)

    def read(self) -> float:
        """The same in seconds."""
        return self.read_ms() / 1000

    def read_us(self) -> float:
        """The same in microseconds."""
        return self.read_ms() * 1000


class _Absent:
    """A method that this release has not got yet."""

    def __init__(self, kind: str, name: str) -> None:
        self._text = f"'{kind}' object has no attribute '{name}'"

    def __get__(self, instance: object, owner: type) -> Any:
        raise AttributeError(self._text)


def bound(vm: Vm, kind: Any, name: str, lacks: Iterable[str] = ()) -> Any:
    """``kind`` as board code sees it: a class called ``name`` that knows its interpreter, without what it ``lacks``."""

    def __init__(self: Any, *arguments: Any, **keywords: Any) -> None:
        kind.__init__(self, vm, *arguments, **keywords)

    absent = {member: _Absent(name, member) for member in lacks}
    return type(name, (kind,), {"__init__": __init__, "__module__": "machine", **absent})


def make_machine(vm: Vm) -> ModuleType:
    """`machine`."""
    board = vm.board

    def reset() -> NoReturn:
        board.reset_from_code("HARD")

    def run_main(name: str) -> None:
        board.main_file = name

    # Before 1.20 SD is without block access: only the VFS layer needs it (board-and-repl.md 4).
    lacks = () if board.era.vfs else ("readblocks", "writeblocks")
    causes = {f"{name}_RESET": number for name, number in RESET_CAUSES.items()}
    return module(
        "machine",
        UART=bound(vm, Uart0Or1, "UART"),
        Pin=bound(vm, BoardPin, "Pin"),
        SD=bound(vm, SdCard, "SD", lacks),
        WDT=bound(vm, BoardWdt, "WDT"),
        RTC=bound(vm, BoardRtc, "RTC"),
        Timer=type("Timer", (), {"Chrono": bound(vm, Chrono, "Chrono"), "sleep_us": staticmethod(vm.charge)}),
        reset=reset,
        reset_cause=lambda: RESET_CAUSES[board.reset_cause],
        wake_reason=lambda: (0, None),
        unique_id=lambda: board.unique_id,
        freq=lambda: 160_000_000,
        main=run_main,
        idle=lambda: vm.wait(1),
        info=lambda: None,
        disable_irq=lambda: 0,
        enable_irq=lambda *state: None,
        rng=lambda: board.world.rng.getrandbits(24),
        **causes,
    )
