"""The simulated modem: what it says and takes on top of its core, and the ways between its modes.

Written from modem-protocol.md and apart from the updater core, so that the two can disagree.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from doctor.sim.modem.at import AtDialogue
from doctor.sim.modem.core import ANSWERING, APPLICATION_BAUD, ModemCore
from doctor.sim.modem.flash import SELECT_FFF, SELECT_FFH, SELECT_RECOVERY, fresh_flash
from doctor.sim.modem.images import WRITTEN_MAGICS, Judged, judge
from doctor.sim.modem.ppp import DataMode
from doctor.sim.modem.stp import ERASE_PERCENT, ON_THE_FLY, RAM, STORE, StpSlave
from doctor.sim.modem.upgrade import ONGOING, Upgrade
from doctor.sim.world import World

MODES = ("ffh", "ram-updater", "application", "deploying", "recovery", "stp-open", "data", "silent")
"""Words of docs/design for what a modem does."""

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


class Modem(ModemCore):
    """A Sequans modem at the end of its UART.

    family      "SQN3330" (Pycom) or "MONARCH2" (GM02S)
    build       of the application firmware; None: the family's usual one (38638, 59577)
    radio       "CATM1" or "NB1"; None: as the build is known for
    mode        one of MODES
    loaders     the three boot loaders, such as ``33080,38638,38638*``; None: those that the build usually has
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
        super().__init__(world, family, fresh_flash(family, build, radio, loaders))
        self.received: list[Received] = []
        self.stp: StpSlave | None = None
        """The stay in STP mode, if it is in one."""
        self.ppp: DataMode | None = None
        self._upgrade: Upgrade | None = None
        self.listen()
        self._found_in(mode)

    @property
    def mode(self) -> str:
        """What the modem is doing, one of MODES; silent also while it boots, hangs or has no power."""
        if self.stp is not None:
            return "stp-open"
        if self.ppp is not None:
            return "data"
        if self.upgrade is not None:
            return "deploying"
        return self.system if self.system in ANSWERING else "silent"

    @property
    def upgrade(self) -> Upgrade | None:
        """The upgrade that is under way."""
        return None if self._upgrade is None or self._upgrade.is_settled else self._upgrade

    @property
    def is_deaf(self) -> bool:
        """True while nothing that is sent to it is answered."""
        stuck = self.is_stuck or (self.stp is not None and self.stp.is_busy)
        return stuck or self.holds_cts or self.system not in ANSWERING

    def hear(self, data: bytes) -> None:
        """As ``ModemCore``."""
        (self.stp or self.ppp or self._at).feed(data)

    def listen(self) -> None:
        """As ``ModemCore``."""
        self._at = AtDialogue(self, self.open_stp, self.deploy_stored, mini=self.system == "ffh")

    def power_off(self) -> None:
        """As ``ModemCore``: an upgrade that is under way is cut."""
        if self.upgrade is not None:
            self.upgrade.cut()
        super().power_off()

    def _end_life(self, system: str) -> None:
        self.stp = self.ppp = None
        if self.upgrade is not None and self.upgrade.phase == ONGOING:
            self.upgrade.settle()
        self._upgrade = None
        super()._end_life(system)

    # -- the ways between its modes ---------------------------------------------------------------------------

    def open_stp(self, method: str) -> StpSlave:
        """Enter STP mode for STORE, ON_THE_FLY or RAM."""
        self.stp = StpSlave(self, method, self._stp_progress, self._stp_left)
        return self.stp

    def _stp_progress(self, slave: StpSlave) -> None:
        """A block was taken; once erasing has begun the old application is gone."""
        percent = slave.percent
        flashing = slave.method == ON_THE_FLY and self.system != "application"
        writes = bytes(slave.data[:4]) in WRITTEN_MAGICS
        if flashing and percent is not None and percent >= ERASE_PERCENT and writes:
            self.flash.whole = False

    def _stp_left(self, slave: StpSlave, rest: bytes) -> None:
        """STP mode is over; ``rest`` is what came behind it for the AT dialogue."""
        self.stp = None
        self.listen()
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
            self.start_upgrade(
                Upgrade(self, image, len(data), stored=False, home=self.system, whole=slave.whole_before)
            )

    def deploy_stored(self) -> None:
        """AT+SMUPGRADE: restart into the updater, which installs what the store method kept."""
        image, size_bytes = self.flash.stored, self.flash.stored_bytes
        self.flash.stored = None
        if image is not None:
            upgrade = Upgrade(self, image, size_bytes, stored=True, home="application")
            self.reboot_soon(lambda: self.start_upgrade(upgrade))

    def start_upgrade(self, upgrade: Upgrade) -> None:
        """Fall silent over an upgrade."""
        self._upgrade = upgrade
        upgrade.start()

    def enter_data_mode(self) -> None:
        """PPP begins."""
        self.ppp = DataMode(self, self._leave_data_mode)

    def _leave_data_mode(self) -> None:
        self.ppp = None
        self.listen()
        self.send(b"\r\nOK\r\n")

    def _start_elf(self, image: Judged) -> None:
        if image.kind != "elf" or image.problem:
            return
        self.system = "working"
        baud = self.baud
        self.later(self.switches.elf_start_ms, lambda: self.come_up("ram-updater", baud))

    def _found_in(self, mode: str) -> None:
        """Be in a mode without having got there; the scenarios of the bench start so."""
        if mode == "silent":
            self.is_dead = True
            self.system = "dead"
            return
        system = {"stp-open": "recovery", "data": "application"}.get(mode, mode)
        self.flash.selector = _FOUND_SELECTOR.get(system, SELECT_FFF)
        if mode == "deploying":
            self.start_upgrade(Upgrade(self, None, 0, stored=False, home="application"))
            return
        self.come_up(system, APPLICATION_BAUD[self.family] if mode == "ram-updater" else None)
        if mode == "data":
            self.enter_data_mode()
        if mode == "stp-open":
            self.flash.whole = False
            self.open_stp(ON_THE_FLY).break_off(_BROKEN_TAKEN_BYTES, _BROKEN_TOTAL_BYTES)
