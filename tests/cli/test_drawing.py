from __future__ import annotations

from pathlib import Path

import pytest

from doctor.cli import screen

from .terminal import Terminal

FITTED = "sim://fipy?scenario=jumpers-fitted"
LINES = ("      RTS   o o    PULL IT OFF   <---", "      CTS   o o    PULL IT OFF   <---")


@pytest.mark.parametrize(
    ("words", "columns"),
    [
        (("check", "-v"), 40),
        pytest.param(("fix", "-v"), 80, marks=pytest.mark.table),
        (("flash", "-v", "PRACTICE-CATM1-41065.dup"), 80),
        (("open", "expansion-rts-cts-jumpers"), 40),
    ],
)
def test_the_two_jumpers_are_drawn_whole(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words: tuple[str, ...], columns: int
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(screen, "NO_TERMINAL_COLUMNS", columns)
    if words[0] == "flash":
        assert terminal.type("sim", "--make-firmware", ".").code == 0
    said = terminal.type(*words, *(("--port", FITTED) if words[0] != "open" else ()))
    assert said.code == (0 if words[0] == "open" else 1)
    assert set(LINES) <= set(said.out.splitlines())


def test_a_report_says_where_the_drawing_is(terminal: Terminal) -> None:
    said = terminal.type("check", "--port", FITTED)
    assert "PULL IT OFF" not in said.out
    assert "fipy-doctor open expansion-rts-cts-jumpers (with a drawing)" in said.out


def test_wrong_carrier_names_the_right_ones(terminal: Terminal) -> None:
    said = terminal.type("check", "--port", "sim://fipy", "--carrier", "arduino")
    assert said.code == 2
    assert "expansion2, expansion3, pysense, pytrack, pyscan, pygate" in " ".join((said.out + said.err).split())
