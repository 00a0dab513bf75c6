"""No port was named: what each command does, by what is plugged in."""

from __future__ import annotations

from pathlib import Path

import pytest

from doctor.jobs.memory.journal import FlashEntry, Journal, SentFile
from doctor.link.port_url import PortUrl
from tests.jobs.test_status import at_work_elsewhere
from tests.plugged import ADAPTER, BUILT_IN, EXPANSION, PYSENSE, Listed, plug_in

from .terminal import Terminal
from .test_ctrl_c import Keyboard

#: Commands that need a board, as they are typed without a port.
NEED_ONE = ((), ("status",), ("check",), ("fix", "--reformat-sd"), ("backup", "kept"), ("fix", "--power-cycle"))


#: The simulated board, as if the system listed it.
BOARD = "sim://fipy"


def at(port: Listed, device: str) -> Listed:
    return (device, *port[1:])


@pytest.mark.parametrize("plugged", [(), (BUILT_IN,)], ids=["nothing", "only ttyS0"])
@pytest.mark.parametrize("words", NEED_ONE, ids=" ".join)
def test_without_a_board_nothing_is_opened(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, plugged: tuple[Listed, ...], words: tuple[str, ...]
) -> None:
    monkeypatch.setattr("serial.Serial.open", lambda _port: pytest.fail("a port was opened"))
    plug_in(monkeypatch, *plugged)
    said = terminal.type(*words)
    told = said.out + said.err
    assert said.code == 2
    assert "no board is plugged in" in told
    assert "cable" in told and "fipy-doctor check --port sim://fipy" in told
    assert ("--port /dev/ttyS0" in told) is bool(plugged)


@pytest.mark.parametrize("words", [(), ("status",), ("check", "--select", "port-opens")], ids=" ".join)
def test_the_only_board_is_used_and_named(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    plug_in(monkeypatch, BUILT_IN, ADAPTER, at(PYSENSE, "/dev/ttyNIX"))
    said = terminal.type(*words)
    assert said.code == 1
    assert "Found Pysense, USB 04d8:f012, serial Py343434, at /dev/ttyNIX." in said.err
    assert "/dev/ttyNIX" in said.out
    assert "--port /dev/ttyUSB1" not in said.out + said.err


def test_one_that_opens_is_examined(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    plug_in(monkeypatch, BUILT_IN, at(EXPANSION, BOARD))
    said = terminal.type("check", "-v", "--select", "port-opens")
    assert (said.code, f"{BOARD} opens" in said.out) == (0, True)
    assert said.next == ["check", "--port", BOARD]


@pytest.mark.parametrize("words", NEED_ONE, ids=" ".join)
def test_of_several_none_is_taken_if_nobody_can_be_asked(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.setattr("serial.Serial.open", lambda _port: pytest.fail("a port was opened"))
    plug_in(monkeypatch, BUILT_IN, PYSENSE, EXPANSION)
    said = terminal.type(*words)
    told = said.out + said.err
    assert said.code == 2
    assert "2 ports may be the board" in told
    assert all(port[0] in told for port in (PYSENSE, EXPANSION)) and "ttyS0" not in told
    assert f"fipy-doctor {' '.join((*words, '--port'))} /dev/ttyACM0".replace("  ", " ") in told
    assert terminal.type(*words, "--json").document["exit"] == 2


def test_an_empty_port_is_typed_anew(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    plug_in(monkeypatch, PYSENSE, EXPANSION)
    for words in (("check", "--port="), ("--port", "", "check")):
        assert "fipy-doctor check --port /dev/ttyACM0, or" in terminal.type(*words).err


def test_who_sits_at_the_terminal_is_asked(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    plug_in(monkeypatch, BUILT_IN, at(PYSENSE, "/dev/ttyNIX"), at(EXPANSION, BOARD))
    monkeypatch.setattr("sys.stdin", Keyboard("7\nfoo\n2\n"))
    said = terminal.type("check", "-v", "--select", "port-opens")
    assert said.code == 0 and f"{BOARD} opens" in said.out
    assert "1. /dev/ttyNIX  Pysense" in said.err and f"2. {BOARD}  Expansion Board 3.x" in said.err
    assert "\n3. " not in said.err and "integer range" not in said.err


# -- status, and what the journal knows


def sent_over(port: str) -> None:
    """A flash over ``port`` that broke off."""
    files = (SentFile("firmware", "x.dup", "00", 5),)
    Journal().write(FlashEntry({"port": port}, files, {}, {}, ("prepare", "send"), step="send", state="unproved"))


@pytest.mark.parametrize("plugged", [(), (PYSENSE, EXPANSION)], ids=["no board", "two others"])
def test_status_without_a_port_says_what_the_journal_knows(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, plugged: tuple[Listed, ...]
) -> None:
    plug_in(monkeypatch, *plugged)
    sent_over("/dev/ttyNIX")
    said = terminal.type("status")
    assert said.code == 1
    assert "/dev/ttyNIX: last flash" in said.out and "x.dup: was interrupted in" in said.out
    assert said.next == ["status", "--port", "/dev/ttyNIX"] and "next:" not in said.out
    document = terminal.type("status", "--json").document
    assert (document["exit"], document["journal"]["ids"]["port"]) == (1, "/dev/ttyNIX")


def test_of_several_status_asks_the_one_whose_flash_broke_off(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    kept = f"sim://fipy?state={tmp_path / 'bench'}"
    plug_in(monkeypatch, PYSENSE, at(EXPANSION, kept))
    sent_over(PortUrl.read(kept).key)
    said = terminal.type("status")
    assert f"at {kept}." in said.err and "modem: the modem answers" in said.out


def test_a_flash_under_way_is_told_and_left_alone(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("serial.Serial.open", lambda _port: pytest.fail("a port was opened"))
    plug_in(monkeypatch, PYSENSE)
    with at_work_elsewhere("/dev/ttyNOPE7"):
        said = terminal.type("status")
    assert (said.code, "a flash is under way (process 1)" in said.out) == (0, True)


def test_without_permission_the_cure_is_named(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def denied(_port: object) -> None:
        raise PermissionError(13, "Permission denied")

    device = tmp_path / "ttyACM0"
    device.touch(0o600)
    monkeypatch.setattr("serial.Serial.open", denied)
    plug_in(monkeypatch, at(EXPANSION, str(device)))
    for words in ((), ("status",), ("check",)):
        said = terminal.type(*words)
        assert said.code == 1
        assert "you may not open this port" in said.out
        assert f"Found Expansion Board 3.x, USB 04d8:ef98, serial Pye1e2e3, at {device}." in said.err


def test_files_are_examined_without_a_board_and_with_one(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, image: Path
) -> None:
    words = ("check", "-v", "--firmware", str(image), "--select", "port-opens,firmware-is-whole")
    assert "no port was given" in terminal.type(*words).out
    plug_in(monkeypatch, at(ADAPTER, BOARD))  # no board for certain, and the file is enough
    assert "no port was given" in terminal.type(*words).out
    plug_in(monkeypatch, at(EXPANSION, BOARD))
    assert f"{BOARD} opens" in terminal.type(*words).out
