from __future__ import annotations

from pathlib import Path

import pytest

from doctor.link.holders import modemmanager_running
from doctor.link.ports import is_wsl, port_info


@pytest.mark.parametrize(
    "vid, pid, carrier, dfu",
    [
        (0x04D8, 0xEF98, "Expansion Board 3.x", False),
        (0x04D8, 0xEF99, "Expansion Board 3.x", True),
        (0x04D8, 0xF012, "Pysense", False),
        (0x04D8, 0xF014, "Pytrack", True),
        (0x04D8, 0xED14, "Pygate", False),
        (0x1A86, 0x7523, None, False),
        (None, None, None, False),
    ],
)
def test_usb_ids_tell_the_carrier(vid: int | None, pid: int | None, carrier: str | None, dfu: bool) -> None:
    info = port_info("x", vid, pid, None, "")
    assert (info.carrier, info.dfu, info.ambiguous) == (carrier, dfu, False)


def test_an_ftdi_cable_is_never_certain() -> None:
    assert port_info("x", 0x0403, 0x6015, None, "").ambiguous


def test_modemmanager_is_seen_among_processes(tmp_path: Path) -> None:
    (tmp_path / "17").mkdir()
    (tmp_path / "17" / "comm").write_text("bash\n")
    assert not modemmanager_running(tmp_path)
    (tmp_path / "18").mkdir()
    (tmp_path / "18" / "comm").write_text("ModemManager\n")
    assert modemmanager_running(tmp_path)


def test_wsl_shows_in_the_kernel_version(tmp_path: Path) -> None:
    version = tmp_path / "version"
    assert not is_wsl(version)
    version.write_text("Linux version 5.15.90.1-Microsoft-standard-WSL2")
    assert is_wsl(version)
