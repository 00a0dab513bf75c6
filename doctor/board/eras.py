"""Firmware eras: what a Pycom release can do, by board-and-repl.md 1, 3.6 and 4."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import Enum


class ReleaseKind(int, Enum):
    """Order of the release suffixes: a beta before a candidate before the release and its revisions."""

    BETA = 0
    CANDIDATE = 1
    FINAL = 2


Version = tuple[int, int, int, int, int, int]


def parse_release(release: str) -> Version | None:
    """``1.20.2.r4`` as a tuple that sorts; None for a text that is no release, such as a git hash.

    ``1.18.0`` and ``1.18.0.r0`` are the same; ``1.20.0.rc12.1`` sorts after ``rc12``.
    """
    found = re.fullmatch(r"v?(\d+)\.(\d+)\.(\d+)(?:\.?(rc|b|r)(\d+)(?:\.(\d+))?)?", release.strip())
    if not found:
        return None
    kind = {"b": ReleaseKind.BETA, "rc": ReleaseKind.CANDIDATE}.get(found.group(4) or "r", ReleaseKind.FINAL)
    major, minor, patch = (int(part) for part in found.group(1, 2, 3))
    return (major, minor, patch, kind.value, int(found.group(5) or 0), int(found.group(6) or 0))


@dataclass(frozen=True)
class Era:
    """What a release can do.

    name                    letter of table 1; ``?`` if the release is unknown
    lte_hangs               LTE() with a dead modem never returns, and Ctrl-C does not help
    has_lte_on_boot         pycom.lte_modem_en_on_boot exists
    has_modem_upgrade_mode  LTE.modem_upgrade_mode (mirror mode) exists
    mirror_needs_deinit     it refuses while LTE is initialised
    mirror_needs_lte_tried  it copies nothing unless LTE() was tried since boot
    has_reconnect_uart      LTE.reconnect_uart exists
    reconnect_uart_crashes  it restarts the board unless LTE() was tried since boot
    sqnsupgrade_frozen      the vendor's updater is built in and shadows uploaded copies
    has_ctrl_f              Ctrl-F restarts into safe boot
    has_mkfs                os.mkfs formats a card or the flash
    has_fsformat            os.fsformat formats a mounted path
    flash_is_fat            /flash is FAT, or may be: LittleFS is the default from 1.20.1 on only
    rx_buffer_bytes         receive buffer of the REPL's UART
    base                    the MicroPython version that it is made from
    """

    name: str
    lte_hangs: bool = False
    has_lte_on_boot: bool = True
    has_modem_upgrade_mode: bool = True
    mirror_needs_deinit: bool = False
    mirror_needs_lte_tried: bool = False
    has_reconnect_uart: bool = True
    reconnect_uart_crashes: bool = False
    sqnsupgrade_frozen: bool = True
    has_ctrl_f: bool = True
    has_mkfs: bool = True
    has_fsformat: bool = False
    flash_is_fat: bool = True
    rx_buffer_bytes: int = 512
    base: str = "1.8.6"

    @property
    def limits(self) -> tuple[str, ...]:
        """What its user should know of it before a modem upgrade, in words."""
        words = (
            (self.lte_hangs, "on it LTE() never returns if the modem is silent"),
            (self.sqnsupgrade_frozen, "the built-in sqnsupgrade is used even if you upload another"),
            (not self.has_ctrl_f, "no safe boot by Ctrl-F"),
        )
        return tuple(text for holds, text in words if holds)


_OLD = Era("A", lte_hangs=True, has_lte_on_boot=False, has_modem_upgrade_mode=False, has_reconnect_uart=False)
_E = Era("E", mirror_needs_lte_tried=True, reconnect_uart_crashes=True)

_ERAS = {
    "Z": replace(_OLD, name="Z", lte_hangs=False, sqnsupgrade_frozen=False),
    "A": replace(_OLD, sqnsupgrade_frozen=False),
    "B1": Era("B1", lte_hangs=True, mirror_needs_deinit=True, has_reconnect_uart=False),
    "B2": Era("B2", lte_hangs=True),
    "C": Era("C"),
    "D": Era("D"),
    "E": _E,
    "F": replace(_E, name="F"),
}

#: For a release that is not known, the careful answer to each question; features are then tested on the board.
UNKNOWN = replace(_ERAS["B2"], name="?", has_modem_upgrade_mode=False, has_reconnect_uart=False, has_ctrl_f=False)


def _at(release: str) -> Version:
    version = parse_release(release)
    assert version is not None, release
    return version


def _letter(version: Version) -> str:
    in_1_18 = version < _at("1.20.0.b0")
    if version < _at("1.17.0.b1"):
        return "Z"
    if version < _at("1.18.1.b0"):
        return "A"
    if version < _at("1.18.1.r5"):
        return "B1"
    if version < _at("1.18.2.r7") or (not in_1_18 and version < _at("1.20.0.rc11")):
        return "B2"
    if version < _at("1.20.2.rc7"):
        return "C"
    if version < _at("1.20.2.r2"):
        return "D"
    return "E" if version < _at("1.20.2.r3") else "F"


def era_of(release: str) -> Era:
    """The era of a release such as ``1.17.3.b1``; ``UNKNOWN`` for a text that is no release."""
    version = parse_release(release)
    if version is None:
        return UNKNOWN
    has_vfs = version >= _at("1.20.0.b0")
    large_buffer = _at("1.18.1.b0") <= version < _at("1.20.0.b0") or version >= _at("1.20.2.r2")
    base = "1.11" if version >= _at("1.20.1.b0") else ("1.9" if has_vfs else "1.8.6")
    return replace(
        _ERAS[_letter(version)],
        has_ctrl_f=version >= _at("1.16.0.b1"),
        has_mkfs=not has_vfs,
        has_fsformat=has_vfs,
        flash_is_fat=version < _at("1.20.1.b0"),
        rx_buffer_bytes=4096 if large_buffer else 512,
        base=base,
    )


def base_of_version(version: str) -> str:
    """``1.8.6`` out of ``v1.8.6-849-83e2f7f on 2018-03-19``; empty if the text has none."""
    found = re.match(r"v(\d+\.\d+(?:\.\d+)?)", version)
    return found.group(1) if found else ""
