"""The worked examples of modem-protocol.md 4.7, byte for byte."""

from __future__ import annotations

import io

import pytest

from doctor.updater import crc, stp
from tests.updater.wire import HandClock, Wire

COUNTING = bytes(range(16))
LONG = bytes(i % 256 for i in range(2016))

REQUESTS = [
    (stp.pack(stp.RESET, 0, 0), "66617374 00 00 0000 00000000 8ae3 0000"),
    (stp.pack(stp.OPEN, 1, 1), "66617374 01 01 0000 00000001 fb8e 0000"),
    (stp.pack(stp.BLOCK_CMD, 1, 2, b"\x00\x10"), "66617374 02 01 0002 00000002 95c7 1231 0010"),
    (stp.pack(stp.BLOCK, 1, 3, COUNTING), "66617374 03 01 0010 00000003 3069 513d" + COUNTING.hex()),
    (stp.pack(stp.BLOCK_CMD, 1, 2, b"\x07\xe0"), "66617374 02 01 0002 00000002 27b8 64b9 07e0"),
    (stp.pack(stp.BLOCK, 1, 3, LONG), "66617374 03 01 07e0 00000003 5d2e 9285" + LONG.hex()),
    (stp.pack(stp.RESET, 1, 4), "66617374 00 01 0000 00000004 dbac 0000"),
    (stp.pack(stp.DATA_TYPE, 1, 2, b"\0\0\0\x04"), "66617374 04 01 0004 00000002 5bd2 4084 00000004"),
    (stp.pack(stp.DATA_TYPE, 1, 2, b"\0\0\0\x05"), "66617374 04 01 0004 00000002 6ce2 50a5 00000005"),
]


@pytest.mark.parametrize(("frame", "expected"), REQUESTS)
def test_request(frame: bytes, expected: str) -> None:
    assert frame == bytes.fromhex(expected)


class Recorded:
    """Plays back answers from the worked examples, whatever is asked."""

    def __init__(self, *answers: str) -> None:
        self.answers = [bytes.fromhex(answer) for answer in answers]

    def heard(self, data: bytes, wire: Wire) -> None:
        if self.answers:
            wire.say(self.answers.pop(0))


RESET_ACKS = ["74736166 80 00 0000 00000000 0000 0000", "74736166 80 00 0000 00000000 ec35 0000"]
OPEN_ACKS = [
    ("74736166 81 01 0004 00000001 0000 0000 01 01 2000", 8192),
    ("74736166 81 01 0004 00000001 d908 4762 01 01 2000", 8192),
    ("74736166 81 01 0004 00000001 0000 0000 01 01 0800", 2048),
]


@pytest.mark.parametrize("reset_ack", RESET_ACKS)
@pytest.mark.parametrize(("open_ack", "longest"), OPEN_ACKS)
def test_recorded_session(reset_ack: str, open_ack: str, longest: int) -> None:
    wire = Wire(
        Recorded(
            reset_ack,
            open_ack,
            "74736166 82 01 0000 00000002 0000 0000",
            "74736166 83 01 0002 00000003 0000 0000 0000",
        )
    )
    master = stp.Master(wire, wire.clock)
    assert master.open() == (1, longest)
    assert master.send(io.BytesIO(COUNTING), 16) == 16
    master.close()
    assert wire.written[:5] == [bytes.fromhex(REQUESTS[i][1]) for i in (0, 1, 2, 3, 6)]


def test_nack_unknown_is_asked_again_with_the_same_tid() -> None:
    wire = Wire(
        Recorded(
            RESET_ACKS[0],
            OPEN_ACKS[0][0],
            "74736166 7f 01 0000 00000002 0000 0000",
            "74736166 82 01 0000 00000002 0000 0000",
            "74736166 83 01 0002 00000003 0000 0000 0000",
        )
    )
    master = stp.Master(wire, wire.clock)
    master.open()
    assert master.send(io.BytesIO(COUNTING), 16) == 16
    assert wire.written[2] == wire.written[3] == bytes.fromhex(REQUESTS[2][1])


def test_check_value_of_the_crc() -> None:
    assert crc.crc16(b"123456789") == crc.crc16_by_table(b"123456789") == 0x31C3


def test_both_ways_to_compute_the_crc_agree() -> None:
    for length in (0, 1, 2, 16, 255, 2016):
        assert crc.crc16(LONG[:length]) == crc.crc16_by_table(LONG[:length])


def test_clock_of_a_deaf_wire_ends_the_waiting() -> None:
    from tests.updater.wire import Deaf

    clock = HandClock()
    wire = Wire(Deaf(), clock)
    with pytest.raises(stp.StpError) as failed:
        stp.Master(wire, clock).open()
    assert failed.value.kind == "silent"
    assert clock.now_ms == stp.TRIES * stp.CONTROL_ACK_MS
