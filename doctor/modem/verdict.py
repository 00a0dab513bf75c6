"""What the modem's mode means for the user, as data (design: "Words", the paragraph on modem-answers)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from doctor.check import Grade, Remedy, Status
from doctor.modem.facts import ModemFacts
from doctor.updater import states

POWER_CYCLE = Remedy("power-cycle", Grade.MANUAL)
REMOVE_JUMPERS = Remedy("remove-jumpers", Grade.MANUAL)
FLASH_FULL_IMAGE = Remedy("flash-full-image", Grade.MANUAL)
GIVE_UPDATER_ELF = Remedy("give-updater-elf", Grade.MANUAL)
WAIT_FOR_MODEM = Remedy("wait-for-modem", Grade.MANUAL)
UPDATE_BOARD = Remedy("update-board-firmware", Grade.MANUAL)


@dataclass(frozen=True)
class Verdict:
    """How good a state is, which known failure it is, what to say and what to do."""

    status: Status
    summary: str
    catalogue: str | None = None
    cause: str = ""
    remedies: tuple[Remedy, ...] = ()


_GOOD = Verdict(Status.PASS, "the modem answers and runs its application")
_STALE = Verdict(
    Status.WARN,
    "the modem runs its application, but old replies come before its answers",
    "stale-bytes-in-reply",
    "unsolicited messages, or the board's own LTE task talks to the modem at the same time",
    (POWER_CYCLE,),
)
_WAS_IN_DATA = Verdict(
    Status.WARN,
    "the modem runs its application; it was in a data connection, which we left",
    "modem-in-data-mode",
    "a program on the board had opened a connection (lte.connect)",
    (POWER_CYCLE,),
)

_BY_MODE: dict[str, Verdict] = {
    states.RECOVERY: Verdict(
        Status.WARN,
        "the modem waits in its updater (recovery) for firmware; no firmware runs in it",
        "modem-left-in-update-boot",
        "an earlier upgrade was interrupted after the modem was switched to its updater; the modem is alive",
        (FLASH_FULL_IMAGE,),
    ),
    states.RAM_UPDATER: Verdict(
        Status.WARN,
        "the modem answers AT, but ATI gets ERROR: its memory holds a loaded updater, and no firmware runs in it",
        "ati-returns-error",
        "an earlier upgrade loaded updater.elf and was interrupted; without power it returns to its boot ROM (ffh)",
        (FLASH_FULL_IMAGE,),
    ),
    states.FFH: Verdict(
        Status.FAIL,
        "the modem is in its boot ROM (ffh; Pycom's messages call it recovery) and has no firmware to start",
        "modem-in-ffh",
        "an earlier upgrade was interrupted after the boot loader was switched",
        (GIVE_UPDATER_ELF, FLASH_FULL_IMAGE),
    ),
    states.DEPLOYING: Verdict(
        Status.FAIL,
        "the modem is still writing an earlier firmware; leave power on, for up to 30 minutes",
        "stall-after-100-waiting",
        "the firmware has arrived and is being installed; interrupting that is how modems die",
        (WAIT_FOR_MODEM,),
    ),
    states.STP_OPEN: Verdict(
        Status.FAIL,
        "the modem was in the middle of a transfer that somebody abandoned; the transfer is closed now",
        "modem-left-in-update-boot",
        "an upgrade stopped midway: a loose cable, a sleeping computer, Ctrl-C",
        (FLASH_FULL_IMAGE,),
    ),
    states.DATA: Verdict(
        Status.FAIL,
        "the modem is in a data connection and takes no commands",
        "modem-in-data-mode",
        "a program on the board opened a connection (lte.connect)",
        (POWER_CYCLE,),
    ),
    states.UNKNOWN: Verdict(
        Status.FAIL,
        "the modem answers, but does not say in which mode it is",
        "modem-state-unknown",
        "it may still be starting, or the line garbles its answers",
        (POWER_CYCLE, REMOVE_JUMPERS),
    ),
}
_STP_STAYS_OPEN = Verdict(
    Status.FAIL,
    "the modem is in the middle of a transfer that somebody abandoned, and refuses to end it",
    "modem-left-in-update-boot",
    "an upgrade stopped midway: a loose cable, a sleeping computer, Ctrl-C",
    (POWER_CYCLE,),
)
_FFH_WITH_UPDATER = Verdict(
    Status.WARN,
    "the modem is in its boot ROM (ffh; Pycom's messages call it recovery), and no firmware runs in it; "
    "updater.elf and a full image can save it",
    "modem-in-ffh",
    "an earlier upgrade was interrupted after the boot loader was switched",
    (FLASH_FULL_IMAGE,),
)
_NULS = Verdict(
    Status.FAIL,
    "only NUL bytes come from the modem",
    "modem-null-bytes",
    "the line is held low: the modem has no power, hangs in its start, or is dead; a jumper can do it too",
    (POWER_CYCLE, REMOVE_JUMPERS),
)
_NOISE = Verdict(
    Status.FAIL,
    "only noise comes from the modem, at both speeds",
    "baud-mismatch-garbage",
    "a jumper or a wire on the modem's lines, or an unusual speed",
    (REMOVE_JUMPERS, POWER_CYCLE),
)
_SILENT = Verdict(
    Status.FAIL,
    "the modem does not answer at any speed",
    "modem-silent",
    "it is off or hangs until power is removed, the RTS/CTS jumpers of the expansion board hold it back, or it is dead",
    (POWER_CYCLE, REMOVE_JUMPERS),
)
_SILENT_AND_LTE_HANGS = Verdict(
    Status.FAIL,
    "the modem does not answer; on this firmware LTE() then never returns",
    "lte-constructor-hangs",
    "it hangs until power is removed; the reset button does not reach it",
    (POWER_CYCLE, REMOVE_JUMPERS, UPDATE_BOARD),
)
#: Modes that are told otherwise right after a flash than by a check, which has closed the transfer since.
_AFTER_FLASH = {
    states.STP_OPEN: "the modem waits for the rest of the file (stp-open)",
    states.UNKNOWN: "the state of the modem is not known",
    states.SILENT: _SILENT.summary,
    states.APPLICATION: "the modem runs its application",
}


def stands(mode: str) -> str:
    """Where a flash that did not come to its end has left a modem."""
    return _AFTER_FLASH.get(mode) or _BY_MODE[mode].summary


def verdict(
    facts: ModemFacts, *, updater_given: bool = False, lte_hangs: bool = False, jumpers: bool = True
) -> Verdict:
    """What ``facts`` mean.

    updater_given  an updater image lies ready, so that ffh is not the end
    lte_hangs      the board's firmware is of an era in which LTE() never returns from a silent modem
    jumpers        there may be a carrier board whose jumpers reach the modem
    """
    judged = _judged(facts, updater_given, lte_hangs)
    if jumpers or REMOVE_JUMPERS not in judged.remedies:
        return judged
    remedies = tuple(remedy for remedy in judged.remedies if remedy != REMOVE_JUMPERS)
    return replace(judged, remedies=remedies, cause=_WITHOUT_JUMPERS.get(judged.catalogue or "", judged.cause))


def _judged(facts: ModemFacts, updater_given: bool, lte_hangs: bool) -> Verdict:
    if facts.mode == states.APPLICATION:
        if "stale-replies" in facts.notes:
            return _STALE
        return _WAS_IN_DATA if "left-data-mode" in facts.notes else _GOOD
    if facts.mode == states.FFH and updater_given:
        return _FFH_WITH_UPDATER
    if facts.mode == states.STP_OPEN and "session-closed" not in facts.notes:
        return _STP_STAYS_OPEN
    if facts.mode == states.SILENT:
        return _silence(facts, lte_hangs)
    return _BY_MODE[facts.mode]


#: Causes if no jumpers reach the modem, by catalogue id.
_WITHOUT_JUMPERS = {
    "modem-null-bytes": "the line is held low: the modem has no power, hangs in its start, or is dead",
    "baud-mismatch-garbage": "a loose or wrong wire on the modem's lines, or an unusual speed",
    "modem-silent": "it is off, hangs until power is removed, is not connected, or is dead",
}


def _silence(facts: ModemFacts, lte_hangs: bool) -> Verdict:
    if "noise" in facts.notes:
        return _NOISE
    if "nul-bytes" in facts.notes:
        return _NULS
    return _SILENT_AND_LTE_HANGS if lte_hangs else _SILENT
