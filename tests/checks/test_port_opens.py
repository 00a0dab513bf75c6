from __future__ import annotations

import os
import pty

import pytest

from checks import port_opens
from checks.port_opens import PortOpens
from doctor.bench import Bench, BenchOptions
from doctor.check import Finding, Status
from doctor.link.link import open_link
from doctor.link.port_url import PortUrl
from tests.link.devices import stubborn_server


def look(port: str) -> Finding:
    with Bench(BenchOptions(port=port)) as bench:
        return PortOpens().look(bench)


def test_the_simulated_board_opens() -> None:
    found = look("sim://fipy")
    assert found.status is Status.PASS
    assert found.evidence["modem_lines"] is True


def test_a_missing_port_lists_what_there_is() -> None:
    found = look("/dev/ttyACM77")
    assert (found.status, found.catalogue) == (Status.FAIL, "port-not-found")
    assert [r.id for r in found.remedies] == ["plug-in"]
    assert "no USB serial port is here" in found.cause


def test_a_busy_port_has_its_cure() -> None:
    ours, theirs = pty.openpty()
    with open_link(PortUrl.read(os.ttyname(theirs))):
        found = look(os.ttyname(theirs))
    os.close(ours)
    os.close(theirs)
    assert (found.status, found.catalogue) == (Status.FAIL, "port-busy")
    assert [r.id for r in found.remedies] == ["close-other-program"]


def test_modemmanager_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(port_opens, "modemmanager_running", lambda: True)
    ours, theirs = pty.openpty()
    found = look(os.ttyname(theirs))
    os.close(ours)
    os.close(theirs)
    assert (found.status, found.catalogue) == (Status.WARN, "modemmanager-grabs-port")


def test_modemmanager_does_not_matter_to_the_simulator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(port_opens, "modemmanager_running", lambda: True)
    assert look("sim://fipy").status is Status.PASS


def test_it_never_sends() -> None:
    ours, theirs = pty.openpty()
    os.set_blocking(ours, False)
    look(os.ttyname(theirs))
    with pytest.raises(BlockingIOError):
        os.read(ours, 1)
    os.close(ours)
    os.close(theirs)


def test_a_server_that_confirms_no_setting_is_not_cured_with_a_cable() -> None:
    with stubborn_server("nothing") as url:
        found = look(url)
    assert [cure.id for cure in found.remedies] == ["ignore-set-control"]
    assert found.next.endswith(f": {url}&ign_set_control")
