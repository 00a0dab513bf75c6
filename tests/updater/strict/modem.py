"""A modem at the other end of the core's port contract, written only from modem-protocol.md.

It speaks as much AT as modem-protocol.md 5.2 to 5.5 need and hands every byte of a transfer to the strict slave. Time
is virtual: it passes only in ``read``, ``sleep_ms`` and on the wire, so nothing here waits.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import Enum
from itertools import count
from typing import Final

from tests.updater.strict.rules import Ledger
from tests.updater.strict.slave import RESET, Stage, Stamp, StrictSlave, Terms, reply_frame

BITS_PER_BYTE: Final = 10  #: 8 data bits, start and stop (modem-protocol.md 1)
STORE_LIMIT_BYTES: Final = 4_194_304  #: 5.2
GUARD_BEFORE_MS, GUARD_AFTER_MS = 1000, 1150  #: around +++ (modem-protocol.md 2.2)
IPR_PAUSE_MS: Final = 100  #: 2.2
IDLE_CALLS: Final = 20_000  #: calls without time passing that prove a loop without end
GARBAGE: Final = b"\xfe\x00\xfd"  #: what another speed looks like (modem-protocol.md 2.1)
BOOT_PACKAGE: Final = b"bootrom upgrade package"  #: modem-protocol.md 6.5


class Mode(Enum):
    """SMOD (modem-protocol.md 3.1), and the states in which no AT is answered."""

    FFH = 0
    RAM = 1
    APPLICATION = 2
    UPDATER = 3
    RECOVERY = 4
    BOOTING = 10
    FLASHING = 11  # the silent phase after an ON_THE_FLY transfer (modem-protocol.md 8.7: 5 to 120 s)
    DATA = 12


SELECTOR_NAMES: Final = ("FFH", "FFF", "UPDATER", "RECOVERY")
SELECTORS: Final = (Mode.FFH, Mode.APPLICATION, Mode.UPDATER, Mode.RECOVERY)
MINI_COMMANDS: Final = ("AT", "AT+SMOD?", "AT+STP")


@dataclass(frozen=True)
class Version:
    """What ATI1 and showver say."""

    ue: str = "UE5.0.0.0d"
    release: str = "LR5.1.1.0-38638"
    bootloader0: int = 38638

    @property
    def build(self) -> str:
        """The number after the dash."""
        return self.release.rpartition("-")[2]


@dataclass
class Habits:
    """What the reference leaves open about a modem, or what a test wants to see survived."""

    monarch2: bool = False
    echo: bool = True  # until ATE0 (modem-protocol.md 2.1)
    first_error: bool = True  # the first AT after a pause (modem-protocol.md 2.1)
    smswboot_errors: int = 0  # then only SMSWBOOT=x,0 works (modem-protocol.md 2.2)
    boot_answer_lost: bool = False  # the answer to SMSWBOOT=x,1 (modem-protocol.md 2.2)
    ram_smod: int = 1  # 1 or 4 after updater.elf (9, point 1)
    boot_ms: int = 3000
    flash_ms: int = 45_000
    deploy_ms: int = 90_000
    ongoing: int = 2  # times that SMUPGRADE? says on-going
    noise_on_entry: bytes = b"\x00\r\n+CEREG: 2\r\n"  # between OK and RESET: discarded (modem-protocol.md 4)
    before_ok: bytes = b""  # in front of the OK to AT+SMSTPU (modem-protocol.md 4.8)
    old_report: str = "No report: 0"  # what SMUPGRADE? says of an earlier upgrade
    late_start: bool = False  # what was stored and deployed with success runs only after one more restart
    lost_oks: int = 0  # to AT+SMSTPU and AT+STP
    result: str = "success"


@dataclass
class Transfer:
    """One finished session."""

    mode: Mode
    store: bool
    image: bytes
    data_type: int | None


@dataclass(frozen=True)
class _Sent:
    """Bytes of the host on their way."""

    data: bytes
    baud: int
    stamp: Stamp


@dataclass
class _Arrived:
    """Bytes of the modem that the host has not read yet, and what follows once it has."""

    data: bytearray
    marks: list[tuple[int, Callable[[Stamp], None]]] = field(default_factory=list)


class StrictModem:
    """Port and clock in one: ``read write set_baud drain`` and ``ticks_ms sleep_ms``.

    ``becomes`` maps an image to the version that it turns this modem into; any other image is refused by the modem.
    """

    def __init__(
        self,
        mode: Mode = Mode.APPLICATION,
        *,
        becomes: dict[bytes, Version] | None = None,
        version: Version | None = None,
        habits: Habits | None = None,
        terms: Terms | None = None,
        ram_terms: Terms | None = None,
        radio_off: bool = False,
    ) -> None:
        self.habits = habits or Habits()
        self.terms = terms or Terms(version=2 if self.habits.monarch2 else 1)
        self.ram_terms = ram_terms or replace(self.terms, max_transfer=2048)
        self.becomes = becomes or {}
        self.version = version or Version()
        self.ledger = Ledger()
        self.mode = mode
        self.selector = SELECTORS.index(mode) if mode in SELECTORS else 1
        self.fast = 115_200 if self.habits.monarch2 else 921_600
        self.baud = 115_200 if mode is Mode.FFH else self.fast
        self.host_baud = self.fast
        self.transfers: list[Transfer] = []
        self.commands: list[str] = []
        self.restarts = 0
        self.forbid_restart = False  # between the files of the 48829 pair
        self.slave: StrictSlave | None = None
        self._store = False
        self._now_us = 0
        self._order = 0
        self._idle = 0
        self._events: list[tuple[int, int, Callable[[], None]]] = []
        self._ids = count()
        self._wire_free_us = 0
        self._reply_free_us = 0
        self._in = _Arrived(bytearray())
        self._line = bytearray()
        self._echo = self.habits.echo and mode is not Mode.FFH
        self._deaf_at_first = self.habits.first_error
        self._radio_off = radio_off or mode is not Mode.APPLICATION
        self._stored: bytes | None = None
        self._late: Version | None = None
        self._report = self.habits.old_report
        self._told_success = False
        self._ongoing_left = 0
        self._ffh_known = False
        self._quiet_until_ms: int | None = None
        self._last_byte_ms = -GUARD_BEFORE_MS
        self._left_data_ms: int | None = None
        self._errors_left = self.habits.smswboot_errors
        self._oks_to_lose = self.habits.lost_oks

    # ---- clock

    def ticks_ms(self) -> int:
        """Virtual milliseconds."""
        self._call()
        return self._now_us // 1000

    def sleep_ms(self, ms: int) -> None:
        """Let virtual time pass."""
        self._call()
        self._run(self._now_us + ms * 1000, until_bytes=False)

    # ---- port

    def read(self, max_bytes: int, wait_ms: int) -> bytes:
        """Bytes as soon as one is there; ``b""`` after ``wait_ms``."""
        self._call()
        if not self._in.data:
            self._run(self._now_us + max(0, wait_ms) * 1000, until_bytes=True)
        return self._take(max_bytes)

    def drain(self) -> bytes:
        """All that was received so far."""
        self._call()
        return self._take(len(self._in.data))

    def write(self, data: bytes) -> None:
        """Send; the bytes arrive as fast as the speed allows."""
        self._call()
        start = max(self._now_us, self._wire_free_us)
        end = start + len(data) * BITS_PER_BYTE * 1_000_000 // self.host_baud
        self._wire_free_us = end
        sent = _Sent(bytes(data), self.host_baud, Stamp(self._order, self._now_us // 1000))
        self._at(end, lambda: self._arrive(sent))

    def set_baud(self, baud: int) -> None:
        """Change the host's speed, once all that was written has left."""
        self._call()
        self._run(max(self._now_us, self._wire_free_us), until_bytes=False)
        self.host_baud = baud

    # ---- hands

    def leave_session_open(self, tid: int = 7, announced: int = 0, partial: bytes = b"") -> None:
        """As another master left it that died in the middle of a transfer."""
        self.slave = StrictSlave(self.ledger, self.terms, self._ms, self._reply)
        self.slave.adopt(tid, announced, partial)

    def enter_data_mode(self) -> None:
        """A PPP session is open: only +++ gets out of it."""
        self.mode = Mode.DATA

    def verdict(self) -> None:
        """Fail the test if any rule was broken, or a session is open."""
        if self.slave is not None:
            self.slave.finish()
        assert not self.ledger.violations, "\n".join(str(violation) for violation in self.ledger.violations[:12])

    # ---- time and wire

    def _ms(self) -> int:
        return self._now_us // 1000

    def _call(self) -> None:
        self._order += 1
        self._idle += 1
        assert self._idle < IDLE_CALLS, "the core runs in a circle while no time passes"

    def _at(self, when_us: int, act: Callable[[], None]) -> None:
        heapq.heappush(self._events, (when_us, next(self._ids), act))

    def _later(self, ms: int, act: Callable[[], None]) -> None:
        self._at(self._now_us + ms * 1000, act)

    def _run(self, end_us: int, *, until_bytes: bool) -> None:
        while self._events and self._events[0][0] <= end_us:
            when, _, act = heapq.heappop(self._events)
            self._pass_to(when)
            act()
            if until_bytes and self._in.data:
                return
        self._pass_to(end_us)

    def _pass_to(self, when_us: int) -> None:
        if when_us > self._now_us:
            self._now_us = when_us
            self._idle = 0

    def _take(self, most: int) -> bytes:
        arrived = self._in
        taken = bytes(arrived.data[:most])
        del arrived.data[:most]
        stamp = Stamp(self._order, self._ms())
        left = []
        for size, act in arrived.marks:
            if size <= len(taken):
                act(stamp)
            else:
                left.append((size - len(taken), act))
        arrived.marks = left
        return taken

    def _reply(self, data: bytes, delay_ms: int, counted: int) -> None:
        """The slave's reply; once ``counted`` bytes of it were read, the master may go on."""
        slave = self.slave
        assert slave is not None

        def when_read(stamp: Stamp) -> None:
            slave.reply_read(stamp.order)

        self._later(delay_ms, lambda: self._send(data, when_read if counted else None, counted))

    def _send(self, data: bytes, when_read: Callable[[Stamp], None] | None = None, counted: int = 0) -> None:
        baud = self.baud
        start = max(self._now_us, self._reply_free_us)
        end = start + len(data) * BITS_PER_BYTE * 1_000_000 // baud
        self._reply_free_us = end

        def deliver() -> None:
            seen = data if baud == self.host_baud else GARBAGE
            if when_read is not None and baud == self.host_baud:
                self._in.marks.append((len(self._in.data) + (counted or len(data)), when_read))
            self._in.data += seen

        self._at(end, deliver)

    def _arrive(self, sent: _Sent) -> None:
        slave = self.slave
        if slave is not None and slave.open:
            if sent.baud != self.baud:
                self._break("session-speed", f"{len(sent.data)} bytes at {sent.baud} in a session at {self.baud}")
                return
            rest = slave.feed(sent.data, sent.stamp)
            if slave.stage is Stage.CLOSED:
                self._session_over(slave)
            if rest:
                self._arrive(replace(sent, data=rest))
            return
        if slave is not None:
            slave.after_closing(sent.stamp)
        if sent.baud != self.baud:
            self._line += b"\xff"
            return
        if self._quiet_until_ms is not None:
            if sent.stamp.ms < self._quiet_until_ms:
                self._break("ipr-pause", f"{self._quiet_until_ms - sent.stamp.ms} ms too soon")
            self._quiet_until_ms = None
        self._at_bytes(sent)

    def _break(self, rule_id: str, detail: str) -> None:
        self.ledger.record(rule_id, self._ms(), detail)

    # ---- lines

    def _at_bytes(self, sent: _Sent) -> None:
        if self.mode is Mode.DATA or self._left_data_ms is not None:
            self._escape(sent)
            if self.mode is Mode.DATA or sent.data == b"+++":
                return
        self._last_byte_ms = self._ms()
        if self.mode in (Mode.BOOTING, Mode.FLASHING, Mode.UPDATER):
            self._unheard(sent.data)
            return
        mini = self.mode is Mode.FFH
        self._line += sent.data
        while True:
            ends = [at for at in (self._line.find(b"\n" if mini else b"\r"),) if at >= 0]
            wrong = self._line.find(b"\r" if mini else b"\n")
            if not ends:
                self._judge_line_end(mini, wrong, sent.data)
                return
            line = bytes(self._line[: ends[0]]).strip(b"\r\n")
            del self._line[: ends[0] + 1]
            if self._echo and not mini:
                self._send(line + b"\r")
            if line:
                self._command(line.decode("latin-1"), sent)

    def _judge_line_end(self, mini: bool, wrong: int, data: bytes) -> None:
        """A line that only the other dialect would have taken; a lone CR is no line."""
        if wrong >= 0 and self._line[:wrong].strip(b"\r\n\xff"):
            if not mini:
                self._break("full-line-end", f"{data!r}")
            elif self._ffh_known:
                self._break("mini-line-end", f"{data!r}")

    def _unheard(self, data: bytes) -> None:
        """The modem is busy and answers nothing; some lines would be dangerous all the same."""
        text = data.decode("latin-1").upper()
        dangerous = any(word in text for word in ("SMSWBOOT=", "^RESET", "SMSTPU", "SMUPGRADE\r"))
        if self.mode is not Mode.BOOTING and dangerous:
            self._break("silent-phase", f"{data!r} while {self.mode.name}")

    def _escape(self, sent: _Sent) -> None:
        now = self._ms()
        if self._left_data_ms is not None:
            if now - self._left_data_ms < GUARD_AFTER_MS:
                self._break("escape-guard", f"{sent.data!r} {now - self._left_data_ms} ms after +++")
            self._left_data_ms = None
            return
        if b"+++" in sent.data:
            if sent.data != b"+++" or sent.stamp.ms - self._last_byte_ms < GUARD_BEFORE_MS:
                self._break("escape-guard", f"{sent.data!r}, {sent.stamp.ms - self._last_byte_ms} ms after the last")
            self.mode = Mode.APPLICATION
            self._left_data_ms = now
            self._ok()
        self._last_byte_ms = now

    # ---- answers (modem-protocol.md 2.1)

    def _say(self, text: str) -> None:
        self._send(text.encode("latin-1"))

    def _ok(self, *info: str, near: bool = False) -> None:
        """OK after information lines; ``near``: one CR LF between them, as maintenance commands have it."""
        if self.mode is Mode.FFH:
            self._say("".join(line + "\r\n" for line in (*info, "OK")))
        elif info:
            self._say("\r\n" + "\r\n".join(info) + ("\r\n" if near else "\r\n\r\n") + "OK\r\n")
        else:
            self._say("\r\nOK\r\n")

    def _error(self) -> None:
        self._say("ERROR\r\n" if self.mode is Mode.FFH else "\r\nERROR\r\n")

    # ---- commands (modem-protocol.md 2.2)

    def _command(self, line: str, sent: _Sent) -> None:
        self.commands.append(line)
        if self._deaf_at_first or not line.upper().startswith("AT"):
            self._deaf_at_first = False
            self._error()
        elif self.mode is Mode.FFH:
            self._mini(line)
        else:
            self._full(line)

    def _mini(self, line: str) -> None:
        if self._ffh_known and line not in MINI_COMMANDS and not line.startswith("AT+IPR="):
            self._break("ffh-commands", line)
        if line == "AT":
            self._ok()
        elif line == "AT+SMOD?":
            self._ffh_known = True
            self._ok("0")
        elif line == "AT+STP":
            self._enter(store=False)
        elif line.startswith("AT+IPR="):
            self._ffh_known = True
            self._ok()
            self._at(self._reply_free_us, lambda: self._speed(int(line[7:])))
        else:
            self._error()

    def _speed(self, baud: int) -> None:
        self.baud = baud
        self._quiet_until_ms = self._ms() + IPR_PAUSE_MS
        self._line.clear()

    def _full(self, line: str) -> None:
        mode = self.mode
        if line == "AT":
            self._ok()
        elif line == "ATE0":
            self._echo = False
            self._ok()
        elif line == "AT+SMOD?":
            self._ok(str(self.habits.ram_smod if mode is Mode.RAM else mode.value), near=True)
        elif line == "AT+SMLOG?":
            self._ok("+SMLOG: LOG_INHERIT", near=True)
        elif line.startswith("AT+SMSTPU"):
            self._smstpu(line)
        elif line.startswith("AT+SMSWBOOT"):
            self._smswboot(line)
        elif line == "AT^RESET":
            self._restart_now(SELECTORS[self.selector], "\r\nOK\r\n\r\n+SHUTDOWN\r\n")
        elif line.startswith("AT+SMUPGRADE"):
            self._smupgrade(line)
        elif line.startswith("AT+CFUN="):
            self._cfun(line)
        elif line == "AT+STP" or line.startswith("AT+IPR="):
            if line == "AT+STP":
                self._break("stp-in-ffh", f"{line} in {mode.name}")
            self._error()
        elif mode is Mode.APPLICATION:
            self._application(line)
        else:
            self._error()

    def _application(self, line: str) -> None:
        version = self.version
        module = "GM02S" if self.habits.monarch2 else "VZM20Q"
        if line == "ATI":
            self._ok("SEQUANS Communications", module, version.ue)
        elif line == "ATI1":
            self._ok(version.ue, version.release)
        elif line == "AT+CGSN":
            self._ok("354346099225475")
        elif line == 'AT!="showver"':
            self._ok(*self._showver())
        elif line in ("AT+BIND=AT", "AT+BMOD?") or line.startswith("AT+SQNSUPGRADENTF="):
            self._ok(*(("FFF",) if line == "AT+BMOD?" else ()))
        elif line == "AT+CFUN?":
            self._ok("+CFUN: 4" if self._radio_off else "+CFUN: 1")
        else:
            self._error()

    def _showver(self) -> tuple[str, ...]:
        version = self.version
        number = version.release[2:].rpartition("-")[0]
        return (
            "SYSTEM VERSION",
            "==============",
            "  FIRMWARE VERSION",
            f"    Bootloader0  : {number} [{version.bootloader0}]",
            f"    Bootloader1* : {number} [{version.build}]",
            "    Bootloader2  : NA",
            "    NV Info      : 1.1,0,0",
            f"    Software     : {number} [{version.build}] by robot-soft at 2018-08-20 10:00:00",
            f"    UE           : {version.ue[2:]}",
            "  COMPONENTS",
            "    ZSP0         : 1.0.99-13604",
        )

    def _cfun(self, line: str) -> None:
        if line.startswith("AT+CFUN=5"):
            if line != "AT+CFUN=5" or not self.habits.monarch2 or self.mode is not Mode.APPLICATION:
                self._break("manufacturing-mode", f"{line} in {self.mode.name}")
            self._radio_off = True
        elif line == "AT+CFUN=4":
            self._radio_off = self._radio_off or not self.habits.monarch2
        self._ok()

    # ---- boot selector (modem-protocol.md 3.2)

    def _smswboot(self, line: str) -> None:
        if line == "AT+SMSWBOOT?":
            self._ok(f"+SMSWBOOT: {SELECTOR_NAMES[self.selector]}")
            return
        target, _, now = line.partition("=")[2].partition(",")
        if target not in ("0", "1", "2", "3") or now not in ("0", "1"):
            self._error()
            return
        if self._errors_left and now == "1":
            self._errors_left -= 1
            self._error()
            return
        leaving = self.mode is Mode.APPLICATION and target != "1"
        if leaving and not self._radio_off:
            self._break("radio-off", line)
        if target == "1" and self.mode in (Mode.RECOVERY, Mode.RAM) and self._flashed() and not self._told_success:
            self._break("result-first", line)
        self.selector = int(target)
        if now == "1":
            self._restart_now(SELECTORS[self.selector], "" if self.habits.boot_answer_lost else "\r\nOK\r\n")
        else:
            self._ok()

    def _flashed(self) -> bool:
        return any(not transfer.store and transfer.mode is not Mode.FFH for transfer in self.transfers[-1:])

    def _restart_now(self, into: Mode, words: str) -> None:
        self.restarts += 1
        if self._late is not None:
            self.version, self._late = self._late, None
        if self.forbid_restart:
            self._break("no-reset-in-pair", f"restart into {into.name}")
        if words:
            self._say(words)
        self._go_down(into, self.habits.boot_ms)

    def _go_down(self, into: Mode, for_ms: int) -> None:
        self.mode = Mode.BOOTING
        self._line.clear()
        self._at(self._reply_free_us + for_ms * 500, lambda: self._send(b"\x00"))
        self._at(max(self._now_us, self._reply_free_us) + for_ms * 1000, lambda: self._come_up(into))

    def _come_up(self, into: Mode) -> None:
        self.mode = into
        self._line.clear()
        self._ffh_known = False
        self.baud = 115_200 if into is Mode.FFH else self.fast
        self._echo = self.habits.echo and into is not Mode.FFH
        self._deaf_at_first = self.habits.first_error
        if into is Mode.APPLICATION:
            self._radio_off = False
            self._say("\r\n+SYSSTART\r\n")
        elif into is Mode.FFH:
            self._say("+SYSFFH\r\n")

    # ---- transfers

    def _smstpu(self, line: str) -> None:
        store = line in ("AT+SMSTPU", 'AT+SMSTPU="STORE"')
        if not store and line != 'AT+SMSTPU="ON_THE_FLY"':
            self._error()
        elif store and self.mode is Mode.RECOVERY:
            self._break("store-in-application", f"{line} in {self.mode.name}")
            self._error()
        else:
            self._enter(store=store)

    def _enter(self, *, store: bool) -> None:
        self._store = store
        terms = self.ram_terms if self.mode is Mode.FFH else self.terms
        slave = StrictSlave(self.ledger, terms, self._ms, self._reply)
        self.slave = slave
        self._line.clear()
        ok = b"OK\r\n" if self.mode is Mode.FFH else b"\r\nOK\r\n"
        if self._oks_to_lose:
            self._oks_to_lose -= 1
        else:
            self._send(self.habits.before_ok + ok)
        self._at(self._reply_free_us, lambda: slave.entered_at(self._ms()))
        noise = self.habits.noise_on_entry
        if noise and self.mode is not Mode.FFH:
            self._later(30, lambda: self._send(noise))

    def _session_over(self, slave: StrictSlave) -> None:
        if not slave.taken:
            return
        image = slave.image()
        self.transfers.append(Transfer(self.mode, self._store, image, slave.data_type))
        padded = [known for known in self.becomes if image != known and image.startswith(known)]
        if padded:
            self._break("not-padded", f"{len(image)} bytes for a file of {len(padded[0])}")
        if self.mode is Mode.FFH:
            self._start_elf(image)
        elif self._store:
            self._stored = image
            if len(image) > STORE_LIMIT_BYTES:
                self._break("store-limit", f"{len(image)} bytes")
        else:
            if self.mode is Mode.APPLICATION and BOOT_PACKAGE not in image[:64]:
                self._break("fly-in-updater", f"an image that starts {image[:4]!r}")
            self._flash(image, self.mode)

    def _start_elf(self, image: bytes) -> None:
        """The ELF starts if it is whole: full AT at the speed that IPR set (modem-protocol.md 3.3)."""
        whole = image in self.becomes and image[:4] == b"\x7fELF"
        speed = self.baud
        self.mode = Mode.BOOTING

        def up() -> None:
            self._come_up(Mode.RAM if whole else Mode.FFH)
            if whole:
                self.baud = speed

        self._later(self.habits.boot_ms, up)

    def _flash(self, image: bytes, back_to: Mode) -> None:
        self.mode = Mode.FLASHING
        self._told_success = False

        def done() -> None:
            self.mode = back_to
            self._send(b"\x00")
            self._deaf_at_first = self.habits.first_error
            self._judge(image)

        self._later(self.habits.flash_ms, done)

    def _judge(self, image: bytes) -> None:
        known = self.becomes.get(image)
        self._report = self.habits.result if known is not None else "failure"
        self._ongoing_left = self.habits.ongoing
        if known is not None and self._report == "success":
            self.version = known

    def _smupgrade(self, line: str) -> None:
        if line == "AT+SMUPGRADE?":
            self._report_upgrade()
            return
        image = self._stored
        if image is None or self.mode is not Mode.APPLICATION:
            self._break("deploy-what-is-stored", f"{line} in {self.mode.name}, stored: {image is not None}")
            self._error()
            return
        self._stored = None
        self.mode = Mode.UPDATER
        self._line.clear()

        def done() -> None:
            runs = self.version
            self._judge(image)
            if self.habits.late_start:
                self._late, self.version = self.version, runs
            self._come_up(Mode.APPLICATION)

        self._later(self.habits.deploy_ms, done)

    def _report_upgrade(self) -> None:
        report = self._report
        if self._ongoing_left:
            self._ongoing_left -= 1
            report = "on-going"
        self._told_success = report == "success"
        self._ok(f"+SMUPGRADE: {report}")


def reset_ack() -> bytes:
    """The ack of RESET as in device logs (modem-protocol.md 4.7)."""
    return reply_frame(0x80 | RESET, 0, 0, b"", False)


__all__ = ["GARBAGE", "Habits", "Mode", "Stage", "StrictModem", "Transfer", "Version", "reset_ack"]
