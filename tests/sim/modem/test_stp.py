from __future__ import annotations

import hashlib
import struct
import zlib

import pytest

from doctor.sim.modem.modem import Modem
from doctor.sim.modem.stp import frame as reply_frame
from doctor.sim.world import World
from tests.sim.modem.host import OPEN, RESET, RESET_ACK, Host, container, frame, practice


def host(mode: str = "recovery", family: str = "SQN3330") -> Host:
    return Host(Modem(World(), family, mode=mode)).calm()


def opened(**switches: object) -> Host:
    """In a session, past OPEN."""
    stp = host()
    for name, value in switches.items():
        setattr(stp.modem.switches, name, value)
    stp.enter_stp()
    return stp


# -- the worked examples of modem-protocol.md 4.7, byte for byte ------------------------------------------------

EXAMPLES = [
    (RESET, "74736166 80 00 0000 00000000 0000 0000", "74736166 80 00 0000 00000000 ec35 0000"),
    (OPEN, "74736166 81 01 0004 00000001 0000 0000 01 01 2000", "74736166 81 01 0004 00000001 d908 4762 01 01 2000"),
    (
        bytes.fromhex("66617374 02 01 0002 00000002 95c7 1231 0010"),
        "74736166 82 01 0000 00000002 0000 0000",
        None,
    ),
    (
        bytes.fromhex("66617374 03 01 0010 00000003 3069 513d 000102030405060708090a0b0c0d0e0f"),
        "74736166 83 01 0002 00000003 0000 0000 0000",
        None,
    ),
]


@pytest.mark.parametrize("crcs", [False, True])
def test_worked_examples(crcs: bool) -> None:
    stp = host()
    stp.modem.switches.reset_ack_crc = stp.modem.switches.ack_crcs = crcs
    stp.at('AT+SMSTPU="ON_THE_FLY"')
    for request, plain, with_crcs in EXAMPLES:
        answer = stp.ask(request)
        wanted = with_crcs if crcs else plain
        assert wanted is None or answer == bytes.fromhex(wanted)
        assert answer


def test_worked_example_of_a_long_block() -> None:
    stp = opened()
    assert stp.ask(bytes.fromhex("66617374 02 01 0002 00000002 27b8 64b9 07e0"))[4] == 0x82
    head = bytes.fromhex("66617374 03 01 07e0 00000003 5d2e 9285")
    assert stp.ask(head + bytes(i % 256 for i in range(2016))) == bytes.fromhex(
        "74736166 83 01 0002 00000003 0000 0000 0000"
    )


def test_worked_example_of_the_closing_reset() -> None:
    stp = opened()
    assert stp.ask(bytes.fromhex("66617374 00 01 0000 00000004 dbac 0000"))[4] == 0x80
    assert stp.modem.mode == "recovery"


def test_worked_example_of_data_type() -> None:
    sibling = host(family="MONARCH2")
    assert sibling.enter_stp() == bytes.fromhex("74736166 81 01 0004 00000001 0000 0000 01 02 2000")
    answer = sibling.ask(bytes.fromhex("66617374 04 01 0004 00000002 5bd2 4084 00000004"))
    assert answer == bytes.fromhex("74736166 84 01 0000 00000002 0000 0000")


def test_worked_example_of_nack_unknown() -> None:
    stp = opened(on_unexpected="nack-unknown")
    answer = stp.ask(bytes.fromhex("66617374 04 01 0004 00000002 5bd2 4084 00000004"))
    assert answer == bytes.fromhex("74736166 7f 01 0000 00000002 0000 0000")


def test_crcs_of_replies_are_those_of_the_reference() -> None:
    assert reply_frame(0x81, 1, 1, b"\x01\x01\x20\x00", crcs=True) == bytes.fromhex(
        "74736166 81 01 0004 00000001 d908 4762 01 01 2000"
    )


# -- sessions ---------------------------------------------------------------------------------------------------


def test_boot_rom_takes_2048_at_most() -> None:
    rom = Host(Modem(World(), mode="ffh"))
    assert rom.at("AT+STP") == b"OK\r\n"
    assert rom.ask(RESET) == RESET_ACK
    assert rom.ask(OPEN) == bytes.fromhex("74736166 81 01 0004 00000001 0000 0000 01 01 0800")


def test_reset_takes_any_ids() -> None:
    stp = opened()
    assert stp.ask(RESET) == RESET_ACK
    assert stp.modem.mode == "recovery"


def test_every_block_size_arrives() -> None:
    for block in (32, 1536, 2016, 8176):
        stp = host()
        image = practice(size=20_000)
        stp.enter_stp()
        stp.close(stp.send_image(image, block))
        assert stp.modem.received[0].sha256 == hashlib.sha256(image).hexdigest()


def test_bytes_are_kept_on_request() -> None:
    stp = opened(keep_bytes=True)
    image = practice(size=5000)
    stp.close(stp.send_image(image))
    assert stp.modem.received[0].data == image
    assert stp.modem.received[0].method == "on-the-fly"


def test_blocks_over_the_maximum_are_refused() -> None:
    stp = opened(on_unexpected="nack")
    assert stp.request(2, 2, struct.pack(">H", 8177))[4] == 0x42


def test_block_limit_is_a_switch() -> None:
    stp = opened(on_unexpected="nack", block_limit=512)
    assert stp.request(2, 2, struct.pack(">H", 513))[4] == 0x42
    assert stp.request(2, 3, struct.pack(">H", 512))[4] == 0x82


def test_a_block_must_have_the_size_that_was_told() -> None:
    stp = opened(on_unexpected="nack")
    stp.request(2, 2, struct.pack(">H", 16))
    assert stp.request(3, 3, bytes(17))[4] == 0x43


def test_a_block_without_its_command_is_refused() -> None:
    assert opened(on_unexpected="nack").request(3, 2, bytes(16))[4] == 0x43


def test_requests_before_open_are_refused() -> None:
    stp = host()
    stp.modem.switches.on_unexpected = "nack"
    stp.at('AT+SMSTPU="ON_THE_FLY"')
    stp.ask(RESET)
    assert stp.request(2, 2, struct.pack(">H", 16))[4] == 0x42


@pytest.mark.parametrize(
    ("policy", "answer"), [(None, b""), ("silence", b""), ("nack", b"C"), ("nack-unknown", b"\x7f")]
)
def test_bad_payload_crc(policy: str | None, answer: bytes) -> None:
    stp = opened(on_bad_crc=policy)
    stp.request(2, 2, struct.pack(">H", 16))
    damaged = bytearray(frame(3, 1, 3, bytes(16)))
    damaged[-1] ^= 1
    assert stp.ask(bytes(damaged))[4:5] == answer
    assert stp.request(3, 3, bytes(16))[4] == 0x83


def test_bad_header_crc_is_silence_and_resynchronises() -> None:
    stp = opened()
    damaged = bytearray(frame(2, 1, 2, b"\x00\x10"))
    damaged[7] ^= 0x40
    assert stp.ask(bytes(damaged)) == b""
    assert stp.request(2, 2, b"\x00\x10")[4] == 0x82


def test_sibling_nacks_bad_crcs() -> None:
    sibling = host(family="MONARCH2")
    sibling.enter_stp()
    damaged = bytearray(frame(2, 1, 2, b"\x00\x10"))
    damaged[-1] ^= 1
    assert sibling.ask(bytes(damaged))[4] == 0x42


def test_junk_before_a_request_is_skipped() -> None:
    stp = opened()
    assert stp.ask(b"\0\0fafas" + frame(2, 1, 2, b"\x00\x10"))[4] == 0x82


@pytest.mark.parametrize(("policy", "bytes_taken"), [("answer-again", 16), ("take-again", 16), ("silence", 16)])
def test_repeated_block_is_not_taken_twice(policy: str, bytes_taken: int) -> None:
    stp = opened(on_repeated_tid=policy)
    stp.request(2, 2, b"\x00\x10")
    stp.request(3, 3, bytes(16))
    again = stp.ask(frame(3, 1, 3, bytes(16)), 1000)
    assert (again[4:5] == b"\x83") == (policy == "answer-again")
    assert stp.modem.stp is not None
    assert stp.modem.stp.taken == bytes_taken


def test_wrong_tid_matters_to_the_sibling_only() -> None:
    assert opened().request(2, 900, b"\x00\x10")[4] == 0x82
    sibling = host(family="MONARCH2")
    sibling.enter_stp()
    assert sibling.request(2, 900, b"\x00\x10")[4] == 0x42


def test_compressed_stream_is_inflated() -> None:
    sibling = host(family="MONARCH2")
    sibling.enter_stp()
    image = practice(size=30_000)
    squeezed = zlib.compress(image)
    assert sibling.request(4, 2, b"\0\0\0\x05")[4] == 0x84
    assert sibling.request(2, 3, struct.pack(">H", len(squeezed)))[4] == 0x82
    assert sibling.request(3, 4, squeezed)[4] == 0x83
    sibling.close(5)
    assert sibling.modem.received[0].sha256 == hashlib.sha256(image).hexdigest()


def test_data_type_in_version_1_is_a_switch() -> None:
    assert opened().ask(frame(4, 1, 2, b"\0\0\0\x04")) == b""
    assert opened(data_type_in_version_1=True).request(4, 2, b"\0\0\0\x04")[4] == 0x84


# -- half a frame -----------------------------------------------------------------------------------------------


def test_half_a_block_is_dropped_after_a_while() -> None:
    stp = opened()
    stp.request(2, 2, b"\x00\x10")
    stp.ask(frame(3, 1, 3, bytes(16))[:20], 11_000)
    assert stp.ask(RESET) == RESET_ACK


def test_half_a_block_may_swallow_what_follows() -> None:
    stp = opened(on_partial="wait")
    stp.request(2, 2, b"\x07\xe0")
    stp.ask(frame(3, 1, 3, bytes(2016))[:1000], 400_000)
    assert stp.ask(RESET) == b""


def test_half_a_block_may_be_nacked() -> None:
    stp = opened(on_partial="nack")
    stp.request(2, 2, b"\x00\x10")
    stp.ask(frame(3, 1, 3, bytes(16))[:20], 11_000)
    answer = stp.ask(RESET)
    assert answer[4] == 0x43
    assert answer.endswith(RESET_ACK)


# -- found in the middle of somebody else's transfer ------------------------------------------------------------


def test_stp_open_answers_reset_and_is_in_recovery_then() -> None:
    found = Host(Modem(World(), mode="stp-open"))
    assert found.modem.mode == "stp-open"
    assert found.ask(RESET) == RESET_ACK
    assert found.modem.mode == "recovery"
    assert b"failure" not in found.calm().at("AT+SMOD?")
    assert b"+SMUPGRADE: failure" in found.at("AT+SMUPGRADE?")


def test_at_into_an_open_session_is_not_answered_and_noted() -> None:
    found = Host(Modem(World(), mode="stp-open"))
    assert found.at("AT", 1000) == b""
    assert found.modem.misuse == ["AT sent into STP mode with a session open"]


@pytest.mark.parametrize(("junk", "noted"), [(b"noise AT\xff\x01", 0), (b"\xff\x01AT+SM", 0), (b"x AT+SMOD?\r", 1)])
def test_only_a_whole_at_line_is_misuse(junk: bytes, noted: int) -> None:
    stp = opened()
    stp.ask(junk)  # the two letters also stand by chance in a block whose header came in damaged
    assert len(stp.modem.misuse) == noted


def test_an_at_line_in_pieces_is_misuse_once() -> None:
    stp = opened()
    stp.ask(b"A")
    stp.ask(b"T+SMOD?")
    stp.ask(b"\r\n")
    assert stp.modem.misuse == ["AT sent into STP mode with a session open"]


def test_at_leaves_stp_where_no_session_was_opened() -> None:
    stp = host()
    stp.at("AT+SMSTPU")
    stp.ask(RESET)
    stp.at("AT")
    assert stp.at("AT+SMOD?") == b"\r\n4\r\nOK\r\n"


def test_at_stays_unheard_where_the_switch_says_so() -> None:
    stp = host()
    stp.modem.switches.at_leaves_idle_stp = False
    stp.at("AT+SMSTPU")
    assert stp.at("AT+SMOD?") == b""
    assert stp.modem.mode == "stp-open"


# -- time -------------------------------------------------------------------------------------------------------


def test_acks_take_long_near_7_and_99_percent() -> None:
    stp = opened(erase_ms=8000, last_ms=15_000)
    image = practice(size=400_000)
    slow: list[int] = []
    for number, at in enumerate(range(0, len(image), 2000)):
        data = image[at : at + 2000]
        stp.request(2, 2 + 2 * number, struct.pack(">H", len(data)))
        before = stp.world.now_ms
        stp.request(3, 3 + 2 * number, data)
        if stp.world.now_ms - before > 5000:
            slow.append(100 * (at + len(data)) // len(image))
    assert slow == [7, 99]


@pytest.mark.long
def test_six_megabytes_take_over_a_minute_of_virtual_time() -> None:
    stp = opened()
    image = container(b"PRAC", "x", bytes(6_000_000))
    before = stp.world.now_ms
    stp.send_image(image)
    assert stp.world.now_ms - before > 65_000


# -- faults -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["drop", "lose"])
def test_lost_requests_and_acks_can_be_repeated(kind: str) -> None:
    stp = opened()
    stp.modem.faults.at("block", kind, count=1)
    stp.request(2, 2, b"\x00\x10")
    assert stp.ask(frame(3, 1, 3, bytes(16)), 1000) == b""
    assert stp.request(3, 3, bytes(16))[4] == 0x83
    assert stp.modem.stp is not None
    assert stp.modem.stp.taken == 16


@pytest.mark.parametrize(("kind", "op"), [("nack", 0x43), ("nack-unknown", 0x7F)])
def test_nack_n_times(kind: str, op: int) -> None:
    stp = opened()
    stp.modem.faults.at("block", kind, times=2)
    stp.request(2, 2, b"\x00\x10")
    assert [stp.request(3, 3, bytes(16))[4] for _ in range(3)] == [op, op, 0x83]


@pytest.mark.parametrize(
    ("kind", "heard"),
    [
        ("duplicate", "74736166830100020000000300000000 0000 74736166830100020000000300000000 0000"),
        ("short", "747361668301000200"),
        ("corrupt", "74736166830100020000000200000000 0000"),
        ("corrupt-payload", "74736166830100020000000300000000 0001"),
        ("residue", "74736166830100020000000300000000 0001"),
        ("nul", "00 74736166830100020000000300000000 0000"),
        ("urc", "0d0a2b43455245473a20320d0a 74736166830100020000000300000000 0000"),
    ],
)
def test_damaged_acks(kind: str, heard: str) -> None:
    stp = opened()
    stp.modem.faults.at("block", kind)
    stp.request(2, 2, b"\x00\x10")
    assert stp.ask(frame(3, 1, 3, bytes(16)), 1000) == bytes.fromhex(heard)


def test_residue_means_one_byte_less() -> None:
    stp = opened()
    stp.modem.faults.at("block", "residue")
    stp.request(2, 2, b"\x00\x10")
    stp.request(3, 3, bytes(16))
    assert stp.modem.stp is not None
    assert stp.modem.stp.taken == 15


def test_stall_once_at_a_percentage() -> None:
    stp = opened(erase_ms=0, last_ms=0)
    stp.modem.faults.at("block", "stall", percent=50, ms=30_000)
    before = stp.world.now_ms
    stp.send_image(practice(size=100_000))
    assert 30_000 < stp.world.now_ms - before < 40_000


def test_stall_for_ever() -> None:
    stp = opened()
    stp.modem.faults.parse("stall@50")
    stp.send_image(practice(size=40_000), upto=20_000)
    stp.request(2, 100, b"\x00\x10")
    assert stp.ask(frame(3, 1, 101, bytes(16)), 900_000) == b""
    assert stp.ask(RESET, 10_000) == b""


def test_session_refused() -> None:
    stp = host()
    stp.modem.faults.at("open", "refuse")
    assert stp.enter_stp()[16] == 0
    assert stp.ask(OPEN)[16] == 1


def test_power_fails_at_a_percentage() -> None:
    stp = opened()
    stp.modem.faults.parse("cut@50")
    stp.send_image(practice(size=40_000), upto=20_000)
    stp.request(2, 100, b"\x00\x10")
    stp.ask(frame(3, 1, 101, bytes(16)))
    assert not stp.modem.powered


@pytest.mark.parametrize("text", ["melt@7", "stall@x", "stall@7@x", ""])
def test_unknown_faults_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"stall|KIND"):
        opened().modem.faults.parse(text)


def test_unknown_place_is_refused() -> None:
    with pytest.raises(ValueError, match="block-cmd"):
        opened().modem.faults.at("kitchen", "stall")
