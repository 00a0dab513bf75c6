"""Places of a real coordinator are given back, whatever ends the run; nobody else's is touched."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from doctor.errors import DoctorError, UsageError
from doctor.fleet.labgrid.farm import held
from doctor.jobs.memory.lock import port_lock
from doctor.link.port_url import PortUrl
from tests.fleet.loopback import Loopback, until

pytestmark = [pytest.mark.fleet, pytest.mark.needs_tool("ser2net")]

#: A run that takes places, says so, tells of a child if one is named, and waits: GLOB COORDINATOR [PID].
RUN = """
import sys, time
from doctor.fleet.labgrid.farm import held
with held(sys.argv[1:2], sys.argv[2], 0, lambda said: print("say", said, flush=True)) as farm:
    for pid in sys.argv[3:]:
        farm.started(farm.held[0].url, int(pid))
    print("held", *(place.url for place in farm.held), flush=True)
    time.sleep(60)
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loopback]:
    """Three places: bd-1 a device, bd-2 a server; bd-10 both."""
    lab = Loopback(tmp_path_factory.mktemp("lab"))
    ours, theirs = pty.openpty()
    lab.export("exp1", "one", "RawSerialPort", port=os.ttyname(theirs))
    lab.export("exp1", "two", "NetworkSerialPort", host="localhost", port=9)
    lab.export("exp1", "raw", "NetworkSerialPort", host="localhost", port=9, protocol="raw")
    lab.place("bd-1", "exp1/one")
    lab.place("bd-2", "exp1/two")
    lab.place("bd-10", "exp1/one", "exp1/two")
    lab.place("raw", "exp1/raw")
    lab.place("empty", "exp1/nothing")
    try:
        lab.start()
        yield lab
    finally:
        lab.stop()
        os.close(ours)
        os.close(theirs)


@pytest.fixture(autouse=True)
def its_python(monkeypatch: pytest.MonkeyPatch, lab: Loopback) -> Iterator[None]:
    monkeypatch.setenv("FIPY_DOCTOR_LABGRID_PYTHON", str(lab.bin / "python"))
    yield
    lab.until_held()


def run(lab: Loopback, glob: str, *pids: int) -> subprocess.Popen[str]:
    words = [sys.executable, "-c", RUN, glob, lab.address, *map(str, pids)]
    started = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    assert started.stdout is not None
    while not (line := started.stdout.readline()).startswith("held"):
        assert line
    return started


def test_places_are_ours_within_the_block_and_their_urls_say_so(lab: Loopback) -> None:
    said: list[str] = []
    with held(["bd-[12]"], lab.address, 0, said.append) as farm:
        one, two = farm.held
        assert all(".fipy-doctor." in user for user in lab.until_held("bd-1", "bd-2").values())
    assert one.url.startswith("rfc2217://localhost:") and "?ign_set_control&timeout=3#labgrid=bd-1&" in one.url
    assert two.url.startswith("rfc2217://localhost:9#labgrid=bd-2&")
    assert (PortUrl.read(one.url).key, PortUrl.read(one.url).name) == ("labgrid:bd-1@exp1/one/RawSerialPort", "bd-1")
    lab.until_held()
    assert not said


def test_what_somebody_else_has_is_left_to_them_and_named(lab: Loopback) -> None:
    lab.client("-p", "bd-1", "acquire")
    with held(["bd-1", "bd-2"], lab.address, 0, print) as farm:
        assert [place.place for place in farm.held] == ["bd-2"]
        assert [(place.place, place.why) for place in farm.not_held] == [("bd-1", "in use by elsewhere/somebody")]
    with pytest.raises(DoctorError, match="cannot be used now") as caught, held(["bd-1"], lab.address, 0, print):
        pass
    assert "in use by elsewhere/somebody" in caught.value.cause and "--wait" in caught.value.next
    assert lab.until_held("bd-1") == {"bd-1": "somebody"}
    lab.client("-p", "bd-1", "release")


def test_a_place_that_gets_free_in_time_is_taken(lab: Loopback) -> None:
    lab.client("-p", "bd-2", "acquire")
    words = ("-c", f"sleep 2; LG_COORDINATOR={lab.address} {lab.bin}/labgrid-client -p bd-2 release")
    env = {**os.environ, "LG_USERNAME": "somebody", "LG_HOSTNAME": "elsewhere"}
    with subprocess.Popen(["bash", *words], env=env), held(["bd-2"], lab.address, 30, print) as farm:
        assert [place.place for place in farm.held] == ["bd-2"]


def test_a_place_that_is_of_no_use_is_refused_and_not_taken(lab: Loopback) -> None:
    with held(["bd-2", "bd-10", "raw", "empty"], lab.address, 0, print) as farm:
        assert [place.place for place in farm.held] == ["bd-2"]
        why = {place.place: place.why for place in farm.not_held}
        lab.until_held("bd-2")
    assert "it has 2 serial ports" in why["bd-10"]
    assert "which cannot change the speed" in why["raw"]
    assert "it has no serial port" in why["empty"]


def test_one_of_two_ports_is_named(lab: Loopback) -> None:
    with held(["bd-10/two"], lab.address, 0, print) as farm:
        assert farm.held[0].at == "exp1/two/NetworkSerialPort" and farm.held[0].place == "bd-10/two"


def test_a_glob_that_means_nothing_is_a_wrong_command(lab: Loopback) -> None:
    with pytest.raises(UsageError, match="means no place") as caught, held(["bd_1"], lab.address, 0, print):
        pass
    assert "bd-1" in caught.value.next


def test_no_coordinator_is_said(lab: Loopback) -> None:
    with pytest.raises(DoctorError) as caught, held(["*"], "127.0.0.1:9", 0, print):
        pass
    assert caught.value.id == "labgrid-coordinator" and "127.0.0.1:9" in caught.value.on


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=["Ctrl-C", "kill -9"])
def test_whatever_ends_the_run_gives_them_back(lab: Loopback, number: int) -> None:
    started = run(lab, "bd-[12]")
    lab.until_held("bd-1", "bd-2")
    started.send_signal(number)
    started.communicate()
    lab.until_held()


def test_while_a_child_of_a_killed_run_flashes_its_place_is_kept(lab: Loopback) -> None:
    child = subprocess.Popen(["sleep", "60"])
    started = run(lab, "bd-[12]", child.pid)
    started.kill()
    started.communicate()
    lab.until_held("bd-1")  # what nobody works on is given back
    time.sleep(1)
    lab.until_held("bd-1")
    child.kill()
    child.wait()
    lab.until_held()


def test_what_a_killed_helper_left_is_given_back_by_the_next_run_and_nothing_else(lab: Loopback) -> None:
    started = run(lab, "bd-[12]")
    for line in subprocess.run(["pgrep", "-P", str(started.pid)], capture_output=True, text=True).stdout.split():
        os.kill(int(line), signal.SIGKILL)
    started.kill()
    started.communicate()
    lab.until_held("bd-1", "bd-2")
    lab.client("-p", "raw", "acquire")
    said: list[str] = []
    with held(["bd-1"], lab.address, 0, said.append) as farm:
        assert [place.place for place in farm.held] == ["bd-1"]
        lab.until_held("bd-1", "raw")
    assert len(said) == 2 and all("given back" in line for line in said)
    assert lab.until_held("raw") == {"raw": "somebody"}
    lab.client("-p", "raw", "release")


def test_a_dead_run_whose_child_still_flashes_keeps_its_place(lab: Loopback) -> None:
    started = run(lab, "bd-1")
    for line in subprocess.run(["pgrep", "-P", str(started.pid)], capture_output=True, text=True).stdout.split():
        os.kill(int(line), signal.SIGKILL)
    started.kill()
    started.communicate()
    here = held(["bd-1"], lab.address, 0, print)
    # A lock of this very process: it is another open file, so it counts as another's.
    with port_lock("labgrid:bd-1@exp1/one/RawSerialPort"), pytest.raises(DoctorError) as caught, here:
        pass
    assert "in use by" in caught.value.cause
    with held(["bd-1"], lab.address, 0, print):
        lab.until_held("bd-1")


def test_a_kick_is_told_at_once_and_the_place_stays_with_the_kicker(lab: Loopback) -> None:
    said: list[str] = []
    with held(["bd-[12]"], lab.address, 0, said.append):
        lab.client("-p", "bd-1", "release", "--kick")
        lab.client("-p", "bd-1", "acquire")
        until(lambda: any("bd-1: the place is no longer ours" in line for line in said), "told")
    assert lab.until_held("bd-1") == {"bd-1": "somebody"}
    lab.client("-p", "bd-1", "release")


def test_an_exporter_that_goes_is_told(lab: Loopback) -> None:
    said: list[str] = []
    with held(["bd-2"], lab.address, 0, said.append):
        lab.kill("exp1")
        until(lambda: "bd-2: its exporter no longer serves the port" in said, "told")
    lab.start_exporter("exp1")


def test_a_coordinator_that_goes_is_told_and_one_that_comes_back_is_asked(lab: Loopback) -> None:
    said: list[str] = []
    with held(["bd-2"], lab.address, 0, said.append):
        lab.kill("coordinator")
        until(lambda: any("the coordinator is gone" in line for line in said), "told")
        lab.start_coordinator()
        until(lambda: any("bd-2: the place is no longer ours" in line for line in said), "its locks are gone")
    lab.stop()
    lab.start()
