"""The table of other devices, held against texts as they print them, whole, cut, behind noise, and at a wrong speed."""

from __future__ import annotations

import random

import pytest

from doctor.link.foreign import by_ati, by_platform, by_text, by_usb
from doctor.link.ports import PortInfo, port_info
from doctor.sim.world import heard

PROMPT = '\r\nType "help()" for more information.\r\n>>> '
ROM = "ets Jun  8 2016 00:22:57\r\n\r\nrst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\r\n"

#: What it says, what it is called by then, and whether that is certain.
REAL = (
    (
        "\r\nAdafruit CircuitPython 5.2.0-24-gc88db8a4e-dirty on 2020-07-11; OrangeCrab with VexRiscv\r\n>>> ",
        "CircuitPython board (OrangeCrab", True,
    ),
    ("\r\nAdafruit CircuitPython 2.3.1 on 2018-05-07; ESP module with ESP8266\r\n>>> ", "CircuitPython", True),
    (
        "\x1b]0;\U0001f40dWi-Fi: off | REPL | 9.0.5\x1b\\\r\nAdafruit CircuitPython 9.0.5 on 2024-05-22; Adafruit "
        "Feather ESP32-S3 4MB Flash 2MB PSRAM with ESP32S3\r\n>>> ",
        "CircuitPython", True,
    ),
    ("Code done running.\r\n\r\nPress any key to enter the REPL. Use CTRL-D to reload.\r\n", "CircuitPython", False),
    ("\r\ncode.py output:\r\n21.5\r\n", "CircuitPython", False),
    (f"\r\nMicroPython v1.14 on 2021-02-05; Raspberry Pi Pico with RP2040{PROMPT}", "Pico with RP2040", True),
    (f"\r\nMicroPython v1.20.0-724-gbf1107420 on 2025-02-19; Raspberry Pi Pico with RP2040{PROMPT}", "RP2040", True),
    (f"\r\nMicroPython v1.25.0 on 2025-04-15; Generic ESP32 module with ESP32{PROMPT}", "Generic ESP32", True),
    (f"\r\nMicroPython v1.9.4 on 2018-05-11; ESP32 module with ESP32{PROMPT}", "ESP32 module with ESP32", True),
    (f"\r\nMicroPython v1.27.0 on 2025-12-09; LOLIN_S2_MINI with ESP32-S2FN4R2{PROMPT}", "LOLIN_S2_MINI", True),
    (f"\r\nMicroPython v1.13 on 2020-09-02; PYBv1.1 with STM32F405RG{PROMPT}", "PYBv1.1", True),
    (
        "\r\nMicroPython v1.29.0-preview on 2026-07-05; linux [GCC 14.2.1] version\r\nUse Ctrl-D to exit, Ctrl-E for "
        "paste mode\r\n>>> ",
        "linux [GCC", True,
    ),
    (
        f"\r\nPycom MicroPython 1.20.2.r4 [v1.11-ba9d86d] on 2020-12-01; LoPy4 with ESP32{PROMPT}",
        "a LoPy4, a Pycom board without an LTE modem", True,
    ),
    (f"\r\nMicroPython v1.8.6-849-83e2f7f on 2018-03-19; SiPy with ESP32{PROMPT}", "a SiPy", True),
    (f"\r\nMicroPython v1.8.6-237-g9ee76c5 on 2016-12-29; WiPy with CC3200{PROMPT}", "a WiPy", True),
    ("$GPRMC,123519,A,4807.038,N,01131.000,E,022.4,084.4,230394,003.1,W*6A\r\n", "GPS receiver", False),
    ("$GNGGA,,,,,,0,00,25.5,,,,,,*64\r\n$BDGSV,1,1,00*68\r\n", "GPS receiver", False),
    ("\r\nGrbl 1.1h ['$' for help]\r\n", "GRBL", False),
    ("\r\nGrbl 0.9j ['$' for help]\r\nok\r\n", "GRBL", False),
    ("ok\r\n", "GRBL, Marlin", False),
    ("start\r\necho: External Reset\r\nMarlin 2.1.2.1\r\n", "Marlin", False),
    ("\r\nMarlin bugfix-2.0.x\r\necho:busy: processing\r\n", "Marlin", False),
    (
        "\r\r\nMicroPython 9458e3a23f on 2026-07-05; linux [GCC 14.2.1] version\r\r\nType \"help()\" for more "
        "information.\r\r\n>>> ",
        "linux [GCC", True,
    ),
    ("\r\n\x1b[1G\x1b[0J> \x1b[3G", "at the prompt of its Node.js", False),
    ("\r\nroot@OpenWrt:/# ", "Linux, at its shell", False),
    ("\r\n\x1b[?2004l\r\x1b[?2004h\x1b[01;32mpi@raspberrypi\x1b[00m:\x1b[01;34m~ $\x1b[00m ", "at its shell", False),
    ("\r\n[root@fedora ~]# ", "at its shell", False),
    ("\r\n/ # ", "at its shell", False),
    ("\r\n~ $ ", "at its shell", False),
    ("\r\nbash-5.2# ", "at its shell", False),
    ("\r\nRaspbian GNU/Linux 10 raspberrypi ttyAMA0\r\n\r\nraspberrypi login: ", "at its login", False),
    ("\r\nPassword: ", "at its login", False),
    ("\r\nPlease press Enter to activate this console. \r\n", "Linux", False),
    ("\r\n[    0.000000] Linux version 5.10.0 (oe-user@oe-host)\r\n", "Linux", False),
    ("\r\nU-Boot 2021.01 (Jan 11 2021 - 18:11:43 +0000)\r\n", "boot loader", False),
    ("\r\nU-Boot SPL 2018.05-rc2 (Apr 20 2018)\r\n", "boot loader", False),
    ("\r\n ets Jan  8 2013,rst cause:2, boot mode:(3,6)\r\n", "ESP8266", False),
    ("ESP-ROM:esp32s3-20210327\r\nBuild:Mar 27 2021\r\n", "another kind (esp32s3)", False),
    ("ESP-ROM:esp32c3-api1-20210207\r\n", "another kind (esp32c3)", False),
    (f"{ROM}I (29) boot: ESP-IDF v4.4.1 2nd stage bootloader\r\n", "program of its own", False),
)  # fmt: skip

OURS = (
    "\r\nPycom MicroPython 1.18.1.r2 [v1.8.6-849-3ab2277] on 2018-09-09; GPy with ESP32",
    "\r\nMicroPython v1.8.6-849-83e2f7f on 2018-03-19; FiPy with ESP32",
    "\r\nPycom MicroPython 1.20.2.r4 [v1.11-ba9d86d] on 2020-12-01; FiPy with ESP32\r\nPybytes Version: 1.6.1",
)
PROGRAMS = (
    "temperature 21\r\n", "[mqtt] keep alive\r\n", "[pybytes] Connected to MQTT\r\n", "Ready\r\n", "price: 5 $\r\n",
    "\r\nTraceback (most recent call last):\r\n  File \"main.py\", line 3\r\n>>> ", "\r\n=== ", "\r\n... ", "OK\r\n",
    "okay\r\n", "\r\n+CEREG: 2\r\n", "Login as: ", "user login: done\r\n", "a GPS: $ 3\r\n", "\r\n> ", "",
)  # fmt: skip


def noise(seed: int) -> str:
    return bytes(random.Random(seed).choices(b"\xf8\xfe\x80\x00\xff\xc0\x13", k=40)).decode("latin-1")


@pytest.mark.parametrize(("text", "device", "sure"), REAL, ids=lambda value: str(value)[:20].strip())
def test_a_real_text_names_its_device_behind_noise_too(text: str, device: str, sure: bool) -> None:
    for before in ("", f"{noise(1)}\r\n"):
        answer = text if text.startswith("ok") else before + text
        found = by_text(before + text, answer)
        assert found is not None and device in found.device, found
        assert found.sure is sure
        assert ("most likely" in found.words) is not sure
        assert "no FiPy or GPy" in found.words and "no FiPy or GPy" in found.refused("COM3").what


@pytest.mark.sampled(3, "long")
@pytest.mark.parametrize(("text", "device", "sure"), REAL, ids=lambda value: str(value)[:20].strip())
def test_a_text_that_is_cut_or_garbled_makes_no_other_device_certain(text: str, device: str, sure: bool) -> None:
    whole = by_text(text, text)
    assert whole is not None
    spots = random.Random(text).sample(range(len(text)), min(len(text), 12))
    for at in spots:
        for part in (text[:at], text[at:]):
            found = by_text(part, part)
            assert found is None or not found.sure or (sure and found.device == whole.device), part
    for baud in (9600, 57600, 921600):
        garbled = heard(text.encode(), baud, 115200).decode("utf-8", "replace")
        assert by_text(garbled, garbled) is None


@pytest.mark.parametrize("banner", OURS)
def test_a_board_with_the_modem_is_no_other_device_whatever_is_lost_of_its_banner(banner: str) -> None:
    said = banner + PROMPT
    for at in range(len(said)):
        for damaged in (said[:at], said[at:], said[:at] + said[at + 1 :], said[:at] + "x" + said[at + 1 :]):
            assert by_text(damaged, damaged) is None, damaged


@pytest.mark.parametrize("said", PROGRAMS)
def test_what_programs_print_is_no_other_device(said: str) -> None:
    assert by_text(said, said) is None


def test_who_was_heard_as_ours_may_say_what_it_likes_afterwards() -> None:
    for text, _, sure in REAL:
        if not sure:
            assert by_text(OURS[0] + PROMPT + text, text) is None
            assert by_text(text, text, only_sure=True) is None


def test_boot_messages_of_an_esp32_rule_out_all_but_esp32s() -> None:
    gps = "$GPGGA,123519,4807.038,N*47\r\n"
    assert by_text(ROM + gps, gps) is None
    assert by_text(gps, gps) is not None


@pytest.mark.parametrize(
    ("lines", "device"),
    [
        (["Quectel", "BG96", "Revision: BG96MAR02A07M1G"], "a modem of Quectel"),
        (["Manufacturer: u-blox", "Model: SARA-R410M-02B"], "a modem of u-blox"),
        (["SARA-U201-03S-01"], "a modem of u-blox"),
        (["Manufacturer: SIMCOM INCORPORATED", "Model: SIMCOM_SIM7600E-H"], "a modem of SIMCom"),
        (["SIM800 R14.18"], "a modem of SIMCom"),
        (["Manufacturer: Telit", "Model: LE910C4-NF"], "a modem of Telit"),
        (["Manufacturer: Sierra Wireless, Incorporated", "Model: HL7800"], "a modem of Sierra Wireless"),
        (["Manufacturer: huawei", "Model: E3131"], "a modem of Huawei"),
        (["Cinterion", "EHS6", "REVISION 03.001"], "a modem of Thales (Cinterion)"),
        (["332"], "a modem of another maker than Sequans"),
    ],
)
def test_a_modem_of_another_maker_is_told_by_ati(lines: list[str], device: str) -> None:
    found = by_ati(lines, says_mode=False)
    assert found is not None and found.device == device
    assert by_ati(lines, says_mode=True) is None, "only Sequans' modems answer AT+SMOD?"


@pytest.mark.parametrize(
    "lines", [["SEQUANS Communications", "VZM20Q", "UE5.0.0.0d"], ["GM02S"], ["UE8.0.4.0"], ["LR5.1.1.0-41065"], []]
)
def test_a_modem_of_sequans_is_none_of_another_maker(lines: list[str]) -> None:
    assert by_ati(lines, says_mode=False) is None


def port(vid: int | None, pid: int | None) -> PortInfo:
    return port_info("", vid, pid, None, "")


def test_usb_ids_name_what_has_its_own_and_nothing_else() -> None:
    arduino = by_usb(port(0x2341, 0x0043))
    assert arduino is not None and "an Arduino, by its USB id 2341:0043" in arduino.words
    for bridge in ((0x10C4, 0xEA60), (0x1A86, 0x7523), (0x0403, 0x6015), (0x04D8, 0xEF98), (None, None)):
        assert by_usb(port(*bridge)) is None
    ids = ((0x1A86, 0x7523), (0x0403, 0x6001), (0x04D8, 0xF012), (None, None))
    assert [port(*pair).is_strange for pair in ids] == [
        True, False, False, False,
    ]  # fmt: skip


def test_a_platform_names_a_board_whose_banner_was_lost() -> None:
    assert [by_platform(name) for name in ("FiPy", "GPy", "G01")] == [None] * 3
    rp2, wipy = by_platform("rp2"), by_platform("WiPy")
    assert rp2 is not None and "another MicroPython (rp2)" in rp2.words
    assert wipy is not None and wipy.catalogue == "non-lte-board"


def test_what_a_device_says_of_itself_is_escaped() -> None:
    found = by_text(*[f"\r\nMicroPython v1.1 on 2020-01-01; \x07`rm`[b] with X{PROMPT}"] * 2)
    assert found is not None and not {"\x07", "`"} & set(found.words)
