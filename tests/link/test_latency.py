from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from doctor.link import latency
from doctor.link.latency import latency_ms
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
