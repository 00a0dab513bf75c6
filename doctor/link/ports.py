"""The serial ports of this machine: which there are, which look like a Pycom carrier board."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class UsbId:
    """What a USB vendor and product id says about a device."""

    carrier: str
    dfu: bool = False
    ambiguous: bool = False


#: board-and-repl.md 2.2. 0403:6015 is any FTDI FT-X cable, so it is ambiguous.
USB_IDS: dict[tuple[int, int], UsbId] = {
    (0x0403, 0x6015): UsbId("Expansion Board 2.0", ambiguous=True),
    (0x04D8, 0xEF98): UsbId("Expansion Board 3.x"),
    (0x04D8, 0xEF99): UsbId("Expansion Board 3.x", dfu=True),
    (0x04D8, 0xF012): UsbId("Pysense"),
    (0x04D8, 0xF011): UsbId("Pysense", dfu=True),
    (0x04D8, 0xF013): UsbId("Pytrack"),
    (0x04D8, 0xF014): UsbId("Pytrack", dfu=True),
    (0x04D8, 0xEF38): UsbId("Pyscan"),
    (0x04D8, 0xEF37): UsbId("Pyscan", dfu=True),
    (0x04D8, 0xED14): UsbId("Pygate"),
    (0x04D8, 0xED15): UsbId("Pygate", dfu=True),
}


@dataclass(frozen=True)
class PortInfo:
    """One serial port.

    device       what to open
    vid, pid     USB ids, None for other ports
    serial       the USB serial number, which stays the same when the name changes
    description  what the system calls it
    carrier      the Pycom carrier board that the id means; None if it means none
    dfu          the carrier is in its own DFU boot loader: no module answers there
    ambiguous    other devices share the id: ask before anything is sent there
    """

    device: str
    vid: int | None
    pid: int | None
    serial: str | None
    description: str
    carrier: str | None
    dfu: bool
    ambiguous: bool = False


def port_info(device: str, vid: int | None, pid: int | None, serial: str | None, description: str) -> PortInfo:
    """A PortInfo with what the USB id says filled in."""
    known = USB_IDS.get((vid, pid)) if vid is not None and pid is not None else None
    if known is None:
        return PortInfo(device, vid, pid, serial, description, None, False)
    return PortInfo(device, vid, pid, serial, description, known.carrier, known.dfu, known.ambiguous)


def list_ports() -> list[PortInfo]:
    """All ports, likely boards first, then by name. No port is opened."""
    from serial.tools import list_ports as system

    found = [
        port_info(port.device, port.vid, port.pid, port.serial_number, _clean(port.description))
        for port in system.comports()
    ]
    return sorted(found, key=lambda port: (port.carrier is None, port.ambiguous, port.device))


def similar_names(wanted: str, names: Iterable[str]) -> list[str]:
    """Names that one may have meant, best first."""
    by_lower = {name.lower(): name for name in names}
    return [by_lower[low] for low in difflib.get_close_matches(wanted.lower(), by_lower, n=3, cutoff=0.6)]


def is_wsl(version: Path = Path("/proc/version")) -> bool:
    """Whether this is a Linux inside Windows, which sees no USB serial ports."""
    try:
        return "microsoft" in version.read_text(errors="replace").lower()
    except OSError:
        return False


def _clean(text: str | None) -> str:
    """System texts reach terminals: keep them printable. pySerial says n/a for nothing."""
    if not text or text == "n/a":
        return ""
    return "".join(char if char.isprintable() else "?" for char in text)
