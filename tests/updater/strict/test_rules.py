"""Every rule of the strict slave can fire: wrong masters, their bytes written by hand from the reference."""

from __future__ import annotations

import binascii
import struct
import zlib
from collections.abc import Callable

import pytest

from tests.updater.strict.modem import Habits, Mode, StrictModem, Version
from tests.updater.strict.rules import AT_RULES, RULES, STP_RULES, Ledger
from tests.updater.strict.slave import Stamp, StrictSlave, Terms, Trick, crc16

# modem-protocol.md 4.7, worked examples
RESET = bytes.fromhex("66617374 00 00 0000 00000000 8ae3 0000")
RESET_ACK = bytes.fromhex("74736166 80 00 0000 00000000 0000 0000")
RESET_ACK_CRC = bytes.fromhex("74736166 80 00 0000 00000000 ec35 0000")
OPEN = bytes.fromhex("66617374 01 01 0000 00000001 fb8e 0000")
OPEN_ACK = bytes.fromhex("74736166 81 01 0004 00000001 0000 0000 01012000")
OPEN_ACK_CRC = bytes.fromhex("74736166 81 01 0004 00000001 d908 4762 01012000")
COMMAND_16 = bytes.fromhex("66617374 02 01 0002 00000002 95c7 1231 0010")
BLOCK_16 = bytes.fromhex("66617374 03 01 0010 00000003 3069 513d 000102030405060708090a0b0c0d0e0f")
BLOCK_ACK = bytes.fromhex("74736166 83 01 0002 00000003 0000 0000 0000")
COMMAND_2016 = bytes.fromhex("66617374 02 01 0002 00000002 27b8 64b9 07e0")
BLOCK_2016 = bytes.fromhex("66617374 03 01 07e0 00000003 5d2e 9285") + bytes(i % 256 for i in range(2016))
CLOSE_4 = bytes.fromhex("66617374 00 01 0000 00000004 dbac 0000")
TYPE_CABA = bytes.fromhex("66617374 04 01 0004 00000002 5bd2 4084 00000004")
TYPE_ZIPPED = bytes.fromhex("66617374 04 01 0004 00000002 6ce2 50a5 00000005")
UNKNOWN_2 = bytes.fromhex("74736166 7f 01 0000 00000002 0000 0000")


def ask(
    op: int, sid: int, tid: int, payload: bytes = b"", *, length: int | None = None, crc: int | None = None
) -> bytes:
    """A request by the table of modem-protocol.md 4.1; ``crc`` and ``length`` are written as given."""
    size = len(payload) if length is None else length
    over = binascii.crc_hqx(payload, 0) if crc is None else crc
    bare = struct.pack(">4sBBHIHH", b"fast", op, sid, size, tid, 0, over)
    return bare[:12] + struct.pack(">H", binascii.crc_hqx(bare, 0)) + bare[14:] + payload


def command(size: int, tid: int) -> bytes:
    return ask(2, 1, tid, struct.pack(">H", size))


class Hand:
    """A master by hand at the slave: one call, one write; replies are read at once unless ``deaf``."""

    def __init__(self, **terms: object) -> None:
        self.ledger = Ledger()
        self.ms = 0
        self.order = 0
        self.deaf = False
        self.replies: list[bytes] = []
        self.slave = StrictSlave(self.ledger, Terms(**terms), lambda: self.ms, self._reply)  # type: ignore[arg-type]

    def _reply(self, data: bytes, delay_ms: int, counted: int) -> None:
        self.replies.append(data)
        if not self.deaf:
            self.slave.reply_read(self.order)

    def __call__(self, *requests: bytes) -> Hand:
        for request in requests:
            self.order += 1
            self.slave.feed(request, Stamp(self.order, self.ms))
        return self

    def wait(self, ms: int) -> Hand:
        self.ms += ms
        return self

    def done(self) -> Ledger:
        self.slave.image()
        self.slave.finish()
        return self.ledger


def opened(**terms: object) -> Hand:
    return Hand(**terms)(RESET, OPEN)


def early_reset() -> Hand:
    hand = Hand()
    hand.slave.entered_at(0)
    return hand.wait(49)(RESET)


def two_in_flight() -> Hand:
    hand = opened()
    hand.deaf = True
    return hand(COMMAND_16, BLOCK_16)


def header_crc_first(request: bytes) -> bytes:
    early = binascii.crc_hqx(request[:12] + b"\0\0\0\0", 0)
    return request[:12] + struct.pack(">H", early) + request[14:]


def flip(request: bytes, at: int) -> bytes:
    return request[:at] + bytes((request[at] ^ 1,)) + request[at + 1 :]


def tripped(trick: Trick, op: int = 2, **terms: object) -> Hand:
    return opened(tricks={(op, 0): trick}, **terms)


def zipped(data: bytes, data_type: int = 5) -> Hand:
    hand = opened(version=2)(ask(4, 1, 2, struct.pack(">I", data_type)))
    return hand(command(len(data), 3), ask(3, 1, 4, data), ask(0, 1, 5))


def deflated(data: bytes, bits: int = 12) -> bytes:
    stream = zlib.compressobj(6, zlib.DEFLATED, bits)
    return stream.compress(data) + stream.flush()


CABA = b"PACK" + bytes(60)
#: rule -> the wrong masters that break it and no other rule
WRONG: dict[str, tuple[Callable[[], Hand], ...]] = {
    "start-with-reset": (lambda: Hand()(OPEN),),
    "pause-before-reset": (early_reset,),
    "one-at-a-time": (two_in_flight,),
    "big-endian": (
        lambda: opened()(ask(2, 1, 2, b"\x07\xe0", length=0x0200)),
        lambda: opened()(ask(2, 1, 2 << 24, b"\x07\xe0")),
        lambda: opened()(COMMAND_16[:12] + COMMAND_16[13:11:-1] + COMMAND_16[14:]),
        lambda: opened()(ask(2, 1, 2, b"\x07\xe0", crc=0xB964)),
        lambda: opened(version=2)(ask(4, 1, 2, b"\4\0\0\0")),
        lambda: opened()(ask(2, 1, 2, b"\x10\0")),
        lambda: opened()(COMMAND_16, BLOCK_16, ask(0, 1, 4 << 24)),
        lambda: Hand()(RESET, ask(1, 1, 1 << 24)),
    ),
    "signature": (lambda: opened()(b"FAST"), lambda: opened()(b"tsaf"), lambda: opened()(b"\0" + b"fas")),
    "op": (lambda: opened()(ask(5, 1, 2)), lambda: opened()(ask(0x82, 1, 2))),
    "length": (
        lambda: Hand()(ask(0, 0, 0, b"\0")[:16]),
        lambda: opened()(ask(2, 1, 2, b"\0\0\0\x10")[:16]),
        lambda: opened(version=2)(ask(4, 1, 2, b"\0\4")[:16]),
    ),
    "header-crc": (lambda: opened()(flip(COMMAND_16, 13)[:16]), lambda: Hand()(RESET[:12] + bytes(4))),
    "header-crc-last": (lambda: opened()(header_crc_first(COMMAND_16)[:16]),),
    "payload-crc": (
        lambda: opened()(COMMAND_16[:-1] + b"\x11"),
        lambda: opened()(ask(2, 1, 2, b"\0\x10", crc=0)),
        lambda: opened()(COMMAND_16, flip(BLOCK_16, 20)),
    ),
    "empty-payload-crc": (lambda: Hand()(ask(0, 0, 0, crc=0xFFFF)),),
    "whole-frame": (lambda: Hand()(RESET, OPEN[:9]), lambda: opened()(COMMAND_16, BLOCK_16[:-1])),
    "open-first": (lambda: Hand()(RESET, COMMAND_16),),
    "open-once": (lambda: opened()(ask(1, 1, 2)),),
    "command-before-block": (lambda: opened()(ask(3, 1, 2, bytes(16))),),
    "block-after-command": (lambda: opened()(COMMAND_16, command(16, 3)), lambda: opened()(COMMAND_16, ask(0, 1, 3))),
    "announced-size": (lambda: opened()(COMMAND_16, ask(3, 1, 3, bytes(15))[:16]),),
    "some-bytes": (lambda: opened()(command(0, 2)),),
    "tail-after-residue": (
        lambda: opened(tricks={(3, 0): Trick.HALF_CONSUMED})(
            COMMAND_16, BLOCK_16, command(4, 4), ask(3, 1, 5, b"ABCD")
        ),
    ),
    "reset-ids": (lambda: Hand()(ask(0, 1, 0)), lambda: Hand()(ask(0, 0, 1))),
    "open-ids": (lambda: Hand()(RESET, ask(1, 0, 1)), lambda: Hand()(RESET, ask(1, 1, 0))),
    "session-id": (lambda: opened()(ask(2, 0, 2, b"\0\x10")),),
    "transaction-id": (lambda: opened()(command(16, 3)), lambda: opened()(COMMAND_16, ask(3, 1, 2, bytes(16)))),
    "closing-ids": (lambda: opened()(COMMAND_16, BLOCK_16, ask(0, 1, 3)), lambda: opened()(ask(0, 0, 2))),
    "max-transfer": (lambda: opened(max_transfer=1024)(command(1009, 2)),),
    "cap": (lambda: opened()(command(2017, 2)),),
    "short-only-last": (lambda: opened()(command(31, 2), ask(3, 1, 3, bytes(31)), command(32, 4)),),
    "same-bytes-again": (
        lambda: tripped(Trick.LOST)(COMMAND_16).wait(90_000)(command(17, 2)),
        lambda: tripped(Trick.NACKED, op=3)(COMMAND_16, BLOCK_16, ask(3, 1, 4, bytes(16))),
    ),
    "no-needless-repeat": (lambda: opened()(COMMAND_16, COMMAND_16), lambda: tripped(Trick.TWICE)(*[COMMAND_16] * 2)),
    "unknown-same-tid": (lambda: tripped(Trick.UNKNOWN)(COMMAND_16, command(16, 3)),),
    "patience": (
        lambda: tripped(Trick.LOST)(COMMAND_16).wait(89_999)(COMMAND_16),
        lambda: tripped(Trick.LOST, op=3)(COMMAND_16, BLOCK_16).wait(299_999)(BLOCK_16),
    ),
    "bounded": (lambda: opened(tricks={(2, n): Trick.NACKED for n in range(9)})(*[COMMAND_16] * 6),),
    "type-needs-version-2": (lambda: opened()(TYPE_CABA),),
    "type-right-after-open": (
        lambda: opened(version=2)(TYPE_CABA, ask(4, 1, 3, b"\0\0\0\4")),
        lambda: opened(version=2)(COMMAND_16, BLOCK_16, ask(4, 1, 4, b"\0\0\0\4")),
    ),
    "type-known": (lambda: opened(version=2)(ask(4, 1, 2, b"\0\0\0\6")),),
    "type-of-file": (lambda: zipped(b"\x7fELF" + bytes(40), 4), lambda: zipped(CABA, 2)),
    "type-says-zlib": (
        lambda: zipped(CABA, 5),
        lambda: zipped(deflated(CABA), 4),
        lambda: opened()(command(40, 2), ask(3, 1, 3, deflated(bytes(range(60)))[:40]), CLOSE_4),
    ),
    "one-zlib-stream": (
        lambda: zipped(deflated(CABA)[:-2]),
        lambda: zipped(deflated(CABA) + b"\0"),
        lambda: zipped(deflated(CABA[:30]) + deflated(CABA[30:])),
    ),
    "zlib-window": (lambda: zipped(deflated(CABA, 13)),),
    "no-at-in-stp": (
        lambda: opened()(b"AT\r\n"),
        lambda: opened()(COMMAND_16, b"AT+SMOD?\r\n"),
        lambda: opened()(b"+++"),
        lambda: opened()(b"\r"),
    ),
    "closing-reset": (lambda: opened()(COMMAND_16, BLOCK_16),),
}
#: rules that a session left in its middle always breaks besides
UNFINISHED = {"closing-reset", "whole-frame"}


# ---- the modem around the slave: AT lines by hand


class Line:
    """A master by hand at the modem's port."""

    def __init__(self, mode: Mode = Mode.APPLICATION, **more: object) -> None:
        self.modem = StrictModem(mode, habits=Habits(noise_on_entry=b"", ongoing=0), **more)  # type: ignore[arg-type]

    def __call__(self, *writes: bytes, wait_ms: int = 200) -> Line:
        for data in writes:
            self.modem.write(data)
            self.modem.sleep_ms(wait_ms)
            self.modem.drain()
        return self

    def wait(self, ms: int) -> Line:
        self.modem.sleep_ms(ms)
        return self

    def baud(self, baud: int) -> Line:
        self.modem.set_baud(baud)
        return self


def sixteen(mode: Mode, enter: bytes, *more: bytes) -> Line:
    """A whole transfer of 16 bytes."""
    modem = Line(mode, becomes={BLOCK_16[16:]: Version()}, radio_off=True)
    return modem(b"AT\r", enter, RESET, OPEN, COMMAND_16, BLOCK_16, CLOSE_4, *more)


def ffh() -> Line:
    return Line(Mode.FFH).baud(115_200)


def in_pair() -> Line:
    line = Line()
    line.modem.forbid_restart = True
    return line(b"AT\r", b"AT^RESET\r")


def dialled() -> Line:
    line = Line()
    line.modem.enter_data_mode()
    return line


def too_much_stored() -> Line:
    line = Line()(b"AT\r", b"AT+SMSTPU\r", RESET, OPEN)
    assert line.modem.slave is not None
    line.modem.slave.taken += bytes(4_194_304)
    return line(COMMAND_16, BLOCK_16, CLOSE_4)


FLY = b'AT+SMSTPU="ON_THE_FLY"\r'
WRONG_AT: dict[str, tuple[Callable[[], Line], ...]] = {
    "session-speed": (lambda: Line(Mode.RECOVERY)(b"AT\r", FLY, RESET).baud(115_200)(OPEN),),
    "mini-line-end": (lambda: ffh()(b"AT\r\n", b"AT+SMOD?\r\n", b"AT+STP\r"),),
    "full-line-end": (lambda: Line()(b"AT\n"),),
    "ffh-commands": (lambda: ffh()(b"AT\n", b"AT+SMOD?\n", b"ATI\n"),),
    "ipr-pause": (lambda: ffh()(b"AT\n", b"AT+IPR=921600\n", wait_ms=5).baud(921_600)(b"AT\n"),),
    "stp-in-ffh": (lambda: Line()(b"AT\r", b"AT+STP\r"),),
    "store-in-application": (lambda: Line(Mode.RECOVERY)(b"AT\r", b"AT+SMSTPU\r"),),
    "fly-in-updater": (lambda: sixteen(Mode.APPLICATION, FLY),),
    "manufacturing-mode": (lambda: Line()(b"AT\r", b"AT+CFUN=5\r"), lambda: Line()(b"AT\r", b"AT+CFUN=5,1\r")),
    "escape-guard": (
        lambda: dialled().wait(500)(b"AT\r", b"+++"),
        lambda: dialled().wait(1500)(b"+++\r"),
        lambda: dialled().wait(1500)(b"+++", b"AT\r"),
    ),
    "radio-off": (lambda: Line()(b"AT\r", b"AT+SMSWBOOT=3,1\r"), lambda: Line()(b"AT\r", b"AT+SMSWBOOT=0,0\r")),
    "store-limit": (too_much_stored,),
    "deploy-what-is-stored": (lambda: Line()(b"AT\r", b"AT+SMUPGRADE\r"),),
    "result-first": (
        lambda: sixteen(Mode.RECOVERY, FLY).wait(60_000)(b"AT\r", b"AT+SMSWBOOT=1,1\r"),
        lambda: sixteen(Mode.RAM, FLY).wait(60_000)(b"AT\r", b"AT+SMSWBOOT=1,1\r"),
    ),
    "silent-phase": (
        lambda: sixteen(Mode.RECOVERY, FLY, b"AT^RESET\r"),
        lambda: sixteen(Mode.RECOVERY, FLY, b"AT+SMSWBOOT=1,1\r"),
        lambda: sixteen(Mode.APPLICATION, b"AT+SMSTPU\r", b"AT+SMUPGRADE\r", b"AT^RESET\r"),
    ),
    "no-reset-in-pair": (in_pair,),
    "not-padded": (
        lambda: Line(Mode.RECOVERY, becomes={BLOCK_16[16:-1]: Version()})(
            b"AT\r", FLY, RESET, OPEN, COMMAND_16, BLOCK_16, CLOSE_4
        ),
    ),
    "one-at-a-time": (
        lambda: Line(Mode.RECOVERY)(b"AT\r", FLY, RESET, OPEN)(ask(0, 1, 2), b"AT\r", wait_ms=0).wait(99),
    ),
}


@pytest.mark.parametrize("rule", [rule.id for rule in RULES])
def test_each_rule_fires_and_it_alone(rule: str) -> None:
    assert rule in WRONG or rule in WRONG_AT
    for wrong in WRONG.get(rule, ()):
        assert wrong().done().ids() - (UNFINISHED - {rule}) == {rule}
    for wrong_at in WRONG_AT.get(rule, ()):
        assert wrong_at().modem.ledger.ids() == {rule}


def test_every_rule_names_a_section_and_has_its_own_id() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES) == len(STP_RULES) + len(AT_RULES)
    assert all(rule.section.split(".")[0] in "123457" for rule in RULES)
    assert WRONG.keys() | WRONG_AT.keys() == {rule.id for rule in RULES}


def test_the_worked_examples_of_the_reference_are_accepted() -> None:
    small = opened()(COMMAND_16, BLOCK_16, CLOSE_4)
    assert not small.done().violations
    assert small.replies[:2] + small.replies[3:4] == [RESET_ACK, OPEN_ACK, BLOCK_ACK]
    assert not opened()(COMMAND_2016, BLOCK_2016, CLOSE_4).done().violations
    assert opened(crc_in_acks=True).replies == [RESET_ACK_CRC, OPEN_ACK_CRC]
    assert opened(version=2)(TYPE_ZIPPED).slave.data_type == 5
    assert tripped(Trick.UNKNOWN)(COMMAND_16).replies[-1] == UNKNOWN_2


def test_what_existing_masters_do_right_is_accepted() -> None:
    walter = opened()(COMMAND_16, BLOCK_16, RESET)  # closes with session 0, transaction 0
    pycom = tripped(Trick.NACKED)(COMMAND_16, COMMAND_16, BLOCK_16, CLOSE_4)
    vendor = tripped(Trick.NACKED)(COMMAND_16, command(16, 3), ask(3, 1, 4, BLOCK_16[16:]), ask(0, 1, 5))
    patient = tripped(Trick.LOST)(COMMAND_16).wait(90_000)(COMMAND_16, BLOCK_16, CLOSE_4)
    tail = tripped(Trick.HALF_CONSUMED, op=3)(
        COMMAND_16, BLOCK_16, command(8, 4), ask(3, 1, 5, BLOCK_16[24:]), ask(0, 1, 6)
    )
    for master in (walter, pycom, vendor, patient, tail):
        assert not master.done().violations
        assert master.slave.taken == BLOCK_16[16:]
    assert not zipped(deflated(CABA)).done().violations
    assert not zipped(deflated(b"\x7fELF" + bytes(40)), 3).done().violations


def test_the_boot_rom_package_may_fly_in_the_application() -> None:
    package = b"UPGR" + bytes(8) + b"bootrom upgrade package" + bytes(5)
    line = Line(becomes={package: Version()})
    block = (command(len(package), 2), ask(3, 1, 3, package), CLOSE_4)
    assert not line(b"AT\r", FLY, RESET, OPEN, *block).modem.ledger.violations


def test_a_session_of_another_master_is_not_ours_to_judge_but_at_in_it_is() -> None:
    hand = Hand()
    hand.slave.adopt(9, 2016, BLOCK_2016[:40])
    assert hand(RESET).done().ids() == set()
    hand = Hand()
    hand.slave.adopt(9, 0)
    assert hand(b"AT\r\n").ledger.ids() == {"no-at-in-stp"}


def test_the_crc_is_the_one_of_the_reference() -> None:
    def bitwise(data: bytes) -> int:
        crc = 0
        for byte in data:
            crc ^= byte << 8
            for _ in range(8):
                crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
        return crc

    assert crc16(b"123456789") == 0x31C3 == bitwise(b"123456789")
    assert all(crc16(BLOCK_2016[:n]) == bitwise(BLOCK_2016[:n]) for n in range(0, 200, 7))
