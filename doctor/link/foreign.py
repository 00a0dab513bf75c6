"""What else than a FiPy or GPy may be at a port, by what it says: one table, and what is said of such a device.

A program of a FiPy may print anything. So a device is named for certain only by what an interpreter or a modem answers
about itself; by all else it is what it most likely is, and a board in safe boot, where no program runs, shows better.
The texts are those of the devices themselves, as their projects and manuals print them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from doctor.errors import BoardError
from doctor.link.ports import PortInfo
from doctor.text.command import Command
from doctor.text.escape import shown

WRONG_PORT = "wrong-serial-port-chosen"
NO_LTE = "non-lte-board"
LTE_BOARDS = ("FiPy", "GPy", "G01")  #: the boards with the modem; the G01 reports GPy
PLUG_IN_BOARD = "plug-in-board"  #: the cures of both, by their ids in doctor/remedies
SAFE_BOOT = "hold-safe-boot"

_LEAVE = "leave this device as it is, and plug in the FiPy or GPy, on its expansion board or shield"
_AFTER_ALL = "if it is a FiPy or GPy after all, hold its Safe Boot button (P12 to 3V3) while you press reset"


@dataclass(frozen=True)
class Foreign:
    """A device that is no FiPy or GPy.

    device     what it is, with its article; what it says of itself in there is escaped
    sure       it says so itself, when asked; else it is what it most likely is
    says       the text that shows it, escaped
    catalogue  id of the known failure
    after_all  id of the cure if it is a FiPy or GPy after all; "" if that cannot be
    """

    device: str
    sure: bool
    says: str = ""
    catalogue: str = WRONG_PORT
    after_all: str = SAFE_BOOT

    @property
    def words(self) -> str:
        """One clause for a report."""
        says = f"; it says {self.says}" if self.says and not self.sure else ""
        return f"this is {'' if self.sure else 'most likely '}{self.device}, and no FiPy or GPy{says}"

    @property
    def cures(self) -> tuple[str, ...]:
        """Ids of what the hands can do; this program does nothing to such a device."""
        return (PLUG_IN_BOARD,) if self.sure or not self.after_all else (PLUG_IN_BOARD, self.after_all)

    @property
    def hands(self) -> str:
        """What the hands do about it."""
        return f"{_LEAVE}; {_AFTER_ALL}" if SAFE_BOOT in self.cures else _LEAVE

    def refused(self, on: str, done: str = "nothing was changed") -> BoardError:
        """What every command says that would have to work on it; ``done``: what was done to it already."""
        cause = "a FiPy or GPy that was given the firmware of another board says the same"
        return BoardError(
            self.catalogue,
            f"{self.words}; {done}",
            on=on,
            cause=cause if self.catalogue == NO_LTE else "this port is another device's, not the board's",
            next=f"{self.hands}; `fipy-doctor ports` shows where it is",
        )


class _Where(Enum):
    SAID = "anywhere in what was heard"
    ANSWER = "at the end of what came to CR or Ctrl-B"
    BANNER = "a line of what came to Ctrl-B, with a prompt at the end"
    AS_SENT = "the same, with the sequences that steer a terminal"


@dataclass(frozen=True)
class _Row:
    """One recognition: a device, the text that shows it, and where that stands.

    device  may name groups of the pattern
    of_rom  an ESP32 prints it; all else is ruled out once the boot messages of an ESP32 were heard
    """

    device: str
    pattern: str
    where: _Where = _Where.SAID
    sure: bool = False
    catalogue: str = WRONG_PORT
    of_rom: bool = False


_NO_LTE_BOARDS = ("WiPy", "LoPy", "LoPy4", "SiPy")
_LTE_NAME, _NO_LTE_NAME = (f"(?:{'|'.join(names)})" for names in (LTE_BOARDS, _NO_LTE_BOARDS))
_PYCOM_WITHOUT_LTE = "a {name}, a Pycom board without an LTE modem"
_OTHER_MICROPYTHON = "a board with another MicroPython ({name})"
_EOL = r"\r*\n"  #: a terminal driver on the way makes one CR more of each
_PROMPT = re.compile(r"[\r\n]>>> $")
_SHELL = (
    r"(?:^|[\r\n])(?:[\w.-]+@[\w.-]+[^\r\n]{0,80}|(?:ba|da|a)?sh-\d[\d.]*|\[[^\r\n\]]{1,60}\]|[~/][^\r\n ]{0,60} ?|)"
    r"[#$%] $"
)
_LOGIN = r"(?:^|[\r\n])(?:[\w.-]{1,60} login|Password): ?$"
_IDF = r"(?:^|[\r\n])[IWE] \(\d+\) (?:boot|cpu_start|esp_image|heap_init|spi_flash|app_start|main_task|wifi): [^\r\n]*"
_MARLIN = r"(?:^|[\r\n])(?:echo: ?)?(?:Marlin \d\S*|External Reset|busy: processing)"

#: The first row that holds names the device.
TABLE = (
    _Row(
        _PYCOM_WITHOUT_LTE,
        r"MicroPython [^\r\n]{0,200}; (?P<name>" + _NO_LTE_NAME + r") with (?:ESP32|CC3200)" + _EOL,
        _Where.BANNER, sure=True, catalogue=NO_LTE, of_rom=True,
    ),
    _Row(
        "a CircuitPython board ({name})",
        r"Adafruit CircuitPython \S+ on [\d-]{10}; (?P<name>[^\r\n]{1,80})" + _EOL,
        _Where.BANNER, sure=True, of_rom=True,
    ),
    _Row(
        _OTHER_MICROPYTHON,
        r"(?<!Pycom )MicroPython (?!v1\.8\.6-849)[^\s\[]+ on [\d-]{10}; "
        rf"(?P<name>(?!{_LTE_NAME} with)" + r"[^\r\n]{1,60}? with [^\r\n]{1,40}|\w+ \[[^\r\n]+\] version)" + _EOL,
        _Where.BANNER, sure=True, of_rom=True,
    ),
    _Row("a CircuitPython board", r"Press any key to enter the REPL\. Use CTRL-D|Auto-reload is on\. Simply save"),
    _Row("a CircuitPython board", r"(?:^|[\r\n])(?:code|main)\.py output:"),
    _Row("a GPS receiver", r"\$(?:G[PNLABQI]|BD|QZ)[A-Z]{3},[^\r\n]*"),
    _Row("a CNC controller (GRBL)", r"Grbl \d\.\d\w* \['\$' for help\]"),
    _Row("a CNC or 3D printer controller (GRBL, Marlin)", r"^(?:\r?\nok|ok\r?\n)+(?:\r?\n)*$", _Where.ANSWER),
    _Row("a 3D printer controller (Marlin)", _MARLIN),
    _Row("an Arduino (Firmata)", r"StandardFirmata\.ino|S\x00?t\x00?a\x00?n\x00?d\x00?a\x00?r\x00?d\x00?F\x00?i\x00?r"),
    _Row("a computer at the prompt of its Node.js", r"\x1b\[1G\x1b\[0J> \x1b\[3G$", _Where.AS_SENT),
    _Row("a computer with Linux, at its login", _LOGIN, _Where.ANSWER),
    _Row("a computer with Linux, at its shell", _SHELL, _Where.ANSWER),
    _Row("a computer with Linux", r"Please press Enter to activate this console|[\r\n]\[ +\d+\.\d{6}\] \w[^\r\n]*"),
    _Row("a computer with Linux, at its boot loader", r"(?:^|[\r\n])U-Boot (?:SPL )?20\d\d\.\d\d[^\r\n]*"),
    _Row("an ESP8266", r"ets Jan +8 2013,rst cause:\d+", of_rom=True),
    _Row("an ESP32 of another kind ({name})", r"ESP-ROM:(?P<name>esp32[a-z]\d+)-[^\r\n]*", of_rom=True),
    _Row("an ESP32 with a program of its own, not Pycom's firmware", _IDF, of_rom=True),
)  # fmt: skip

#: Names that the makers' modems give in their answer to ATI, if they are not Sequans'.
_BRANDS = (
    ("Quectel", r"quectel"),
    ("u-blox", r"u-blox|^(?:model: )?(?:SARA|LARA|TOBY|LISA|LEXI)-"),
    ("SIMCom", r"simcom|^(?:model: )?(?:SIM\d{3}|A76\d\d)"),
    ("Telit", r"telit|^(?:model: )?(?:[LMHG]E910|NE310|LE866|ME310)"),
    ("Sierra Wireless", r"sierra wireless|^(?:model: )?(?:HL7\d{3}|WP7\d{3})"),
    ("Huawei", r"huawei"),
    ("ZTE", r"\bzte\b"),
    ("Nordic Semiconductor", r"nordic semiconductor|nrf9[15]"),
    ("Thales (Cinterion)", r"cinterion|gemalto|thales"),
    ("Fibocom", r"fibocom"),
)
#: What a modem of Sequans, or one that is made of its chips, says there (modem-protocol.md 7, 8).
_SEQUANS = re.compile(r"sequans|vzm20|gm0[12]|sqn3|monarch|\b[lu][re]\d\.\d", re.IGNORECASE)

#: USB ids of devices that have their own, by vendor; a chip that only makes a serial port of USB says nothing.
_USB_VENDORS = {
    0x239A: "a CircuitPython or another Adafruit board",
    0x2E8A: "a Raspberry Pi Pico, or another board with its chip",
    0x2341: "an Arduino",
    0x2A03: "an Arduino",
    0x303A: "an ESP32-S2, ESP32-S3 or a later chip",
    0xF055: "a pyboard",
    0x0D28: "a micro:bit",
    0x16C0: "a Teensy",
    0x2C7C: "a modem of Quectel",
    0x1546: "a GPS receiver or modem of u-blox",
    0x1E0E: "a modem of SIMCom",
    0x1BC7: "a modem of Telit",
    0x1199: "a modem of Sierra Wireless",
}

_ESP32_ROM = re.compile(r"ets Jun +8 2016|ets Jul 29 2019|rst:0x[0-9a-f]+ \(")
_OURS = re.compile(rf"; {_LTE_NAME} with ESP32|Pycom MicroPython|[Pp]ybytes|fipyup")
_ANSI = re.compile(r"\x1b(?:\[[0-9;?]*[A-Za-z]|\][^\x07\x1b]*(?:\x07|\x1b\\))")


def by_text(heard: str, answer: str, *, only_sure: bool = False) -> Foreign | None:
    """The device that says this; None if none is known to, or if a FiPy or GPy has been heard.

    heard      all that came
    answer     the part of it that came after the last thing that was sent
    only_sure  a program of a FiPy or GPy may say anything: the port is known to be a Pycom board's
    """
    heard, plain = _ANSI.sub("", heard), _ANSI.sub("", answer)
    from_rom = _ESP32_ROM.search(heard) is not None
    is_ours = _OURS.search(heard) is not None
    said = {
        _Where.SAID: heard,
        _Where.ANSWER: plain,
        _Where.BANNER: plain if _PROMPT.search(plain) else "",
        _Where.AS_SENT: answer,
    }
    for row in TABLE:
        if not row.sure and (only_sure or is_ours or (from_rom and not row.of_rom)):
            continue
        found = re.search(row.pattern, said[row.where])
        if found:
            named = {name: shown(text, 60) for name, text in found.groupdict().items()}
            says = shown(_ANSI.sub("", found.group(0)).strip(), 60)
            return Foreign(row.device.format(**named), row.sure, says, row.catalogue)
    return None


def by_platform(platform: str) -> Foreign | None:
    """The board whose ``sys.platform`` is this; None for a board with the modem."""
    if platform in LTE_BOARDS:
        return None
    name = shown(platform, 30)
    if platform in _NO_LTE_BOARDS:
        return Foreign(_PYCOM_WITHOUT_LTE.format(name=name), True, name, NO_LTE)
    return Foreign(_OTHER_MICROPYTHON.format(name=name), True, name)


def by_ati(lines: Iterable[str], *, says_mode: bool) -> Foreign | None:
    """The modem of another maker that answers ATI so; None for one of Sequans, and for one that says nothing.

    says_mode  it answered AT+SMOD?, which only a modem of Sequans does
    """
    said = [line.strip() for line in lines if line.strip()]
    if says_mode or not said or any(map(_SEQUANS.search, said)):
        return None
    says = shown(", ".join(said), 60)
    for brand, pattern in _BRANDS:
        if any(re.search(pattern, line, re.IGNORECASE) for line in said):
            return Foreign(f"a modem of {brand}", True, says)
    return Foreign("a modem of another maker than Sequans", False, says, after_all="")


def says_only(word: str) -> Foreign:
    """What answers AT, AT+SMOD? and ATI with this final result and not a word more."""
    return Foreign(f"a device that answers {word} to everything, as no modem of Sequans does", False, after_all="")


def at_mute_prompt() -> Foreign:
    """What has MicroPython's prompt and does not say its name at Ctrl-B, as an idle board does at once."""
    return Foreign("a computer at the prompt of its Python", False, ">>>")


def in_boot_loader() -> Foreign:
    """An ESP32 that waits for a firmware, at a port whose USB id is not a Pycom board's."""
    return Foreign("an ESP32 in its boot loader", False, "waiting for download", "board-in-bootloader", "free-p2")


def by_usb(port: PortInfo) -> Foreign | None:
    """The device with its USB id; None for a carrier board, for a chip that may sit on anything, and for no id."""
    device = _USB_VENDORS.get(port.vid) if port.vid is not None else None
    return None if device is None else Foreign(f"{device}, by its USB id {port.usb_id}", False)


def nobody_named(on: str, usb_id: str, check: Command) -> BoardError:
    """What keeps a run off a port with a strange USB id that nobody typed: found, or in the environment or a file."""
    return BoardError(
        WRONG_PORT,
        f"its USB id, {usb_id}, is not a Pycom board's, and nobody has said that the board is there",
        on=on,
        cause="the port is the only one that is plugged in, or the environment or a file of settings names it",
        next=f"if the FiPy or GPy is there, run {check}",
    )
