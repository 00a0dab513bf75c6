"""Ctrl-C as the person at the terminal meets it: the question, exit code, mode and next command."""

from __future__ import annotations

import io
import os
import signal
import sys

import pytest

from doctor import events
from doctor.cli.check_line import CheckLine
from doctor.cli.flash_view import FlashView

from .terminal import Said, Terminal

KEYS = {"go on": "\n", "stop": "y\n"}


class Keyboard(io.StringIO):
    """Somebody sits there."""

    def isatty(self) -> bool:
        return True


def pressed(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, image: object, *, at: float, keys: str, json: bool = False
) -> Said:
    """Flash, and press Ctrl-C once when the share ``at`` of the image is over; below 0: when the flash begins."""
    hear = FlashView.hear
    left = [True]

    def hear_and_press(view: FlashView, event: events.Event) -> None:
        hear(view, event)
        now = isinstance(event, events.StepStarted) if at < 0 else isinstance(event, events.Progress)
        if left and now and (at < 0 or (isinstance(event, events.Progress) and event.done_bytes >= at * 100_000)):
            left.clear()
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(FlashView, "hear", hear_and_press)
    monkeypatch.setattr(sys, "stdin", Keyboard(keys))
    said = terminal.type("flash", str(image), "--port", "sim://fipy", "--yes", *(["--json"] if json else []))
    assert not left
    return said


def test_while_checks_run(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    hear = CheckLine.hear

    def hear_and_press(line: CheckLine, event: events.Event) -> None:
        hear(line, event)
        if isinstance(event, events.CheckStarted) and event.check == "board-reads-card":
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(CheckLine, "hear", hear_and_press)
    said = terminal.type("check", "--port", "sim://fipy")
    assert said.code == 130
    assert "stopped by you before the end" in said.out
    assert said.next == ["check", "--port", "sim://fipy"]


def test_before_the_first_block(terminal: Terminal, monkeypatch: pytest.MonkeyPatch, image: object) -> None:
    said = pressed(terminal, monkeypatch, image, at=-1, keys="")
    assert said.code == 130
    assert "stopping before anything is sent" in said.err
    assert "before anything was sent to the modem" in said.out
    assert "press the board's reset button" in said.out
    assert f"fipy-doctor flash {image}" in said.out


def test_in_the_transfer_going_on(terminal: Terminal, monkeypatch: pytest.MonkeyPatch, image: object) -> None:
    said = pressed(terminal, monkeypatch, image, at=0.5, keys=KEYS["go on"])
    assert said.code == 0
    assert "Stop? [y/N]" in said.err
    assert "Flashed and proved" in said.out


def test_in_the_transfer_with_no_answer(terminal: Terminal, monkeypatch: pytest.MonkeyPatch, image: object) -> None:
    """Somebody sits there and types nothing: how long that lasts is said before, and what follows, after."""
    there, kept_open = os.pipe()
    keyboard = os.fdopen(there)
    monkeypatch.setattr("doctor.cli.flash_view.STOP_ANSWER_S", 0.0)
    monkeypatch.setattr(Keyboard, "fileno", lambda _keyboard: keyboard.fileno())
    said = pressed(terminal, monkeypatch, image, at=0.5, keys="y\n")
    keyboard.close()
    os.close(kept_open)
    assert said.code == 0
    asked = "Without an answer within 30 s the flash goes on.\nStop? [y/N]: "
    assert f"{asked}\nNo answer within 30 s: the flash goes on." in said.err


def test_in_the_transfer_with_nobody_to_ask(terminal: Terminal, monkeypatch: pytest.MonkeyPatch, image: object) -> None:
    monkeypatch.setattr(Keyboard, "isatty", lambda _keyboard: False)
    said = pressed(terminal, monkeypatch, image, at=0.5, keys="")
    assert said.code == 0
    assert "no terminal to ask; going on" in said.err
    assert "asking" not in said.err


def test_in_the_transfer_stopping(terminal: Terminal, monkeypatch: pytest.MonkeyPatch, image: object) -> None:
    said = pressed(terminal, monkeypatch, image, at=0.5, keys=KEYS["stop"])
    assert said.code == 3
    assert (
        "\nthe flash failed in step " in said.out
        and "of 100,000 bytes: modem: " in said.out
        and "  now:   the modem " in said.out
    )
    assert "press the board's reset button" in said.out
    assert f"fipy-doctor flash {image}" in said.out


def test_stopping_as_json_is_still_one_document(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, image: object
) -> None:
    document = pressed(terminal, monkeypatch, image, at=0.5, keys=KEYS["stop"], json=True).document
    assert (document["exit"], document["error"]["id"], document["proof"]) == (3, "user-interrupt", None)


def test_after_the_last_byte(terminal: Terminal, monkeypatch: pytest.MonkeyPatch, image: object) -> None:
    said = pressed(terminal, monkeypatch, image, at=1.0, keys=KEYS["stop"])
    assert said.code == 0
    assert "this cannot be stopped" in said.err
    assert "Stop?" not in said.err


def test_at_the_question_nothing_was_sent(terminal: Terminal, monkeypatch: pytest.MonkeyPatch, image: object) -> None:
    monkeypatch.setattr(sys, "stdin", Keyboard("\x03"))
    monkeypatch.setattr("click.prompt", lambda *_a, **_k: signal.raise_signal(signal.SIGINT))
    said = terminal.type("flash", str(image), "--port", "sim://fipy")
    assert said.code == 130 and "stopped by you; no firmware was sent to the modem" in said.err


def test_what_flashes_nothing_says_nothing_of_firmware(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("doctor.jobs.explain.explain", lambda *_a, **_k: signal.raise_signal(signal.SIGINT))
    said = terminal.type("explain", "the modem does not answer")
    assert said.code == 130 and "stopped by you" in said.err and "firmware" not in said.err
