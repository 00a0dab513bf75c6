"""What moves while something takes its time: on a pseudo terminal, and as lines where no cursor may move."""

from __future__ import annotations

import io
import os
import re
import select
import sys
from collections.abc import Callable
from contextlib import closing

import click
import pytest

from doctor import events
from doctor.bench import Bench, BenchOptions
from doctor.cli.flash_view import FlashView
from doctor.cli.live_line import LiveLine
from doctor.cli.screen import Screen, make_screen
from doctor.events import Phase
from doctor.jobs.flash import FlashRequest, flash

from ..jobs.flashing import User, small_image
from .terminal import Terminal
from .test_process import needs_pty

LIMIT_S = 6.0
MOVES = re.compile(r"\x1b\[[0-9;]*[A-HJKSTfsu]|\x1b\[\?|\r(?!\n)")  # a cursor that moves, or is hidden


class Watch:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


class Tty:
    """A pseudo terminal as standard error, and what came out at its other end."""

    def __init__(self) -> None:
        self._here, there = os.openpty()
        self.stream = os.fdopen(there, "w", encoding="utf-8", buffering=1)
        self.seen = ""

    def until(self, words: str) -> str:
        """What was drawn since the last time, up to ``words``."""
        while words not in self.seen:
            assert select.select([self._here], [], [], LIMIT_S)[0], f"{words!r} never came: {self.seen!r}"
            self.seen += os.read(self._here, 4096).decode(errors="replace")
        before, _, self.seen = self.seen.partition(words)
        return before + words

    def close(self) -> None:
        self.stream.close()
        os.close(self._here)


def on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> tuple[Screen, Tty]:
    tty = Tty()
    monkeypatch.setattr(sys, "stderr", tty.stream)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    return make_screen(as_json=False, quiet=False, verbose=False), tty


class Typed(io.StringIO):
    def isatty(self) -> bool:
        return True


@needs_pty
def test_on_a_terminal_each_phase_moves_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is heard between the clock's steps: what is drawn again comes from the line alone."""
    watch = Watch()
    screen, tty = on_a_terminal(monkeypatch)
    with closing(tty), closing(FlashView(screen, watch)) as view:
        view.hear(events.StepStarted("soak", "ask the modem", Phase.PREPARE, 1, 7, 6.0, 500.0))
        tty.until("step 1 of 7, 0:00 of at most 8 min")
        for second in (1, 2):
            watch.now_s = second
            tty.until(f"step 1 of 7, 0:0{second} of at most 8 min; normal, nothing to see")
        view.hear(events.Counted("testing the line", 137, 500, "answers", 500.0, True))
        tty.until("testing the line: 137 of 500 answers")
        view.hear(events.StepStarted("transfer", "send it", Phase.TRANSFER, 4, 7, 150.0, 3000.0))
        for done in range(0, 2_000_001, 40_000):
            watch.now_s += 1
            view.hear(events.Progress(Phase.TRANSFER, done, 8_000_000, False))
        drawn = tty.until("step 4 of 7, 25 %: 2.0 of 8.0 MB, 40 kB/s, about 2:30 left; do not unplug")
        assert "━" in drawn
        view.hear(events.Waiting("the modem to erase its old firmware", 300.0, False))
        watch.now_s += 12
        tty.until("step 4 of 7, 25 %, 0:12 of at most 5 min: waiting for the modem to erase its old firmware")
        view.hear(events.StepStarted("deploy", "wait", Phase.WAIT_MODEM, 5, 7, 5.0, 1800.0))
        view.hear(events.Waiting("the modem to write", 1800.0, False))
        watch.now_s += 65
        tty.until("step 5 of 7, 1:05 of at most 30 min: waiting for the modem to write; normal, nothing to see; do not")


@needs_pty
def test_a_line_is_gone_before_a_question(monkeypatch: pytest.MonkeyPatch) -> None:
    """And nothing is drawn over what somebody types."""
    watch = Watch()
    screen, tty = on_a_terminal(monkeypatch)
    with closing(tty), closing(LiveLine(screen, watch)) as line:
        line.say("reading the card")
        tty.until("0:00; normal, nothing to see")
        line.clear()
        tty.until("\x1b[?25h")  # the cursor is shown again
        watch.now_s = 5
        tty.stream.write("Do this? [y/N]: ")
        tty.stream.flush()
        tty.until("Do this? [y/N]: ")
        line.go_on()
        assert "\x1b[2K" not in tty.until("0:00; normal").partition("\x1b[?25l")[0]


def test_what_only_moves_is_not_drawn_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow terminal must not slow down the copy of a card, or a transfer, by a drawing for each piece."""
    slow = Typed()
    monkeypatch.setattr(sys, "stderr", slow)
    monkeypatch.setenv("TERM", "xterm")
    times = 5000
    with closing(FlashView(make_screen(as_json=False, quiet=False, verbose=False), Watch())) as view:
        for done in range(times):
            view.hear(events.Counted("copying the whole card", done, times, "MiB"))
        for done in range(times):
            view.hear(events.Progress(Phase.TRANSFER, done, times, False))
    assert "0 of 5,000 MiB" in slow.getvalue() and slow.getvalue().count("\x1b[2K") < times / 10


def in_a_pipe(monkeypatch: pytest.MonkeyPatch) -> tuple[Screen, io.StringIO]:
    pipe = io.StringIO()
    monkeypatch.setattr(sys, "stderr", pipe)
    return make_screen(as_json=False, quiet=False, verbose=False), pipe


def test_in_a_pipe_a_minute_is_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    screen, pipe = in_a_pipe(monkeypatch)
    watch = Watch()
    with closing(FlashView(screen, watch)) as view:
        view.hear(events.StepStarted("deploy", "wait until all is written", Phase.WAIT_MODEM, 5, 7, 5.0, 1800.0))
        view.hear(events.Waiting("the modem to write", 1800.0, False))
        for minute in (1, 2):
            watch.now_s = 60.0 * minute
            view.line.minute()
    view.line.minute()  # it is over: nothing more is said
    text = pipe.getvalue()
    assert not MOVES.search(text)
    assert re.sub(r"\x1b\[[0-9;]*m", "", text) == (
        "• step 5 of 7: wait until all is written (about 5 s, at most 30 min)\n"
        "  waiting for the modem to write (up to 30 min; do not unplug)\n"
        "  step 5 of 7, 1:00 of at most 30 min: waiting for the modem to write; normal, nothing to see; do not unplug\n"
        "  step 5 of 7, 2:00 of at most 30 min: waiting for the modem to write; normal, nothing to see; do not unplug\n"
    )


def test_quietly_no_minute_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = io.StringIO()
    monkeypatch.setattr(sys, "stderr", pipe)
    with closing(LiveLine(make_screen(as_json=False, quiet=True, verbose=False), Watch())) as line:
        line.go_on()
        line.minute()
    assert pipe.getvalue() == ""


@pytest.mark.parametrize("words", [("check",), pytest.param(("flash", "--yes"), marks=pytest.mark.long)])
def test_forced_colours_in_a_pipe_colour_and_never_move_the_cursor(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, image: object, words: tuple[str, ...]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    given = ["--firmware", str(image)] if words == ("check",) else [str(image)]
    said = terminal.type(*words, *given, "--port", "sim://fipy")
    assert "\x1b[" in said.out
    assert not MOVES.search(said.out) and not MOVES.search(said.err)


def test_a_flash_counts_and_numbers_its_steps(tmp_path: object) -> None:
    """What the views are told: the place of each step in the plan, and the answers one second after the other."""
    heard: list[events.Event] = []
    with Bench(BenchOptions(port="sim://fipy", firmware=(small_image(tmp_path),))) as bench:  # type: ignore[arg-type]
        result = flash(bench, FlashRequest(via="usb"), consent=User(), listen=heard.append)
    assert result.plan is not None
    steps = [event for event in heard if isinstance(event, events.StepStarted)]
    assert [event.number for event in steps] == list(range(1, len(result.plan.core.steps) + 1))
    assert all(event.of == len(steps) and 0 <= event.usual_s < event.limit_s for event in steps)
    counts = [event.done for event in heard if isinstance(event, events.Counted)]
    assert counts[0] == 0 and counts == sorted(set(counts)) and len(counts) > 3


@pytest.mark.parametrize("ask", [lambda screen: screen.ask("Flash now?"), lambda screen: screen.typed("Which?")])
def test_ctrl_c_at_a_question_ends_its_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], ask: Callable[[Screen], object]
) -> None:
    def pressed(prompt: str = "") -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(sys, "stdin", Typed())
    monkeypatch.setattr("click.termui.visible_prompt_func", pressed)
    with pytest.raises(click.Abort):
        ask(make_screen(as_json=False, quiet=False, verbose=False))
    assert capsys.readouterr().err.endswith("\n")
