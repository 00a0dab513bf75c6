"""Which port is meant: what was typed behind ``--port``, as people write it; if nothing was, what is plugged in.

No port is opened here, and none is meant unasked that is no USB device.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from doctor.computer import is_linux, is_mac, is_windows
from doctor.errors import UsageError
from doctor.link.ports import DRIVERS, PYCOM_DRIVER, USB_IDS, PortInfo, UsbId, is_wsl, list_ports
from doctor.link.usb_devices import UsbDevice, usb_devices
from doctor.text.command import Command
from doctor.text.escape import first_of
from doctor.text.power_off import UNPLUG

_IPV4 = re.compile(r"\d{1,3}(\.\d{1,3}){3}(:\d+)?")
_PRACTISE = Command("check", port="sim://fipy")
_PLUG_IN = "plug the board in with a cable that carries data"


class NoPort(UsageError):
    """No port was named, and it is not clear which one is meant: there is no board, or there are several."""


class NoBoard(NoPort):
    """No board is plugged in, as far as the system can tell; a cable that carries only power looks the same."""


def likely(found: Sequence[PortInfo]) -> list[PortInfo]:
    """The ports that may be the board: those with the USB id of a carrier board, else all others on USB."""
    usb = [port for port in found if port.is_usb and not port.dfu]
    return [port for port in usb if port.is_board] or usb


def list_of(ports: Sequence[PortInfo]) -> str:
    """The ports in one line: the name of each, and what it is."""
    return "; ".join(f"{port.device} ({port.words})" for port in ports)


def nothing_plugged_in(found: Sequence[PortInfo], *, named: bool = False) -> NoPort:
    """Why there is no port that may be the board: what is plugged in, and what is missing.

    found  all ports of this PC, none of them ``likely``
    named  somebody has named another port: they have a board, and know how to name one
    """
    if is_linux() and is_wsl():
        cause = "this is Linux inside Windows (WSL), which does not see USB serial ports"
        through = "run `fipy-doctor` on Windows itself, or pass the device through with usbipd"
        return NoPort("wsl-no-serial", "no board can be seen", cause=cause, next=through)
    on_usb = [(device, USB_IDS.get((device.vid, device.pid))) for device in usb_devices()]
    if any(port.dfu for port in found) or any(known is not None and known.dfu for _, known in on_usb):
        cause = "a carrier board is plugged in, but it is in its own DFU boot loader, and no board answers there"
        out = f"{UNPLUG}, and plug in again without pressing the carrier's button"
        return NoPort("shield-in-dfu-mode", "no board can be seen", cause=cause, next=out)
    without_port = (_without_port(device, known) for device, known in on_usb if not device.has_port)
    return next(filter(None, without_port), None) or _no_board(found, named=named)


def _without_port(device: UsbDevice, known: UsbId | None) -> NoPort | None:
    """Why the system made no port of a USB device; None if it is not one that has a port."""
    carrier = known.carrier if known is not None and not known.ambiguous else None
    driver = DRIVERS.get(device.vid) if carrier is None else PYCOM_DRIVER
    if driver is None:
        return None
    what = carrier or "a USB serial adapter"
    return NoPort(
        "pymakr-no-board-found",
        f"{what} is plugged in (USB {device.vid:04x}:{device.pid:04x}), but the system made no port of it",
        cause=f"its driver {driver} is not loaded, or another program took the device (brltty often does)",
        next=f"`sudo modprobe {driver}`; if brltty runs and you do not need it, remove it",
    )


def _no_board(found: Sequence[PortInfo], *, named: bool) -> NoBoard:
    devices = [] if named else [port.device for port in found]
    wired = "built into this computer; if the board is wired to it, name it: --port"
    built_in = f"; {first_of(devices)}: {wired} {devices[0]}" if devices else ""
    no_driver = ", or the driver of a USB serial adapter is missing" if is_mac() else ""
    if is_windows():
        no_driver = ", or a driver is missing (Device Manager shows it with a yellow mark)"
    return NoBoard(
        "pymakr-no-board-found",
        "no board is plugged in",
        cause=f"no USB serial port is here: no cable, or one that carries only power{no_driver}{built_in}",
        next=_PLUG_IN if named else f"{_PLUG_IN}; to practise without a board: {_PRACTISE}",
    )


def which_one(ports: Sequence[PortInfo], typed: Command) -> NoPort:
    """What to say if several may be meant and nobody can be asked. ``typed`` is the command without a port."""
    first = replace(typed, port=ports[0].device)
    return NoPort(
        "wrong-serial-port-chosen",
        f"{len(ports)} ports may be the board; which one is meant?",
        cause=list_of(ports),
        next=f"{first}, or another of these ports",
    )


def spelled(typed: str) -> str:
    """The port that ``typed`` means, as a name or URL that can be opened.

    typed  ``serial:ABC123`` and ``usb:04d8:ef98`` name the port of that USB device, ``192.168.4.1`` a board on Wi-Fi,
           ``25`` is COM25 on Windows, ``ttyACM0`` a device in /dev; a path is made absolute, and URLs stay as they are

    Raises UsageError with the ports that exist if it can mean nothing here, or more than one port.
    """
    typed = typed.strip() or typed  # a line of a file may end in CR
    scheme, _, name = typed.partition(":")
    if not typed or "://" in typed:
        return typed
    if scheme.lower() in ("serial", "usb"):
        return _of_usb(typed, scheme.lower(), name.lower())
    if _IPV4.fullmatch(typed):
        return f"telnet://{typed}"
    return _on_windows(typed) if is_windows() else _on_unix(typed)


def _of_usb(typed: str, by: str, wanted: str) -> str:
    ports = [port for port in list_ports() if port.is_usb]
    ids = re.fullmatch(r"(?:0x)?([0-9a-f]{1,4}):(?:0x)?([0-9a-f]{1,4})", wanted)
    if by == "usb" and ids is None:
        raise UsageError(
            "port-not-found", "is not a USB id", on=typed, next="type it as vendor and product: --port usb:04d8:ef98"
        )
    pair = (int(ids[1], 16), int(ids[2], 16)) if ids else None
    fits = [p for p in ports if ((p.serial or "").lower() == wanted if by == "serial" else (p.vid, p.pid) == pair)]
    if len(fits) == 1:
        return fits[0].device
    if fits:
        raise UsageError(
            "wrong-serial-port-chosen",
            f"means {len(fits)} ports",
            on=typed,
            cause=list_of(fits),
            next=f"add --port {fits[0].device} instead, or another of them",
        )
    raise _unknown(typed, "no USB serial port has it")


def _on_windows(typed: str) -> str:
    name = typed.removeprefix("\\\\.\\")
    if name.isdecimal():
        return f"COM{name}"
    if re.fullmatch(r"COM\d+", name, re.IGNORECASE):
        return name.upper()
    if typed.startswith(("/dev/", "tty", "cu.")):
        raise _unknown(typed, "on Windows ports are called COM3, COM4, …")
    return typed


def _on_unix(typed: str) -> str:
    if "/" in typed or Path(typed).exists():
        return str(Path(typed).absolute())
    if typed.startswith(("tty", "cu.")) or (Path("/dev") / typed).exists():
        return f"/dev/{typed}"
    if re.fullmatch(r"(?:COM)?\d+", typed, re.IGNORECASE):
        usual = "/dev/cu.usbmodem…" if is_mac() else "/dev/ttyACM0"
        raise _unknown(typed, f"COM names belong to Windows ({usual} here)")
    raise _unknown(typed, "it is neither a device in /dev nor a URL")


def _unknown(typed: str, why: str) -> UsageError:
    found = list_ports()
    what = "is not a port here"
    if not (ports := likely(found)):
        missing = nothing_plugged_in(found, named=True)
        return UsageError(missing.id, what, on=typed, cause=f"{why}; {missing.what}", next=missing.next)
    there = f"{why}; ports that exist: {list_of(ports)}"
    return UsageError("port-not-found", what, on=typed, cause=there, next=f"add --port {ports[0].device} instead")
