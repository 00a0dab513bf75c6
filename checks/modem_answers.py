"""Check ``modem-answers``."""

from __future__ import annotations

from dataclasses import replace

from doctor.bench import Bench, Needs
from doctor.board.first_contact import AT_PROMPT, Seen
from doctor.check import Check, Evidence, Finding, Grade, Known, Remedy, Status
from doctor.link import foreign
from doctor.modem.facts import ModemFacts
from doctor.modem.verdict import POWER_CYCLE, REMOVE_JUMPERS, WAIT_FOR_MODEM, verdict
from doctor.text.escape import shown
from doctor.updater import states
from doctor.updater.shapes import Change

_WRITES = "losing power while it writes its firmware is how modems die; it says nothing while it writes"


class ModemAnswers(Check):
    """The modem answers AT over its own UART and runs its application.

    Why: everything else depends on the modem's mode. A modem that waits in its updater, in its boot ROM or in the
    middle of an abandoned transfer needs a recipe of its own, and the wrong one can brick the modem. LTE() is never
    used: on half of the board firmwares it never returns if the modem is silent.

    Looks at: both speeds, for up to a minute, since a modem may be starting. Listens, closes an abandoned transfer
    (else AT would be taken for a part of it), then asks AT until three clean OKs came in a row, AT+SMOD?, ATI, and the
    version if the mode allows it. The modem's mode stays as found.

    Cures: depends on the mode: power-cycle, remove-jumpers, flash-full-image, give-updater-elf, wait-for-modem;
    leave-via-away if a board answers in place of a bare modem, plug-in-board if another device does.
    """

    id = "modem-answers"
    needs = (Needs.MODEM,)
    after = ("port-opens", "board-has-modem")
    deadline_s = 420.0
    gates = True
    overridable = False
    knows = {foreign.WRONG_PORT: Known("", (Remedy(foreign.PLUG_IN_BOARD, Grade.MANUAL),))}
    finds = (
        foreign.WRONG_PORT,
        "modem-left-in-update-boot",
        "ati-returns-error",
        "modem-in-ffh",
        "modem-silent",
        "modem-null-bytes",
        "baud-mismatch-garbage",
        "lte-constructor-hangs",
        "stale-bytes-in-reply",
        "modem-in-data-mode",
        "modem-state-unknown",
        "via-modem-meets-board",
        "updater-at-work",
        "stall-after-100-waiting",
    )

    def look(self, bench: Bench) -> Finding:
        """Ask the modem, once for the whole run."""
        if bench.options.via_modem and bench.contact.seen is Seen.UPDATER:
            from doctor.board.at_work import at_work

            return self.fail(
                f"{bench.link.name}: {at_work(bench.contact.text).words}; it is not disturbed. DO NOT UNPLUG",
                catalogue="updater-at-work",
                cause="the board is flashing its modem; stopping it can brick the modem",
                remedies=(WAIT_FOR_MODEM,),
                next="leave out --via modem: this is a board, which says how far it is",
                change=Change(without=("via_modem",)),
            )
        facts = bench.modem_facts
        lte_hangs = bench.presence(Needs.BOARD).there and bench.board_facts.era.lte_hangs
        if bench.options.via_modem and facts.mode in (states.SILENT, states.UNKNOWN) and _is_board(bench):
            return self.fail(
                f"{bench.link.name}: a MicroPython prompt answers: this is a board, not a bare modem",
                catalogue="via-modem-meets-board",
                evidence=_evidence(facts),
                cause="--via modem is for a modem whose own UART is wired to this computer",
                remedies=(Remedy("leave-via-away", Grade.MANUAL),),
                next="leave out --via modem",
                change=Change(without=("via_modem",)),
            )
        carrier = bench.carrier_with_jumpers
        given = bench.options.updater_elf is not None
        judged = verdict(facts, updater_given=given, lte_hangs=lte_hangs, jumpers=carrier is not None)
        summary = judged.summary
        until = bench.history.may_write_until(bench) if POWER_CYCLE in judged.remedies else ""
        if until:
            summary += (
                f"; an earlier flash sent everything, and the modem may be writing it: keep the power on until {until}"
            )
            judged = replace(judged, catalogue="stall-after-100-waiting", cause=_WRITES, remedies=(WAIT_FOR_MODEM,))
        if judged.status is Status.PASS and facts.release:
            summary = f"{summary}: {shown(facts.release, 40)}"
        evidence = _evidence(facts)
        if REMOVE_JUMPERS in judged.remedies and carrier is not None:
            evidence = {**evidence, "carrier": shown(carrier, 60)}
        return Finding(
            self.id,
            judged.status,
            summary,
            evidence=evidence,
            catalogue=judged.catalogue,
            cause=judged.cause,
            remedies=judged.remedies,
        )


def _is_board(bench: Bench) -> bool:
    """Whether a board's prompt answers when only a modem was looked for."""
    return bench.contact.seen in AT_PROMPT


def _evidence(facts: ModemFacts) -> Evidence:
    return {
        "mode": facts.mode,
        "baud": facts.baud,
        "release": shown(facts.release, 40),
        "build": facts.build,
        "radio": facts.radio,
        "family": facts.family,
        "boot_loaders": facts.loaders.text,
        "boot_selector": facts.boot_selector,
        "upgrade_report": shown(facts.upgrade_report, 60) if facts.upgrade_report is not None else None,
        "ati": [shown(line, 60) for line in facts.ati],
        "notes": list(facts.notes),
        "heard": shown(facts.raw[-200:], 200),
    }
