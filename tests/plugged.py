"""What the system lists of serial ports and USB devices, given where the program asks it: pySerial's list, and /sys."""

from __future__ import annotations

from pathlib import Path

import pytest
from serial.tools.list_ports_common import ListPortInfo

BUILT_IN = ("/dev/ttyS0", None, None, None, "n/a")
PYSENSE = ("/dev/ttyACM0", 0x04D8, 0xF012, "Py343434", "Pysense")
EXPANSION = ("/dev/ttyACM1", 0x04D8, 0xEF98, "Pye1e2e3", "Expansion3")
OLD_EXPANSION = ("/dev/ttyUSB0", 0x0403, 0x6015, "DO00AB12", "FT230X Basic UART")
ADAPTER = ("/dev/ttyUSB1", 0x10C4, 0xEA60, "0001", "CP2102 USB to UART Bridge Controller")
ARDUINO = ("/dev/ttyACM7", 0x2341, 0x0043, "7543932363535140", "ttyACM7")
ON_WINDOWS = ("COM25", 0x04D8, 0xEF98, "Pye1e2e3", "USB Serial Device (COM25)")
COM1 = ("COM1", None, None, None, "Communications Port (COM1)")
ON_MAC = ("/dev/cu.usbmodemPye1e2e31", 0x04D8, 0xEF98, "Pye1e2e3", "Expansion3")
BLUETOOTH = ("/dev/cu.Bluetooth-Incoming-Port", None, None, None, "n/a")

Listed = tuple[str, "int | None", "int | None", "str | None", str]


def plug_in(monkeypatch: pytest.MonkeyPatch, *ports: Listed) -> None:
    """From now on the system lists these serial ports."""
    monkeypatch.setattr("serial.tools.list_ports.comports", lambda: [listed(*port) for port in ports])


def listed(device: str, vid: int | None, pid: int | None, serial: str | None, description: str) -> ListPortInfo:
    """One port as pySerial lists it."""
    info = ListPortInfo(device, skip_link_detection=True)
    info.vid, info.pid, info.serial_number, info.description = vid, pid, serial, description
    return info


def on_the_bus(monkeypatch: pytest.MonkeyPatch, folder: Path, *devices: str) -> None:
    """From now on /sys has these USB devices: ``VID:PID``, behind it a file of its interface, such as tty/ttyACM0."""
    (folder / "usb1").mkdir(parents=True)
    (folder / "usb1" / "idVendor").write_text("1d6b\n")  # the hub of the PC itself
    (folder / "usb1" / "idProduct").write_text("0002\n")
    for number, said in enumerate(devices, 1):
        ids, _, port = said.partition(" ")
        device = folder / f"1-{number}"
        device.mkdir()
        for name, value in zip(("idVendor", "idProduct"), ids.split(":"), strict=True):
            (device / name).write_text(f"{value}\n")
        interface = folder / f"1-{number}:1.0"
        interface.mkdir()
        if port:
            (interface / port).mkdir(parents=True)
    monkeypatch.setattr("doctor.link.usb_devices.SYSFS", folder)
