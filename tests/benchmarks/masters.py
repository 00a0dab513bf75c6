"""Masters of STP that know nothing but the protocol: the best that stop-and-wait can do, and how peers cut a file.

Written from modem-protocol.md 4.1 to 4.4. Every frame is made before the first is sent, and a pseudo-terminal is
written and read without a library between: what they take beside the line is as little as can be. A peer's own sleeps
and readings are left out, in its favour; only its blocks are its own.
"""

from __future__ import annotations

import binascii
import itertools
import os
import struct
import time
import tty
from collections.abc import Callable, Iterator

_HEADER = struct.Struct(">4sBBHIHH")
_RESET, _OPEN, _COMMAND, _BLOCK = range(4)
Cut = Callable[[], Iterator[int]]  #: the sizes of a file's blocks, without end


def _always(size: int) -> Cut:
    return lambda: itertools.repeat(size)


#: By who cuts a file so (modem-protocol.md 4.4).
PERFECT = "blocks of 2016, no time of its own"
PATTERNS: dict[str, Cut] = {
    PERFECT: _always(2016),
    "Pycom 1.1 to 1.2.7: 2016, 32, …": lambda: itertools.cycle((2016, 32)),
    "Pycom 2018 on a PC: 512": _always(512),
    "Walter, Monarch 2 only: 8176": _always(8176),
}


def frame(op: int, sid: int, tid: int, payload: bytes = b"") -> bytes:
    """A request."""
    payload_crc = binascii.crc_hqx(payload, 0)
    bare = _HEADER.pack(b"fast", op, sid, len(payload), tid, 0, payload_crc)
    return _HEADER.pack(b"fast", op, sid, len(payload), tid, binascii.crc_hqx(bare, 0), payload_crc) + payload


def frames(data: bytes, cut: Cut) -> list[bytes]:
    """All requests of a transfer between OPEN and the closing RESET."""
    made: list[bytes] = []
    at, tid = 0, 2
    for size in cut():
        block = data[at : at + size]
        if not block:
            return made
        made += [frame(_COMMAND, 1, tid, struct.pack(">H", len(block))), frame(_BLOCK, 1, tid + 1, block)]
        at, tid = at + len(block), tid + 2
    raise AssertionError("a pattern ended")


def send(device: str, requests: list[bytes]) -> float:
    """A whole session; how many seconds the blocks took. Raises AssertionError if a request is not acknowledged."""
    handle = os.open(device, os.O_RDWR | os.O_NOCTTY)
    tty.setraw(handle)
    try:
        _ask(handle, frame(_RESET, 0, 0))
        _ask(handle, frame(_OPEN, 1, 1))
        start = time.perf_counter()
        for request in requests:
            _ask(handle, request)
        took_s = time.perf_counter() - start
        _ask(handle, frame(_RESET, 1, 2 + len(requests)))
    finally:
        os.close(handle)
    return took_s


def _ask(handle: int, request: bytes) -> None:
    left = request
    while left:
        left = left[os.write(handle, left) :]
    got = b""
    while len(got) < _HEADER.size or len(got) < _HEADER.size + int.from_bytes(got[6:8], "big"):
        got += os.read(handle, 512)
    assert got[4] == request[4] | 0x80, f"answered with op {got[4]:#04x}"
