"""Eight boards behind labgrid, flashed by one command while everything goes wrong that goes wrong in a farm."""

from __future__ import annotations

import os
import pty
import re
import shlex
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from doctor.sim.practice.image import make_practice_image
from tests.cli.terminal import Terminal
from tests.fleet.loopback import Loopback
from tests.fleet.served_boards import Run, served, until_flashed
from tests.plugged import ARDUINO, EXPANSION, plug_in

pytestmark = [pytest.mark.fleet, pytest.mark.needs_tool("ser2net")]

SPEED = 5  #: at 20 the simulators of more than four boards starve on two cores (fleet.md 3.2)
BUILD, BYTES = 41065, 1_000_000
FAILING, KICKED, ORPHANED = "bd-7", "bd-0", "bd-4"  #: whose modem has no firmware; whose place, whose exporter is lost
FLASH = ("--yes", "--via", "usb", "--accept", "jumpers-removed")


class Farm:
    """The boards, their places, and the image that they get."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.image = make_practice_image(folder, build=BUILD, size_bytes=BYTES)
        urls = [f"sim://fipy?id={number + 1}&speed={SPEED}&state={folder / f'bench{number}'}" for number in range(8)]
        urls[7] += "&scenario=modem-ffh"  # a silent one is asked at every speed, a minute long
        self.boards = served(folder, *urls)
        self.lab = Loopback(folder)
        for number, board in enumerate(self.boards):
            exporter, group = f"exp{number // 4 + 1}", f"slot{number}"
            if number % 2:
                port = int(board.address.rpartition(":")[2])
                self.lab.export(exporter, group, "NetworkSerialPort", host="localhost", port=port)
            else:
                self.lab.export(exporter, group, "RawSerialPort", port=board.device)
            self.lab.place(f"bd-{number}", f"{exporter}/{group}")

    def run(self, name: str, *words: str) -> Run:
        env = {
            "LG_COORDINATOR": self.lab.address,
            "FIPY_DOCTOR_LABGRID_PYTHON": str(self.lab.bin / "python"),
            "FIPY_DOCTOR_STATE_DIR": str(self.folder / "state"),
        }
        return Run(self.folder / f"{name}.txt", *words, **env)

    def end_orphans(self) -> None:
        """A killed exporter leaves its ser2nets, which somebody has to end by hand."""
        for pid in self.lab.ser2nets([board.device for board in self.boards]):
            os.kill(pid, signal.SIGKILL)


@pytest.fixture(scope="module")
def farm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Farm]:
    farm = Farm(tmp_path_factory.mktemp("farm"))
    try:
        farm.lab.start()
        yield farm
    finally:
        farm.lab.stop()
        farm.end_orphans()
        for board in farm.boards:
            board.stop()


def test_a_farm_in_which_everything_goes_wrong(farm: Farm) -> None:
    lab = farm.lab
    run = farm.run("flash", "flash", str(farm.image), "--labgrid", "bd-*", "--jobs", "8", *FLASH)
    strikes: dict[str, Callable[[], object]] = {
        KICKED: lambda: lab.client("-p", KICKED, "release", "--kick"),
        ORPHANED: lambda: lab.kill("exp2"),
    }
    while strikes:  # whichever is first in the middle of its transfer
        reached = run.until(rf"^\s*({'|'.join(strikes)}):\s+[1-6]\d%")
        strikes.pop(reached[1])()
    code, said = run.end(), run.said
    assert code == 3, said
    proved = set(re.findall(r"^✓ (bd-\d): flashed and proved", said, re.MULTILINE))
    assert proved == {f"bd-{number}" for number in range(8)} - {FAILING, KICKED}, said
    assert f"{KICKED}: the place is no longer ours" in said
    assert f"{ORPHANED}: its exporter no longer serves the port" in said
    summary = said.rpartition("6 of 8 boards")[2]
    for name in (FAILING, KICKED):
        assert re.search(rf"^✗ {name}: ", summary, re.MULTILINE), summary
        assert f"--labgrid {name}" in summary
    assert "rfc2217://" not in summary
    lab.until_held()

    # Each that failed is named by one next command; the kicked one goes on with it, and its parent is killed.
    after = re.search(r"^Next:\n  fipy-doctor (.*)$", said, re.MULTILINE)
    assert after is not None and set(re.findall(r"--labgrid (\S+)", after[1])) == {FAILING, KICKED}, summary
    words = shlex.split(after[1].replace(f"--labgrid {FAILING}", ""))
    again = farm.run("again", *words, "--yes")
    again.until(rf"^\s*{KICKED}:\s+\d+%")
    children = again.kill()
    lab.until_held(KICKED)
    until_flashed(children)
    lab.until_held()
    status = farm.run("status", "status", "--labgrid", KICKED)
    assert status.end() == 0, status.said
    lab.until_held()
    for board in farm.boards:
        board.stop()
    builds = {f"bd-{number}": board.build for number, board in enumerate(farm.boards)}
    assert {name for name, build in builds.items() if build == BUILD} == builds.keys() - {FAILING}


def test_all_leaves_alone_what_is_no_board(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    boards = served(tmp_path, "sim://fipy?id=1&speed=20", "sim://gpy?id=2&speed=20")
    other, end = pty.openpty()
    os.set_blocking(other, False)
    try:
        usb = [(board.device, *EXPANSION[1:3], f"Py00000{n}", EXPANSION[4]) for n, board in enumerate(boards)]
        plug_in(monkeypatch, *usb, (os.ttyname(end), *ARDUINO[1:]))
        said = Terminal(capsys).type("check", "--all")
        assert said.code == 0, said
        assert "2 of 2 boards" in said.out and f"left alone: {os.ttyname(end)}" in said.err + said.out
        with pytest.raises(BlockingIOError):
            os.read(other, 1)  # nothing was written to it
    finally:
        for board in boards:
            board.stop()
        os.close(other)
        os.close(end)
