# mypy: ignore-errors
# ruff: noqa: B905, E402, PTH123, SIM108
"""Runs inside a real MicroPython: what one block costs the board, by three ways to its checksum.

argv: folder that holds the core as package ``core``, a firmware file, its side file. Prints one JSON object:
microseconds for a block of 2016 bytes, the best of some rounds.
"""

import json
import struct
import sys
import time

sys.path.insert(0, sys.argv[1])
PATH, SIDE = sys.argv[2], sys.argv[3]

import core.card_source as card_source
import core.crc as crc
import core.side_file as side_file
import core.stp as stp

ROUNDS = 40  # short ones: the best of them was not interrupted, however busy this computer is


def naive(data):
    """As the loop stands in most scripts: bit by bit, no table."""
    value = 0
    for byte in data:
        value ^= byte << 8
        for _ in range(8):
            if value & 0x8000:
                value = ((value << 1) ^ 0x1021) & 0xFFFF
            else:
                value = (value << 1) & 0xFFFF
    return value


class Clock:
    def ticks_ms(self):
        return 0

    def sleep_ms(self, ms):
        pass


class Modem:
    """Takes every frame unseen and at once: what is left is the board's own work."""

    def __init__(self):
        self.out = b""

    def write(self, data):
        op, sid, _, tid = struct.unpack(">BBHI", data[4:12])
        body = b"\x00\x00" if op == 3 else struct.pack(">BBH", 1, 1, 8192) if op == 1 else b""
        self.out += struct.pack(">4sBBHIHH", b"tsaf", op | 0x80, sid, len(body), tid, 0, 0) + body

    def read(self, max_bytes, wait_ms):
        got, self.out = self.out[:max_bytes], self.out[max_bytes:]
        return got

    def drain(self):
        got, self.out = self.out, b""
        return got

    def set_baud(self, baud):
        pass


with open(PATH, "rb") as stream:
    content = stream.read()
with open(SIDE, "rb") as stream:
    side = side_file.parse(stream.read())
BLOCKS = [content[at : at + side.block_bytes] for at in range(0, len(content), side.block_bytes)]


def best(work, blocks):
    took = []
    for _ in range(ROUNDS):
        begin = time.ticks_us()
        work()
        took.append(time.ticks_diff(time.ticks_us(), begin))
    return min(took) / blocks


def checksums(of):
    def work():
        at = 0
        for block in BLOCKS:
            of(at, block)
            at += len(block)

    return best(work, len(BLOCKS))


def transfer(sides):
    """A whole file through the core's own sender, to a modem that costs nothing."""

    def work():
        source = card_source.CardSource(PATH, len(content), side.sha256, sides)
        master = stp.Master(Modem(), Clock())
        master.reset()
        master.open()
        sent = master.send(source, len(content), lambda *told: None, lambda: False)
        assert sent == len(content), sent
        source.close()

    return best(work, len(BLOCKS))


def slowly(work):
    """With the naive loop in the core's place of its table."""
    modules = (crc, card_source, stp)
    kept = [module.crc16 for module in modules]
    for module in modules:
        module.crc16 = naive
    try:
        return work()
    finally:
        for module, one in zip(modules, kept):
            module.crc16 = one


assert crc.crc16(BLOCKS[0]) == naive(BLOCKS[0]) == side.crc_of(0, len(BLOCKS[0]))
assert crc._crc_hqx is None, "this interpreter has crc_hqx; no board has"
found = {
    "checksum": {
        "side file": checksums(lambda at, block: side.crc_of(at, len(block))),
        "table": checksums(lambda at, block: crc.crc16(block)),
        "naive loop": checksums(lambda at, block: naive(block)),
    },
    "block": {
        "side file": transfer(side),
        "table": transfer(None),
        "naive loop": slowly(lambda: transfer(None)),
    },
    "hashing": best(lambda: (card_source.digest(PATH), card_source.digest(PATH)), len(BLOCKS)),
    "blocks": len(BLOCKS),
}
ways = ("side file", "table", "naive loop")  # dicts have no order here
for what in ("checksum", "block"):
    found[what] = [[way, found[what][way]] for way in ways]
print(json.dumps(found))
