"""USB devices of this PC, with or without a serial port: why a board that is plugged in may have none.

Only Linux tells without another program (/sys). Nothing is opened.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

SYSFS = Path("/sys/bus/usb/devices")


@dataclass(frozen=True)
class UsbDevice:
    """A USB device.

    vid, pid  its ids
    has_port  the system made a serial port of it
    """

    vid: int
    pid: int
    has_port: bool


def usb_devices() -> list[UsbDevice]:
    """All USB devices that the system tells of, by name; none if it tells of none."""
    found = []
    with suppress(OSError):
        for folder in sorted(SYSFS.iterdir()):
            with suppress(OSError, ValueError):  # an interface, or a device that is just being unplugged
                vid, pid = (int((folder / name).read_text().strip(), 16) for name in ("idVendor", "idProduct"))
                # ttyACM0 lies in a folder tty of the interface, ttyUSB0 in the interface itself
                found.append(UsbDevice(vid, pid, any(SYSFS.glob(f"{folder.name}:*/tty*"))))
    return found
