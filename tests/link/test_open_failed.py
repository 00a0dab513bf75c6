from __future__ import annotations

import errno
import grp
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest
import serial

from doctor.errors import LinkError, UsageError
from doctor.link import choice, holders, open_failed
from doctor.link.holders import Holder
from doctor.link.link import open_link
from doctor.link.port_url import PortUrl
from doctor.link.ports import USB_IDS
from tests.another_system import on
from tests.link.devices import stubborn_server
from tests.plugged import EXPANSION, plug_in


def refused(url: str) -> LinkError:
    with pytest.raises(LinkError) as caught:
        open_link(PortUrl.read(url))
    return caught.value


def explain(err: Exception, url: str) -> LinkError | UsageError:
    return open_failed.explain(err, PortUrl.read(url))


def test_absent_with_nothing_plugged_in_speaks_of_the_cable() -> None:
    error = refused("/dev/ttyACM7")
    assert error.id == "port-not-found"
    assert "carries only power" in error.cause


def test_absent_lists_what_is_there_and_proposes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    plug_in(monkeypatch, EXPANSION)
    error = refused("/dev/ttyACM9")
    assert "/dev/ttyACM1 (Expansion Board 3.x, USB 04d8:ef98, serial Pye1e2e3)" in error.cause
    assert error.next == "use /dev/ttyACM1"


def test_linux_inside_windows_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice, "is_wsl", lambda: True)
    assert explain(FileNotFoundError(errno.ENOENT, "no"), "/dev/ttyUSB0").id == "wsl-no-serial"


def test_a_carrier_in_its_own_boot_loader_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    plug_in(monkeypatch, ("/dev/x", 0x04D8, 0xEF99, None, "n/a"))
    assert refused("/dev/ttyACM0").id == "shield-in-dfu-mode"


DENIED = PermissionError(errno.EACCES, "Permission denied")


def denied(device: Path) -> LinkError | UsageError:
    error = explain(DENIED, str(device))
    assert error.id == "port-permission-denied"
    return error


@pytest.fixture
def device(tmp_path: Path) -> Path:
    """A port of a group of which root is no member."""
    if os.geteuid() != 0:
        pytest.skip("only root can give a file to another group")
    device = tmp_path / "ttyUSB0"
    device.touch()
    device.chmod(0o660)
    os.chown(device, -1, grp.getgrnam("games").gr_gid)
    return device


def test_no_permission_names_the_group_of_the_device(device: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    on(monkeypatch, "linux")
    assert denied(device).next == "`sudo usermod -a -G games $USER`, then log out and in again"
    on(monkeypatch, "darwin")
    assert denied(device).next.startswith("`sudo dseditgroup -o edit -a $USER -t user games`")


def test_a_user_who_was_added_since_the_login_is_not_to_be_added(device: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    games = grp.getgrnam("games").gr_gid
    monkeypatch.setattr("os.getgrouplist", lambda user, gid: [gid, games])
    error = denied(device)
    assert "usermod" not in error.next and error.next.endswith("for this terminal alone, `newgrp games`")
    monkeypatch.setattr("os.getgroups", lambda: [games])
    assert "newgrp" not in denied(device).next and "something else forbids it" in denied(device).cause


def test_no_permission_without_a_group_that_helps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    device = tmp_path / "ttyUSB0"
    device.touch()
    device.chmod(0o600)
    error = denied(device)
    assert "chmod a+rw" in error.next and f"{open_failed.UDEV_RULE} /etc/udev/rules.d/" in error.next
    on(monkeypatch, "darwin")
    assert "chmod a+rw" in denied(device).next and "udev" not in denied(device).next


def test_a_rule_that_lies_in_a_zip_is_not_to_be_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    device = tmp_path / "ttyUSB0"
    device.touch(0o600)
    monkeypatch.setattr(open_failed, "UDEV_RULE", tmp_path / "fipy-doctor.pyz" / "60-fipy-doctor.rules")
    error = denied(device)
    assert "chmod a+rw" in error.next and "rules" not in error.next


def test_the_rule_that_is_shipped_has_every_carrier_that_makes_a_port() -> None:
    rules = open_failed.UDEV_RULE.read_text(encoding="ascii")
    ids = re.findall(r'^SUBSYSTEM=="tty", ATTRS{idVendor}=="(.{4})", ATTRS{idProduct}=="(.{4})", TAG', rules, re.M)
    assert {(int(v, 16), int(p, 16)) for v, p in ids} == {pair for pair, known in USB_IDS.items() if not known.dfu}


def test_access_denied_on_windows_means_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    on(monkeypatch, "win32")
    text = "could not open port 'COM25': PermissionError(13, 'Access is denied.', None, 5)"
    assert explain(serial.SerialException(text), "COM25").id == "port-busy"


def test_a_second_opening_finds_it_busy() -> None:
    ours, theirs = pty.openpty()
    with open_link(PortUrl.read(os.ttyname(theirs))):
        assert refused(os.ttyname(theirs)).id == "port-busy"
    os.close(ours)
    os.close(theirs)


def test_busy_says_who(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(open_failed, "who_holds", lambda device: Holder("minicom", 12))
    error = explain(OSError(errno.EBUSY, "busy"), "/dev/ttyUSB0")
    assert (error.id, error.cause) == ("port-busy", "held by minicom (pid 12)")


def test_busy_by_ourselves_is_not_to_be_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(open_failed, "who_holds", lambda device: Holder("python3", 12, ours=True))
    err = explain(OSError(errno.EBUSY, "busy"), "/dev/ttyACM0")
    assert err.id == "flash-under-way" and "close it" not in err.next
    assert err.next.startswith("leave it alone until pid 12 has ended")


def test_busy_by_modemmanager_has_its_own_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(open_failed, "who_holds", lambda device: Holder("ModemManager", 12))
    error = explain(OSError(errno.EBUSY, "busy"), "/dev/ttyUSB0")
    assert (error.id, "systemctl stop" in error.next) == ("modemmanager-grabs-port", True)


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_a_file_is_no_serial_port(tmp_path: Path, kind: str) -> None:
    path = tmp_path
    if kind == "file":
        path = tmp_path / "x.dup"
        path.write_bytes(b"x")
    assert refused(str(path)).id == "wrong-serial-port-chosen"


def test_nobody_listens_at_the_address() -> None:
    error = refused("socket://127.0.0.1:1")
    assert (error.id, "nobody answers" in error.what) == ("port-not-found", True)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_the_holder_of_a_device_is_found() -> None:
    ours, theirs = pty.openpty()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=theirs) as other:
        try:
            assert str(other.pid) in str(holders.who_holds(os.ttyname(theirs)))
        finally:
            other.kill()
            os.close(ours)
            os.close(theirs)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_nobody_else_holds_our_own_device() -> None:
    ours, theirs = pty.openpty()
    assert holders.who_holds(os.ttyname(theirs)) is None
    os.close(ours)
    os.close(theirs)


@pytest.mark.parametrize("url", ["socket://", "socket://host", "rfc2217://:4000", "socket://host:port"])
def test_a_network_url_without_host_and_port_says_what_is_missing(url: str) -> None:
    with pytest.raises(UsageError) as raised:
        open_link(PortUrl.read(url))
    assert "host or port is missing" in raised.value.cause


def test_a_wrong_simulated_port_leads_to_the_scenarios() -> None:
    with pytest.raises(UsageError) as raised:
        open_link(PortUrl.read("sim://fipy?scenario=nix"))
    assert "fipy-doctor sim --list" in raised.value.next


@pytest.mark.parametrize("says", ["nothing", "no"])
def test_an_rfc2217_server_that_confirms_no_setting_has_answered(says: str) -> None:
    with stubborn_server(says) as url:
        error = refused(url)
    assert "answers" in error.what and "'control'" in error.cause and "Plug" not in error.next
    assert error.next.endswith(f": {url}&ign_set_control")


@pytest.mark.parametrize("says", ["nothing", "no"])
def test_a_server_that_keeps_its_speed_is_not_cured_with_an_option_that_has_no_effect(says: str) -> None:
    with stubborn_server(says, b"\x01") as url:
        error = refused(url)
    assert "ign_set_control" not in error.next and "socket://" in error.next
    assert "speed" in error.cause


def test_an_rfc2217_server_that_serves_another_is_not_absent() -> None:
    err = explain(OSError("Remote does not seem to support RFC2217 or BINARY mode [...]"), "rfc2217://localhost:1")
    assert err.id == "port-busy"
