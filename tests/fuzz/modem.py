"""What a modem answers: STP frames, AT replies, the version block."""

from __future__ import annotations

import io
import struct

from doctor.modem import facts, verdict
from doctor.updater import at, states, stp
from doctor.updater.profile import SQN3330
from tests.fuzz.parser import Parser
from tests.fuzz.wires import Says, stp_slave
from tests.updater.wire import Wire

IMAGE = bytes(range(256)) * 17
BLOCKS = -(-len(IMAGE) // 2016)
#: A silent modem costs the master its deadlines, once for each block size and try, and no more.
LONGEST_MS = 2 * 3600 * 1000


def transfer(data: bytes) -> None:
    """A whole transfer; the master never believes that the modem has less than it acknowledged."""
    wire = stp_slave(data)
    master = stp.Master(wire, wire.clock)
    try:
        master.open(packed=True)
        taken = master.send(io.BytesIO(IMAGE), len(IMAGE))
        assert taken == len(IMAGE) <= master.at_most
    except stp.StpError as failed:
        assert failed.kind in ("silent", "refused", "damaged", "residue", "session")
    finally:
        master.close()
        assert wire.clock.now_ms < LONGEST_MS
        assert len(master._buffer) < 1 << 16


def leaving(data: bytes) -> None:
    """The other ways to ask a modem in transfer mode."""
    wire = stp_slave(data)
    master = stp.Master(wire, wire.clock)
    master.leave_if_there(1000)
    master.flush(1000)
    states.close_session(wire, wire.clock)
    assert wire.clock.now_ms < LONGEST_MS


def at_replies(data: bytes) -> None:
    """One reply after the other."""
    wire = Wire(Says(data))
    channel = at.AtChannel(wire, wire.clock)
    for line in ("AT", "AT+SMOD?", "ATI1"):
        reply = channel.command(line, 2000)
        assert all(isinstance(said, str) and said.isprintable() for said in reply.lines)
    channel.wake(3, 500)
    channel.wait_urc("+SHUTDOWN", 3000)
    channel.escape_data_mode()
    at.is_sound(data, "AT")
    assert wire.clock.now_ms < LONGEST_MS


def detection(data: bytes) -> None:
    """Mode, facts and verdict of a modem, as a check comes by them."""
    wire = Wire(Says(data))
    state = states.detect(wire, wire.clock, SQN3330, patience_ms=3000)
    told = facts.from_core(state, states.read_facts(wire, wire.clock, SQN3330, state))
    for given in (False, True):
        assert verdict.verdict(told, updater_given=given).summary
    assert wire.clock.now_ms < LONGEST_MS


def version_lines(data: bytes) -> None:
    """The lines of a version block."""
    told = facts.from_version_lines(data.decode("latin-1").splitlines(), "application")
    assert told.build is None or told.build > 0


def reply(op: int, payload: bytes = b"", tid: int = 1) -> bytes:
    """A reply frame without checksums."""
    return struct.pack(">4sBBHIHH", b"tsaf", op, 1, len(payload), tid, 0, 0) + payload


BLOCK_OF_VERSIONS = (
    b"UE5.1.1.0\nLR5.1.1.0-41065\n\n   Bootloader0    : 5.1.1.0 [33080]\n   Bootloader1*   : 5.1.1.0 [38638]\n"
    b"   Bootloader2    : 5.1.1.0 [41065]\n   NV Info        : 1.1,0,0\n   Software       : 5.1.1.0 [41065] by robot\n"
    b"   UE             : 5.1.1.0\nOK\n"
)
STP_SEEDS = (
    b"|".join([b"="] * (3 + 2 * BLOCKS)),
    b"=|=|=|" + reply(0x42, tid=2) + b"|=|" + reply(0x83, b"\0\x10", 3),
    reply(0x80, tid=0) + b"|" + reply(0x81, struct.pack(">BBH", 1, 2, 8192)) + b"|" + reply(0x84, tid=2),
    b"=|=|" + reply(0x7F) + b"|=|=" + b"|=" * 9,
)
AT_SEEDS = (
    b"\r\nOK\r\n|\r\n+SMOD: 2\r\n\r\nOK\r\n|\r\n" + BLOCK_OF_VERSIONS.replace(b"\n", b"\r\n"),
    b"|\r\nOK\r\n" + b"|\r\nOK\r\n" * 6 + b"|\r\n+SMOD: 4\r\n\r\nOK\r\n|\r\nERROR\r\n",
    b"\0\0\0|\xfe\xfd\xfe|OK\r\n|AT\r\r\nOK\r\n|\r\nNO CARRIER\r\n|+SHUTDOWN\r\n+SYSSTART\r\n",
)
PARSERS = (
    Parser("stp-transfer", transfer, STP_SEEDS),
    Parser("stp-leaving", leaving, STP_SEEDS),
    Parser("at-replies", at_replies, AT_SEEDS),
    Parser("at-detection", detection, AT_SEEDS),
    Parser("version-block", version_lines, (BLOCK_OF_VERSIONS, BLOCK_OF_VERSIONS.replace(b"*", b""))),
)
