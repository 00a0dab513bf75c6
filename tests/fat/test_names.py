"""Names on a FAT volume: which need a long name, and which alias they get."""

from __future__ import annotations

import pytest

from doctor.fat.names import Aliases, plain_short_name


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("A", b"A          "),
        ("ABCDEFGH.IJK", b"ABCDEFGHIJK"),
        ("ABCDEFGHI", None),
        ("A.IJKL", None),
        ("A.", None),
        (".A", None),
        ("", None),
        ("a", None),
        ("A B", None),
        ("A.B.C", None),
        ("Ü", None),
        ("A+B", None),
        ("!#$%&'()", b"!#$%&'()   "),
        ("-@^_`{}~", b"-@^_`{}~   "),
    ],
)
def test_a_plain_name_needs_no_long_one(name: str, short: bytes | None) -> None:
    assert plain_short_name(name) == short


def test_aliases_are_numbered_and_no_name_is_given_twice() -> None:
    aliases = Aliases({b"TAKEN~1 TXT"}, ["given.txt", "GIVEN~1.TXT"])
    assert aliases.give("taken by all.txt") == b"TAKENB~1TXT"
    assert aliases.give("taken by none.txt") == b"TAKENB~2TXT"
    assert aliases.give("taken.text") == b"TAKEN~1 TEX"
    assert aliases.give("taken.tx t") == b"TAKEN~2 TXT"
    assert aliases.give("given.txt ") == b"GIVEN~2 TXT"
    assert aliases.give("....") == b"FILE~1     "
    assert aliases.give("ü+ö.ä b") == b"___~1   _B "
    assert aliases.give("no extension") == b"NOEXTE~1   "
    assert [aliases.give("many files.c") for _ in range(12)][8:] == [
        b"MANYFI~9C  ",
        b"MANYF~10C  ",
        b"MANYF~11C  ",
        b"MANYF~12C  ",
    ]
