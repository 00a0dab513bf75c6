"""Two boards whose jumpers nobody can examine: the person at the terminal is asked about each, by name."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from doctor.sim.practice.image import make_practice_image
from tests.cli.terminal import Terminal
from tests.cli.test_ctrl_c import Keyboard
from tests.fleet.served_boards import Served

pytestmark = pytest.mark.fleet

BUILD = 41019


def test_one_was_looked_at_and_the_other_is_named_with_its_command(
    boards: list[Served], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    image = make_practice_image(tmp_path, build=BUILD, size_bytes=60_000)
    one, other = boards
    monkeypatch.setattr(sys, "stdin", Keyboard("y\nn\ny\n"))
    said = Terminal(capsys).type("flash", str(image), "--port", one.device, "--port", other.device)
    assert said.code == 1 and "1 of 2 boards: flashed and proved" in said.out
    for board in boards:
        asked = said.err.index(f"{board.device}: the RTS and CTS jumpers could not be checked")
        assert "Have you looked" in said.err[asked:]
    assert f"Plan for 1 board: {one.device}\n" in said.out and "agreed to jumpers-removed" in said.out
    assert f"Not among them: {other.device}" in said.out and "Flash this board now?" in said.err
    assert said.next == ["flash", str(image), "--port", other.device, "--accept", "jumpers-removed"]
    for board in boards:
        board.stop()
    assert one.build == BUILD != other.build
