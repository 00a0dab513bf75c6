from __future__ import annotations

import pytest

from doctor.text.escape import hex_bytes, shown


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("a\x1b[2Jb", "a\\x1b[2Jb"),
        ("one\r\n\ttwo", "one\\r\\n\\ttwo"),
        ("caf\u00e9 \u0416", "caf\u00e9 \u0416"),
        ("a\u202eb", "a\\u202eb"),
        ("\x9b31m", "\\x9b31m"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
        (b"OK\x00\xff", "OK\\x00\\xff"),
        (b"caf\xc3\xa9", "caf\u00e9"),
    ],
)
def test_shown(text: str | bytes, expected: str) -> None:
    assert shown(text) == expected


@pytest.mark.parametrize("limit", range(12))
def test_never_longer_than_the_limit_and_never_half_an_escape(limit: int) -> None:
    cut = shown("ab\x1bcd\x1bef", limit)
    assert len(cut) <= limit
    assert "ab\\x1bcd\\x1bef".startswith(cut.removesuffix("...")) or limit < 3
    assert cut.count("\\x1b") == cut.count("\\")


def test_exact_fit_is_not_cut() -> None:
    assert shown("x" * 80) == "x" * 80
    assert shown("x" * 81) == "x" * 77 + "..."


def test_long_bytes_are_read_only_as_far_as_shown() -> None:
    assert shown("\u00e9".encode() * 1_000_000, 10) == "\u00e9" * 7 + "..."


def test_hex_bytes() -> None:
    assert hex_bytes(b"<!DOCTYPE", 4) == "3C 21 44 4F"
