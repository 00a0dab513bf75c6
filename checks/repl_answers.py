"""Check ``repl-answers``."""

from __future__ import annotations

import re
from collections.abc import Callable

from doctor.bench import Bench
from doctor.board.at_work import at_work
from doctor.check import Check, EvidenceValue, Finding, Grade, Remedy
from doctor.escape import shown
from doctor.first_contact import Contact, Seen
from doctor.needs import Needs

_POWER = Remedy("power-cycle", Grade.MANUAL)
_STOP = Remedy("stop-program", Grade.ASKS)
_MIRROR = Remedy("leave-mirror", Grade.MANUAL)
_UPDATE = Remedy("update-board-firmware", Grade.MANUAL)
_PLUG = Remedy("plug-in", Grade.MANUAL)
_WAIT = Remedy("wait-for-modem", Grade.MANUAL)
_FOREIGN_STREAM = re.compile(r"\$(?:G[PNLA]|BD)[A-Z]{3},")  # NMEA sentences of a GPS receiver
_PYBYTES = re.compile(r"[Pp]ybytes|Connected to MQTT|WiFi connection established", re.IGNORECASE)


class ReplAnswers(Check):
    """A MicroPython prompt answers at the port.

    Why: the board is examined through its prompt. A program that runs, mirror mode left on, the ESP32's boot loader and
    a wrong port all look like "nothing works" and have different cures.
    Looks at: sends CR, which every program ignores, and waits 0.3 s for a prompt; else listens 3 s and sends Ctrl-B
    once. No Ctrl-C without consent (--interrupt), nothing at all once an updater's output is seen. If no text comes,
    looks for a modem at 921600 and 115200 baud.
    Cures: stop-program, leave-mirror, power-cycle, plug-in, update-board-firmware, wait-for-modem.
    """

    id = "repl-answers"
    needs = (Needs.BOARD,)
    after = ("port-opens",)
    deadline_s = 60.0
    gates = True
    finds = (
        "main-py-blocks-repl",
        "pybytes-occupies-board",
        "board-in-bootloader",
        "boot-loop",
        "flash-read-err-loop",
        "brownout",
        "baud-mismatch-garbage",
        "wrong-serial-port-chosen",
        "mirror-board-looks-dead",
        "tx-rx-jumper-missing",
        "modem-null-bytes",
        "modemmanager-grabs-port",
        "updater-at-work",
    )

    def look(self, bench: Bench) -> Finding:
        """Judge first contact, then enter the raw REPL if there is a prompt."""
        contact = bench.contact
        if contact.seen in (Seen.REPL, Seen.RAW_REPL, Seen.PASTE, Seen.SAFE_BOOT):
            bench.open_board()
            return self._prompt(bench, contact)
        judge: dict[Seen, Callable[[str, Contact], Finding]] = {
            Seen.PROGRAM: self._program,
            Seen.UPDATER: self._updater,
            Seen.BOOTLOADER: self._bootloader,
            Seen.BOOT_TEXT: self._boot_text,
            Seen.MIRROR: self._mirror,
            Seen.SILENCE: self._silence,
            Seen.NOISE: self._noise,
            Seen.MODEM: self._modem,
        }
        return judge[contact.seen](bench.link.name, contact)

    def _prompt(self, bench: Bench, contact: Contact) -> Finding:
        name = bench.link.name
        evidence = _evidence(contact)
        if contact.evidence.get("foreign_at"):
            return self.warn(
                f"{name}: a prompt answers, but AT commands were typed into it",
                catalogue="modemmanager-grabs-port",
                evidence=evidence,
                cause="ModemManager probes the port, or AT commands were typed by hand at the prompt",
                remedies=(Remedy("stop-modemmanager", Grade.MANUAL),),
            )
        how = {
            Seen.REPL: "a MicroPython prompt answers",
            Seen.RAW_REPL: "a MicroPython prompt answers; somebody had left it in raw mode",
            Seen.PASTE: "a MicroPython prompt answers; it was waiting for the rest of an input",
            Seen.SAFE_BOOT: "the board has just started and sits at its prompt",
        }[contact.seen]
        if contact.evidence.get("interrupted"):
            how = "a MicroPython prompt answers, after the running program was stopped"
        return self.passed(f"{name}: {how}", evidence=evidence)

    def _program(self, name: str, contact: Contact) -> Finding:
        lines = [line for line in contact.text.splitlines() if line.strip()]
        says = shown(lines[-1].strip(), 60) if lines else ""
        if _FOREIGN_STREAM.search(contact.text):
            return self.fail(
                f"{name}: this is a GPS receiver or the like, no board: it says {says}",
                catalogue="wrong-serial-port-chosen",
                evidence=_evidence(contact),
                cause="several serial devices are plugged in",
                remedies=(_PLUG,),
            )
        pybytes = _PYBYTES.search(contact.text) is not None
        stopped = "; Ctrl-C did not stop it" if contact.evidence.get("interrupted") else ""
        return self.fail(
            f"{name}: a program runs on the board and keeps us from the prompt{stopped}; it says {says}",
            catalogue="pybytes-occupies-board" if pybytes else "main-py-blocks-repl",
            evidence=_evidence(contact),
            cause="Pybytes starts before main.py"
            if pybytes
            else "boot.py or main.py starts a program that does not end",
            remedies=(_STOP,) if not stopped else (_STOP, _POWER),
        )

    def _updater(self, name: str, contact: Contact) -> Finding:
        stands = at_work(contact.text)
        evidence = _evidence(contact)
        how = "it is not disturbed. DO NOT UNPLUG"
        if stands.ours:
            evidence["stands_at"] = stands.step
            evidence["percent"] = stands.percent
            evidence["file"] = stands.file
            how += f". {stands.joining} joins it, `fipy-doctor status` tells how far it is"
        return self.fail(
            f"{name}: {stands.words}; {how}",
            catalogue="updater-at-work",
            evidence=evidence,
            cause="a modem update was started on the board, by hand or by main.py; stopping it can brick the modem",
            remedies=(_WAIT,),
        )

    def _bootloader(self, name: str, contact: Contact) -> Finding:
        return self.fail(
            f"{name}: the ESP32 waits for a firmware download instead of starting",
            catalogue="board-in-bootloader",
            evidence=_evidence(contact),
            cause="P2 (G23) is tied to ground: the wire from the last firmware update was left in",
            remedies=(Remedy("free-p2", Grade.MANUAL), _POWER),
        )

    def _boot_text(self, name: str, contact: Contact) -> Finding:
        if "flash read err" in contact.text:
            return self.fail(
                f"{name}: the ESP32 cannot read its own flash",
                catalogue="flash-read-err-loop",
                evidence=_evidence(contact),
                cause="the board's firmware is damaged, or a wire pulls P9 up",
                remedies=(_UPDATE,),
            )
        if "Brownout" in contact.text:
            return self.fail(
                f"{name}: the board restarts because its supply voltage collapses",
                catalogue="brownout",
                evidence=_evidence(contact),
                cause="a thin cable, a passive hub or a weak USB port",
                remedies=(Remedy("better-supply", Grade.MANUAL),),
            )
        boots = int(contact.evidence.get("boots", 0))
        again = f"{boots} times in 10 s" if boots > 1 else "and does not reach its prompt"
        return self.fail(
            f"{name}: the board starts {again}",
            catalogue="boot-loop" if boots != 1 else "main-py-blocks-repl",
            evidence=_evidence(contact),
            cause="boot.py, main.py or the firmware crashes or blocks at the start",
            remedies=(_STOP, _UPDATE),
        )

    def _mirror(self, name: str, contact: Contact) -> Finding:
        undecided = bool(contact.evidence.get("undecided"))
        or_bare = " (if this is a bare modem without a board, flash it with: flash --via modem)" if undecided else ""
        return self.fail(
            f"{name}: a modem answers at {contact.evidence.get('baud')} baud: mirror mode was left on{or_bare}",
            catalogue="mirror-board-looks-dead",
            evidence=_evidence(contact),
            cause="an earlier upgrade over USB switched the board into mirror mode; only a restart ends it",
            remedies=(_MIRROR,),
        )

    def _modem(self, name: str, contact: Contact) -> Finding:
        return self.passed(f"{name}: a bare modem answers, no board in front", evidence=_evidence(contact))

    def _silence(self, name: str, contact: Contact) -> Finding:
        if contact.evidence.get("nul_bytes"):
            return self._noise(name, contact)
        return self.fail(
            f"{name}: nothing answers, neither a prompt nor a modem",
            catalogue="tx-rx-jumper-missing",
            evidence=_evidence(contact),
            cause="a program runs that prints nothing, the board has no power, the TX or RX jumper is missing, "
            "or this is the wrong port",
            remedies=(_STOP, _POWER, _PLUG),  # the first tells which it is: only a board's program stops
        )

    def _noise(self, name: str, contact: Contact) -> Finding:
        nuls = bool(contact.evidence.get("nul_bytes"))
        return self.fail(
            f"{name}: only {'zero bytes come: the line is low' if nuls else 'garbage comes, at every speed tried'}",
            catalogue="modem-null-bytes" if nuls else "baud-mismatch-garbage",
            evidence=_evidence(contact),
            cause="no power, or a line held low" if nuls else "a floating or wrong line, or a device of another speed",
            remedies=(_POWER, _PLUG),
        )


def _evidence(contact: Contact) -> dict[str, EvidenceValue]:
    return {"seen": contact.seen.value, "banner": shown(contact.banner, 120), **contact.evidence}
