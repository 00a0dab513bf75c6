"""What the STP master promises at its edges: what a modem can have, how long it waits, what it takes for an answer."""

from __future__ import annotations

import io
import struct

import pytest

from doctor.updater import profile, stp
from tests.updater.test_stp_master import BLOCK, CMD, IMAGE, no_session, opened, transfer
from tests.updater.wire import Deaf, Mangle, StpSlave, Wire

SIZE = 2016
ACK_OF_RESET = struct.pack(">4sBBHIHH", b"tsaf", 0x80, 0, 0, 0, 0, 0)


class Timed(StpSlave):
    """Knows when each request came."""

    def heard(self, data: bytes, wire: Wire) -> None:
        self.times = [*getattr(self, "times", []), wire.clock.now_ms]
        super().heard(data, wire)


def unknown(sid: int, tid: int) -> Mangle:
    """Instead of an answer the refusal of its request, or of one with so much larger ids."""

    def answer(frame: bytes) -> list[bytes]:
        _, _, got_sid, _, got_tid, _, _ = struct.unpack(">4sBBHIHH", frame[:16])
        return [struct.pack(">4sBBHIHH", b"tsaf", 0x7F, got_sid + sid, 0, got_tid + tid, 0, 0)]

    return answer


@pytest.mark.parametrize(
    ("slave", "more"),
    [
        pytest.param(StpSlave(), 0, id="nothing goes wrong"),
        pytest.param(StpSlave(refuse={BLOCK: 0x40}), 0, id="a block that was refused is not there"),
        pytest.param(StpSlave(ignore={BLOCK}), SIZE, id="one that was not answered may be there twice"),
        pytest.param(StpSlave(refuse={BLOCK: 0x7F}), 0, id="nor is one whose refusal names it, and knows no reason"),
        *(
            pytest.param(
                StpSlave(mangle={BLOCK: unknown(sid, tid)}),
                SIZE,
                id=f"a refusal of another request refuses nothing ({sid}, {tid})",
            )
            for sid, tid in [(1, 0), (0, 1)]
        ),
        pytest.param(
            StpSlave(refuse={BLOCK: 0x7F}, mangle={BLOCK: lambda frame: [frame[:4] + b"\x7f" + bytes(11)]}),
            SIZE,
            id="so may one whose refusal names no request",
        ),
    ],
)
def test_how_much_the_modem_can_have(slave: StpSlave, more: int) -> None:
    master, _ = transfer(slave)
    assert master.at_most == len(IMAGE) + more


def test_how_much_the_modem_can_have_is_counted_anew_for_each_file() -> None:
    master, _ = opened(StpSlave())
    master.send(io.BytesIO(IMAGE), len(IMAGE))
    master.send(io.BytesIO(IMAGE[:100]), 100)
    assert master.at_most == 100


def test_a_block_that_was_refused_each_time_goes_in_halves() -> None:
    slave = StpSlave(refuse=dict.fromkeys(range(BLOCK, BLOCK + stp.TRIES), 0x40))
    transfer(slave)
    assert slave.image == IMAGE and max(slave.blocks) == SIZE // 2


def test_a_version_2_modem_that_falls_silent_at_its_data_type_has_not_refused_it() -> None:
    wire = Wire(StpSlave(version=2, ignore=set(range(2, 9))))
    with pytest.raises(stp.StpError) as failed:
        stp.Master(wire, wire.clock).open()
    assert failed.value.kind == "silent"


@pytest.mark.parametrize(
    ("number", "slave"),
    [
        *((number, Timed(refuse={number: 0x40})) for number in (1, CMD, BLOCK)),
        pytest.param(1, Timed(mangle={1: no_session}), id="a session"),
    ],
)
def test_a_modem_that_refused_gets_time_to_breathe(number: int, slave: Timed) -> None:
    transfer(slave)
    assert slave.times[number + 1] - slave.times[number] >= stp.NACK_PAUSE_MS


def test_a_block_is_waited_for_five_minutes_and_the_end_of_a_session_two_seconds() -> None:
    """design.md 4, "Deadlines": flash is erased meanwhile; modem-protocol.md 4.5: the last answer is ignored."""
    slave = Timed(ignore={BLOCK})
    transfer(slave)
    assert slave.times[BLOCK + 1] - slave.times[BLOCK] == 300_000
    wire = Wire(Deaf())
    assert not stp.Master(wire, wire.clock).close()
    assert wire.clock.now_ms == 2_000


def wrong_header(frame: bytes) -> list[bytes]:
    return [frame[:12] + bytes([frame[12] ^ 1]) + frame[13:]]


@pytest.mark.parametrize(
    "mangle",
    [
        pytest.param(lambda frame: [frame[:4]], id="its signature is all"),
        pytest.param(lambda frame: [frame[:-1]], id="a byte is missing"),
        pytest.param(wrong_header, id="its header is damaged"),
        pytest.param(lambda frame: [frame[:-1] + b"\1"], id="its payload is damaged"),
    ],
)
def test_what_is_left_of_an_answer_is_known_long_before_five_minutes_are_over(mangle: Mangle) -> None:
    """modem-protocol.md 4.8: ask again with the same tid; only silence may mean that flash is erased."""
    slave = StpSlave(crcs=True, mangle={BLOCK: mangle})
    master, wire = transfer(slave)
    assert (slave.image, master.repeats) == (IMAGE, 1)
    assert slave.requests[BLOCK] == slave.requests[BLOCK + 1]
    assert wire.clock.now_ms < 2 * stp.CUT_MS


def test_a_stale_answer_is_dropped_with_all_that_it_carries() -> None:
    """Its four bytes are no beginning of the next answer, which may take minutes (modem-protocol.md 4.5, 4.8)."""
    slave = StpSlave()
    master, wire = opened(slave)

    def behind_a_stale_one(frame: bytes) -> list[bytes]:
        wire.say(struct.pack(">4sBBHIHH", b"tsaf", 0x81, 1, 4, 1, 0, 0) + b"tsaf", 1)
        wire.say(frame, 60_000)
        return []

    slave.mangle[BLOCK] = behind_a_stale_one
    master.send(io.BytesIO(IMAGE), len(IMAGE))
    assert (slave.image, master.repeats) == (IMAGE, 0)


def test_transfer_mode_without_a_session_is_left_by_one_that_is_opened_and_closed() -> None:
    """With the ids of any other session (modem-protocol.md 4.3)."""
    slave = StpSlave()
    wire = Wire(slave)
    assert stp.Master(wire, wire.clock).leave_if_there(1000)
    assert slave.requests == [(stp.RESET, 0, 0), (stp.OPEN, 1, 1), (stp.RESET, 1, 2)]


def test_a_block_of_any_length_is_filled_up_and_not_much_more() -> None:
    wire = Wire(Deaf())
    assert not stp.Master(wire, wire.clock).flush(100)
    assert {len(data) for data in wire.written} == {SIZE + 2 * stp.HEADER_BYTES}
    assert sum(map(len, wire.written)) > profile.BLOCK_LONGEST_BYTES


def test_what_lay_in_the_line_before_answers_nothing() -> None:
    wire = Wire(Deaf())
    wire.say(ACK_OF_RESET, 0)
    assert not stp.Master(wire, wire.clock).reset(100)


@pytest.mark.parametrize("at", range(1, 16))
@pytest.mark.parametrize("noise", [b"", b"\r\n+CEREG: 2\r\n", b"ts"])
def test_an_answer_may_come_in_two_pieces(noise: bytes, at: int) -> None:
    slave = StpSlave(mangle={CMD: lambda frame: [noise + frame[:at], frame[at:]]})
    master, _ = transfer(slave)
    assert (slave.image, master.repeats) == (IMAGE, 0)


def test_noise_long_before_an_answer_is_no_answer_cut_short() -> None:
    slave = StpSlave()
    master, wire = opened(slave)

    def late(frame: bytes) -> list[bytes]:
        wire.say(b"\r\n+CEREG: 2\r\n", 1)
        wire.say(frame, 20_000)
        return []

    slave.mangle[CMD] = late
    master.send(io.BytesIO(IMAGE), len(IMAGE))
    assert (slave.image, master.repeats) == (IMAGE, 0)


class PulledOut(io.BytesIO):
    """A card that is taken out of its reader after so many reads."""

    def __init__(self, reads: int) -> None:
        super().__init__(IMAGE)
        self.left = reads

    def read(self, size: int | None = -1, /) -> bytes:
        self.left -= 1
        if self.left < 0:
            raise OSError(5, "Input/output error")
        return super().read(size)


class PulledOutLater(io.BytesIO):
    """One that is there until a block must be read again."""

    def again(self, offset: int, size: int) -> bytes:
        raise OSError(5, "Input/output error")


@pytest.mark.parametrize(
    ("source", "slave"), [(PulledOut(2), StpSlave()), (PulledOutLater(IMAGE), StpSlave(refuse={BLOCK: 0x40}))]
)
def test_a_source_that_cannot_be_read_any_more_is_named(source: io.BytesIO, slave: StpSlave) -> None:
    master, _ = opened(slave)
    with pytest.raises(stp.StpError) as failed:
        master.send(source, len(IMAGE))
    assert failed.value.kind == "source"
    assert failed.value.detail == "the image cannot be read any more: [Errno 5] Input/output error"


def test_a_block_of_which_nothing_is_taken_goes_in_halves_until_it_is_small() -> None:
    slave = StpSlave(residue={BLOCK: SIZE})
    master, _ = transfer(slave)
    assert slave.image == IMAGE
    assert slave.blocks[:2] == [SIZE, SIZE // 2]
    assert master.block_bytes == SIZE // 2


class TakesNothing(StpSlave):
    """Every block is left over whole."""

    def heard(self, data: bytes, wire: Wire) -> None:
        self.residue[len(self.requests)] = int.from_bytes(data[6:8], "big")
        super().heard(data, wire)


def test_a_modem_that_never_takes_anything_is_given_up() -> None:
    slave = TakesNothing()
    master, _ = opened(slave)
    with pytest.raises(stp.StpError) as failed:
        master.send(io.BytesIO(IMAGE), len(IMAGE))
    assert (failed.value.kind, slave.blocks) == ("residue", [SIZE, SIZE // 2, profile.BLOCK_MIN_BYTES])


class Fills(StpSlave):
    """Takes what comes for the rest of a block, and acknowledges the first RESET behind it."""

    def heard(self, data: bytes, wire: Wire) -> None:
        if len(data) > SIZE:
            wire.say(ACK_OF_RESET)


def test_a_block_is_filled_up_with_resets_that_end_any_session_and_a_line_for_an_at_parser() -> None:
    wire = Wire(Fills())
    assert stp.Master(wire, wire.clock).flush(100)
    filling, end = wire.written
    assert end == b"\r"
    assert {filling[at : at + 16] for at in range(0, len(filling), 16)} == {stp.pack(stp.RESET, 0, 0)}


def test_an_answer_of_the_wrong_length_is_asked_for_again_at_once() -> None:
    short = struct.pack(">4sBBHIHH", b"tsaf", 0x81, 1, 2, 1, 0, 0) + b"\1\1"
    slave = StpSlave(mangle={1: lambda frame: [short]})
    master, wire = opened(slave)
    assert (master.repeats, master.block_bytes) == (1, SIZE)
    assert wire.clock.now_ms < stp.CONTROL_ACK_MS


def test_a_modem_that_hears_no_command_is_given_up_quickly_once_blocks_are_smaller() -> None:
    slave = StpSlave(ignore=set(range(CMD, CMD + 99)))
    master, wire = opened(slave)
    before = wire.clock.now_ms
    with pytest.raises(stp.StpError):
        master.send(io.BytesIO(IMAGE), len(IMAGE))
    assert len(slave.requests) - CMD == stp.TRIES + 2  # whole blocks, halves, 512 bytes
    assert wire.clock.now_ms - before >= 5 * stp.CMD_ACK_MS


def test_an_answer_to_another_request_is_dropped_and_told() -> None:
    told: list[str] = []
    slave = StpSlave(mangle={CMD: lambda frame: [frame[:8] + b"\0\0\0\x63" + frame[12:], frame]})
    master, _ = opened(slave, lambda name, data: told.append(str(data.get("text"))))
    master.send(io.BytesIO(IMAGE), len(IMAGE))
    assert slave.image == IMAGE and master.repeats == 0
    assert any("another request: tid 99, expected 2" in text for text in told)
