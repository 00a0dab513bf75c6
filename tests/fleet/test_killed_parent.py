"""The program that flashes many boards is killed in the middle of it: its boards are finished, and found."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from doctor.sim.practice.image import make_practice_image
from tests.fleet.served_boards import Run, Served, flashes, until_flashed

pytestmark = pytest.mark.fleet

BUILD, BYTES = 41065, 2_000_000
FLASH = ("--yes", "--via", "usb", "--accept", "jumpers-removed")


def test_its_boards_are_finished_and_status_says_what_is_true(boards: list[Served], tmp_path: Path) -> None:
    image = make_practice_image(tmp_path, build=BUILD, size_bytes=BYTES)
    ports = [word for board in boards for word in ("--port", board.address)]

    def run(name: str, *words: str) -> Run:
        return Run(tmp_path / f"{name}.txt", *words, FIPY_DOCTOR_STATE_DIR=str(tmp_path / "state"))

    flash = run("flash", "flash", str(image), *ports, *FLASH)
    for board in boards:
        flash.until(rf"^\s*{board.address}:\s+[1-9]\d%")
    children = flash.kill()

    # While they go on: every way of asking finds them, nothing is called done, and no other run touches them.
    for number, words in enumerate((("--all",), ports)):
        status = run(f"status{number}", "status", *words)
        assert status.end() == 0 and len(re.findall(r"a flash is under way \(process", status.said)) == 2, status.said
        assert "0 of 2 boards: nothing left to do; 2 being flashed: leave the power on" in status.said
        after = status.said.rpartition("Next:\n")[2]
        assert after.startswith("  fipy-doctor status ") and all(board.address in after for board in boards), after
    again = run("again", "flash", str(image), *ports, *FLASH)
    assert again.end() == 1 and again.said.count("leave it alone") >= 2, again.said
    assert all(flashes(child) for child in children)

    until_flashed(children)
    gone = run("gone", "status", "--all")  # no board is on the USB of this computer
    assert gone.end() == 2 and len(re.findall(r"rfc2217://\S+: .*flashed and proved", gone.said)) == 2, gone.said
    after_all = run("after", "status", *ports)
    assert after_all.end() == 0 and "2 of 2 boards: nothing left to do" in after_all.said, after_all.said
    assert "Left for your hands, at 2 boards" in after_all.said and after_all.said.count("flashed and proved") == 2
    for board in boards:
        board.stop()
    assert [board.build for board in boards] == [BUILD, BUILD]
