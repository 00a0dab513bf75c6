"""The serial ports of this machine: which there are, which look like a Pycom carrier board, who uses them."""

from __future__ import annotations

import contextlib
import difflib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_ASK_LIMIT_S = 5.0  #: lsof on a machine with many open files takes 1-2 s


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
    carrier      the Pycom carrier board that the id means; None where it means none
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


def find_again(before: PortInfo, now: Iterable[PortInfo]) -> PortInfo | None:
    """The same device after it was plugged in again, whatever its name is now; None while it is away."""
    ports = list(now)
    same = [port for port in ports if before.serial and port.serial == before.serial and port.vid == before.vid]
    if not same and not before.serial:
        same = [port for port in ports if port.device == before.device and port.vid == before.vid]
    return same[0] if same else None


def similar_names(wanted: str, names: Iterable[str]) -> list[str]:
    """Names that one may have meant, best first."""
    by_lower = {name.lower(): name for name in names}
    return [by_lower[low] for low in difflib.get_close_matches(wanted.lower(), by_lower, n=3, cutoff=0.6)]


def who_holds(device: str) -> str | None:
    """The program that has the device open, as ``name (pid N)``; None where there is none, or it cannot be told."""
    if sys.platform == "win32":
        return None
    target = os.path.realpath(device)
    if Path("/proc/self/fd").is_dir():
        return _holder_in_proc(target, Path("/proc"))
    if shutil.which("lsof") is None:
        return None
    return _holder_by_lsof(target)


def modemmanager_running(proc: Path = Path("/proc")) -> bool:
    """Whether ModemManager runs, which sends AT commands to every new port (modemmanager-grabs-port)."""
    return any(_name_of(process) == "ModemManager" for process in _processes(proc))


def is_wsl(version: Path = Path("/proc/version")) -> bool:
    """Whether this is a Linux inside Windows, which sees no USB serial ports."""
    try:
        return "microsoft" in version.read_text(errors="replace").lower()
    except OSError:
        return False


def _processes(proc: Path) -> list[Path]:
    try:
        return [entry for entry in proc.iterdir() if entry.name.isdigit()]
    except OSError:
        return []


def _name_of(process: Path) -> str:
    try:
        return (process / "comm").read_text(errors="replace").strip()
    except OSError:
        return ""


def _holder_in_proc(target: str, proc: Path) -> str | None:
    for process in _processes(proc):
        if process.name == str(os.getpid()):
            continue
        with contextlib.suppress(OSError):  # other users' processes, and those that just ended
            for descriptor in (process / "fd").iterdir():
                if str(descriptor.readlink()) == target:
                    return f"{_name_of(process) or 'a program'} (pid {process.name})"
    return None


def _holder_by_lsof(target: str) -> str | None:
    try:
        done = subprocess.run(
            ["lsof", "-Fpc", target], capture_output=True, text=True, timeout=_ASK_LIMIT_S, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return None
    pid = ""
    for line in done.stdout.splitlines():
        if line.startswith("p"):
            pid = line[1:]
        elif line.startswith("c") and pid != str(os.getpid()):
            return f"{line[1:]} (pid {pid})"
    return None


def _clean(text: str | None) -> str:
    """System texts reach terminals: keep them printable. pySerial says n/a for nothing."""
    if not text or text == "n/a":
        return ""
    return "".join(char if char.isprintable() else "?" for char in text)
