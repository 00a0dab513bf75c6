from __future__ import annotations

import io
import random
import struct

import pytest

from doctor.updater import stp
from doctor.updater.events import Emit
from doctor.updater.profile import BLOCK_MAX_BYTES
from tests.updater.wire import Mangle, StpSlave, Wire

IMAGE = random.Random(1).randbytes(10_000)
#: Numbers of requests in a session: RESET 0, OPEN 1, then CMD and BLOCK by turns.
CMD, BLOCK = 2, 3


def opened(
    slave: StpSlave, emit: Emit | None = None, max_block: int = 0, block: int = BLOCK_MAX_BYTES
) -> tuple[stp.Master, Wire]:
    wire = Wire(slave)
    master = stp.Master(wire, wire.clock, emit, max_block, block)
    master.open()
    return master, wire


def transfer(
    slave: StpSlave, *, emit: Emit | None = None, max_block: int = 0, block: int = BLOCK_MAX_BYTES
) -> tuple[stp.Master, Wire]:
    master, wire = opened(slave, emit, max_block, block)
    assert master.send(io.BytesIO(IMAGE), len(IMAGE)) == len(IMAGE)
    assert master.close()
    return master, wire


@pytest.mark.parametrize("crcs", [False, True])
def test_image_arrives_whole(crcs: bool) -> None:
    slave = StpSlave(crcs=crcs)
    transfer(slave)
    assert slave.image == IMAGE
    assert slave.blocks == [2016] * 4 + [10_000 - 4 * 2016]
    assert slave.ended


def test_ids_follow_the_protocol() -> None:
    slave = StpSlave()
    transfer(slave)
    assert slave.requests[:4] == [(0, 0, 0), (1, 1, 1), (2, 1, 2), (3, 1, 3)]
    assert slave.requests[-1] == (0, 1, 12)


def test_header_and_payload_are_one_write() -> None:
    _, wire = transfer(StpSlave())
    assert [len(data) for data in wire.written[:4]] == [16, 16, 18, 16 + 2016]


@pytest.mark.parametrize(("max_block", "expected"), [(512, 512), (4096, 2016), (0, 2016)])
def test_way_to_the_modem_bounds_blocks(max_block: int, expected: int) -> None:
    slave = StpSlave()
    transfer(slave, max_block=max_block)
    assert max(slave.blocks) == expected


@pytest.mark.parametrize(
    ("block", "max_block", "sizes"),
    [(8176, 0, [8176, 1824]), (8176, 4096, [4096, 4096, 1808]), (1000, 0, [1000] * 10)],
)
def test_other_blocks_are_sent_if_they_are_asked_for(block: int, max_block: int, sizes: list[int]) -> None:
    slave = StpSlave(version=2)
    transfer(slave, max_block=max_block, block=block)
    assert (slave.image, slave.blocks) == (IMAGE, sizes)


@pytest.mark.parametrize("how", ["command", "block"])
@pytest.mark.parametrize("bits", [stp.NACK, stp.NACK_UNKNOWN])
def test_the_first_refusal_of_a_longer_block_brings_the_usual_ones_back(how: str, bits: int) -> None:
    told: list[str] = []
    at = CMD if how == "command" else BLOCK
    slave = StpSlave(refuse={at: bits})
    master, _ = transfer(slave, emit=lambda name, data: told.append(f"{name}: {data.get('text')}"), block=8176)
    assert (slave.image, slave.blocks) == (IMAGE, [2016] * 4 + [10_000 - 4 * 2016])
    what = "BLOCK_CMD" if how == "command" else "BLOCK"
    assert f"notice: a block of 8176 bytes: {what} was refused; blocks of 2016 from here on" in told
    assert master.repeats == 0


def test_a_longer_block_whose_command_is_lost_is_not_asked_for_again() -> None:
    slave = StpSlave(ignore={CMD})
    transfer(slave, block=8176)
    assert (slave.image, slave.blocks) == (IMAGE, [2016] * 4 + [10_000 - 4 * 2016])


def test_port_bounds_blocks() -> None:
    slave = StpSlave()
    wire = Wire(slave)
    wire.max_block = 256  # type: ignore[attr-defined]
    master = stp.Master(wire, wire.clock)
    master.open()
    assert master.block_bytes == 256


def test_boot_rom_session_bounds_blocks() -> None:
    slave = StpSlave(max_transfer=1024)
    transfer(slave)
    assert max(slave.blocks) == 1024 - 16


def test_version_2_is_told_that_data_is_plain() -> None:
    slave = StpSlave(version=2)
    transfer(slave)
    assert slave.data_types == [4]
    assert slave.requests[2:5] == [(4, 1, 2), (2, 1, 3), (3, 1, 4)]
    assert slave.image == IMAGE


def test_refused_data_type_is_no_obstacle() -> None:
    slave = StpSlave(version=2, refuse={2: 0x7F, 3: 0x7F, 4: 0x7F})
    transfer(slave)
    assert slave.image == IMAGE


def cut(frame: bytes) -> list[bytes]:
    return [frame[:-1]]


def flip_tid(frame: bytes) -> list[bytes]:
    return [frame[:11] + bytes([frame[11] ^ 1]) + frame[12:]]


def no_session(frame: bytes) -> list[bytes]:
    """The ack of OPEN with ok = 0 (modem-protocol.md 4.2)."""
    return [frame[:16] + b"\0" + frame[17:]]


@pytest.mark.sampled(5, "long")
@pytest.mark.parametrize("number", [0, 1, CMD, BLOCK, BLOCK + 1, BLOCK + 2])
@pytest.mark.parametrize("crcs", [False, True])
@pytest.mark.parametrize(
    "mangle",
    [
        pytest.param(lambda frame: [], id="lost"),
        pytest.param(cut, id="short"),
        pytest.param(lambda frame: [frame, frame], id="twice"),
        pytest.param(lambda frame: [b"\r\n+CEREG: 2\r\n" + frame], id="urc-before"),
        pytest.param(lambda frame: [b"\0\0\xfe" + frame], id="noise-before"),
        pytest.param(lambda frame: [b"ts" + frame], id="half-signature-before"),
        pytest.param(lambda frame: [frame[:7], frame[7:]], id="in-pieces"),
        pytest.param(flip_tid, id="wrong-tid"),
    ],
)
def test_one_bad_answer_costs_nothing(number: int, crcs: bool, mangle: object) -> None:
    slave = StpSlave(crcs=crcs, mangle={number: mangle})  # type: ignore[dict-item]
    transfer(slave)
    assert slave.image == IMAGE


@pytest.mark.parametrize("number", [0, 1, CMD, BLOCK])
def test_lost_request_is_sent_again_with_the_same_tid(number: int) -> None:
    slave = StpSlave(ignore={number})
    transfer(slave)
    assert slave.image == IMAGE
    assert slave.requests[number] == slave.requests[number + 1]


def test_answer_after_four_minutes_is_in_time() -> None:
    slave = StpSlave()
    master, wire = opened(slave)

    def much_later(frame: bytes) -> list[bytes]:
        wire.say(frame, 240_000)
        return []

    slave.mangle[BLOCK] = much_later
    master.send(io.BytesIO(IMAGE), len(IMAGE))
    assert slave.image == IMAGE
    assert master.repeats == 0


def test_long_silence_is_told() -> None:
    events: list[tuple[str, dict[str, object]]] = []
    slave = StpSlave(ignore={BLOCK})
    master, _ = opened(slave, lambda name, data: events.append((name, data)))
    master.send(io.BytesIO(IMAGE), len(IMAGE))
    waits = [data for name, data in events if name == "waiting"]
    assert [(wait["limit_ms"], wait["may_unplug"]) for wait in waits] == [(stp.BLOCK_ACK_MS, False)]


def damage_residue(frame: bytes) -> list[bytes]:
    return [frame[:-1] + b"\x01"]


def test_damaged_residue_is_not_believed() -> None:
    slave = StpSlave(crcs=True, mangle={BLOCK: damage_residue})
    transfer(slave)
    assert slave.image == IMAGE
    assert len(slave.blocks) == 5


@pytest.mark.parametrize("left", [1, 100, 2015])
def test_residue_is_sent_again(left: int) -> None:
    slave = StpSlave(residue={BLOCK: left})
    transfer(slave)
    assert slave.image == IMAGE


def test_residue_beyond_the_block_is_an_error() -> None:
    too_much: dict[int, Mangle] = {
        number: (lambda frame: [frame[:-2] + b"\xff\xff"]) for number in range(BLOCK, BLOCK + 20)
    }
    master, _ = opened(StpSlave(mangle=too_much))
    with pytest.raises(stp.StpError) as failed:
        master.send(io.BytesIO(IMAGE), len(IMAGE))
    assert failed.value.kind == "damaged"


@pytest.mark.parametrize("number", [CMD, BLOCK])
@pytest.mark.parametrize("bits", [0x40, 0x7F])
def test_one_nack_is_asked_again(number: int, bits: int) -> None:
    slave = StpSlave(refuse={number: bits})
    transfer(slave)
    assert slave.image == IMAGE


def test_refused_sizes_halve_down() -> None:
    slave = StpSlave(block_limit=600)
    transfer(slave)
    assert slave.image == IMAGE
    assert max(slave.blocks) == 512


def test_modem_that_refuses_everything_ends_the_transfer() -> None:
    master, _ = opened(StpSlave(block_limit=0))
    with pytest.raises(stp.StpError) as failed:
        master.send(io.BytesIO(IMAGE), len(IMAGE))
    assert failed.value.kind == "refused"
    assert not master.began


def test_refused_session() -> None:
    slave = StpSlave(mangle={1: no_session})
    transfer(slave)  # once is no verdict
    assert slave.requests[1] == slave.requests[2] == (1, 1, 1)
    wire = Wire(StpSlave(mangle={1: no_session, 2: no_session}))
    with pytest.raises(stp.StpError) as failed:
        stp.Master(wire, wire.clock).open()
    assert failed.value.kind == "session"


#: What a slave says that could not read a request (modem-protocol.md 4.5).
NAMELESS = struct.pack(">4sBBHIHH", b"tsaf", 0x7F, 0, 0, 0, 0, 0)


@pytest.mark.parametrize("number", [0, 1, CMD, BLOCK, BLOCK + 2])
def test_nack_of_a_request_that_could_not_be_read_is_asked_again_at_once(number: int) -> None:
    slave = StpSlave(refuse={number: 0x7F}, mangle={number: lambda frame: [NAMELESS]})
    _, wire = transfer(slave)
    assert slave.image == IMAGE
    assert slave.requests[number] == slave.requests[number + 1]
    assert stp.NACK_PAUSE_MS <= wire.clock.now_ms < 1_000


def test_nack_that_answers_nothing_is_dropped() -> None:
    slave = StpSlave(mangle={number: lambda frame: [frame, NAMELESS] for number in range(12)})
    master, wire = transfer(slave)
    assert slave.image == IMAGE
    assert (master.repeats, wire.clock.now_ms < 1_000) == (0, True)


def test_nack_in_front_of_the_true_answer_sends_no_byte_twice() -> None:
    slave = StpSlave(mangle={number: lambda frame: [NAMELESS, frame] for number in range(12)})
    master, _ = transfer(slave)
    assert slave.image == IMAGE
    assert master.repeats == 0


def test_blocks_that_cannot_be_read_are_bounded() -> None:
    slave = StpSlave(
        refuse=dict.fromkeys(range(BLOCK, 99), 0x7F),
        mangle={number: lambda frame: [NAMELESS] for number in range(BLOCK, 99)},
    )
    master, wire = opened(slave)
    with pytest.raises(stp.StpError) as failed:
        master.send(io.BytesIO(IMAGE), len(IMAGE))
    assert (failed.value.kind, slave.image) == ("refused", b"")
    assert len(slave.requests) == BLOCK + stp.TRIES  # once the modem may have it, it is not announced again
    assert wire.clock.now_ms < 90_000


def test_stopped_between_blocks() -> None:
    slave = StpSlave()
    master, _ = opened(slave)
    taken = master.send(io.BytesIO(IMAGE), len(IMAGE), should_stop=lambda: len(slave.blocks) == 2)
    assert taken == 2 * 2016
    assert master.close()


def test_source_that_ends_early() -> None:
    master, _ = opened(StpSlave())
    with pytest.raises(stp.StpError) as failed:
        master.send(io.BytesIO(IMAGE), len(IMAGE) + 1)
    assert failed.value.kind == "source"


def test_source_that_gives_a_byte_at_a_time() -> None:
    class Slow(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return super().read(min(size or 0, 7))

    slave = StpSlave()
    master, _ = opened(slave)
    master.send(Slow(IMAGE), len(IMAGE))
    assert slave.image == IMAGE
    assert slave.blocks[0] == 2016


def test_progress_counts_bytes_taken() -> None:
    done: list[int] = []
    master, _ = opened(StpSlave(residue={BLOCK: 16}))
    master.send(io.BytesIO(IMAGE), len(IMAGE), on_progress=lambda taken, size: done.append(taken))
    assert done[0] == 2000
    assert done[-1] == len(IMAGE)


def test_next_block_is_read_while_the_modem_has_this_one() -> None:
    happened: list[str] = []

    class Reader(io.BytesIO):
        def ahead(self) -> None:
            happened.append("ahead")

    class Watched(Wire):
        def write(self, data: bytes) -> None:
            happened.append("block" if data[4] == stp.BLOCK else "request")
            super().write(data)

        def read(self, max_bytes: int, wait_ms: int) -> bytes:
            got = super().read(max_bytes, wait_ms)
            happened.append("answer")
            return got

    wire = Watched(StpSlave())
    master = stp.Master(wire, wire.clock)
    master.open()
    happened.clear()
    assert master.send(Reader(bytes(5000)), 5000) == 5000
    assert "".join(word[0] for word in happened) == "rabaa" * 3  # request, answer, block, ahead, answer
