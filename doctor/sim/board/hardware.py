"""What the simulated FiPy or GPy has below its Python: power and resets, UARTs, console, pins, mirror mode.

Source: board-and-repl.md 7 lists what has to be modelled.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from doctor.sim.board.eras import sim_era
from doctor.sim.board.file_faults import FileFaults
from doctor.sim.board.flashfs import FlashFs
from doctor.sim.board.pins import Pins, PinState
from doctor.sim.board.sqnsupgrade import frozen_modules
from doctor.sim.board.text import HELP_LINE, PANIC, PYBYTES, encoded
from doctor.sim.board.uart import APPLICATION_BAUD, FIFO_BYTES, MIRROR_BAUD, REPL_BAUD, Uart
from doctor.sim.card.image import CardDevice
from doctor.sim.carrier import Carrier
from doctor.sim.modem.modem import Modem
from doctor.sim.world import Event, Process, Wire, World

MIRROR_BUFFER_BYTES = 8192
"""Driver buffer each way in mirror mode (board-and-repl.md 5.4)."""

BOARDS = {"fipy": "FiPy", "gpy": "GPy"}
"""What the caller names and what the board calls itself."""


@dataclass
class LteTask:
    """What the firmware's LTE driver knows since boot."""

    tried: bool = False
    ready: bool = False
    recovery_seen: bool = False


class Hardware(ABC):
    """One module on a carrier board, with its modem and a card slot.

    world         time
    modem         at the end of the module's second UART; this board owns its ``transmit``, not its supply
    kind          ``fipy`` or ``gpy``, in any case
    release       of the board's firmware, see eras.py
    flash         files in /flash, by path, with or without ``/flash/`` in front
    card          what the board sees in its slot; None: no card
    carrier       the board underneath; None: Expansion Board 3.1 without jumpers
    lte_on_boot   the stored setting ``pycom.lte_modem_en_on_boot``; an erased one reads True
    pybytes       the firmware variant with Pybytes, autostart on
    file_faults   capacity of /flash and what goes wrong with files; None: nothing does

    It is powered on and boots as soon as time passes; ``settle`` lets it. Assign ``transmit`` to get its bytes:
    called with (bytes, baud); the board itself waits until they have left. Raises ValueError for unknown names.
    """

    def __init__(
        self,
        world: World,
        modem: Modem,
        kind: str = "fipy",
        release: str = "1.20.2.r4",
        *,
        flash: Mapping[str, bytes] | None = None,
        card: CardDevice | None = None,
        carrier: Carrier | None = None,
        lte_on_boot: bool = True,
        pybytes: bool = False,
        file_faults: FileFaults | None = None,
        unique_id: bytes = b"\x30\xae\xa4\x12\x34\x56",
    ) -> None:
        if kind.lower() not in BOARDS:
            raise ValueError(f"no simulated board is called {kind!r}; valid are {', '.join(BOARDS)}")
        self.world = world
        self.unique_id = unique_id
        self.modem = modem
        self.kind = BOARDS[kind.lower()]
        self.era = sim_era(release)
        self.pybytes = pybytes
        self.flash = FlashFs(flash)
        self.file_faults = file_faults or FileFaults()
        self.card = card or CardDevice(None)
        self.carrier = carrier or Carrier()
        self.frozen = frozen_modules(self.era)
        self.transmit: Callable[[bytes, int], None] = lambda data, baud: None
        self.on_console: Callable[[bytes], None] = lambda data: None
        """Gets what a logged-in telnet client hears: all that is printed (board-and-repl.md 3.1)."""
        self.on_restart: Callable[[], None] = lambda: None
        """Called when the network's connections die: at a hard reset, and when power goes."""
        self.nvs: dict[str, int] = {}
        self.clock_starts_s = 1_600_000_000
        """What its clock said at the start of the world: no network time, but not 1970 either."""
        self.settings: dict[str, Any] = {
            "wifi_on_boot": True,
            "wdt_on_boot": False,
            "wdt_on_boot_timeout": 10_000,
            "heartbeat_on_boot": True,
            "lte_modem_en_on_boot": lte_on_boot,
            "pybytes_on_boot": pybytes,
        }
        self.main_file = "main.py"
        self.to_modem = Wire(world, modem.receive)
        self.uart0 = Uart(REPL_BAUD, self.era.rx_buffer_bytes)
        self.uart1 = Uart(APPLICATION_BAUD, None)
        self.pins = Pins(self.kind, self.carrier)
        self.pins.on_change = self._tell_flow
        self._wdt: Event | None = None
        self._tx_free_at_ms = 0.0
        self.powered = True
        self._switch_on()

    def _switch_on(self) -> None:
        faults, modem = self.file_faults, self.modem
        self.flash.is_fat = self.era.flash_is_fat if faults.is_fat is None else faults.is_fat
        self.flash.size_bytes = faults.size_bytes or self.flash.size_bytes
        self.reset_ram()
        self._tick()
        self.reset_cause = "PWRON"
        self.safe_boot = False
        self.runs_programs = True  #: boot.py and main.py were run, and their threads live
        self._tell_flow()
        modem.transmit = self._modem_sends
        modem.on_cts = self.to_modem.flow
        modem.on_cts(modem.cts)
        self.begin(lambda: self.boot("PWRON"))

    # -- what runs on it --------------------------------------------------------------------------------------

    @abstractmethod
    def boot(self, reason: str) -> None:
        """What the board does from a hard reset on; ``reason`` is one of ``RESET_LINES``."""

    @abstractmethod
    def interrupt(self) -> None:
        """Ctrl-C came in while code runs."""

    def _tick(self) -> None:
        """A thread of the user's prints."""
        if not self.file_faults.tick_ms:
            return
        if self.powered and self.mode == "run" and self.dupterm and self.runs_programs:
            self.transmit(encoded(self.file_faults.tick.replace("\n", "\r\n")), self.uart0.baud)
        self.world.at(self.file_faults.tick_ms, self._tick)

    # -- the wires --------------------------------------------------------------------------------------------

    def receive(self, data: bytes, baud: int) -> None:
        """Bytes from the PC arrive at the module's RX, sent at ``baud``."""
        if not self.powered or self.mode in ("boot", "dead"):
            return
        heard = self.uart0.hear(data, baud)
        if self.mode == "mirror":
            self._mirror_out(heard)
            return
        if self.dupterm:
            heard = self._without_control(heard)
        if self._at_prompt:
            self.uart0.rx += heard
        else:
            self.uart0.store(heard)

    @property
    def network_up(self) -> bool:
        """Whether Wi-Fi and the servers' task run: from boot.py on, not in mirror mode (board-and-repl.md 3.4, 5.4)."""
        return self.powered and self.mode in ("run", "hung") and bool(self.settings["wifi_on_boot"])

    def receive_telnet(self, data: bytes) -> None:
        """Bytes of a logged-in telnet client; while code runs they wait, and none is lost."""
        if not self.network_up:
            return
        kept = self._without_control(data)
        if self._executing:
            self._telnet_rx += kept
        else:
            self.uart0.rx += kept

    def set_rts(self, asserted: bool) -> None:
        """The PC asserts RTS or not; False too while no program has the port open."""
        self.carrier.rts_asserted = asserted

    @property
    def cts(self) -> bool:
        """CTS as the PC sees it."""
        return self.powered and self.pins.cts_asserted

    def _without_control(self, data: bytes) -> bytes:
        """Serve Ctrl-F, and Ctrl-C while code runs, as the UART's interrupt does; what is left is data."""
        if {self.reset_char, self.interrupt_char}.isdisjoint(data):
            return bytes(data)
        kept = bytearray()
        for byte in data:
            if byte == self.reset_char and self.era.has_ctrl_f:
                self._restart("HARD", safe=True)
                return b""
            if byte == self.interrupt_char and self._executing:
                self.interrupt()
            else:
                kept.append(byte)
        return bytes(kept)

    def _modem_sends(self, data: bytes, baud: int) -> None:
        if not self.powered or not self.pins.hears_modem or self.mode == "dead":
            return
        heard = self.uart1.hear(data, baud)
        if self.mode == "mirror":
            self.transmit(heard, MIRROR_BAUD)
        elif self.uart1_on_modem:
            self.uart1.store(heard)

    def _tell_flow(self) -> None:
        self.modem.set_flow(self.pins.modem_may_send)

    def _mirror_out(self, data: bytes) -> None:
        if self.pins.reaches_modem:
            room = max(0, MIRROR_BUFFER_BYTES - self.to_modem.pending)
            self.to_modem.send(data[:room], MIRROR_BAUD)

    # -- hands ------------------------------------------------------------------------------------------------

    def power_off(self) -> None:
        """USB and battery away: the board keeps only its flash. The modem's supply is the caller's business."""
        if not self.powered:
            return
        self.powered = False
        self.on_restart()
        self._stop_wdt()
        self.process.kill()
        self.uart0.rx.clear()
        self.to_modem.clear()
        self.pins.reset()

    def power_on(self) -> None:
        """Supply back: the board boots."""
        if self.powered:
            return
        self.powered = True
        self._restart("PWRON", safe=False)

    def press_reset(self) -> None:
        """The reset button. The modem does not notice."""
        if self.powered:
            self._restart("PWRON", safe=False)

    def settle(self, limit_ms: float = 60_000) -> bool:
        """Let time pass until the board waits at a prompt, mirrors, hangs, or ``limit_ms`` are over (False)."""
        return self.world.run_until(lambda: self._at_prompt or self.mode in ("mirror", "dead", "hung"), limit_ms)

    @property
    def running_code(self) -> bool:
        """True while a program runs and the board is not at a prompt."""
        return self.mode == "run" and self._executing

    # -- resets -----------------------------------------------------------------------------------------------

    def forget_life(self) -> None:
        """End whatever runs and forget all that is in RAM."""
        self._stop_wdt()
        self.process.kill()
        self.reset_ram()

    def reset_from_code(self, cause: str) -> NoReturn:
        """Reset while the interpreter runs; what called it never goes on."""
        self.world.at(0, lambda: self._restart(cause, safe=False))
        while True:
            self.process.wait_until(None)

    def panic(self) -> NoReturn:
        """The firmware crashes: register dump, then a reset."""
        self.write_console(PANIC)
        self.reset_from_code("PANIC")

    def feed_wdt(self, timeout_ms: float) -> None:
        """Start the watchdog, or start its time again. Only a reset stops it."""
        self._stop_wdt()
        self._wdt_ms = timeout_ms
        self._wdt = self.world.at(timeout_ms, lambda: self._restart("WDT", safe=False))

    @property
    def wdt_ms(self) -> float | None:
        """The watchdog's time; None: it does not run."""
        return self._wdt_ms if self._wdt is not None else None

    def _stop_wdt(self) -> None:
        if self._wdt is not None:
            self._wdt.cancel()
        self._wdt = None

    def _restart(self, reason: str, *, safe: bool) -> None:
        """Hard reset. Never called from inside the board's own process."""
        if not self.powered:
            return
        self.on_restart()
        self.to_modem.clear()
        self.forget_life()
        self.pins.reset()
        self.safe_boot = safe
        self.reset_cause = "PWRON" if reason == "PWRON" else "WDT" if reason == "WDT" else "HARD"
        self.begin(lambda: self.boot(reason))

    def reset_ram(self) -> None:
        """Make what no hard reset leaves as it was what it is at boot."""
        self.mode = "boot"
        """``boot``, ``run``, ``mirror``, ``hung`` (in a C call) or ``dead`` (every task suspended)."""
        self.raw_mode = False
        self.dupterm = True
        self.heartbeat = bool(self.settings["heartbeat_on_boot"])
        self.interrupt_char, self.reset_char = 3, 6
        self.lte = LteTask()
        self.uart1_on_modem = False
        self.uart0.setup(REPL_BAUD)
        self.uart0.stalled = False
        self._telnet_rx = bytearray()
        self.uart1.setup(APPLICATION_BAUD)
        self._at_prompt = False
        self._executing = False
        self._wdt_ms = 0.0

    def begin(self, life: Callable[[], None]) -> None:
        """Let this be what the interpreter's thread of control does."""
        self.process = Process(self.world, lambda _process: life(), f"{self.kind} board")

    # -- for the interpreter ----------------------------------------------------------------------------------

    def run_code(self, work: Callable[[], BaseException | None]) -> BaseException | None:
        """Run board code: meanwhile Ctrl-C interrupts, and input only fills the receive buffer."""
        self._executing = True
        waiting = bytes(self.uart0.rx)
        self.uart0.rx.clear()
        self.uart0.store(self._without_control(waiting) if self.dupterm else waiting)
        try:
            return work()
        finally:
            self._executing = False
            self.uart0.rx += self._telnet_rx
            self._telnet_rx.clear()

    def console_input(self) -> bytearray:
        """Wait for input at a prompt and return the buffer to take it from."""
        rx = self.uart0.rx
        if not rx or not self.dupterm:
            self._at_prompt = True
            try:
                self.process.wait_until(lambda: bool(rx) and self.dupterm)
            finally:
                self._at_prompt = False
        return rx

    def write_console(self, text: str) -> None:
        """Show text, LF as CR LF; to a telnet client only while dupterm is off."""
        data = encoded(text.replace("\n", "\r\n"))
        if self.dupterm:
            self.write_raw(data)
        else:
            self.on_console(data)

    def write_raw(self, data: bytes) -> None:
        """Send the interpreter's output to the PC, and to a telnet client; returns as ``write_uart0``."""
        if data:
            self.on_console(data)
            self.write_uart0(data)

    def write_uart0(self, data: bytes) -> None:
        """Send bytes over the cable; returns when all but a FIFO full has left."""
        if not data:
            return
        self.transmit(data, self.uart0.baud)
        now = self.world.now_ms
        self._tx_free_at_ms = max(self._tx_free_at_ms, now) + self.uart0.chars_ms(len(data))
        ahead = self._tx_free_at_ms - now - self.uart0.chars_ms(FIFO_BYTES)
        if ahead > 0:
            self.wait_holding(ahead, None)

    def greet(self) -> None:
        """The friendly REPL's banner."""
        self.write_console(self.era.banner(self.kind) + "\n")
        if self.pybytes:
            self.write_console(f"Pybytes Version: {PYBYTES}\n")
        self.write_console(HELP_LINE)

    @property
    def ignores_ctrl_d(self) -> bool:
        """Ctrl-D does nothing at the friendly prompt of the Pybytes variant from 1.20.2.r0 on."""
        return self.pybytes and self.era.since("1.20.2.r0")

    def wait_holding(self, ms: float, until: Callable[[], object] | None) -> bool:
        """Time passes inside a C call: Ctrl-C has to wait."""
        return self.process.wait_until(until, ms)

    def hang(self) -> NoReturn:
        """A C call that never returns and holds the interpreter's lock."""
        self.mode = "hung"
        while True:
            self.process.wait_until(None)

    def stall_uart0(self, ms: float) -> None:
        """The flash is being written: for so long nobody empties UART0's FIFO (board-and-repl.md 3.6)."""
        self.uart0.stall()
        self.wait_holding(ms, None)
        self.uart0.stalled = False

    # -- UARTs, pins, mirror ----------------------------------------------------------------------------------

    def setup_uart(self, number: int, baud: int, pins: tuple[str | None, ...] | None) -> None:
        """`UART(number, baud, pins)`: the modem is reached only if its own pins are named."""
        if number == 0:
            self.uart0.setup(baud)
            return
        self.to_modem.clear()  # what the FIFO still held is lost
        self.uart1.setup(baud)
        self.uart1_on_modem = pins is not None and pins[:2] == self.pins.modem[:2]
        if self.uart1_on_modem:
            flow = pins is not None and pins[2:4] == self.pins.modem[2:]
            self.uart1.capacity = None if flow else self.era.rx_buffer_bytes
            self.pins.attach_modem()
            self.pins.set_rts(flow)

    def take_modem_uart(self, baud: int) -> None:
        """The firmware's own driver takes the modem's UART, with flow control."""
        self.setup_uart(1, baud, self.pins.modem)

    def release_uart1(self) -> None:
        """Flow control off: RTS goes back to deasserted."""
        if self.uart1_on_modem:
            self.pins.set_rts(False)
        self.uart1_on_modem = False

    def configure_pin(self, name: str, state: PinState) -> None:
        """`Pin(name, …)`. A low pulse on the modem's RX is a break to it."""
        was_low = self.pins.driven(name) is False
        self.pins.configure(name, state)
        if name == self.pins.modem.tx and was_low and self.pins.level(name):
            self.to_modem.send(self.pins.break_bytes, APPLICATION_BAUD)

    @property
    def lte_task_runs(self) -> bool:
        """Eras E and F: the LTE task exists, because it was started on boot or `LTE()` was tried."""
        return self.lte.tried or bool(self.settings["lte_modem_en_on_boot"])

    def enter_mirror(self, *, dead: bool) -> NoReturn:
        """`modem_upgrade_mode`: the bridge, or with ``dead`` the trap in which everything is suspended."""
        self.mode = "dead" if dead else "mirror"
        self.dupterm = False
        self.take_modem_uart(MIRROR_BAUD)
        self.uart0.setup(MIRROR_BAUD)
        while True:
            self.process.wait_until(None)
