from __future__ import annotations

from pathlib import Path

import pytest

from doctor.errors import UsageError
from doctor.link.choice import likely, nothing_plugged_in, spelled
from doctor.link.ports import list_ports
from tests.another_system import on
from tests.plugged import (
    ADAPTER,
    ARDUINO,
    BLUETOOTH,
    BUILT_IN,
    COM1,
    EXPANSION,
    OLD_EXPANSION,
    ON_MAC,
    ON_WINDOWS,
    PYSENSE,
    Listed,
    on_the_bus,
    plug_in,
)

IN_DFU = ("/dev/ttyACM3", 0x04D8, 0xF014, None, "n/a")


@pytest.mark.parametrize(
    "ports, meant",
    [
        ((), ()),
        ((BUILT_IN,), ()),
        ((COM1, ON_WINDOWS), (ON_WINDOWS,)),
        ((BLUETOOTH, ON_MAC), (ON_MAC,)),
        ((BUILT_IN, ADAPTER, ARDUINO, PYSENSE), (PYSENSE,)),
        ((OLD_EXPANSION, EXPANSION), (EXPANSION,)),
        ((BUILT_IN, ADAPTER), (ADAPTER,)),
        ((ADAPTER, OLD_EXPANSION), (OLD_EXPANSION, ADAPTER)),
        ((IN_DFU,), ()),
    ],
)
def test_boards_come_first_then_usb_and_never_what_is_built_in(
    monkeypatch: pytest.MonkeyPatch, ports: tuple[Listed, ...], meant: tuple[Listed, ...]
) -> None:
    plug_in(monkeypatch, *ports)
    assert [port.device for port in likely(list_ports())] == [port[0] for port in meant]


@pytest.mark.parametrize(
    "typed, means",
    [
        ("serial:PYE1E2E3", "/dev/ttyACM1"),
        ("usb:04D8:f012", "/dev/ttyACM0"),
        ("usb:0x4d8:0xef98", "/dev/ttyACM1"),
        ("192.168.4.1", "telnet://192.168.4.1"),
        ("192.168.4.1:2323", "telnet://192.168.4.1:2323"),
        ("ttyACM5", "/dev/ttyACM5"),
        ("cu.usbmodem1", "/dev/cu.usbmodem1"),
        ("/dev/pts/4", "/dev/pts/4"),
        ("sim://fipy", "sim://fipy"),
        ("", ""),
    ],
)
def test_ports_may_be_typed_as_people_write_them(monkeypatch: pytest.MonkeyPatch, typed: str, means: str) -> None:
    plug_in(monkeypatch, PYSENSE, EXPANSION)
    on(monkeypatch, "linux")
    assert spelled(typed) == means


@pytest.mark.parametrize(
    "typed, means", [("25", "COM25"), ("com25", "COM25"), ("\\\\.\\COM25", "COM25"), ("10.0.0.7", "telnet://10.0.0.7")]
)
def test_windows_has_com_ports(monkeypatch: pytest.MonkeyPatch, typed: str, means: str) -> None:
    on(monkeypatch, "win32")
    assert spelled(typed) == means


@pytest.mark.parametrize(
    "typed, platform, answer",
    [
        ("COM25", "linux", "belong to Windows"),
        ("25", "darwin", "belong to Windows"),
        ("nix", "linux", "neither a device in /dev nor a URL"),
        ("/dev/ttyACM0", "win32", "called COM3"),
        ("serial:none", "linux", "no USB serial port has it"),
        ("usb:1a86:7523", "linux", "no USB serial port has it"),
    ],
)
def test_what_can_mean_nothing_here_is_answered_with_what_can(
    monkeypatch: pytest.MonkeyPatch, typed: str, platform: str, answer: str
) -> None:
    plug_in(monkeypatch, BUILT_IN, EXPANSION)
    on(monkeypatch, platform)
    with pytest.raises(UsageError) as caught:
        spelled(typed)
    assert answer in caught.value.cause
    assert "/dev/ttyACM1 (Expansion Board 3.x" in caught.value.cause and "ttyS0" not in caught.value.cause
    assert caught.value.next == "add --port /dev/ttyACM1 instead"


def test_an_id_that_two_ports_have_is_answered_with_both(monkeypatch: pytest.MonkeyPatch) -> None:
    plug_in(monkeypatch, EXPANSION, ("/dev/ttyACM8", *EXPANSION[1:]))
    for typed in ("usb:04d8:ef98", "serial:Pye1e2e3"):
        with pytest.raises(UsageError, match="means 2 ports") as caught:
            spelled(typed)
        assert "/dev/ttyACM1" in caught.value.cause and "/dev/ttyACM8" in caught.value.cause


@pytest.mark.parametrize(
    "on_bus, id, words",
    [
        ((), "pymakr-no-board-found", "carries only power"),
        (("046d:c52b",), "pymakr-no-board-found", "carries only power"),
        (("04d8:ef98",), "pymakr-no-board-found", "Expansion Board 3.x is plugged in (USB 04d8:ef98)"),
        (("1a86:7523",), "pymakr-no-board-found", "its driver ch341 is not loaded"),
        (("0403:6015",), "pymakr-no-board-found", "a USB serial adapter is plugged in (USB 0403:6015)"),
        (("04d8:f011",), "shield-in-dfu-mode", "in its own DFU boot loader"),
        (("0403:6015 ttyUSB0", "04d8:ef98 tty"), "pymakr-no-board-found", "carries only power"),
    ],
)
def test_what_is_plugged_in_without_a_port_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, on_bus: tuple[str, ...], id: str, words: str
) -> None:
    on_the_bus(monkeypatch, tmp_path / "devices", *on_bus)
    on(monkeypatch, "linux")
    said = nothing_plugged_in([])
    assert said.id == id
    assert words in f"{said.what}; {said.cause}"


def test_a_built_in_port_is_named_and_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    plug_in(monkeypatch, BUILT_IN)
    said = nothing_plugged_in(list_ports())
    assert "name it: --port /dev/ttyS0" in said.cause


def test_what_a_device_calls_itself_is_untrusted(monkeypatch: pytest.MonkeyPatch) -> None:
    plug_in(monkeypatch, ("/dev/ttyACM0", 0x1234, 0x5678, "\x1b[2J`rm`", "evil\u202e\n`fipy-doctor flash`"))
    words = list_ports()[0].words
    assert words.isprintable() and "`" not in words
