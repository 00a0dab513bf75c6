"""Typed facts about the modem, out of the lines that the updater core read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from doctor.updater import states
from doctor.updater.profile import SQN3330_FAMILY
from doctor.updater.version_block import UNREAD, Loaders, loaders_of, version_of

_UE = re.compile(r"\bUE\s*:?\s*(\d+\.\d+\.\d+\.\d+\w*)")
_IMEI = re.compile(r"\b(\d{15})\b")
_BOOT_SELECTOR = re.compile(r"\b(FFF|FFH|RECOVERY|UPDATER)\b")


@dataclass(frozen=True)
class ModemFacts:
    """What the modem said of itself; None and "" if it did not.

    mode            design: "Words"
    baud            speed at which it answered, 0 for silence
    ati             lines of ATI
    ue              such as ``5.0.0.0d``
    release         such as ``LR5.1.1.0-41065``
    build           of the application
    radio           ``CATM1`` or ``NB1``
    family          ``SQN3330`` or ``MONARCH2``
    loaders         the three boot loaders; UNREAD if the version block does not say
    imei            15 digits
    boot_selector   what boots next: FFF, FFH, RECOVERY or UPDATER
    upgrade_report  the words after ``+SMUPGRADE:``
    notes           words of states.State, and ``smswboot-error`` if AT+SMSWBOOT? was not answered with OK
    raw             bytes that were heard while looking for it
    """

    mode: str
    baud: int = 0
    ati: tuple[str, ...] = ()
    ue: str = ""
    release: str = ""
    build: int | None = None
    radio: str | None = None
    family: str = SQN3330_FAMILY
    loaders: Loaders = UNREAD
    imei: str | None = None
    boot_selector: str | None = None
    upgrade_report: str | None = None
    notes: tuple[str, ...] = ()
    raw: bytes = b""


def from_core(state: states.State, facts: states.Facts) -> ModemFacts:
    """Facts out of detection and the queries after it."""
    lines = [*facts.ati1, *facts.showver, *state.ati]
    notes = list(state.notes)
    if facts.stale and "stale-replies" not in notes:
        notes.append("stale-replies")
    if "smswboot" in facts.refused:
        notes.append("smswboot-error")
    return replace(
        from_version_lines(lines, state.mode, state.family),
        baud=state.baud,
        ati=tuple(state.ati),
        imei=_first(_IMEI, facts.cgsn),
        boot_selector=_first(_BOOT_SELECTOR, facts.smswboot),
        upgrade_report=_report(facts.smupgrade),
        notes=tuple(notes),
        raw=state.raw,
    )


def from_version_lines(lines: Sequence[str], mode: str, family: str = SQN3330_FAMILY) -> ModemFacts:
    """Facts out of the version lines alone, as a flash reads them back at its end; ``family`` if they name none."""
    family = states.family_of(list(lines)) or family
    release, build, radio = version_of(lines, family)
    return ModemFacts(
        mode=mode,
        ue=_first(_UE, lines) or "",
        release=release,
        build=build or None,
        radio=radio or None,
        family=family,
        loaders=loaders_of(lines),
    )


def _first(pattern: re.Pattern[str], lines: Sequence[str]) -> str | None:
    for line in lines:
        if found := pattern.search(line):
            return found.group(1)
    return None


def _report(lines: Sequence[str]) -> str | None:
    for line in reversed(lines):
        if line.startswith("+SMUPGRADE:"):
            return line.partition(":")[2].strip()
    return None
