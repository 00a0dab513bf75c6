"""Overhead: what a whole ``flash --via modem`` takes beside wire and modem, at the simulated modem in real time.

The trace tells: from the last byte that came to the next that goes out, the program itself holds things up, be it for
its manners (listening, the silence behind an answer) or for its work. What lies between a question and the answer is
wire and modem, and so is the pause before a modem that wakes up or restarts is asked again.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from doctor.documents.trace_lines import RX, TX, Line, read_line
from doctor.sim.practice.image import make_practice_image
from tests.benchmarks.ratios import Row

SIZE_BYTES = 60_000
BOUND_S = 3.0  #: what it is to be at most
STARTS = re.compile(rb"ERROR\r\n$|SYSSTART\r\n$|^\x00+$")  #: the last that came from a modem that wakes up or restarts
PHASES = ("first contact", "questions", "soak", "steps")


@dataclass(frozen=True)
class Own:
    """Seconds of our own by phase, and what the process took beside the time that the port was open."""

    by_phase: dict[str, float]
    process_s: float

    @property
    def total_s(self) -> float:
        """All of our own."""
        return sum(self.by_phase.values()) + self.process_s


def own(lines: Iterable[Line]) -> dict[str, float]:
    """Seconds from the last byte that came to the next one that went, by phase."""
    found = dict.fromkeys(PHASES, 0.0)
    phase, heard, heard_ms, steady = PHASES[0], b"", 0, 0
    for line in lines:
        if line.what == RX:
            heard, heard_ms = line.data, line.t_ms
        elif line.what == TX:
            phase, steady = _phase(phase, line.data, steady)
            if heard and not STARTS.search(heard):
                found[phase] += (line.t_ms - heard_ms) / 1000
            heard = b""
    return found


def _phase(phase: str, data: bytes, steady: int) -> tuple[str, int]:
    steady = steady + 1 if data == b"AT\r\n" else 0
    if phase == PHASES[0] and data.startswith(b"AT"):
        return PHASES[1], steady
    if phase == PHASES[1] and steady > 20:
        return PHASES[2], steady
    if phase == PHASES[2] and not steady:
        return PHASES[3], steady
    return phase, steady


def measure(port: str = "sim://sqn3330?speed=1", size_bytes: int = SIZE_BYTES) -> Own:
    """Flash once in a process of its own. Raises CalledProcessError."""
    with tempfile.TemporaryDirectory() as folder:
        image = make_practice_image(Path(folder), size_bytes=size_bytes)
        trace = Path(folder) / "trace.jsonl"
        words = ("flash", str(image), "--port", port, "--via", "modem", "--yes", "--trace", str(trace))
        start = time.perf_counter()
        subprocess.run([sys.executable, "-m", "doctor", *words, "-q"], check=True, stdout=subprocess.DEVNULL)
        took_s = time.perf_counter() - start
        lines = [read_line(text, number) for number, text in enumerate(trace.read_bytes().splitlines(), 1)]
    return Own(own(lines), took_s - lines[-1].t_ms / 1000)


def rows(tiny: bool = False) -> list[Row]:
    """One row; ``tiny``: none, for it flashes in real time."""
    if tiny:
        return []
    found = measure()
    phases = {**found.by_phase, "the process itself": found.process_s}
    note = ", ".join(f"{phase} {took_s:.1f} s" for phase, took_s in phases.items())
    return [Row("flash --via modem: own time", found.total_s, "bound", BOUND_S, "s", 1.0, note)]
