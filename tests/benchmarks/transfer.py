"""Transfer: a file over STP to a modem on a paced line; we, the best stop-and-wait there can be, and peers' blocks.

Ours is what a flash uses from the port to the protocol: the opened link, the core's master, a file that is hashed on
the way. Timed from the first block's command to the last block's acknowledgement.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from doctor.clock import SystemClock
from doctor.jobs.flashing.result import HashedSource
from doctor.link.link import open_link
from doctor.link.port_url import PortUrl
from doctor.updater.profile import BLOCK_LONGEST_BYTES, BLOCK_MAX_BYTES
from doctor.updater.stp import Master
from tests.benchmarks.masters import PATTERNS, PERFECT, frames, send
from tests.benchmarks.paced import BITS_A_BYTE, line
from tests.benchmarks.ratios import Row

#: Baud, latency in ms, bytes of the file.
LINES = ((921_600, 0, 61_480), (921_600, 1, 61_480), (921_600, 16, 61_480), (115_200, 1, 21_160))
ROUNDS = 5
#: The same for ``--block``: whole blocks, at the latency at which they help most.
LONG_LINE = (921_600, 16, 16 * BLOCK_LONGEST_BYTES)
LONG_SHARE = 0.70  #: of the line that is payload then, at least
OURS = "fipy-doctor"
MOST = 1.05  #: of the perfect client's time


@dataclass(frozen=True)
class Sessions:
    """Seconds of a session by who held it, over one line; how much of the line was payload."""

    baud: int
    latency_ms: int
    took_s: dict[str, float]
    file_bytes: int

    def share(self, who: str) -> float:
        """Payload over what the line could have carried in that time."""
        return self.wire_s / self.took_s[who]

    @property
    def wire_s(self) -> float:
        """The payload alone, without a pause."""
        return self.file_bytes * BITS_A_BYTE / self.baud


def ours(data: bytes, device: str, block: int = BLOCK_MAX_BYTES) -> float:
    """One session as a flash holds it; how many seconds the blocks took."""
    with open_link(PortUrl.read(device)) as link:
        source = HashedSource(data)
        master = Master(link, SystemClock(), block=block)
        master.open()
        start = time.perf_counter()
        assert master.send(source, len(data)) == len(data)
        took_s = time.perf_counter() - start
        assert master.close()
    return took_s


def measure(baud: int, latency_ms: int, file_bytes: int, rounds: int = ROUNDS) -> Sessions:
    """Everybody in turn over one line."""
    data = random.Random(1).randbytes(file_bytes)
    clients: dict[str, Callable[[str], float]] = {OURS: partial(ours, data)}
    for name, cut in PATTERNS.items():
        clients[name] = partial(send, requests=frames(data, cut))
    took: dict[str, list[float]] = {name: [] for name in clients}
    for _ in range(rounds):
        for name, client in clients.items():
            with line(baud, latency_ms) as end:
                took[name].append(client(end.device))
    return Sessions(baud, latency_ms, {name: statistics.median(each) for name, each in took.items()}, file_bytes)


def sessions(tiny: bool = False) -> list[Sessions]:
    """All lines; ``tiny``: three blocks over the fastest."""
    if tiny:
        return [measure(921_600, 0, 5_000, 1)]
    return [measure(*one) for one in LINES]


def long_blocks(rounds: int = ROUNDS, file_bytes: int = LONG_LINE[2]) -> Row:
    """``--block`` beside the line without a pause."""
    baud, latency_ms, _ = LONG_LINE
    data = random.Random(1).randbytes(file_bytes)
    took = []
    for _ in range(rounds):
        with line(baud, latency_ms) as end:
            took.append(ours(data, end.device, BLOCK_LONGEST_BYTES))
    wire_s = file_bytes * BITS_A_BYTE / baud
    took_s = statistics.median(took)
    what = f"{baud} baud, {latency_ms} ms, --block {BLOCK_LONGEST_BYTES} (Monarch 2)"
    note = f"payload {wire_s / took_s:.3f} of the line"
    return Row(what, took_s, "the line without a pause", wire_s, "s", 1 / LONG_SHARE, note)


def rows(tiny: bool = False) -> list[Row]:
    """Ours beside each."""
    found = [long_blocks(1, BLOCK_LONGEST_BYTES) if tiny else long_blocks()]
    for one in sessions(tiny):
        name = f"{one.baud} baud, {one.latency_ms} ms"
        for peer, took_s in one.took_s.items():
            if peer != OURS:
                share = f"payload {one.share(OURS):.3f} of the line, theirs {one.share(peer):.3f}"
                most = MOST if peer == PERFECT else None
                found.append(Row(name, one.took_s[OURS], peer, took_s, "s", most, share))
    return found
