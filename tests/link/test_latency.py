from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from doctor.link import latency
from doctor.link.latency import LowLatency, how_to_lower, latency_ms
from tests.another_system import Windows, on

Values = dict[str, Any]
DENIED: Values = {"may": "not be read"}


class Registry:
    """Windows' registry as ``winreg`` gives it: the FTDI chips that were ever plugged in, by their names there."""

    HKEY_LOCAL_MACHINE = "HKLM"

    def __init__(self, **chips: Values) -> None:
        self.keys: dict[str, Any] = {r"HKLM\SYSTEM\CurrentControlSet\Enum\FTDIBUS": list(chips)}
        for name, values in chips.items():
            self.keys[rf"HKLM\SYSTEM\CurrentControlSet\Enum\FTDIBUS\{name}\0000\Device Parameters"] = values

    @contextmanager
    def OpenKey(self, key: str, path: str) -> Iterator[str]:
        if self.keys.get(rf"{key}\{path}") is DENIED:
            raise PermissionError(13, "Access is denied")
        if rf"{key}\{path}" not in self.keys:
            raise FileNotFoundError(2, "The system cannot find the file specified")
        yield rf"{key}\{path}"

    def EnumKey(self, key: str, number: int) -> str:
        if number >= len(self.keys[key]):
            raise OSError(259, "No more data is available")
        name: str = self.keys[key][number]
        return name

    def QueryValueEx(self, key: str, name: str) -> tuple[Any, int]:
        if name not in self.keys[key]:
            raise FileNotFoundError(2, "The system cannot find the file specified")
        return self.keys[key][name], 4


def test_windows_tells_it_beside_the_name_of_the_port(monkeypatch: pytest.MonkeyPatch) -> None:
    Windows.installed(monkeypatch)
    chips: dict[str, Values] = {
        "gone": {},
        "locked": DENIED,
        "other": {"PortName": "COM3", "LatencyTimer": 1},
        "old": {"PortName": "COM4"},
    }
    registry = Registry(**chips, board={"PortName": "COM25", "LatencyTimer": 16})
    monkeypatch.setitem(sys.modules, "winreg", registry)
    assert [latency_ms(device) for device in ("COM25", "COM3", "COM4", "COM9")] == [16, 1, 0, 0]
    monkeypatch.setitem(sys.modules, "winreg", Registry())
    registry.keys.clear()
    assert latency_ms("COM25") == 0


def test_linux_tells_it_of_chips_of_ftdi_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    on(monkeypatch, "linux")
    monkeypatch.setattr(latency, "SYSFS", tmp_path)
    (tmp_path / "ttyUSB0").mkdir()
    (tmp_path / "ttyUSB0" / "latency_timer").write_text("16\n")
    assert [latency_ms(device) for device in ("/dev/ttyUSB0", "/dev/ttyACM0")] == [16, 0]


class Port:
    """A serial port of Linux: pySerial's call and the kernel's structure with the flags."""

    def __init__(self, flags: int = 0x10, *, takes: bool = True) -> None:
        self.flags = flags
        self.takes = takes
        self.calls: list[bool] = []

    def fileno(self) -> int:
        return 7

    def set_low_latency_mode(self, low: bool) -> None:
        self.calls.append(low)
        if not self.takes:
            raise ValueError("Failed to update ASYNC_LOW_LATENCY flag")
        self.flags = self.flags | 0x2000 if low else self.flags & ~0x2000

    def told(self, monkeypatch: pytest.MonkeyPatch) -> Port:
        def ioctl(fd: int, request: int, numbers: Any) -> None:
            assert (fd, request) == (7, 0x541E)  # TIOCGSERIAL
            numbers[4] = self.flags

        monkeypatch.setattr("fcntl.ioctl", ioctl)
        return self


linux_only = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the flag is Linux' own")


@linux_only
def test_low_latency_is_set_read_back_and_given_back_once(monkeypatch: pytest.MonkeyPatch) -> None:
    port = Port().told(monkeypatch)
    low = LowLatency(port)
    assert (low.is_set, port.flags) == (True, 0x2010)
    low.give_back()
    low.give_back()
    assert (port.flags, port.calls) == (0x10, [True, False])


@linux_only
def test_low_latency_that_somebody_else_has_set_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    port = Port(0x2010).told(monkeypatch)
    low = LowLatency(port)
    low.give_back()
    assert (low.is_set, port.flags, port.calls) == (True, 0x2010, [])


@linux_only
def test_a_driver_that_refuses_low_latency_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    port = Port(takes=False).told(monkeypatch)
    low = LowLatency(port)
    low.give_back()
    assert (low.is_set, port.calls) == (False, [True])


def test_what_is_no_such_port_has_no_low_latency() -> None:
    low = LowLatency(object())
    low.give_back()
    assert not low.is_set


@pytest.mark.parametrize(
    ("system", "device", "says"),
    [
        ("win32", "COM25", "Device Manager > Ports (COM & LPT) > COM25"),
        ("linux", "/dev/ttyUSB0", "/sys/bus/usb-serial/devices/ttyUSB0/latency_timer"),
        ("darwin", "/dev/cu.usbserial-1", "macOS has no setting"),
    ],
)
def test_each_system_says_how_it_is_lowered(
    monkeypatch: pytest.MonkeyPatch, system: str, device: str, says: str
) -> None:
    on(monkeypatch, system)
    assert says in how_to_lower(device)
    assert how_to_lower("") == ""
