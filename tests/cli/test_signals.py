"""SIGTERM and a closed terminal end a command as Ctrl-C does: the board's prompt is left as it was found."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from doctor.cli import signals
from doctor.cli.main import run
from doctor.sim.served.listen import Listener

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has neither signal, and no pseudo terminals")

LIMIT_S = 30.0


@pytest.mark.long
def test_a_check_that_is_ended_leaves_the_raw_repl() -> None:
    with Listener("sim://fipy?speed=20", tcp_port=None) as listener:
        board = listener.serial.bench.board
        assert board is not None
        command = [sys.executable, "-m", "doctor", "check", "--port", listener.names[0]]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        end = time.monotonic() + LIMIT_S
        while not board.raw_mode and process.poll() is None and time.monotonic() < end:
            time.sleep(0.005)
        assert board.raw_mode
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGHUP)  # they come in pairs
        out, err = process.communicate(timeout=LIMIT_S)
        assert (process.returncode, err) == (130, "")
        assert "stopped by you before the end" in out
        # The board is another thread: what the command wrote last may still be on the line when it has ended.
        while board.raw_mode and time.monotonic() < end:
            time.sleep(0.005)
        assert not board.raw_mode


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_is_told_as_a_stop(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], number: signal.Signals
) -> None:
    monkeypatch.setattr("doctor.link.ports.list_ports", lambda: os.kill(os.getpid(), number))
    outside = signal.signal(number, signal.SIG_DFL)  # a suite that nohup started ignores it
    try:
        assert run(["ports"]) == 130
        assert signal.getsignal(number) is signal.SIG_DFL
    finally:
        signal.signal(number, outside)
    assert "open user-interrupt" in capsys.readouterr().err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_while_the_program_is_loaded_is_a_stop_too(tmp_path: Path, number: signal.Signals) -> None:
    (tmp_path / "click.py").write_text(f"import os\nos.kill(os.getpid(), {int(number)})\n")  # what is loaded first
    begin = f"import signal, doctor.__main__ as it; signal.signal({int(number)}, signal.SIG_DFL); it.main()"
    there = {**os.environ, "PYTHONPATH": os.pathsep.join((str(tmp_path), *sys.path))}
    done = subprocess.run([sys.executable, "-c", begin, "ports"], env=there, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (130, b"")


def test_of_signals_that_end_a_program_one_counts_with_ctrl_c_in_between_too() -> None:
    with signals.ending_like_ctrl_c():
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGINT):
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(number)
        try:
            signal.raise_signal(signal.SIGTERM)
        except KeyboardInterrupt:
            pytest.fail("the second one counts too")


def test_a_signal_that_was_ignored_stays_so() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with signals.ending_like_ctrl_c():
            signal.raise_signal(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


def test_nothing_interrupts_what_puts_things_back() -> None:
    with signals.ending_like_ctrl_c(), signals.undisturbed():
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.raise_signal(number)
