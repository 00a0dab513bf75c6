"""A modem behind a pseudo-terminal, as slow as its line: ``with line(baud, latency_ms) as end: …``.

Written without the product: the strict slave of the updater's tests answers, and the bytes of request and reply take
their time at ten bits each. What a USB chip keeps back before it hands a reply over comes on top (the latency timer
of FTDI's: 16 ms as it comes, 1 ms at best). The modem itself takes no time: what it would take, nobody can save.
Real time, in a process of its own.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.updater.strict.rules import Ledger
from tests.updater.strict.slave import Stamp, StrictSlave, Terms

BITS_A_BYTE = 10  #: start bit, eight bits, stop bit
MAX_TRANSFER = 8192  #: header and payload (modem-protocol.md 4.4)
_CAP_RULE = "cap"  #: blocks over 2016 are what some of the clients here are about


@dataclass(frozen=True)
class End:
    """Our end of the line: a device to open."""

    device: str


@contextmanager
def line(baud: int, latency_ms: int, most_bytes: int = MAX_TRANSFER - 16) -> Iterator[End]:
    """A modem that waits for STP, for one session. Raises AssertionError if the client broke a rule of the protocol.

    most_bytes  blocks beyond that are refused
    """
    theirs, ours = os.openpty()
    tty.setraw(ours)
    words = [sys.executable, "-m", "tests.benchmarks.paced", str(theirs), str(baud), str(latency_ms), str(most_bytes)]
    modem = subprocess.Popen(words, pass_fds=(theirs,), stdout=subprocess.PIPE, text=True)
    assert modem.stdout is not None
    try:
        modem.stdout.readline()  # it listens
        yield End(os.ttyname(ours))
        said, _ = modem.communicate(timeout=5)
        assert not said, said
    finally:
        modem.kill()
        modem.wait()
        os.close(theirs)
        os.close(ours)


def serve(handle: int, baud: int, latency_ms: int, most_bytes: int) -> None:
    """Be the modem until the session is over; prints the rules that were broken."""
    due: list[tuple[float, bytes]] = []
    free_at = 0.0  # when the last byte of the host has come over the line

    def send(data: bytes, delay_ms: int, _must_read: int) -> None:
        due.append((free_at + delay_ms / 1000 + len(data) * BITS_A_BYTE / baud + latency_ms / 1000, data))

    ledger, began = Ledger(), time.perf_counter()
    terms = Terms(ack_ms=0, max_transfer=MAX_TRANSFER, block_limit=most_bytes)
    slave = StrictSlave(ledger, terms, lambda: int((time.perf_counter() - began) * 1000), send)
    print("ready", flush=True)
    order = 0
    while slave.open or due:
        data = os.read(handle, 16384)
        now = time.perf_counter()
        free_at = max(free_at, now) + len(data) * BITS_A_BYTE / baud
        order += 1
        slave.feed(data, Stamp(order, int((now - began) * 1000)))
        for at, reply in due:
            time.sleep(max(0.0, at - time.perf_counter()))
            os.write(handle, reply)
            slave.reply_read(order)
        due.clear()
    broken = [str(each) for each in ledger.violations if each.rule.id != _CAP_RULE]
    print("\n".join(broken[:3]), end="", flush=True)
    time.sleep(0.1)  # the last reply is read before this end closes


if __name__ == "__main__":
    serve(*map(int, sys.argv[1:]))
