"""Check ``repl-answers``."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from doctor.bench import Bench, Needs
from doctor.board.first_contact import Contact, Seen
from doctor.check import Check, EvidenceValue, Finding, Grade, Known, Remedy
from doctor.errors import BoardError
from doctor.link import foreign
from doctor.text.escape import shown

_POWER = Remedy("power-cycle", Grade.MANUAL)
_STOP = Remedy("stop-program", Grade.ASKS)
_MIRROR = Remedy("leave-mirror", Grade.MANUAL)
_BARE = Remedy("name-bare-modem", Grade.MANUAL)
_UPDATE = Remedy("update-board-firmware", Grade.MANUAL)
_PLUG = Remedy("plug-in", Grade.MANUAL)
_WAIT = Remedy("wait-for-modem", Grade.MANUAL)
_BOARD = Remedy(foreign.PLUG_IN_BOARD, Grade.MANUAL)
_SAFE = Remedy(foreign.SAFE_BOOT, Grade.MANUAL)
_KNOWN = {
    "main-py-blocks-repl": Known("boot.py or main.py starts a program that does not end", (_STOP,)),
    "prompt-waits-for-rest": Known(
        "a person, or another program, has begun to type or to paste code; only Ctrl-C ends that without running it",
        (_STOP,),
    ),
    "pybytes-occupies-board": Known("Pybytes starts before main.py", (_STOP,)),
    "board-in-bootloader": Known(
        "P2 (G23) is tied to ground: the wire from the last firmware update was left in",
        (Remedy("free-p2", Grade.MANUAL), _POWER),
    ),
    "boot-loop": Known("boot.py, main.py or the firmware crashes or blocks at the start", (_STOP, _UPDATE)),
    "flash-read-err-loop": Known("the board's firmware is damaged, or a wire pulls P9 up", (_UPDATE,)),
    "brownout": Known("a thin cable, a passive hub or a weak USB port", (Remedy("better-supply", Grade.MANUAL),)),
    "baud-mismatch-garbage": Known("a floating or wrong line, or a device of another speed", (_POWER, _PLUG)),
    foreign.WRONG_PORT: Known("this port is another device's, not the board's", (_BOARD, _SAFE)),
    foreign.NO_LTE: Known("only FiPy, GPy and G01 have it; one that was given another board's firmware says the same"),
    "mirror-board-looks-dead": Known(
        "an earlier upgrade over USB switched the board into mirror mode; only a restart ends it", (_MIRROR,)
    ),
    "tx-rx-jumper-missing": Known(
        "a program runs that prints nothing, the board has no power, the TX or RX jumper is missing, or this is the "
        "wrong port",
        (_STOP, _POWER, _PLUG),  # the first tells which it is: only a board's program stops
    ),
    "modem-null-bytes": Known("no power, or a line held low", (_POWER, _PLUG)),
    "modemmanager-grabs-port": Known(
        "ModemManager probes the port, or AT commands were typed by hand at the prompt",
        (Remedy("stop-modemmanager", Grade.MANUAL),),
    ),
    "updater-at-work": Known(
        "a modem update was started on the board, by hand or by main.py; stopping it can brick the modem", (_WAIT,)
    ),
}
_PYBYTES = re.compile(r"[Pp]ybytes|Connected to MQTT|WiFi connection established", re.IGNORECASE)


class ReplAnswers(Check):
    """A MicroPython prompt answers at the port.

    Why: the board is examined through its prompt. A program that runs, mirror mode left on, the ESP32's boot loader and
    a wrong port all look like "nothing works" and have different cures.
    Looks at: sends CR, which every program ignores, and waits 0.3 s for a prompt; else listens 3 s and sends Ctrl-B
    once, which makes an interpreter say which it is. No Ctrl-C without consent (--interrupt), nothing at all once an
    updater's output is seen, and nothing more to a device that is no FiPy or GPy. If no text comes, looks for a modem
    at 921600 and 115200 baud.
    Cures: stop-program, leave-mirror, name-bare-modem, power-cycle, plug-in, update-board-firmware, wait-for-modem,
    separate-tx-rx, plug-in-board, hold-safe-boot.
    """

    id = "repl-answers"
    needs = (Needs.BOARD,)
    after = ("port-opens",)
    deadline_s = 60.0
    gates = True
    knows = _KNOWN

    def look(self, bench: Bench) -> Finding:
        """Judge first contact, then enter the raw REPL if there is a prompt."""
        contact = bench.contact
        judge: dict[Seen, Callable[[str, Contact], Finding]] = {
            Seen.PROGRAM: self._program,
            Seen.PASTE: self._unfinished,
            Seen.UPDATER: self._updater,
            Seen.BOOTLOADER: self._bootloader,
            Seen.BOOT_TEXT: self._boot_text,
            Seen.MIRROR: self._mirror,
            Seen.SILENCE: self._silence,
            Seen.NOISE: self._noise,
            Seen.MODEM: self._modem,
            Seen.FOREIGN: self._foreign,
        }
        if contact.foreign is None:
            bench.refuse_foreign()
        if contact.seen not in judge:
            try:
                bench.open_board()
            except BoardError:
                contact = bench.contact  # it may have said another name than that of a board with the modem
                if contact.foreign is None:
                    raise
        found = judge.get(contact.seen, self._prompt)(bench.link.name, contact)
        found = replace(found, evidence={**_evidence(contact), **found.evidence})
        return found if contact.foreign is not None else _or_another(found, contact)

    def _prompt(self, name: str, contact: Contact) -> Finding:
        if contact.evidence.get("foreign_at"):
            text = f"{name}: a prompt answers, but AT commands were typed into it"
            return self.warn(text, catalogue="modemmanager-grabs-port")
        how = {
            Seen.REPL: "a MicroPython prompt answers",
            Seen.RAW_REPL: "a MicroPython prompt answers; somebody had left it in raw mode",
            Seen.SAFE_BOOT: "the board has just started and sits at its prompt",
        }[contact.seen]
        if contact.evidence.get("interrupted"):
            how = "a MicroPython prompt answers, after the running program was stopped"
        if contact.evidence.get("cancelled"):
            how = "a MicroPython prompt answers, after the unfinished input that it held was thrown away"
        return self.passed(f"{name}: {how}")

    def _unfinished(self, name: str, contact: Contact) -> Finding:
        stays = "; Ctrl-C did not end that" if contact.evidence.get("cancelled") else ""
        return self.fail(
            f"{name}: a prompt waits for the rest of an input (paste mode, or an unfinished line){stays}",
            catalogue="prompt-waits-for-rest",
            remedies=(_STOP,) if not stays else (_SAFE, _POWER),
        )

    def _program(self, name: str, contact: Contact) -> Finding:
        lines = [line for line in contact.text.splitlines() if line.strip()]
        says = shown(lines[-1].strip(), 60) if lines else ""
        pybytes = _PYBYTES.search(contact.text) is not None
        stopped = "; Ctrl-C did not stop it" if contact.evidence.get("interrupted") else ""
        return self.fail(
            f"{name}: a program runs on the board and keeps us from the prompt{stopped}; it says {says}",
            catalogue="pybytes-occupies-board" if pybytes else "main-py-blocks-repl",
            remedies=(_STOP,) if not stopped else (_STOP, _POWER),
        )

    def _foreign(self, name: str, contact: Contact) -> Finding:
        device = contact.foreign
        assert device is not None, "who says that it is foreign says what it is"
        cures = tuple(Remedy(cure, Grade.MANUAL) for cure in device.cures)
        text = f"{name}: {device.words}"
        return self.fail(text, catalogue=device.catalogue, remedies=cures, next=device.hands)

    def _updater(self, name: str, contact: Contact) -> Finding:
        from doctor.board.at_work import at_work

        stands = at_work(contact.text)
        evidence: dict[str, EvidenceValue] = {}
        how = "it is not disturbed. DO NOT UNPLUG"
        if stands.ours:
            evidence = {"stands_at": stands.step, "percent": stands.percent, "file": stands.file}
            how += f". {stands.joining} joins it, `fipy-doctor status` shows how far it is"
        return self.fail(f"{name}: {stands.words}; {how}", catalogue="updater-at-work", evidence=evidence)

    def _bootloader(self, name: str, _contact: Contact) -> Finding:
        text = f"{name}: the ESP32 waits for a firmware download instead of starting"
        return self.fail(text, catalogue="board-in-bootloader")

    def _boot_text(self, name: str, contact: Contact) -> Finding:
        if "flash read err" in contact.text:
            return self.fail(f"{name}: the ESP32 cannot read its own flash", catalogue="flash-read-err-loop")
        if "Brownout" in contact.text:
            text = f"{name}: the board restarts because its supply voltage collapses"
            return self.fail(text, catalogue="brownout")
        boots = int(contact.evidence.get("boots", 0))
        again = f"{boots} times in 10 s" if boots > 1 else "and does not reach its prompt"
        return self.fail(
            f"{name}: the board starts {again}",
            catalogue="boot-loop" if boots != 1 else "main-py-blocks-repl",
            cause=_KNOWN["boot-loop"].cause,
            remedies=_KNOWN["boot-loop"].remedies,
        )

    def _mirror(self, name: str, contact: Contact) -> Finding:
        undecided = bool(contact.evidence.get("undecided"))
        or_bare = ", or there is no board: then run `fipy-doctor check --via modem`" if undecided else ""
        return self.fail(
            f"{name}: a modem answers at {contact.evidence.get('baud')} baud: mirror mode was left on{or_bare}",
            catalogue="mirror-board-looks-dead",
            remedies=(_MIRROR, _BARE) if undecided else (_MIRROR,),
        )

    def _modem(self, name: str, _contact: Contact) -> Finding:
        return self.passed(f"{name}: a bare modem answers, no board in front")

    def _silence(self, name: str, contact: Contact) -> Finding:
        if contact.evidence.get("nul_bytes"):
            return self._noise(name, contact)
        if contact.evidence.get("echoes"):
            return self._echo(name)
        text = f"{name}: nothing answers, neither a prompt nor a modem"
        return self.fail(text, catalogue="tx-rx-jumper-missing")

    def _echo(self, name: str) -> Finding:
        return self.fail(
            f"{name}: whatever is sent comes back, and nothing else",
            catalogue="tx-rx-jumper-missing",
            cause="the lines TX and RX touch each other, or a terminal that echoes is there instead of a board",
            remedies=(Remedy("separate-tx-rx", Grade.MANUAL),),
        )

    def _noise(self, name: str, contact: Contact) -> Finding:
        if contact.evidence.get("echoes"):
            return self._echo(name)
        nuls = bool(contact.evidence.get("nul_bytes"))
        what = "zero bytes come: the line is low" if nuls else "garbage comes, at every speed tried"
        return self.fail(f"{name}: only {what}", catalogue="modem-null-bytes" if nuls else "baud-mismatch-garbage")


def _or_another(found: Finding, contact: Contact) -> Finding:
    """The finding if nothing shows a Pycom board: nothing is stopped or updated at a port with a strange USB id."""
    strange = contact.evidence.get("strange_usb")
    if contact.evidence.get("at_carrier", True) or contact.seen is Seen.MIRROR:
        return found
    if not strange:
        return replace(found, cause=f"{found.cause}; or this is no FiPy or GPy", remedies=(*found.remedies, _BOARD))
    cause = f"{found.cause}; or this is no FiPy or GPy: the USB id {strange} is not a Pycom board's"
    harmless = tuple(remedy for remedy in found.remedies if remedy not in (_STOP, _UPDATE, _PLUG))
    first = (_SAFE,) if _STOP in found.remedies else ()
    return replace(found, cause=cause, remedies=(*first, *harmless, _BOARD))


def _evidence(contact: Contact) -> dict[str, EvidenceValue]:
    return {"seen": contact.seen.value, "banner": shown(contact.banner, 120), **contact.evidence}
