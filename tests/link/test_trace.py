from __future__ import annotations

import contextlib
import json
import os
import sys
from pathlib import Path

import pytest

from doctor.clock import Deadline
from doctor.errors import DeadlineOverrun, UsageError
from doctor.events import Event, Note
from doctor.link.link import Link
from doctor.link.port_url import PortUrl
from doctor.link.replay import Recording, open_replay
from doctor.link.trace import Trace
from tests.link.wire import HandClock, Wire


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_every_byte_and_change_is_recorded_with_its_time(tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    wire = Wire()
    with Trace(path) as trace:
        link = Link(wire, PortUrl.read("/dev/ttyACM0"), rts=True, trace=trace)
        link.write(b"AT\r")
        wire.say(b"\x00\xffOK", after_ms=1500)
        link.read(10, 2000)
        link.set_baud(921600)
        link.rts = False
        link.close()
    assert [(r["dir"], r.get("hex", r.get("value"))) for r in lines(path)] == [
        ("trace", None),
        ("open", None),
        ("rts", True),
        ("tx", b"AT\r".hex()),
        ("rx", b"\x00\xffOK".hex()),
        ("baud", 921600),
        ("rts", False),
        ("close", "/dev/ttyACM0"),
    ]
    assert lines(path)[4]["t"] == 1.5


class BusyClock(HandClock):
    """Time that goes on while the program works, too: whoever asks for it has spent some."""

    def ticks_ms(self) -> int:
        self.now_ms += 0.7
        return int(self.now_ms)


def ask_by_the_clock(link: Link) -> None:
    """What is sent, and how often, hangs on the time; each read may end by its deadline."""
    for wait_ms in range(20, 60):
        link.deadline = Deadline(link.clock, 0.05)
        until = Deadline(link.clock, wait_ms / 1000)
        with contextlib.suppress(DeadlineOverrun):
            while not until.expired:
                link.write(f"{until.left_ms}?".encode())
                link.read(10, 7)
        link.deadline = None
        link.clock.sleep_ms(3)


def test_a_replay_decides_by_the_time_as_the_traced_run_did(tmp_path: Path) -> None:
    wire = Wire(lambda data: wire.say(b"!", after_ms=9 * len(data) - 17))
    wire.clock = BusyClock()
    with Trace(tmp_path / "t") as trace:
        link = Link(wire, PortUrl.read("/dev/ttyACM0"), rts=True, trace=trace)
        ask_by_the_clock(link)
        link.close()
    with open_replay(Recording(tmp_path / "t"), None) as again:
        ask_by_the_clock(again)
    assert wire.written.count(b"?") > 100


def test_lines_are_in_the_file_before_the_end(tmp_path: Path) -> None:
    trace = Trace(tmp_path / "t")
    trace.sent(b"x")
    assert [line["dir"] for line in lines(tmp_path / "t")] == ["trace", "tx"]
    trace.close()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit of a file's size")
def test_a_full_disk_ends_the_trace_with_one_note_and_the_work_goes_on(tmp_path: Path) -> None:
    import resource

    heard: list[Event] = []
    wire = Wire()
    link = Link(wire, PortUrl.read("x"), rts=True, trace=Trace(tmp_path / "t", heard.append))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, before[1]))
    try:
        link.write(b"AT")
        link.write(b"AT")
        link.close()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert wire.written == b"ATAT"
    assert [type(event) for event in heard] == [Note]


def test_a_trace_that_cannot_be_written_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="trace"):
        Trace(tmp_path / "no" / "such")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such pipes, and links need a right there")
@pytest.mark.parametrize("kind", ["pipe", "pipe that is read", "link"])
def test_a_trace_is_a_file(kind: str, tmp_path: Path) -> None:
    """A pipe that nobody empties would hold a flash up, and a link may lead to anything."""
    place, victim = tmp_path / "t", tmp_path / "victim"
    victim.touch()
    if kind == "link":
        place.symlink_to(victim)
    else:
        os.mkfifo(place)
    reader = os.open(place, os.O_RDONLY | os.O_NONBLOCK)
    if kind == "pipe":
        os.close(reader)
    with pytest.raises(UsageError, match="trace"):
        Trace(place)
    assert not victim.read_bytes()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows lets nobody read what is locked")
def test_a_trace_that_another_run_is_writing_is_left_to_it(tmp_path: Path) -> None:
    path = tmp_path / "t"
    with Trace(path) as first:
        first.sent(b"x")
        with pytest.raises(UsageError, match="another run is writing this trace"):
            Trace(path)
        first.sent(b"y")
        assert [line["dir"] for line in lines(path)] == ["trace", "tx", "tx"]
    Trace(path).close()
    assert [line["dir"] for line in lines(path)] == ["trace"], "an earlier one is replaced"
