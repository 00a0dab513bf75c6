"""Standard streams that outlive their reader, and a flash that waits for none."""

from __future__ import annotations

import io
import os
import sys
import threading

import pytest

from doctor.cli import ahead, stdio

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pipe that tells how full it is")


class Full:
    """A pipe that is full, and of which nobody reads; ``stream`` is its steady end."""

    def __init__(self) -> None:
        self.reader, self.writer = os.pipe()
        os.set_blocking(self.writer, False)
        self.junk = 0
        try:
            while True:
                self.junk += os.write(self.writer, bytes(1 << 16))
        except BlockingIOError:
            os.set_blocking(self.writer, True)
        raw = io.FileIO(self.writer, "w", closefd=False)
        self.plain = io.TextIOWrapper(io.BufferedWriter(raw), "utf-8")  # lives as long: it closes raw when it goes
        self.stream = stdio._like(self.plain, stdio.SteadyFile(raw))
        self.read = bytearray()
        self.back = threading.Thread(target=self._read)  #: starts when the reader is back

    def _read(self) -> None:
        with io.FileIO(self.reader) as file:
            while piece := file.read(4096):
                self.read += piece

    def lines(self) -> list[str]:
        """All that was read, once the writer has closed."""
        os.close(self.writer)
        self.back.join()
        return self.read[self.junk :].decode().splitlines()


def full_stdout(monkeypatch: pytest.MonkeyPatch) -> Full:
    """From now on standard output is such a pipe, and waits for nobody."""
    made = Full()
    monkeypatch.setattr(sys, "stdout", made.stream)
    ahead.wait_for_nobody()
    return made


def test_what_finds_no_room_is_dropped_and_holds_nothing_up(monkeypatch: pytest.MonkeyPatch) -> None:
    full = full_stdout(monkeypatch)
    for number in range(3000):
        print(f"{number:05} {'x' * 94}", flush=True)
    ahead.wait_for_the_reader()
    print("the last word é")
    full.back.start()
    stdio.tell_what_was_lost()
    lines = full.lines()
    assert lines[:2] == ["00000 " + "x" * 94, "00001 " + "x" * 94] and lines[-1] == "the last word é"
    assert 500 < len(lines) < 1500


def test_who_never_reads_again_is_given_up_and_it_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    full_stdout(monkeypatch)
    monkeypatch.setattr(ahead, "READER_WAIT_S", 0.01)
    ahead.wait_for_the_reader()
    print("the last word", flush=True)
    stdio.tell_what_was_lost()
    assert "nobody reads it" in capsys.readouterr().err
    print("more of it", flush=True)
    stdio.tell_what_was_lost()
