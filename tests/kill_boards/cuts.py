"""Ways to cut a command, and where: found by one healthy run of it."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field

from doctor.sim.bench import SimBench
from doctor.sim.board.board import BoardSim
from doctor.sim.board.file_faults import FileFaults
from doctor.sim.hostport import HostPort
from tests.board.one_byte import FROM_BOARD, TO_BOARD, OneByte

FINISH_MS = 30_000  #: after its program was killed a board goes on with what it was told
CTRL_D = 4
WAYS = ("whole", "dip", "kill", "ctrl-c", "flip", "torn", "flip-sent", "real")


@dataclass(frozen=True)
class Cut:
    """One cut.

    way    one of WAYS; ``real`` is a kill -9 on a real MicroPython
    at     dip, kill, ctrl-c: number of the change of a file; torn: number of the printed line; real: that of the
           command; else that of the byte
    where  for people: what was cut
    number of the change, the answer or the command
    bit    that is flipped
    """

    way: str
    at: int
    where: str
    number: int
    bit: int = 0

    @property
    def is_change(self) -> bool:
        """Whether a change is cut, and no line is disturbed."""
        return self.way in ("dip", "kill", "ctrl-c")

    @property
    def files(self) -> str:
        """What ``files=`` of the bench's URL says for it."""
        if self.way == "dip":
            return f"dip@{self.at}"
        if self.way == "torn":
            return f"{'log' if self.at % 2 else 'word'}@{self.at}"
        return ""

    def arm(self) -> None:
        """Make it happen in this process: for a process of its own, before the program starts."""
        if self.way in ("kill", "ctrl-c"):
            _on_bench(lambda bench: _interrupt(bench, self.at, kill=self.way == "kill"))
        elif self.way in ("flip", "flip-sent"):
            _on_wire(OneByte("flip", FROM_BOARD if self.way == "flip" else TO_BOARD, self.at, bit=self.bit))


WHOLE = Cut("whole", 0, "nothing", 0)
"""Nothing is cut: the work must be done at once."""


@dataclass
class Heard:
    """What a healthy run of a command changes, prints, says and is told, in order."""

    changes: list[str] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    """For each line that code printed: which command it belongs to."""
    said: bytearray = field(default_factory=bytearray)
    told: bytearray = field(default_factory=bytearray)
    answers: list[int] = field(default_factory=list)
    """Where in ``said`` the answer to each command begins."""

    def listen(self) -> None:
        """Note everything that happens in this process."""
        arrive, receive, printed = HostPort.arrive, BoardSim.receive, FileFaults.printed

        def hear(port: HostPort, data: bytes, baud: int) -> None:
            self.said += data
            arrive(port, data, baud)

        def tell(board: BoardSim, data: bytes, baud: int) -> None:
            self.answers += [len(self.said)] * data.count(CTRL_D)
            self.told += data
            receive(board, data, baud)

        def note(faults: FileFaults, text: str, *, threads: bool) -> str:
            self.lines.append(len(self.answers))
            return printed(faults, text, threads=threads)

        HostPort.arrive, BoardSim.receive, FileFaults.printed = hear, tell, note  # type: ignore[assignment,method-assign]
        _on_bench(self._watch)

    def _watch(self, bench: SimBench) -> None:
        assert bench.board is not None
        bench.board.file_faults.on_change = lambda number, kind, path: self.changes.append(f"{kind} {path}")

    def cuts(self, rng: random.Random) -> Iterator[Cut]:
        """Every change cut in three ways; one bit, and one printed line, of every answer; one bit of every command."""
        for number, change in enumerate(self.changes, 1):
            for way in ("dip", "kill", "ctrl-c"):
                yield Cut(way, number, f"change {number}: {change}", number)
        for number, (start, end) in enumerate(_spans(self.answers, len(self.said)), 1):
            if end - start > 2:
                at, bit = _one_bit(self.said, start, end, rng)
                yield Cut("flip", at, f"answer {number}", number, bit)
        for number in sorted(set(self.lines)):
            rows = [n for n, command in enumerate(self.lines, 1) if command == number]
            row = rng.choice(rows)
            yield Cut("torn", row, f"line {row - rows[0] + 1} of {len(rows)} of answer {number}", number)
        ends = [0, *(n + 1 for n, byte in enumerate(self.told) if byte == CTRL_D)]
        for number, (start, end) in enumerate(_spans(ends, len(self.told)), 1):
            if end - start > 2:
                at, bit = _one_bit(self.told, start, end, rng)
                yield Cut("flip-sent", at, f"command {number}", number, bit)


def _spans(starts: list[int], end: int) -> list[tuple[int, int]]:
    return list(zip(starts, [*starts[1:], end], strict=True))


def _one_bit(data: bytearray, start: int, end: int, rng: random.Random) -> tuple[int, int]:
    """A byte and a bit of it; if possible, the flipped letter is a letter again, which nobody sees at a glance."""
    at = rng.randrange(start, end)
    bits = rng.sample(range(7), 7)
    if chr(data[at]).isalnum():
        bits.sort(key=lambda bit: not (chr(data[at] ^ 1 << bit).isascii() and chr(data[at] ^ 1 << bit).isalnum()))
    # Ctrl-C and Ctrl-F act wherever they stand, and so would any program's.
    return at, next(bit for bit in bits if data[at] ^ 1 << bit not in (3, 6))


def _on_wire(fault: OneByte) -> None:
    arrive, receive = HostPort.arrive, BoardSim.receive

    def hear(port: HostPort, data: bytes, baud: int) -> None:
        arrive(port, fault.pass_on(FROM_BOARD, data), baud)

    def tell(board: BoardSim, data: bytes, baud: int) -> None:
        receive(board, fault.pass_on(TO_BOARD, data), baud)

    HostPort.arrive, BoardSim.receive = hear, tell  # type: ignore[assignment,method-assign]


def _on_bench(do: object) -> None:
    make = SimBench.from_url.__func__  # type: ignore[attr-defined]

    def from_url(cls: type[SimBench], url: str) -> SimBench:
        bench: SimBench = make(cls, url)
        do(bench)  # type: ignore[operator]
        return bench

    SimBench.from_url = classmethod(from_url)  # type: ignore[assignment,method-assign]


def _interrupt(bench: SimBench, number: int, *, kill: bool) -> None:
    """While the board makes its ``number``-th change the program is killed, or gets a Ctrl-C."""
    assert bench.board is not None
    world, state = bench.world, {"hit": False, "over": False}
    run_until = world.run_until

    def note(changed: int, kind: str, path: str) -> None:
        state["hit"] |= changed == number

    def run(predicate: object, limit_ms: float) -> bool:
        held = run_until(lambda: predicate() or (state["hit"] and not state["over"]), limit_ms)  # type: ignore[operator]
        if state["hit"] and not state["over"]:
            state["over"] = True
            if kill:
                world.sleep_ms(FINISH_MS)
                bench.save()
                os.kill(os.getpid(), signal.SIGKILL)
            signal.raise_signal(signal.SIGINT)
        return held

    bench.board.file_faults.on_change = note
    world.run_until = run  # type: ignore[method-assign]
