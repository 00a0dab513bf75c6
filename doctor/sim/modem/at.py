"""The AT dialogue of the simulated modem, in both dialects (modem-protocol.md 2, 3.1, 8)."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from doctor.sim.modem.core import ModemCore
from doctor.sim.modem.faults import Fault, damaged
from doctor.sim.modem.flash import SELECT_RECOVERY, SELECTOR_NAMES
from doctor.sim.modem.stp import ON_THE_FLY, RAM, STORE
from doctor.sim.numbers import simulation_proof

LINE_LIMIT_BYTES = 512
_SPEEDS = (9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600, 1000000, 3000000, 3686400)
_SWBOOT_HELP = "+SMSWBOOT: (0=FFH,1=FFF,2=UPDATER,3=RECOVERY{more}),(0,1)"
_CHIPS = {"SQN3330": "VZM20Q", "MONARCH2": "GM02S"}
_MAINTENANCE = ("AT+SM", "AT+BMOD")  # one CRLF before OK; all others: a blank line (modem-protocol.md 2.1)
_PROOF_REQUEST = re.compile(r'AT\+FDSIM="([ -!#-~]{1,64})"')


@dataclass(frozen=True)
class Reply:
    """What a command is answered: lines, then the result; ``then`` happens once it is on its way."""

    lines: tuple[str, ...] = ()
    result: str = "OK"
    then: Callable[[], object] | None = None


OK = Reply()
ERROR = Reply(result="ERROR")


class AtDialogue:
    """Lines in, answers out. One per stay in AT mode: a reboot makes a new one."""

    def __init__(
        self, modem: ModemCore, open_stp: Callable[[str], object], deploy: Callable[[], None], *, mini: bool
    ) -> None:
        self.modem = modem
        self._open_stp = open_stp
        self._deploy = deploy
        self.mini = mini
        self._line = bytearray()
        self._lines: deque[str] = deque()
        self._busy = False
        self._last_command_ms: float | None = None
        self._started_ms = modem.world.now_ms

    @property
    def echo(self) -> bool:
        """Whether it sends back what it hears; ATE0 and ATE1 change it, the boot ROM never does it."""
        modem = self.modem
        where = modem.switches.echo or ("application" if modem.family == "SQN3330" else "nowhere")
        return not self.mini and not modem.echo_off and where in ("everywhere", modem.system)

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
        self._busy = False
        if fault is not None and self.modem.suffer(fault.kind):
            return
        if fault is not None and fault.kind == "hold":
            self.modem.hold_cts(fault.ms)
        if fault is None or fault.kind != "stall":
            self._carry_out(line, fault)
        elif fault.ms is None:
            self.modem.is_stuck = True
        else:
            self._busy = True
            self.modem.later(fault.ms, lambda: self._carry_out(line, None))

    def _carry_out(self, line: str, fault: Fault | None) -> None:
        self._busy = False
        kind = "" if fault is None else fault.kind
        if kind != "silent":
            reply = ERROR if kind == "error" else self._reply(line.strip())
            self._last_command_ms = self.modem.world.now_ms
            life = self.modem.life
            if reply.result:
                self.modem.send(damaged(self._text(line, reply).encode("latin-1"), fault))
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
        system = self.modem.system
        answer = _ANSWERS.get(system, _UPDATER).get(upper)
        if answer is not None:
            return answer(self)
        if self.mini:
            return self._ipr(upper)
        if system == "deploying":
            return ERROR
        if upper.startswith("AT+SMSWBOOT"):
            return self._smswboot(upper)
        if system != "application":
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

    def _ipr(self, upper: str) -> Reply:
        match = re.fullmatch(r"AT\+IPR=(\d+)", upper)
        if match is None or int(match.group(1)) not in _SPEEDS:
            return ERROR
        baud = int(match.group(1))
        return Reply(then=lambda: self.modem.change_speed(baud))

    def _echo(self, *, off: bool) -> Reply:
        self.modem.echo_off = off
        return OK

    def _stp(self, method: str) -> Reply:
        return Reply(then=lambda: self._open_stp(method))

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
        if upper.startswith("AT+SQNSUPGRADENTF="):
            return OK
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

    def _showver(self) -> Reply:
        modem = self.modem
        fresh = modem.world.now_ms - self._started_ms < modem.switches.showver_error_after_boot_ms
        return ERROR if fresh else Reply(tuple(modem.flash.showver()))

    def _smupgrade(self) -> Reply:
        if self.modem.flash.stored is None:
            return ERROR
        return Reply(result=self.modem.switches.smupgrade_answer, then=self._deploy)


_Answer = Callable[[AtDialogue], Reply]
_UPDATER: dict[str, _Answer] = {
    "AT": lambda at: OK,
    "ATE0": lambda at: at._echo(off=True),
    "ATE1": lambda at: at._echo(off=False),
    "AT+SMOD?": lambda at: Reply((str(at.modem.smod),)),
    "AT+SMLOG?": lambda at: Reply(("+SMLOG: LOG_INHERIT",)),
    "AT+CFUN=4": lambda at: at._cfun("AT+CFUN=4"),
    "AT+SMUPGRADE?": lambda at: Reply((at.modem.upgrade_report,)),
    "AT^RESET": lambda at: Reply(then=at.modem.shut_down),
    "AT+SMSTPU": lambda at: at._stp(STORE),
    'AT+SMSTPU="ON_THE_FLY"': lambda at: at._stp(ON_THE_FLY),
    'AT+SMSTPU="STORE"': lambda at: at._stp(STORE) if at.modem.family == "MONARCH2" else ERROR,
}
"""What recovery, the RAM updater and the application have in common."""

_ANSWERS: dict[str, dict[str, _Answer]] = {
    "ffh": {"AT": _UPDATER["AT"], "AT+SMOD?": _UPDATER["AT+SMOD?"], "AT+STP": lambda at: at._stp(RAM)},
    "deploying": {name: _UPDATER[name] for name in ("AT", "ATE0", "AT+SMOD?", "AT+SMUPGRADE?")},
    "application": {
        **_UPDATER,
        "ATI": lambda at: Reply(("SEQUANS Communications", _CHIPS[at.modem.family], at.modem.flash.software.ue_line)),
        "ATI1": lambda at: Reply((at.modem.flash.software.ue_line, at.modem.flash.software.release)),
        'AT!="SHOWVER"': lambda at: at._showver(),
        'AT!="GET_SW_VERSION"': lambda at: Reply(tuple(at.modem.flash.get_sw_version())),
        "AT+CGSN": lambda at: Reply((at.modem.imei,)),
        "AT+BMOD?": lambda at: Reply(("FFF",)),
        "AT+SMUPGRADE": lambda at: at._smupgrade(),
        "AT+BIND=AT": lambda at: OK,
        "ATH": lambda at: OK,
        'AT+SQNWL="SQNDCC",2': lambda at: ERROR if at.modem.build == 33080 else OK,  # seen (modem-protocol.md 2.2)
        'AT+FSRDFILE="/FS/CRASHDUMP"': lambda at: Reply(("",), "ERROR"),
    },
}
"""What each system of the modem answers to a command; all others know the updater's only."""
