"""A flash whose output nobody reads goes on to its proof; the last word and the exit code come when somebody reads.

Any other command waits for its reader, and a signal ends it all the same.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from doctor.jobs.memory.journal import PROVED, Journal

from .test_process import all_of

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo terminals, and no such signals")

LIMIT_S = 60.0
CTRL_S, CTRL_Q = b"\x13", b"\x11"


def flashing(image: Path, port: str, stdout: int, stderr: int, *words: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "doctor", "flash", str(image), "--port", port, "--yes", *words],
        stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "100"},
    )  # fmt: skip


def wait_until(so: Callable[[], bool]) -> bool:
    end = time.monotonic() + LIMIT_S
    while not so() and time.monotonic() < end:
        time.sleep(0.05)
    return so()


def is_proved() -> bool:
    return [entry.state for entry in Journal().entries()] == [PROVED]


@pytest.mark.long
def test_a_stopped_terminal_holds_no_block_back(image: Path) -> None:
    here, there = os.openpty()
    process = flashing(image, "sim://fipy?speed=25", there, there)
    os.close(there)
    try:
        assert wait_until(lambda: bool(Journal().entries())) and not is_proved()
        os.write(here, CTRL_S)
        assert wait_until(is_proved)
        assert process.poll() is None
        os.write(here, CTRL_Q)
        assert "Flashed and proved" in all_of(here)
        assert process.wait(LIMIT_S) == 0
    finally:
        process.kill()
        process.wait()


@pytest.mark.long
def test_a_full_pipe_and_a_storm_of_signals_hold_no_block_back(image: Path) -> None:
    """A thousand signals a second from the first step on; the document comes out whole, and its exit code is true."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    junk = 0
    try:
        while True:
            junk += os.write(writer, bytes(4096))
    except BlockingIOError:
        os.set_blocking(writer, True)
    process = flashing(image, "sim://fipy", writer, writer, "--json", "-q")
    os.close(writer)
    over = threading.Event()

    def storm() -> None:
        wait_until(lambda: bool(Journal().entries()))
        while not over.wait(0.001):
            process.send_signal(signal.SIGTERM)
            process.send_signal(signal.SIGHUP)

    sender = threading.Thread(target=storm)
    sender.start()
    try:
        assert wait_until(is_proved)
        text = all_of(reader)[junk:]
        assert process.wait(LIMIT_S) == 0
    finally:
        over.set()
        sender.join()
        process.kill()
        process.wait()
    document = json.loads(text)
    assert (document["exit"], document["error"]) == (0, None)
    (entry,) = Journal().entries()
    assert "SIGTERM is ignored" in Path(entry.log).read_text()


@pytest.mark.sampled(2, "long")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("words", ["check -v --json-events --port sim://fipy", "checks --json"])
def test_a_command_that_nobody_reads_ends_at_a_signal(words: str, number: signal.Signals) -> None:
    """More than a terminal holds is printed, by the main thread or beside it; the first byte of it is read."""
    here, there = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "doctor", *words.split()], stdin=subprocess.DEVNULL, stdout=there, stderr=there
    )
    os.close(there)
    try:
        assert os.read(here, 1)
        process.send_signal(number)
        # CPython sends itself SIGINT at its end if Ctrl-C came within an exec() of text, as in a module of dataclasses
        # that is being loaded, whoever caught it: to a shell that is 130 as well.
        assert process.wait(LIMIT_S) in (130, -signal.SIGINT)
    finally:
        process.kill()
        process.wait()
        os.close(here)
