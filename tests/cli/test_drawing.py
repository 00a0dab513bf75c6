from __future__ import annotations

from pathlib import Path

import pytest

from doctor.cli import screen

from .terminal import Terminal

FITTED = "sim://fipy?scenario=jumpers-fitted"
LINES = ("         RTS   o o    PULL IT OFF   <---", "         CTS   o o    PULL IT OFF   <---")


@pytest.mark.parametrize(
    ("words", "columns"),
    [
        (("check",), 46),
        pytest.param(("check",), 80, marks=pytest.mark.table),
        pytest.param(("fix",), 80, marks=pytest.mark.table),
        (("flash", "FILE.dup"), 80),
    ],
)
def test_the_two_jumpers_are_drawn_whole(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words: tuple[str, ...], columns: int
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(screen, "NO_TERMINAL_COLUMNS", columns)
    if words[0] == "flash":
        assert terminal.type("sim", "--make-firmware", ".").code == 0
        words = ("flash", "PRACTICE-CATM1-41065.dup")
    said = terminal.type(*words, "--port", FITTED)
    assert said.code == 1
    assert set(LINES) <= set(said.out.splitlines())


def test_a_page_shows_it_too(terminal: Terminal) -> None:
    assert "PULL IT OFF" in terminal.type("open", "expansion-rts-cts-jumpers").out


def test_wrong_carrier_names_the_right_ones(terminal: Terminal) -> None:
    said = terminal.type("check", "--port", "sim://fipy", "--carrier", "arduino")
    assert said.code == 2
    assert "expansion2, expansion3, pysense, pytrack, pyscan, pygate" in " ".join((said.out + said.err).split())
