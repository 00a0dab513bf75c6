"""Facts that stand in a paste beside its errors: board, release, builds, files, port, and how far it came."""

from __future__ import annotations

import re
from dataclasses import dataclass

from doctor.knowledge.paste import Paste

_MOST = 8  #: facts of one kind that are worth showing

_PATTERNS: dict[str, re.Pattern[str]] = {
    "board": re.compile(r"\b(FiPy|GPy|G01|LoPy4?|WiPy|SiPy) with (?:ESP32|firmware)|sysname='(\w+)'"),
    "release": re.compile(
        r"release='([\w.]{3,20})'|Pycom MicroPython (\d[\w.]{2,18})|with firmware version (\d[\w.]{2,18})"
        r"|MicroPython (v1\.8\.6-\d+-[0-9a-f]+)"
    ),
    "modem": re.compile(r"\b(LR\d\.\d\.\d\.\d-\d{5})\b"),
    "build": re.compile(r"\bLR\d\.\d\.\d\.\d-(\d{5})\b|Bootloader0[^\n]{0,40}\[(\d{5})\]"),
    "updater": re.compile(r"SQN3330 firmware updater \[(1\.\d\.\d)\]"),
    "files": re.compile(r"([\w.\-+]{1,80}\.(?:dup|elf)(?:\.\w{2,4})?)\b", re.IGNORECASE),
    "port": re.compile(r"\b(COM\d{1,3})\b|(/dev/(?:tty|cu)[\w.\-]{1,40})"),
    "progress": re.compile(r"\]\s+(\d{1,3})%"),
    "mode": re.compile(r"SMOD\?[^\n]*\n?[^\n\d]{0,8}(\d)\b|[Mm]odem state: (\d)"),
}
_ONLY_LAST = ("progress", "mode")
_OLD_BANNER = re.compile(r"firmware updater >>>|Entering recovery mode")
_AUGUST = re.compile(r"0 to Retry or 1 to Resume|Bootrom updated successfully")
_CPYTHON = re.compile(r"^Python [23]\.\d+\.\d+ |^[A-Z]:\\[^\n]*>|^\S+@\S+:\S*[$#] |site-packages|Running on (?:linux|win|darwin|mac)")
_BOARD = re.compile(r"with ESP32|^Pycom MicroPython|/flash/|rst:0x|>>> (?:FiPy|GPy|G01) with firmware|Connected to COM")


@dataclass(frozen=True)
class Facts:
    """What a paste says of its bench: by kind (``board``, ``release``, ``files`` …), in the order of appearance."""

    by_kind: dict[str, tuple[str, ...]]

    @property
    def generation(self) -> str:
        """The updater's generation as the reference counts them; empty where unknown."""
        return (self.by_kind.get("generation") or ("",))[0]


def facts_of(paste: Paste) -> Facts:
    """Read the facts of a paste."""
    found: dict[str, tuple[str, ...]] = {}
    for kind, pattern in _PATTERNS.items():
        values = dict.fromkeys(next(filter(None, hit.groups()), "") for hit in pattern.finditer(paste.text))
        if values:
            found[kind] = tuple(values)[-1:] if kind in _ONLY_LAST else tuple(values)[:_MOST]
    generation = _generation(paste, found.get("updater", ()))
    if generation:
        found["generation"] = (generation,)
    return Facts(found)


def _generation(paste: Paste, versions: tuple[str, ...]) -> str:
    if versions:
        return versions[-1]
    if _AUGUST.search(paste.text):
        return "2018-08"
    return "2018-03" if _OLD_BANNER.search(paste.text) else ""


def side_of(paste: Paste, index: int) -> str:
    """Whose console the line belongs to: ``board``, ``pc`` or empty where nothing tells."""
    for at in range(index, max(index - 400, -1), -1):
        line = paste.lines[at]
        if _BOARD.search(line):
            return "board"
        if _CPYTHON.search(line):
            return "pc"
    return ""
