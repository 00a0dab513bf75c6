"""Devices that are no FiPy or GPy, at the level of bytes: what each prints, and what it answers to a key or a line.

The texts are those of the devices themselves. ``received`` keeps what was sent to one: some of it would stop a machine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from doctor.sim.world import World, heard

OPEN_MS = 700.0  #: from DTR to the first words of a board that it resets
REPLY_MS = 5.0
LONGEST_LINE_BYTES = 256


@dataclass(frozen=True)
class Kind:
    """One kind of device.

    text      what it is, for ``sim --list``
    usb_id    (vendor, product) that the system would show; None if it shows none
    opens     what it says when the port is opened, because DTR resets it
    says      what it says every second
    keys      its answer to a single byte
    lines     its answer to a whole line; b"" as a key: to every line that is not named
    echoes    it sends back what it gets
    """

    text: str
    usb_id: tuple[int, int] | None = None
    opens: bytes = b""
    says: bytes = b""
    keys: Mapping[bytes, bytes] = field(default_factory=dict)
    lines: Mapping[bytes, bytes] = field(default_factory=dict)
    echoes: bool = False
    baud: int = 115200


def _repl(text: str, banner: bytes, usb_id: tuple[int, int], help_line: bytes = b"") -> Kind:
    """A Python prompt: CR brings another one, Ctrl-B its banner, Ctrl-A the raw REPL."""
    prompt = b"\r\n>>> "
    keys = {
        b"\r": prompt,
        b"\x01": b"raw REPL; CTRL-B to exit\r\n>",
        b"\x02": b"\r\n" + banner + b"\r\n" + help_line + b">>> ",
        b"\x03": prompt,
        b"\x04": b"\r\nsoft reboot\r\n",
    }
    return Kind(text, usb_id, keys=keys)


def _modem(text: str, ati: bytes, usb_id: tuple[int, int] | None = None) -> Kind:
    """An AT parser with echo."""
    lines = {b"AT": b"\r\nOK\r\n", b"ATI": b"\r\n" + ati + b"\r\n\r\nOK\r\n", b"": b"\r\nERROR\r\n"}
    return Kind(text, usb_id, lines=lines, echoes=True)


_HELP = b'Type "help()" for more information.\r\n'
_CP210X = (0x10C4, 0xEA60)
_SHELL = (
    b"\r\n\x1b[?2004l\r\x1b[?2004h\x1b]0;pi@raspberrypi: ~\x07\x1b[01;32mpi@raspberrypi\x1b[00m:\x1b[01;34m~ $\x1b[00m "
)
_NMEA = (
    b"$GPRMC,123519.00,A,4807.038,N,01131.000,E,022.4,084.4,230394,003.1,W*6A\r\n"
    b"$GPGGA,123519.00,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*47\r\n"
)

DEVICES: Mapping[str, Kind] = {
    "circuitpython": _repl(
        "a board with CircuitPython, at its prompt",
        b"Adafruit CircuitPython 8.2.6 on 2023-09-12; Adafruit Feather RP2040 with rp2040",
        (0x239A, 0x80F2),
    ),
    "pico": _repl(
        "a Raspberry Pi Pico with MicroPython",
        b"MicroPython v1.19.1 on 2022-06-18; Raspberry Pi Pico with RP2040",
        (0x2E8A, 0x0005),
        _HELP,
    ),
    "esp32": _repl(
        "an ESP32 with MicroPython",
        b"MicroPython v1.22.2 on 2024-02-22; Generic ESP32 module with ESP32",
        _CP210X,
        _HELP,
    ),
    "esp32-program": Kind(
        "an ESP32 that logs as a program of ESP-IDF does",
        _CP210X,
        says=b"I (4523) wifi: state: run -> init (0)\r\nI (4530) main_task: Returned from app_main()\r\n",
    ),
    "esp32-download": Kind(
        "an ESP32 in its boot loader, waiting for a firmware",
        _CP210X,
        opens=b"ets Jun  8 2016 00:22:57\r\n\r\nrst:0x1 (POWERON_RESET),boot:0x3 "
        b"(DOWNLOAD_BOOT(UART0/UART1/SDIO_REI_REO_V2))\r\nwaiting for download\r\n",
    ),
    "wipy": _repl(
        "a WiPy 3 on an expansion board: a Pycom board without LTE",
        b"Pycom MicroPython 1.20.2.r4 [v1.11-ba9d86d] on 2020-12-01; WiPy with ESP32",
        (0x04D8, 0xEF98),
        _HELP,
    ),
    "lopy4": _repl(
        "a LoPy4 on an expansion board: a Pycom board without LTE",
        b"Pycom MicroPython 1.18.2.r4 [v1.8.6-849-ba178ae] on 2019-04-01; LoPy4 with ESP32",
        (0x0403, 0x6015),
        _HELP,
    ),
    "quectel": _modem("a modem of Quectel", b"Quectel\r\nBG96\r\nRevision: BG96MAR02A07M1G"),
    "ublox": _modem(
        "a modem of u-blox",
        b"Manufacturer: u-blox\r\nModel: SARA-R410M-02B\r\nRevision: L0.0.00.00.05.06 [Feb 03 2018 13:00:41]",
        _CP210X,
    ),
    "simcom": _modem(
        "a modem of SIMCom",
        b"Manufacturer: SIMCOM INCORPORATED\r\nModel: SIMCOM_SIM7600E-H\r\nRevision: SIM7600M22_V1.1\r\n+GCAP: +CGSM",
    ),
    "telit": _modem("a modem of Telit, which says only a number", b"332"),
    "says-ok": Kind("something that answers OK to every line", lines={b"": b"\r\nOK\r\n"}),
    "says-error": Kind("something that answers ERROR to every line", lines={b"": b"\r\nERROR\r\n"}, echoes=True),
    "arduino": Kind("an Arduino whose program prints", (0x2341, 0x0043), opens=b"Ready\r\n", says=b"Ready\r\n"),
    "grbl": Kind(
        "a CNC machine with GRBL",
        (0x1A86, 0x7523),
        opens=b"\r\nGrbl 1.1h ['$' for help]\r\n",
        lines={b"": b"error:1\r\n"},
        keys={b"\r": b"ok\r\n"},
    ),
    "linux-shell": Kind("a computer with Linux, at its shell", (0x0403, 0x6001), keys={b"\r": _SHELL, b"\x03": _SHELL}),
    "linux-login": Kind(
        "a computer with Linux, at its login",
        (0x067B, 0x2303),
        keys={b"\r": b"\r\nDebian GNU/Linux 12 gateway ttyS0\r\n\r\ngateway login: "},
    ),
    "gps": Kind("a GPS receiver at 115200 baud", (0x067B, 0x2303), says=_NMEA),
    "gps-slow": Kind("a GPS receiver at 9600 baud", (0x067B, 0x2303), says=_NMEA, baud=9600),
}


class ForeignDevice:
    """One device at a simulated port. ``transmit`` is set by who wires it up."""

    def __init__(self, world: World, name: str) -> None:
        self.world = world
        self.kind = DEVICES[name]
        self.transmit: Callable[[bytes, int], None] = lambda data, baud: None
        self.received = bytearray()
        self._line = bytearray()
        self._was_open = False
        world.at(1000.0, self._talk)

    def lines_changed(self, asserted: bool) -> None:
        """RTS and DTR go together: the program opened the port, or closed it."""
        if asserted and not self._was_open:
            self.world.at(OPEN_MS, lambda: self._send(self.kind.opens))
        self._was_open = asserted

    def receive(self, data: bytes, baud: int) -> None:
        """What the PC sends, as this device hears it."""
        for byte in heard(data, baud, self.kind.baud):
            self._hear(bytes([byte]))

    def _hear(self, byte: bytes) -> None:
        self.received += byte
        if self.kind.echoes:
            self._send(byte)
        ends_line = byte == b"\r" and bytes(self._line).strip() != b""
        if self.kind.lines and ends_line:
            line = bytes(self._line).strip()
            self._answer(self.kind.lines.get(line, self.kind.lines[b""]))
        elif byte in self.kind.keys:
            self._answer(self.kind.keys[byte])
        self._line = bytearray() if byte in (b"\r", b"\n") else (self._line + byte)[-LONGEST_LINE_BYTES:]

    def _answer(self, text: bytes) -> None:
        self.world.at(REPLY_MS, lambda: self._send(text))

    def _talk(self) -> None:
        self._send(self.kind.says)
        self.world.at(1000.0, self._talk)

    def _send(self, text: bytes) -> None:
        if text:
            self.transmit(text, self.kind.baud)
