"""The serial ports of this machine: which there are, which look like a Pycom carrier board."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from doctor.link.port_url import real_device
from doctor.text.escape import shown


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


#: Vendors of chips that make a serial port of USB, and the driver that Linux has for them.
DRIVERS = {0x0403: "ftdi_sio", 0x10C4: "cp210x", 0x1A86: "ch341", 0x067B: "pl2303"}
PYCOM_DRIVER = "cdc_acm"  #: of the carrier boards with a PIC
_FTDI = 0x0403  #: one carrier board has its chip, and so have many adapters


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
    slot         which socket of which hub it is in, as the system counts them; "" if it does not say
    """

    device: str
    vid: int | None
    pid: int | None
    serial: str | None
    description: str
    carrier: str | None
    dfu: bool
    ambiguous: bool = False
    slot: str = ""

    @property
    def is_usb(self) -> bool:
        """Whether it is a USB device; what is not is built into the PC, or Bluetooth: nobody's board, unless named."""
        return self.vid is not None

    @property
    def is_ftdi(self) -> bool:
        """Whether it has a chip of FTDI, which has a latency timer."""
        return self.vid == _FTDI

    @property
    def is_board(self) -> bool:
        """Whether its USB id belongs to a carrier board alone, and a module may answer there."""
        return self.carrier is not None and not self.dfu and not self.ambiguous

    @property
    def is_strange(self) -> bool:
        """Whether it has a USB id that neither a Pycom carrier board nor FTDI has."""
        return self.is_usb and not self.is_ftdi and self.carrier is None

    @property
    def lasting(self) -> PortInfo:
        """What is the same for one device as long as it stays: what the system calls it may be read late."""
        return replace(self, description="")

    @property
    def usb_id(self) -> str:
        """Vendor and product, as ``usb:`` takes them."""
        return f"{self.vid or 0:04x}:{self.pid or 0:04x}"

    @property
    def place(self) -> str:
        """How hands find it among many: USB socket and serial number; "" if neither is known."""
        known = (("USB", self.slot), ("serial", self.serial))
        return ", ".join(f"{what} {value}" for what, value in known if value)

    @property
    def words(self) -> str:
        """What it is, for a list."""
        if not self.is_usb:
            return "no USB device: not a Pycom board"
        what = (f"perhaps {self.carrier}" if self.ambiguous else self.carrier) or self.description or "unknown device"
        boot_loader = ", in its own boot loader" if self.dfu else ""
        return f"{what}{boot_loader}, USB {self.usb_id}" + (f", serial {self.serial}" if self.serial else "")


def port_info(
    device: str, vid: int | None, pid: int | None, serial: str | None, description: str, slot: str = ""
) -> PortInfo:
    """A PortInfo with what the USB id says filled in."""
    known = USB_IDS.get((vid, pid)) if vid is not None and pid is not None else None
    if known is None:
        return PortInfo(device, vid, pid, serial, description, None, False, slot=slot)
    return PortInfo(device, vid, pid, serial, description, known.carrier, known.dfu, known.ambiguous, slot)


def list_ports() -> list[PortInfo]:
    """All ports, likely boards first, then by name. No port is opened."""
    from serial.tools import list_ports as system

    found = [
        port_info(
            port.device,
            port.vid,
            port.pid,
            _clean(port.serial_number) or None,
            _clean(port.description),
            _clean(port.location),
        )
        for port in system.comports()
    ]
    return sorted(found, key=lambda port: (port.carrier is None, port.ambiguous, port.device))


def port_at(device: str) -> PortInfo | None:
    """What the system lists of this device, or of the one that it links to; None if nothing."""
    names = (device, real_device(device))
    return next((port for port in list_ports() if port.device in names), None) if device else None


def is_wsl(version: Path = Path("/proc/version")) -> bool:
    """Whether this is a Linux inside Windows, which sees no USB serial ports."""
    try:
        return "microsoft" in version.read_text(errors="replace").lower()
    except OSError:
        return False


def _clean(text: str | None) -> str:
    """Texts of devices reach terminals: they are escaped. pySerial says n/a for nothing."""
    return "" if not text or text == "n/a" else shown(text)
