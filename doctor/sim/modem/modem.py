"""The simulated modem: power, boot, UART and the ways between its modes (modem-protocol.md 1 and 3).

Written from the reference and apart from the updater core, so that the two can disagree.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

from doctor.sim.modem.at import AtDialogue
from doctor.sim.modem.faults import Faults
from doctor.sim.modem.flash import SELECT_FFF, SELECT_FFH, SELECT_RECOVERY, SELECT_UPDATER, Flash, fresh_flash, install
from doctor.sim.modem.images import WRITTEN_MAGICS, Judged, judge
from doctor.sim.modem.line import Line
from doctor.sim.modem.ppp import DataMode
from doctor.sim.modem.stp import ERASE_PERCENT, ON_THE_FLY, RAM, STORE, StpSlave
from doctor.sim.modem.switches import Switches
from doctor.sim.modem.upgrade import ONGOING, Upgrade
from doctor.sim.world import Event, Wire, World, heard

FFH_BAUD = 115200
"""The boot ROM always starts at this speed (modem-protocol.md 1)."""
APPLICATION_BAUD = {"SQN3330": 921600, "MONARCH2": 115200}

MODES = ("ffh", "ram-updater", "application", "deploying", "recovery", "stp-open", "data", "silent")
"""Words of docs/design for what a modem does."""

_SMOD = {"ffh": 0, "application": 2, "deploying": 3, "recovery": 4}
_ANSWERING = ("ffh", "ram-updater", "application", "deploying", "recovery")
_REBOOT_MS = 150  # from the last byte of the answer to the reboot
_BLIP_MS = 2_000  # power that fails for a moment
_SPEED_CHANGE_MS = 5  # from the last byte of the OK to AT+IPR
_FOUND_SELECTOR = {"ffh": SELECT_FFH, "ram-updater": SELECT_FFH, "recovery": SELECT_RECOVERY}
_BROKEN_TAKEN_BYTES = 3_000_000
_BROKEN_TOTAL_BYTES = 6_160_982
"""What a dead master had sent of a 41065 image if the modem is found in stp-open."""


@dataclass(frozen=True)
class Received:
    """One image that came in over STP, up to the RESET that closed the session.

    kind    ``application``, ``diff``, ``practice``, ``bootrom``, ``elf`` or ``unknown``
    method  ``store``, ``on-the-fly`` or ``ram``
    problem why it cannot be used; empty if it can
    data    its bytes, if ``switches.keep_bytes`` is set
    """

    kind: str
    method: str
    size_bytes: int
    sha256: str
    build: int = 0
    problem: str = ""
    data: bytes | None = None

    @property
    def whole(self) -> bool:
        """True when nothing is missing and every checksum is right."""
        return not self.problem


class Modem:
    """A Sequans modem at the end of its UART.

    family      "SQN3330" (Pycom) or "MONARCH2" (GM02S)
    build       of the application firmware; None: the family's usual one (38638, 59577)
    radio       "CATM1" or "NB1"; None: as the build is known for
    mode        one of MODES
    loaders     the three boot loaders, such as ``33080,38638,38638*``; None: those that the build usually has

    Who sends paces: ``receive`` is called when bytes have arrived (put a ``Wire`` in front of it); ``transmit``
    is called with (bytes, baud) when the modem's own bytes have arrived at the other end.
    """

    def __init__(
        self,
        world: World,
        family: str = "SQN3330",
        *,
        build: int | None = None,
        radio: str | None = None,
        mode: str = "application",
        loaders: str | None = None,
    ) -> None:
        if mode not in MODES:
            raise ValueError(f"no such mode of a modem: {mode} (known: {', '.join(MODES)})")
        self.world = world
        self.family: str = family
        self.imei: str = "354346099225475"
        self.flash: Flash = fresh_flash(family, build, radio, loaders)
        self.switches = Switches()
        self.faults = Faults()
        self.received: list[Received] = []
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
        self._rx = Line(self, "rx", self._hear)
        self._tx = Line(self, "tx", self._wire.send)
        self.holds_cts = False
        """It lets nobody send, and hears nothing of what is sent all the same."""
        self.is_stuck = False
        """Its AT dialogue hangs over a command, until it restarts."""
        self._at = AtDialogue(self, mini=False)
        self.stp: StpSlave | None = None
        """The stay in STP mode, if it is in one."""
        self.ppp: DataMode | None = None
        self.upgrade: Upgrade | None = None
        self.is_dead = False
        self._found_in(mode)

    # -- what one may know ------------------------------------------------------------------------------------

    @property
    def mode(self) -> str:
        """What the modem is doing, one of MODES; silent also while it boots, hangs or has no power."""
        if self.stp is not None:
            return "stp-open"
        if self.ppp is not None:
            return "data"
        if self.upgrade is not None:
            return "deploying"
        return self.system if self.system in _ANSWERING else "silent"

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

    @property
    def is_deaf(self) -> bool:
        """True while nothing that is sent to it is answered."""
        stuck = self.is_stuck or (self.stp is not None and self.stp.is_busy)
        return stuck or self.holds_cts or self.system not in _ANSWERING

    # -- the wire ---------------------------------------------------------------------------------------------

    def receive(self, data: bytes, baud: int) -> None:
        """Bytes arrive on the RX line, sent at ``baud``."""
        if self.system in _ANSWERING and not self.holds_cts and not self.is_stuck:
            self._rx.pass_on(data, baud)

    def _hear(self, data: bytes, baud: int) -> None:
        if self.system not in _ANSWERING:
            return
        data = heard(data, baud, self.baud)
        if self.stp is not None:
            self.stp.feed(data)
        elif self.ppp is not None:
            self.ppp.feed(data)
        else:
            self._at.feed(data)

    def set_flow(self, rts_asserted: bool) -> None:
        """The host's RTS: while it is deasserted the modem may not send, and keeps its bytes."""
        if rts_asserted:
            self._wire.release()
        else:
            self._wire.hold()

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
        if self.upgrade is not None:
            self.upgrade.cut()
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

    # -- what the dialogues ask for ---------------------------------------------------------------------------

    def reboot_soon(self) -> None:
        """Restart once the answer is out."""
        self._after_sending(_REBOOT_MS, self.reboot)

    def shut_down(self) -> None:
        """AT^RESET: say +SHUTDOWN, then restart."""
        self.later(self.switches.shutdown_ms, self._say_shutdown)

    def change_speed(self, baud: int) -> None:
        """AT+IPR: the OK still goes out at the old speed."""

        def change() -> None:
            self.baud = baud

        self._after_sending(_SPEED_CHANGE_MS, change)

    def open_stp(self, method: str) -> None:
        """Enter STP mode for STORE, ON_THE_FLY or RAM."""
        self.stp = StpSlave(self, method)

    def stp_progress(self, slave: StpSlave) -> None:
        """A block was taken; once erasing has begun the old application is gone."""
        percent = slave.percent
        flashing = slave.method == ON_THE_FLY and self.system != "application"
        writes = bytes(slave.data[:4]) in WRITTEN_MAGICS
        if flashing and percent is not None and percent >= ERASE_PERCENT and writes:
            self.flash.whole = False

    def stp_left(self, slave: StpSlave, rest: bytes) -> None:
        """STP mode is over; ``rest`` is what came behind it for the AT dialogue."""
        self.stp = None
        self._at = self._new_dialogue()
        if rest:
            self._at.feed(rest)
        if not slave.taken:
            return
        data = bytes(slave.data)
        if len(data) < slave.taken:  # the rest was sent to a session that an earlier run has left behind
            self.flash.report = self.switches.failure_word
            return
        image = judge(data)
        kept = data if self.switches.keep_bytes else None
        self.received.append(
            Received(image.kind, slave.method, len(data), sha256(data).hexdigest(), image.build, image.problem, kept)
        )
        if slave.method == RAM:
            self._start_elf(image)
        elif slave.method == STORE:
            self.flash.stored, self.flash.stored_bytes = image, len(data)
        elif slave.total is None or slave.taken < slave.total:  # nothing to finish: it says so at once
            self.flash.report = self.switches.failure_word
        else:
            Upgrade(self, image, len(data), stored=False, home=self.system, whole=slave.whole_before).start()

    def deploy_stored(self) -> None:
        """AT+SMUPGRADE: restart into the updater, which installs what the store method kept."""
        image, size_bytes = self.flash.stored, self.flash.stored_bytes
        self.flash.stored = None
        if image is not None:
            upgrade = Upgrade(self, image, size_bytes, stored=True, home="application")
            self._after_sending(_REBOOT_MS, upgrade.start)

    def leave_data_mode(self) -> None:
        """The escape sequence was heard."""
        self.ppp = None
        self._at = self._new_dialogue()
        self.send(b"\r\nOK\r\n")

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
        self._at = self._new_dialogue()

    def _baud_of(self, system: str) -> int:
        if system == "ffh":
            return FFH_BAUD
        if system == "recovery" and self.switches.recovery_baud is not None:
            return self.switches.recovery_baud
        return APPLICATION_BAUD[self.family]

    def _new_dialogue(self) -> AtDialogue:
        return AtDialogue(self, mini=self.system == "ffh")

    def _end_life(self, system: str) -> None:
        """Forget all that was going on."""
        self.life += 1
        self.system = system
        self.stp = None
        self.ppp = None
        if self.upgrade is not None and self.upgrade.phase == ONGOING:
            self.upgrade.settle()
        self.upgrade = None
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

    def _start_elf(self, image: Judged) -> None:
        if image.kind != "elf" or image.problem:
            return
        self.system = "working"
        baud = self.baud
        self.later(self.switches.elf_start_ms, lambda: self.come_up("ram-updater", baud))

    # -- as found ---------------------------------------------------------------------------------------------

    def _found_in(self, mode: str) -> None:
        """Be in a mode without having got there; the scenarios of the bench start so."""
        if mode == "silent":
            self.is_dead = True
            self.system = "dead"
            return
        system = {"stp-open": "recovery", "data": "application"}.get(mode, mode)
        self.flash.selector = _FOUND_SELECTOR.get(system, SELECT_FFF)
        if mode == "deploying":
            Upgrade(self, None, 0, stored=False, home="application").start()
            return
        self.come_up(system, APPLICATION_BAUD[self.family] if mode == "ram-updater" else None)
        if mode == "data":
            self.ppp = DataMode(self)
        if mode == "stp-open":
            self.flash.whole = False
            self.stp = StpSlave(self, ON_THE_FLY)
            self.stp.break_off(_BROKEN_TAKEN_BYTES, _BROKEN_TOTAL_BYTES)
