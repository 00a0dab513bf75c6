"""What the dialogues of the simulated modem stand on: power, boot, UART, flash (modem-protocol.md 1 and 3)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

from doctor.sim.modem.faults import Faults
from doctor.sim.modem.flash import SELECT_FFF, SELECT_FFH, SELECT_RECOVERY, SELECT_UPDATER, Flash, install
from doctor.sim.modem.line import Line
from doctor.sim.modem.switches import Switches
from doctor.sim.world import Event, Wire, World, heard

FFH_BAUD = 115200
"""The boot ROM always starts at this speed (modem-protocol.md 1)."""
APPLICATION_BAUD = {"SQN3330": 921600, "MONARCH2": 115200}
ANSWERING = ("ffh", "ram-updater", "application", "deploying", "recovery")

_SMOD = {"ffh": 0, "application": 2, "deploying": 3, "recovery": 4}
_REBOOT_MS = 150  # from the last byte of the answer to the reboot
_BLIP_MS = 2_000  # power that fails for a moment
_SPEED_CHANGE_MS = 5  # from the last byte of the OK to AT+IPR


class ModemCore(ABC):
    """A modem as its dialogues see it; what they are is the business of ``Modem``.

    Who sends paces: ``receive`` is called when bytes have arrived (put a ``Wire`` in front of it); ``transmit``
    is called with (bytes, baud) when the modem's own bytes have arrived at the other end.
    """

    def __init__(self, world: World, family: str, flash: Flash) -> None:
        self.world = world
        self.family = family
        self.flash = flash
        self.imei: str = "354346099225475"
        self.switches = Switches()
        self.faults = Faults()
        self.misuse: list[str] = []
        """What a host did that it must not do, in words; for tests."""
        self.extra_answers: dict[str, list[str]] = {}
        """Further commands of the application and the lines they answer."""
        self.transmit: Callable[[bytes, int], None] = lambda data, baud: None
        self.on_cts: Callable[[bool], None] = lambda ready: None
        self.cfun = 1
        self.echo_off = False
        """ATE0 was given since the last boot."""
        self.system = "off"
        """What runs: off, booting, working (deaf), hung, dead, or one of ffh, ram-updater, application, deploying,
        recovery."""
        self.life = 0
        """Counts its restarts and losses of power: another number, and all that went on before is forgotten."""
        self.baud = APPLICATION_BAUD[family]
        """Speed of its UART now."""
        self._wire = Wire(world, lambda data, baud: self.transmit(data, baud))
        self._rx = Line(world, lambda: self.faults.armed("rx"), self._hear, self.suffer)
        self._tx = Line(world, lambda: self.faults.armed("tx"), self._wire.send, self.suffer)
        self.holds_cts = False
        """It lets nobody send, and hears nothing of what is sent all the same."""
        self.is_stuck = False
        """Its AT dialogue hangs over a command, until it restarts."""
        self.is_dead = False

    @abstractmethod
    def hear(self, data: bytes) -> None:
        """Bytes come to the dialogue that goes on, as its UART hears them."""

    @abstractmethod
    def listen(self) -> None:
        """Begin to listen for AT."""

    # -- what one may know ------------------------------------------------------------------------------------

    @property
    def build(self) -> int:
        """Build of the application firmware in its flash."""
        return self.flash.software.build

    @property
    def smod(self) -> int:
        """What AT+SMOD? tells."""
        return _SMOD.get(self.system, self.switches.smod_of_ram_updater)

    @property
    def upgrade_report(self) -> str:
        """What AT+SMUPGRADE? tells."""
        if not self.flash.report:
            return f"+SMUPGRADE: No report: {self.switches.no_report_number}"
        return f"+SMUPGRADE: {self.flash.report}"

    @property
    def powered(self) -> bool:
        """True while it has supply."""
        return self.system != "off"

    @property
    def cts(self) -> bool:
        """True while it lets the host send (its RTS output); changes are told to ``on_cts``."""
        return self.system not in ("off", "hung", "dead") and not self.holds_cts

    # -- the wire ---------------------------------------------------------------------------------------------

    def receive(self, data: bytes, baud: int) -> None:
        """Bytes arrive on the RX line, sent at ``baud``."""
        if self.system in ANSWERING and not self.holds_cts and not self.is_stuck:
            self._rx.pass_on(data, baud)

    def _hear(self, data: bytes, baud: int) -> None:
        if self.system in ANSWERING:
            self.hear(heard(data, baud, self.baud))

    def set_flow(self, rts_asserted: bool) -> None:
        """The host's RTS: while it is deasserted the modem may not send, and keeps its bytes."""
        self._wire.flow(rts_asserted)

    def send(self, data: bytes) -> None:
        """The modem says something, at its own speed."""
        if data:
            self._tx.pass_on(data, self.baud)

    def send_urc(self, text: str) -> None:
        """An unsolicited line, such as ``+CEREG: 2``."""
        self.send(f"\r\n{text}\r\n".encode("latin-1"))

    def later(self, delay_ms: float, fn: Callable[[], object]) -> Event:
        """Call ``fn`` after a while, unless the modem reboots or loses power before."""
        life = self.life
        return self.world.at(delay_ms, lambda: fn() if life == self.life else None)

    # -- power ------------------------------------------------------------------------------------------------

    def power_off(self) -> None:
        """Supply gone: everything but flash is lost, and a half-written flash stays half written."""
        if self.system == "off":
            return
        self.faults.power_removed()
        self._end_life("off")
        self._wire.clear()

    def power_on(self) -> None:
        """Supply back: boots as the boot selector says."""
        if self.system != "off":
            return
        if self.is_dead:
            self.system = "dead"
        else:
            self.reboot()

    def blip(self) -> None:
        """Supply gone, and back after a moment."""
        self.power_off()
        self.world.at(_BLIP_MS, self.power_on)

    def hold_cts(self, ms: int | None) -> None:
        """Let nobody send for a while; None: until power is removed."""
        self.holds_cts = True
        self.on_cts(self.cts)
        if ms is not None:
            self.later(ms, self._release_cts)

    def _release_cts(self) -> None:
        self.holds_cts = False
        self.on_cts(self.cts)

    def reboot(self) -> None:
        """Restart as the boot selector says."""
        self._end_life("booting")
        if self.flash.late is not None:
            install(self.flash, self.flash.late, 0, stored=True, in_application=False)
            self.flash.late = None
        system = self.boots_to()
        duration = {
            "ffh": self.switches.boot_ffh_ms,
            "recovery": self.switches.boot_recovery_ms,
        }.get(system, self.switches.boot_application_ms)
        self.baud = self._baud_of(system)
        self.send(bytes(self.switches.boot_nuls))
        self.later(duration, lambda: self._booted(system))

    def hang(self) -> None:
        """Deaf and dumb until power is removed."""
        self._end_life("hung")
        self._wire.clear()

    def die(self) -> None:
        """Silent forever; a power cycle does not help."""
        self.is_dead = True
        self._end_life("dead")
        self._wire.clear()

    def suffer(self, kind: str) -> bool:
        """Carry out a fault that ends all that goes on; False if ``kind`` is another."""
        ends = {"reboot": self.reboot, "blip": self.blip, "cut": self.power_off, "hang": self.hang, "die": self.die}
        if kind in ends:
            ends[kind]()
        return kind in ends

    def reboot_soon(self, reboot: Callable[[], None] | None = None) -> None:
        """Restart once the answer is out, or have ``reboot`` do it."""
        self._after_sending(_REBOOT_MS, reboot or self.reboot)

    def shut_down(self) -> None:
        """AT^RESET: say +SHUTDOWN, then restart."""
        self.later(self.switches.shutdown_ms, self._say_shutdown)

    def change_speed(self, baud: int) -> None:
        """AT+IPR: the OK still goes out at the old speed."""

        def change() -> None:
            self.baud = baud

        self._after_sending(_SPEED_CHANGE_MS, change)

    # -- boot -------------------------------------------------------------------------------------------------

    def boots_to(self) -> str:
        """What the next boot starts: ffh, recovery or application."""
        selector = self.flash.selector
        if selector == SELECT_FFH:
            return "ffh"
        if selector == SELECT_RECOVERY:
            return "recovery"
        if selector == SELECT_UPDATER:  # nothing to do there: it falls through to the application
            self.flash.selector = SELECT_FFF
        return "application" if self.flash.whole else self.switches.unbootable

    def _booted(self, system: str) -> None:
        self.come_up(system)
        if system == "application" and self.switches.sysstart:
            self.send_urc("+SYSSTART")
        if system == "ffh" and self.switches.sysffh:
            self.send(b"+SYSFFH\r\n")

    def come_up(self, system: str, baud: int | None = None) -> None:
        """Run this system and listen for AT, at its own speed unless another is given."""
        self.system = system
        self.echo_off = False
        self.baud = self._baud_of(system) if baud is None else baud
        self.listen()

    def _baud_of(self, system: str) -> int:
        if system == "ffh":
            return FFH_BAUD
        if system == "recovery" and self.switches.recovery_baud is not None:
            return self.switches.recovery_baud
        return APPLICATION_BAUD[self.family]

    def _end_life(self, system: str) -> None:
        """Forget all that was going on."""
        self.life += 1
        self.system = system
        self.cfun = 1
        self.holds_cts = self.is_stuck = False
        self.on_cts(self.cts)

    def _after_sending(self, delay_ms: float, fn: Callable[[], None]) -> None:
        """Call ``fn`` when all that was said is out; flow control may hold it back for long."""
        if self._wire.pending and self._wire.open:
            self.later(1, lambda: self._after_sending(delay_ms, fn))
        else:
            self.later(delay_ms, fn)

    def _say_shutdown(self) -> None:
        self.send_urc("+SHUTDOWN")
        self.reboot_soon()
