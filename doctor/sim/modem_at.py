"""The AT dialogue of the simulated modem, in both dialects (modem-protocol.md 2, 3.1, 8)."""

from __future__ import annotations

import hashlib
import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from doctor.sim.modem_flash import SELECT_RECOVERY, SELECTOR_NAMES
from doctor.sim.modem_stp import ON_THE_FLY, RAM, STORE

if TYPE_CHECKING:
    from doctor.sim.modem import Modem

LINE_LIMIT_BYTES = 512
_URC = b"\r\n+CEREG: 2\r\n"
_SPEEDS = (9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600, 1000000, 3000000, 3686400)
_SWBOOT_HELP = "+SMSWBOOT: (0=FFH,1=FFF,2=UPDATER,3=RECOVERY{more}),(0,1)"
_MAINTENANCE = ("AT+SM", "AT+BMOD")  # one CRLF before OK; all others: a blank line (modem-protocol.md 2.1)
_PROOF_REQUEST = re.compile(r'AT\+FDSIM="([ -!#-~]{1,64})"')


def simulation_proof(nonce: str) -> str:
    """What proves to the program that this is no real modem: it may then send practice images."""
    return hashlib.sha256(b"fipy-doctor simulated bench:" + nonce.encode()).hexdigest()[:32]


def _damaged(answer: bytes, kind: str) -> bytes:
    """The answer as a fault lets it out."""
    if kind == "twice":
        return answer + answer
    if kind == "short":
        return answer[: len(answer) // 2]
    if kind == "garbled":
        at = len(answer.rstrip()) - 1
        return answer[:at] + bytes((answer[at] ^ 1,)) + answer[at + 1 :]
    return answer + {"urc-behind": _URC, "nul-behind": b"\0"}.get(kind, b"")


@dataclass(frozen=True)
class Reply:
    """What a command is answered: lines, then the result; ``then`` happens once it is on its way."""

    lines: tuple[str, ...] = ()
    result: str = "OK"
    then: Callable[[], None] | None = None


OK = Reply()
ERROR = Reply(result="ERROR")


class AtDialogue:
    """Lines in, answers out. One per stay in AT mode: a reboot makes a new one."""

    def __init__(self, modem: Modem, *, mini: bool) -> None:
        self.modem = modem
        self.mini = mini
        self._line = bytearray()
        self._lines: deque[str] = deque()
        self._busy = False
        self._last_command_ms: float | None = None
        self._started_ms = modem.world.now_ms

    @property
    def echo(self) -> bool:
        """Whether it sends back what it hears; ATE0 and ATE1 change it, the boot ROM never does it."""
        return self.modem.switches.echo and not self.mini and not self.modem.echo_off

    def feed(self, data: bytes) -> None:
        """Bytes from the UART."""
        if self.echo:
            self.modem.send(data)
        for byte in data:
            self._take(byte)
        self._work()

    def _take(self, byte: int) -> None:
        switches = self.modem.switches
        ends = byte == 0x0D and (not self.mini or switches.ffh_accepts_cr)
        if ends or (byte == 0x0A and self.mini):
            self._end_line()
        elif byte not in (0x0A, 0x0D):
            self._line.append(byte)
            del self._line[:-LINE_LIMIT_BYTES]

    def _end_line(self) -> None:
        line = self._line.decode("latin-1")
        self._line.clear()
        if "AT" in line.upper():  # the rest is noise that nobody answers
            self._lines.append(line)

    def _work(self) -> None:
        if self._busy or not self._lines:
            return
        self._busy = True
        line = self._lines.popleft()
        self.modem.later(self.modem.switches.answer_ms, lambda: self._answer(line))

    def _answer(self, line: str) -> None:
        fault = self.modem.faults.strike(line.strip())
        kind = "" if fault is None else fault.kind
        self._busy = False
        ends = {"hang": self.modem.hang, "die": self.modem.die, "cut": self.modem.power_off, "blip": self.modem.blip}
        if kind in ends:
            ends[kind]()
            return
        if kind == "hold" and fault is not None:
            self.modem.hold_cts(fault.ms)
        if kind == "stall" and fault is not None and fault.ms is None:
            self.modem.is_stuck = True
            return
        if kind == "stall" and fault is not None:
            self._busy = True
            self.modem.later(fault.ms or 0, lambda: self._carry_out(line, "", b""))
            return
        before = b"\0" if kind == "nul" else b""
        if fault is not None and kind == "stale":
            before = fault.text.encode("latin-1")
        if kind == "urc":
            before = _URC
        self._carry_out(line, kind, before)

    def _carry_out(self, line: str, kind: str, before: bytes) -> None:
        self._busy = False
        if kind != "silent":
            reply = ERROR if kind == "error" else self._reply(line.strip())
            self._last_command_ms = self.modem.world.now_ms
            text = self._text(line, reply)
            life = self.modem.life
            if reply.result and kind != "mute":
                self.modem.send(before + _damaged(text.encode("latin-1"), kind))
            if self.modem.life != life:  # power failed while it spoke
                return
            if reply.then is not None:
                self._lines.clear()
                reply.then()
                return
        self._work()

    def _text(self, line: str, reply: Reply) -> str:
        if self.mini:
            return "".join(f"{item}\r\n" for item in (*reply.lines, reply.result))
        if not reply.lines:
            return f"\r\n{reply.result}\r\n"
        blank = "" if line.strip().upper().startswith(_MAINTENANCE) else "\r\n"
        if reply.lines == ("",):  # an absent file leaves one empty line (modem-protocol.md 2.2)
            blank = ""
        if line.strip().upper() == "ATI1" and not self.modem.switches.blank_line_after_ati1:
            blank = ""
        return "\r\n" + "\r\n".join(reply.lines) + f"\r\n{blank}{reply.result}\r\n"

    # -- commands ---------------------------------------------------------------------------------------------

    def _reply(self, line: str) -> Reply:
        upper = line.upper()
        if self._spoiled(upper):
            return ERROR
        proof = _PROOF_REQUEST.fullmatch(line)
        if proof is not None:
            return Reply((f"+FDSIM: {simulation_proof(proof.group(1))}",))
        if self.mini:
            return self._reply_mini(upper)
        mode = self.modem.system
        if mode == "deploying":
            return self._reply_busy(upper)
        common = self._reply_updater(line, upper)
        if common is not None:
            return common
        if mode != "application":
            return ERROR  # recovery and the RAM updater know no ordinary commands (modem-protocol.md 3.1)
        return self._reply_application(line, upper)

    def _spoiled(self, upper: str) -> bool:
        """The first AT after a pause, and a line with noise in front, are answered ERROR (modem-protocol.md 2.1)."""
        if not upper.startswith("AT"):
            return True
        switches = self.modem.switches
        if not switches.first_at_error or upper != "AT":
            return False
        last = self._last_command_ms
        return last is None or self.modem.world.now_ms - last > switches.first_at_pause_ms

    def _reply_mini(self, upper: str) -> Reply:
        if upper == "AT":
            return OK
        if upper == "AT+SMOD?":
            return Reply(("0",))
        if upper == "AT+STP":
            return Reply(then=lambda: self.modem.open_stp(RAM))
        return self._ipr(upper)

    def _ipr(self, upper: str) -> Reply:
        match = re.fullmatch(r"AT\+IPR=(\d+)", upper)
        if match is None or int(match.group(1)) not in _SPEEDS:
            return ERROR
        baud = int(match.group(1))
        return Reply(then=lambda: self.modem.change_speed(baud))

    def _reply_busy(self, upper: str) -> Reply:
        if upper in ("AT", "ATE0"):
            self.modem.echo_off = self.modem.echo_off or upper == "ATE0"
            return OK
        if upper == "AT+SMOD?":
            return Reply((str(self.modem.smod),))
        if upper == "AT+SMUPGRADE?":
            return Reply(("+SMUPGRADE: on-going",))
        return ERROR

    def _reply_updater(self, line: str, upper: str) -> Reply | None:
        """What recovery, the RAM updater and the application have in common."""
        modem = self.modem
        if upper == "AT":
            return OK
        if upper in ("ATE0", "ATE1"):
            self.modem.echo_off = upper == "ATE0"
            return OK
        if upper == "AT+SMOD?":
            return Reply((str(modem.smod),))
        if upper == "AT+SMLOG?":
            return Reply(("+SMLOG: LOG_INHERIT",))
        if upper == "AT+CFUN=4":
            modem.cfun = 4
            return OK
        if upper == "AT+SMUPGRADE?":
            return Reply((modem.upgrade_report,))
        if upper == "AT^RESET":
            return Reply(then=modem.shut_down)
        if upper.startswith("AT+SMSWBOOT"):
            return self._smswboot(upper)
        if upper == 'AT+SMSTPU="ON_THE_FLY"':
            return Reply(then=lambda: modem.open_stp(ON_THE_FLY))
        if upper == "AT+SMSTPU" or (upper == 'AT+SMSTPU="STORE"' and modem.family == "MONARCH2"):
            return Reply(then=lambda: modem.open_stp(STORE))
        return None

    def _smswboot(self, upper: str) -> Reply:
        modem = self.modem
        if upper == "AT+SMSWBOOT?":
            return Reply((modem.switches.smswboot_prefix + SELECTOR_NAMES[modem.flash.selector],))
        if upper == "AT+SMSWBOOT=?":
            return Reply((_SWBOOT_HELP.format(more=",4=ECOPAGING" if modem.family == "MONARCH2" else ""),))
        match = re.fullmatch(r"AT\+SMSWBOOT=(\d),([01])", upper)
        if match is None or int(match.group(1)) > SELECT_RECOVERY:
            return ERROR
        modem.flash.selector = int(match.group(1))
        if match.group(2) == "0":
            return OK
        answered = modem.switches.smswboot_answers_before_reboot
        return Reply(result="OK" if answered else "", then=modem.reboot_soon)

    def _reply_application(self, line: str, upper: str) -> Reply:
        modem = self.modem
        software = modem.flash.software
        if upper == "ATI":
            name = "GM02S" if modem.family == "MONARCH2" else "VZM20Q"
            return Reply(("SEQUANS Communications", name, software.ue_line))
        if upper == "ATI1":
            return Reply((software.ue_line, software.release))
        if upper == 'AT!="SHOWVER"':
            fresh = modem.world.now_ms - self._started_ms < modem.switches.showver_error_after_boot_ms
            return ERROR if fresh else Reply(tuple(modem.flash.showver()))
        if upper == 'AT!="GET_SW_VERSION"':
            return Reply(tuple(modem.flash.get_sw_version()))
        if upper == "AT+CGSN":
            return Reply((modem.imei,))
        if upper == "AT+BMOD?":
            return Reply(("FFF",))
        if upper == "AT+SMUPGRADE":
            return self._smupgrade()
        if upper in ("AT+BIND=AT", "ATH") or upper.startswith("AT+SQNSUPGRADENTF="):
            return OK
        if upper == 'AT+SQNWL="SQNDCC",2':
            return ERROR if software.build == 33080 else OK  # seen: ERROR on 33080 (modem-protocol.md 2.2)
        if upper == 'AT+FSRDFILE="/FS/CRASHDUMP"':
            return Reply(("",), "ERROR")
        if modem.family == "MONARCH2" and upper.startswith("AT+IPR="):
            return self._ipr(upper)
        if upper.startswith("AT+CFUN"):
            return self._cfun(upper)
        extra = modem.extra_answers.get(line)
        return ERROR if extra is None else Reply(tuple(extra))

    def _cfun(self, upper: str) -> Reply:
        modem = self.modem
        if upper == "AT+CFUN?":
            return Reply((f"+CFUN: {modem.cfun}",))
        allowed = "01458" if modem.family == "MONARCH2" else "014"
        value = upper.removeprefix("AT+CFUN=")
        if len(value) != 1 or value not in allowed:
            return ERROR
        modem.cfun = int(value)
        return OK

    def _smupgrade(self) -> Reply:
        if self.modem.flash.stored is None:
            return ERROR
        return Reply(result=self.modem.switches.smupgrade_answer, then=self.modem.deploy_stored)
