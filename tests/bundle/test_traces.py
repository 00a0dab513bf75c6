"""Masked traces: secrets go however the trace cuts them, and what proves an answer of the board still does."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import zlib
from collections.abc import Callable, Iterator

import pytest

from doctor.board import snippets
from doctor.board.storage import proof
from doctor.bundle.mask import Mask
from doctor.bundle.stand_in import wire
from doctor.bundle.traces import MaskedTrace
from doctor.documents.trace_lines import RX, TX, read_line
from doctor.updater import stp
from tests.bundle.planted import KNOWN, SECRETS, TELLING

TEXT = (TELLING + "\n".join(SECRETS)).replace("\n", "\r\n").encode()


def line(way: str, data: bytes) -> str:
    return json.dumps({"t": 0.0, "dir": way, "hex": data.hex()})


def masked(lines: list[str]) -> list[bytes]:
    """The data of the lines after masking."""
    mask = Mask({"micro", "modem"})
    for kind, name in KNOWN:
        mask.know(kind, name)
    trace = MaskedTrace("\n".join(lines).encode())
    trace.learn(mask)
    trace.know_hashes(mask)
    return [read_line(text).data for text in trace.masked(mask).splitlines()]


def clear(said: bytes) -> None:
    """Fails if a secret is left in what was ``TEXT``."""
    text = said.decode()
    assert len(said) == len(TEXT) and "Wi-Fi" not in text
    assert not [secret for secret in SECRETS if secret in text]


def raw(pieces: list[bytes]) -> list[str]:
    return [line(RX, piece) for piece in pieces]


def with_questions_between(pieces: list[bytes]) -> list[str]:
    return [text for piece in pieces for text in (line(TX, b"AT\r"), line(RX, piece))]


def through_the_board(pieces: list[bytes]) -> list[str]:
    """As the tunnel brings what the modem says (snippets.modem.tunnel_exchange)."""
    return [
        text
        for piece in pieces
        for text in (
            line(TX, b"_fd_x('', 1024, 500)\x04"),
            line(RX, b'OK@@FD "' + base64.b64encode(piece) + b'"\r\n\x04\x04>'),
        )
    ]


def parts(lines: list[bytes]) -> bytes:
    """What the lines of ``through_the_board`` bring."""
    return b"".join(base64.b64decode(data.split(b'"')[1]) for data in lines if data.startswith(b"OK"))


WAYS: tuple[tuple[Callable[[list[bytes]], list[str]], Callable[[list[bytes]], bytes]], ...] = (
    (raw, b"".join),
    (with_questions_between, lambda lines: b"".join(data for data in lines if data != b"AT\r")),
    (through_the_board, parts),
)


@pytest.mark.parametrize("way", WAYS)
def test_secrets_cut_at_every_byte_go(
    way: tuple[Callable[[list[bytes]], list[str]], Callable[[list[bytes]], bytes]],
) -> None:
    cut_into, joined = way
    for length in (1, 2, 3, 7):  # each border within each secret is one of them
        for first in range(length):
            pieces = [TEXT[: first + 1], *(TEXT[at : at + length] for at in range(first + 1, len(TEXT), length))]
            clear(joined(masked(cut_into(pieces))))


def answer(texts: list[str], *, hashes: bool = True) -> bytes:
    """What ``proved`` code prints that says these rows."""

    def row(number: int, text: str) -> str:
        return f'@@FD ["{proof.digest(f"{number} {text}") if hashes else ""}", {number}, {text}]\r\n'

    whole = proof.chain(texts) if hashes else ""
    rows = [*(row(n, text) for n, text in enumerate(texts)), row(proof.END, f'[{len(texts)}, "{whole}"]')]
    return "".join(rows).encode()


def proved(data: bytes) -> list[object]:
    """The values of an answer, as the program takes it."""
    values = proof._Answer().take(data.decode("utf-8", "surrogateescape"))
    assert values is not None
    return values


@pytest.mark.parametrize("size", [5, 384])
def test_a_file_in_rows_is_masked_and_still_proved(size: int) -> None:
    for shift in range(0, min(size, 24), 1 + size // 100):
        content = b"#" * shift + TEXT
        rows = ['"' + base64.b64encode(content[at : at + size]).decode() + '"' for at in range(0, len(content), size)]
        half = len(rows) // 2
        told = f'"{hashlib.sha256(content).hexdigest()}"'
        answers = [
            answer(['["main.py", false, 3]']),
            answer([f"[false, {len(content)}]"]),
            answer(rows[:half]),
            answer(rows[half:]),
            answer([told, str(len(content))]),
        ]
        now = masked([*(line(RX, data) for data in answers), line(RX, told.encode())])
        pieces = [base64.b64decode(str(value)) for data in now[2:4] for value in proved(data)]
        assert proved(now[0]) == [["main.py", False, 3]] and proved(now[1]) == [[False, len(content)]]
        clear(b"".join(pieces)[shift:])
        assert proved(now[4]) == [hashlib.sha256(b"".join(pieces)).hexdigest(), len(content)]
        assert now[5].decode() == f'"{proved(now[4])[0]}"'


def test_a_board_that_cannot_hash_says_the_same_twice() -> None:
    rows = ['"' + base64.b64encode(TEXT[at : at + 31]).decode() + '"' for at in range(0, len(TEXT), 31)]
    half = len(rows) // 2
    lines = [line(RX, answer(part, hashes=False)) for part in (rows[:half], rows[:half], rows[half:], rows[half:])]
    now = masked(lines)
    assert now[0] == now[1] and now[2] == now[3]
    taken = [proof._rows_in(data.decode())[1] for data in (now[0], now[2])]
    clear(b"".join(base64.b64decode(text) for rows in taken for n, text in rows.items() if n != proof.END))


def test_rows_that_were_spoiled_say_nothing_more() -> None:
    rows = ['"' + base64.b64encode(TEXT[at : at + 96]).decode() + '"' for at in range(0, len(TEXT), 96)]
    good = answer(rows)
    for at in range(30, len(good), 41):
        bad = good[:at] + b"a word\r\n" + good[at + 3 :]
        first, second = masked([line(RX, bad), line(RX, good)])
        assert proof._Answer().take(first.decode("latin-1")) is None and proved(second)
        words = re.findall(rb"[A-Za-z0-9+/]{16,}", first)  # shorter ones hold no half of one
        said = [base64.b64decode(word[n : n + (len(word) - n) // 4 * 4]) for word in words for n in range(4)]
        halves = [secret[half : half + 6].encode() for secret in SECRETS for half in (0, len(secret) - 6)]
        assert said and not [half for half in halves if any(half in one for one in said)]


def test_code_that_names_a_file_is_summed_anew() -> None:
    for name in ("of thorsten.py", "jürgen's.py", "354346090175109.py"):
        code = snippets.stat(f"/flash/{name}").encode()
        sent = [code[at : at + 100] for at in range(0, len(code), 100)]
        told = line(RX, answer([json.dumps([name, False, 3], ensure_ascii=False)]))
        now = masked([line(RX, TEXT), told, *(line(TX, piece) for piece in sent)])
        shown = proved(now[1])[0]
        assert isinstance(shown, list) and shown[0] != name
        assert b"".join(now[2:]) == snippets.stat(f"/flash/{shown[0]}").encode()


def test_what_was_written_to_the_board_is_not_kept() -> None:
    sent = [
        snippets.write_at(0, TEXT[:700]).encode(),
        snippets.write_at(700, zlib.compress(TEXT), packed=True).encode(),
        snippets.write_at(900, bytes(range(256))).encode(),
    ]
    for code, now in zip(sent, masked([line(TX, code) for code in sent]), strict=True):
        assert len(now) == len(code) and now[:12] == code[:12] and not re.search(rb"[B-Zb-z0-9+/]{6,}'", now)


def frames() -> Iterator[bytes]:
    """A transfer as it crosses the wire."""
    yield stp.pack(stp.BLOCK_CMD, 1, 7, b"\x00\x01\x02\x03")
    yield stp.pack(stp.BLOCK, 1, 8, bytes(range(256)) * 7)


@pytest.mark.parametrize("size", [1, 13, 16, 500, 4000])
def test_of_a_transfer_lengths_and_checksums_stay(size: int) -> None:
    sent = b"AT+SMSTPU\r\n" + b"".join(frames()) + b"AT\r\n"
    lines = [line(TX, sent[at : at + size]) for at in range(0, len(sent), size)]
    now = b"".join(masked(lines))
    assert len(now) == len(sent) and bytes(range(1, 60)) not in now
    payload = sent.index(bytes(range(256)))
    assert now[:payload] == sent[:payload] and now[-4:] == b"AT\r\n" and not any(now[payload:-4])


def test_what_is_no_line_of_a_trace_is_left_out() -> None:
    assert masked([line(RX, b"OK"), "thorsten 354346090175109", '{"t": 0, "dir": "rx", "hex": "zz"}']) == [b"OK"]


def test_the_telling_lines_tell() -> None:
    mask = Mask()
    mask.masked(wire(TELLING))
    assert sum(mask.counts.values()) >= 11
