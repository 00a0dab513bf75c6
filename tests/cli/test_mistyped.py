"""What is mistyped is answered with the nearest right thing, and that works as it is printed."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from .terminal import Terminal

MEANT = {
    "command": (("cheqk", "--port", "sim://fipy"), "fipy-doctor check --port sim://fipy"),
    "port as a command": (("COM25",), "fipy-doctor check --port COM25"),
    "image as a command": (("CATM1-41065.DUP",), "fipy-doctor flash CATM1-41065.DUP"),
    "port without its option": (("check", "/dev/ttyACM7"), "fipy-doctor check --port /dev/ttyACM7"),
    "port where a file belongs": (("flash", "COM25"), "fipy-doctor flash --port COM25"),
    "check to read about": (("checks", "jumper"), "jumpers-removed"),
    "page, one letter short": (("open", "smswbot"), "smswboot-30-failed"),
    "hands": (("sim", "--port", "sim://fipy?state=b", "--hands", "pres-reset"), "press-reset"),
    "hands without a word": (("sim", "--hands"), "pull-jumpers"),
    "scenario": (("check", "--port", "sim://fipy?scenario=html"), "did you mean html-scripts?"),
    "scenario as a bench": (("check", "--port", "sim://lte-hangs"), "sim://fipy?scenario=lte-hangs"),
    "option": (
        ("flash", "--yess"),
        "fipy-doctor flash has no option '--yess' next: did you mean fipy-doctor flash --yes",
    ),
    "cure without dashes": (("fix", "reformat-sd"), "did you mean fipy-doctor fix --reformat-sd?"),
    "another program's command": (("upgrade", "x.dup"), "did you mean fipy-doctor flash x.dup?"),
    "file as the board names it": (("flash", "/sd/x.dup"), "did you mean fipy-doctor flash card:x.dup?"),
    "folder that is missing": (("backup",), "fipy-doctor backup needs DIR behind it next: such as fipy-doctor backup "),
    "folder that is not there": (("restore", "nix"), "folder 'nix' does not exist"),
    "number": (("check", "--deadline", "5min"), "--deadline: '5min' is not a number"),
    "whole number": (("sim", "--tcp-port", "x"), "--tcp-port: 'x' is not a whole number next"),
    "simulator without a job": (("sim",), "it takes one of --list, --listen"),
    "text that is empty": (("explain", " "), "nothing to explain"),
    "carrier": (("check", "--carrier", "pysens", "-p", "sim://fipy"), "did you mean pysense?"),
}


@pytest.mark.parametrize(("typed", "meant"), MEANT.values(), ids=MEANT)
def test_the_nearest_right_thing_is_told(terminal: Terminal, typed: tuple[str, ...], meant: str) -> None:
    said = terminal.type(*typed)
    assert said.code == 2
    assert meant in " ".join(said.err.split())


@pytest.mark.parametrize(
    "mistype", [str, str.upper, lambda name: name.replace("CATM1-", "")], ids=["its name", "case", "part"]
)
def test_an_image_that_lies_elsewhere_is_named_where_it_lies(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, image: Path, tmp_path: Path, mistype: Callable[[str], str]
) -> None:
    there = tmp_path / "below" / image.name
    there.parent.mkdir()
    image.rename(there)
    (there.parent / "another.dup").touch()
    monkeypatch.chdir(tmp_path)
    said = terminal.type("plan", f"elsewhere/{mistype(image.name)}", "-p", "sim://fipy")
    meant = " ".join(said.err.split()).partition("did you mean ")[2].partition("?")[0]
    assert (said.code, meant) == (2, f"fipy-doctor plan {Path('below') / image.name} -p sim://fipy")
    assert terminal.type(*shlex.split(meant)[1:]).code == 0
    assert f"--firmware {there} " in " ".join(terminal.type("check", str(there), "-p", "sim://fipy").err.split())


@pytest.mark.parametrize(("typed", "usage"), [(("help",), "fipy-doctor [OPTIONS]"), (("help", "flash"), "flash")])
def test_help_is_a_word_too(terminal: Terminal, typed: tuple[str, ...], usage: str) -> None:
    said = terminal.type(*typed)
    assert (said.code, usage in said.out.splitlines()[0]) == (0, True)


def test_short_options(terminal: Terminal, image: Path) -> None:
    planned = terminal.type("flash", str(image), "-n", "-p", "sim://fipy")
    assert (planned.code, "PLAN" in planned.out.upper()) == (0, True)
    assert terminal.type("flash", str(image), "-y", "-p", "sim://fipy?scenario=healthy").code == 0
    assert terminal.type("backup", "there", "-p", "sim://fipy", "-p", "sim://gpy").code == 2
