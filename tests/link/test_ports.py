from __future__ import annotations

import sys
from pathlib import Path

import pytest

from doctor.bench import Bench, BenchOptions
from doctor.errors import BoardError
from doctor.link.holders import modemmanager_running
from doctor.link.ports import is_wsl, port_at, port_info
from tests.link import devices
from tests.plugged import plug_in


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


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no links to ports")
def test_a_link_to_a_port_is_that_port(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    device, link = tmp_path / "ttyUSB0", tmp_path / "by-id"
    device.touch()
    link.symlink_to(device)
    plug_in(monkeypatch, (str(device.resolve()), 0x1A86, 0x7523, None, "n/a"))
    found = port_at(str(link))
    assert found is not None and found.is_strange and port_at("") is None
    unnamed = BenchOptions(port=str(link), port_found=True)  # the environment names it
    with pytest.raises(BoardError, match="nobody has said that the board is there"):
        Bench(unnamed, link=devices.silent().link(str(link))).refuse_foreign()


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
