"""`network.LTE`: what each era's class does with a modem that answers, that is dead, or that is in another mode.

Source: board-and-repl.md 5.2, 5.4. The talk with the modem is real: bytes over the module's UART.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any, ClassVar

from doctor.sim.board.eras import SimEra
from doctor.sim.board.errors import BoardOSError
from doctor.sim.board.modules.machine import bound
from doctor.sim.board.modules.misc import module
from doctor.sim.board.uart import APPLICATION_BAUD
from doctor.sim.board.vm import Vm

RECOVERY_BAUD = 115_200
AT_MS, GUARD_MS, SETTLE_MS = 300, 1150, 500
"""Waits of the probe: with a dead modem they add up to 6.35 s (board-and-repl.md 5.2)."""
RECOVERY_TRIES = 3
START_MS = 1500
"""What a constructor does after the first answer; with it 2 to 5 s in all."""
AT_REPLY_MS = 9500
COMMAND_MAX_BYTES = 120
"""Longer commands overflow a buffer of the firmware."""

RECOVERY_HINT = "(modem_state=recovery). Perform a modem firmware update."


def _stub(answer: object, *, ready: bool = False) -> Any:
    """A method that changes nothing. ``ready``: it works only once the modem has answered."""

    def method(lte: Lte, *_arguments: object, **_keywords: object) -> object:
        if ready:
            lte._check_ready()
        return answer

    return method


class Lte:
    """The one LTE object of the firmware. Members that a release lacks are taken away in ``lte_class``."""

    IP: ClassVar[str] = "IP"
    IPV4V6: ClassVar[str] = "IPV4V6"

    def __init__(self, vm: Vm, id: int = 0, **_keywords: object) -> None:
        self._vm = vm
        self._board = vm.board
        era = vm.board.era
        if not era.has_lte_at:
            return
        if vm.board.lte.ready:
            return  # a singleton: later calls return at once
        if vm.board.lte.recovery_seen:
            raise BoardOSError(f"Couldn't connect to Modem {RECOVERY_HINT}")
        vm.board.lte.tried = True
        self._start(era)

    def init(self, **_keywords: object) -> None:
        """Start again after ``deinit``."""
        Lte.__init__(self, self._vm)

    def _start(self, era: SimEra) -> None:
        talk = Talk(self._vm)
        self._board.take_modem_uart(APPLICATION_BAUD)
        if talk.find_modem():
            talk.ask("ATE0", 500)
            self._vm.wait(START_MS)
            self._board.lte.ready = True
            return
        if era.lte_hangs:
            self._board.hang()
        if era.name == "F" and talk.find_recovery():
            self._board.lte.recovery_seen = True
            raise BoardOSError(f"Couldn't start connection to Modem {RECOVERY_HINT}")
        raise BoardOSError(_no_modem_text(era))

    # -- AT ---------------------------------------------------------------------------------------------------

    def send_at_cmd(self, cmd: str = "AT", **keywords: int) -> str:
        """One AT command; the whole reply as text, '' for silence."""
        allowed = self._board.era.at_cmd_keyword
        if any(name != allowed for name in keywords):
            raise TypeError("extra keyword arguments given")
        if len(cmd) > COMMAND_MAX_BYTES:
            self._board.panic()
        self._check_ready()
        return Talk(self._vm).ask(cmd, keywords.get("timeout", AT_REPLY_MS)).decode("utf-8", "replace")

    def _check_ready(self) -> None:
        if not self._board.lte.ready:
            raise BoardOSError("LTE modem not initialized")

    def imei(self) -> str | None:
        """The modem's IMEI, None unless it starts with 35434."""
        self._check_ready()
        words = Talk(self._vm).ask("AT+CGSN", AT_REPLY_MS).decode("utf-8", "replace").split()
        return next((word for word in words if word.startswith("35434")), None)

    def reset(self) -> None:
        """`AT^RESET`."""
        self._check_ready()
        Talk(self._vm).ask("AT^RESET", AT_REPLY_MS)
        self._vm.wait(5000)

    # There is neither a SIM nor a network here: nothing comes of these.
    iccid = attach = _stub(None, ready=True)
    isattached = _stub(False, ready=True)
    isconnected = _stub(False)
    dettach = disconnect = pppsuspend = pppresume = _stub(None)

    def connect(self, **_keywords: object) -> None:
        """Refused."""
        raise BoardOSError("modem not attached")

    def deinit(self, detach: bool = True, reset: bool = False, **_keywords: object) -> None:
        """Radio off, flow control off."""
        if not self._board.lte.ready:
            return
        Talk(self._vm).ask("AT+CFUN=4" if detach else "AT+CFUN=0", AT_REPLY_MS)
        self._board.lte.ready = False
        self._board.release_uart1()


def _no_modem_text(era: SimEra) -> str:
    if era.name == "C":
        return "Couldn't connect to Modem!"
    word = "start connection" if era.name == "F" else "connect"
    return f"Couldn't {word} to Modem (modem_state=disconnected)"


class Talk:
    """The firmware's own AT dialogue over the modem's UART."""

    def __init__(self, vm: Vm) -> None:
        self._vm = vm
        self._board = vm.board

    def find_modem(self) -> bool:
        """The probe of board-and-repl.md 5.2 at 921600."""
        self._wait(SETTLE_MS)
        self._send("+++")
        self._wait(GUARD_MS)
        if any(self._at() for _ in range(2)):
            return True
        self._wait(GUARD_MS)
        self._send("+++")
        self._wait(GUARD_MS)
        return any(self._at() for _ in range(6))

    def find_recovery(self) -> bool:
        """The same at 115200: an answer there is the boot ROM."""
        self._board.take_modem_uart(RECOVERY_BAUD)
        return any(self._answered("AT\r\n", GUARD_MS) for _ in range(RECOVERY_TRIES))

    def ask(self, command: str, limit_ms: float) -> bytes:
        """Send one command and collect what comes until OK or ERROR."""
        rx = self._board.uart1.rx
        rx.clear()
        self._send(command + "\r")
        self._board.wait_holding(limit_ms, lambda: rx.endswith((b"OK\r\n", b"ERROR\r\n")))
        return self._board.uart1.take(len(rx))

    def _at(self) -> bool:
        return self._answered("AT\r", AT_MS)

    def _answered(self, text: str, limit_ms: float) -> bool:
        rx = self._board.uart1.rx
        rx.clear()
        self._send(text)
        begin = self._vm.board.world.now_ms
        met = self._board.wait_holding(limit_ms, lambda: b"OK" in rx)
        self._wait(0 if met else limit_ms - (self._vm.board.world.now_ms - begin))
        return met

    def _send(self, text: str) -> None:
        if self._board.pins.reaches_modem:
            self._board.to_modem.send(text.encode(), self._board.uart1.baud)

    def _wait(self, ms: float) -> None:
        if ms > 0:
            self._board.wait_holding(ms, None)


def lte_class(vm: Vm) -> type:
    """The class `LTE` of this release."""
    era, board = vm.board.era, vm.board
    since = {"imei": "1.17.2.b1", "iccid": "1.17.2.b1", "pppsuspend": "1.18.1.r5", "pppresume": "1.18.1.r5"}
    since |= {"send_at_cmd": "1.17.0.b1", "reset": "1.17.0.b1"}
    made: Any = bound(vm, Lte, "LTE", lacks=[name for name, release in since.items() if not era.since(release)])
    made.__module__ = "network"

    def modem_upgrade_mode() -> None:
        if era.name == "B1" and board.lte.ready:
            raise BoardOSError("Modem not disabled")
        board.enter_mirror(dead=era.lte_lazy and not board.lte_task_runs)

    def reconnect_uart() -> None:
        if era.lte_lazy and not board.lte_task_runs:
            board.panic()
        board.take_modem_uart(APPLICATION_BAUD)

    if era.has_upgrade_mode:
        made.modem_upgrade_mode = staticmethod(modem_upgrade_mode)
    if era.has_reconnect_uart:
        made.reconnect_uart = staticmethod(reconnect_uart)
    return made  # type: ignore[no-any-return]


def make_network(vm: Vm) -> ModuleType:
    """`network`: LTE, and a WLAN that is only there."""

    class Wlan:
        STA, AP, STA_AP = 1, 2, 3
        OPEN, WEP, WPA, WPA2 = 0, 1, 2, 3

        def __init__(self, *_arguments: object, **_keywords: object) -> None:
            pass

        def mode(self, *_value: int) -> int:
            return self.AP

        def isconnected(self) -> bool:
            return False

        def deinit(self) -> None:
            pass

    return module("network", LTE=lte_class(vm), WLAN=type("WLAN", (Wlan,), {}))
