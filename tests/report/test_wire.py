"""A trace as people read it."""

from __future__ import annotations

import base64
import binascii
import io
import itertools
import json
from collections.abc import Iterable

import pytest

from doctor.board.snippets import modem
from doctor.documents.trace_lines import FIRST_BYTES, lines_of
from doctor.report.wire import rows
from doctor.updater import stp
from tests.updater.strict.slave import reply_frame

BLOCK = bytes(range(256)) * 4
REPLY = reply_frame(stp.BLOCK | stp.ACK, 1, 8, b"\x00\x00", with_crc=True)


def seen(records: Iterable[tuple[str, bytes]], *, verbose: bool = False) -> list[str]:
    """The rows of bytes that crossed the port, a tenth of a second each, without their times."""
    texts = (json.dumps({"t": n / 10, "dir": way, "hex": data.hex()}) for n, (way, data) in enumerate(records))
    file = io.BytesIO("\n".join(texts).encode())
    return [f"{row.way} {row.text}" for row in rows(lines_of(file), verbose=verbose)]


DIALOGUE = (
    ("tx", b"AT+SMOD?\r"),
    ("rx", b"\r\n2\r\n\r\nOK\r\n"),
    ("tx", stp.pack(stp.BLOCK, 1, 8, BLOCK)),
    ("rx", b"\x00\xfe" + REPLY),
    ("tx", b"\x01"),
    ("rx", b"raw REPL; CTRL-B to exit\r\n>"),
    ("tx", b"print(1)\x04"),
    ("rx", b"OK1\r\n\x04\x04>"),
)
READ = [
    "> AT+SMOD?",
    "< 2",
    "< OK",
    f"> STP BLOCK sid 1 tid 8, 1024 bytes, crc {binascii.crc_hqx(BLOCK, 0):04x} ok",
    "< hex 00 FE",
    "< STP BLOCK ack sid 1 tid 8, 2 bytes (00 00), crc 0000 ok",
    "> ^A",
    "< raw REPL; CTRL-B to exit",
    "> print(1)^D",
    "< OK1",
]


def test_at_repl_and_stp_are_read_each_in_its_way() -> None:
    assert seen(DIALOGUE) == READ


def test_in_whatever_pieces_it_came() -> None:
    pieces = [(way, data[at : at + 1]) for way, data in DIALOGUE for at in range(len(data))]
    assert seen(pieces) == READ


def test_what_the_board_carries_for_its_modem_is_read_like_a_modem() -> None:
    asked = modem.tunnel_exchange(base64.b64encode(b"AT\r").decode(), 100, 80)
    answer = b'OK@@FD "' + base64.b64encode(b"AT\r\r\nERROR\r\n" + REPLY) + b'"\r\n\x04\x04>'
    told = seen((("tx", asked.encode() + b"\x04"), ("rx", answer)))
    assert told == ["m> AT", "m< AT", "m< ERROR", f"m< {READ[5][2:]}"]
    assert "_fd_x" in seen((("tx", asked.encode()), ("rx", answer)), verbose=True)[0]


def test_long_texts_are_folded_unless_everything_is_asked_for() -> None:
    code = (("tx", b"".join(b"x = %d\n" % n for n in range(9))), ("rx", b">>> "))
    assert seen(code) == ["> x = 0", "> x = 1", "> x = 2", "> x = 3", "> ... 5 more lines (-v shows them)", "< >>> "]
    assert len(seen(code, verbose=True)) == 10


@pytest.mark.parametrize("damage", ["header", "payload"])
def test_a_damaged_frame_is_not_called_sound(damage: str) -> None:
    frame = bytearray(stp.pack(stp.BLOCK_CMD, 1, 3, b"\x07\xe0"))
    frame[9 if damage == "header" else 17] ^= 1
    (row,) = seen((("tx", bytes(frame)),))
    assert row.endswith("WRONG") if damage == "payload" else row.startswith("> hex")


def test_a_hostile_trace_is_harmless_and_costs_little() -> None:
    evil = {"t": 1, "dir": "open", "url": "\x1b]0;evil\x07\x9b31m\u202e", "baud": {"deep": [1]}}
    found = {"t": 1, "dir": "found", "value": {"check": ["\x1b[2J"], "status": None, "summary": "a\nb"}}
    bytes_of_lines = {"t": 1, "dir": "rx", "hex": (b"\n" * 50_000).hex()}
    unfinished = {"t": 2, "dir": "rx", "hex": (b"tsaf\x00\x01\xff\xff" + b"\x00" * 50_000).hex()}
    texts = (
        FIRST_BYTES + b'"x"}',
        b"\xff\xfe" * 9,
        b"[" * 99_999,
        b'{"t": 1e308, "dir": "rx"}',
        *map(dump, (evil, found)),
    )
    file = io.BytesIO(b"\n".join((*texts, dump(bytes_of_lines), dump(unfinished), b"x" * (3 << 20))))
    shown = [str(row) for row in itertools.islice(rows(lines_of(file)), 1000)]
    assert all(text.isprintable() and len(text) < 200 for text in shown)
    assert any("opened" in text for text in shown)


def dump(value: object) -> bytes:
    return json.dumps(value).encode()
