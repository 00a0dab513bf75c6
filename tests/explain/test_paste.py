from __future__ import annotations

import json

import pytest

from doctor.knowledge.paste import THIN_FROM_CHARS, read

TEXT = "Grüße\n>>> run()\nOSError: \u2018x\u2019 failed!\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
def test_every_encoding_gives_the_same_lines(encoding: str) -> None:
    assert read(TEXT.encode(encoding)).lines[:3] == TEXT.splitlines()


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_line_end_gives_the_same_numbers(end: str) -> None:
    paste = read(f"one{end}two{end}three{end}".encode())
    assert [(n, line) for n, line in zip(paste.numbers, paste.lines, strict=True) if line] == [
        (1, "one"),
        (2, "two"),
        (3, "three"),
    ]


def test_quotes_are_straight_in_the_text_and_as_typed_in_the_raw_lines() -> None:
    paste = read("os.mkfs(\u2018/sd\u2019)".encode())
    assert (paste.raw, paste.text) == ("os.mkfs(\u2018/sd\u2019)", "os.mkfs('/sd')")


def test_colours_and_titles_of_terminals_are_gone() -> None:
    assert read(b"\x1b]0;title\x07\x1b[1;31mred\x1b[0m text").text == "red text"


def test_control_characters_are_shown_as_bytes() -> None:
    assert read(b"a\x00b\x04>").text == "a\\x00b\\x04>"


def test_a_bar_drawn_over_itself_keeps_its_last_state_and_one_number() -> None:
    bars = "".join(f"\rSending 9 bytes: [{'#' * n}] {n}%" for n in range(100))
    paste = read(f"start{bars}\r\nend\n".encode())
    assert paste.lines[-2:] == [f"Sending 9 bytes: [{'#' * 99}] 99%", "end"] or paste.lines[-1] == ""
    assert len(paste.lines) < 6
    assert dict(zip(paste.lines, paste.numbers, strict=True))["end"] == 2


def test_html_entities_of_a_forum_page_are_read() -> None:
    assert read(b"&gt;&gt;&gt; import sqnsupgrade").text == ">>> import sqnsupgrade"


def test_a_trace_becomes_its_dialogue_with_the_numbers_of_its_lines() -> None:
    records = [("tx", b"ATI\r"), ("rx", b"\r\nER"), ("rx", b"ROR\r\n"), ("tx", bytes(range(128, 192)))]
    rows = ["not json", *(json.dumps({"t": 0.1, "dir": d, "hex": b.hex()}) for d, b in records)]
    paste = read(("\n".join([rows[1], rows[0], *rows[2:]])).encode())
    assert list(zip(paste.numbers, paste.lines, strict=True)) == [(1, "ATI"), (3, "ERROR"), (5, "<64 bytes of data>")]


def test_a_long_log_is_thinned_and_keeps_what_is_rare_with_its_number() -> None:
    rows = [f"{n:06d} loop() value={n}" for n in range(20_000)]
    rows[11_000] = "Could not detect your modem!"
    paste = read("\n".join(rows).encode())
    assert len(paste.text) < THIN_FROM_CHARS
    assert dict(zip(paste.lines, paste.numbers, strict=True))[rows[11_000]] == 11_001
    assert paste.lines[-1] == rows[-1]


@pytest.mark.parametrize(
    "data", [b"", b"\x00", b"\xff\xfe", b"\xff\xfe\x00", b"\r", b'{"t": 0, "dir": "', bytes(range(256)) * 40]
)
def test_any_bytes_can_be_read(data: bytes) -> None:
    paste = read(data)
    assert len(paste.numbers) == len(paste.lines)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("OSError: 19", "ENODEV"),
        ("it ends in OSError: 30 when I open('/sd/a')", "EROFS"),
        ("writes end in errno 28 on the board", "ENOSPC"),
        ("OSError(16,) from UART", "EBUSY"),
        ("errno=5", "EIO"),
    ],
)
def test_the_bare_number_of_an_error_gets_its_name(text: str, name: str) -> None:
    assert name in read(text.encode()).text


@pytest.mark.parametrize(
    "text", ["[Errno 19] ENODEV", "[Errno 16] Device or resource busy", "error 404", "OSError: 999"]
)
def test_what_has_its_name_gets_no_second_one(text: str) -> None:
    assert read(text.encode()).text == text
