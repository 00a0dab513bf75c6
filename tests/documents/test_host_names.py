from __future__ import annotations

import re

import pytest

from doctor.documents.host_names import NAME_MAX_BYTES, host_name

ODD = [
    "", ".", "..", "...", " ", "a ", "a.", "a. .", "con", "CON.txt", "nul .x", "com1", "LPT9.py", "com\u00b9", "conin$",
    "a:b", 'q"' * 120, "\U0001f600" * 60, "a" * 255, "a" * 198 + "\u20ac", "x" * 250 + ".dup", "a\x00b\x1f\x7f",
    "\udc80\udcff", "%41", "A", "back\\slash", "." * 255, " " * 255, "a." * 127,
]  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_every_pc_takes_it(name: str) -> None:
    made = host_name(name)
    assert 0 < len(made.encode("utf-8")) <= NAME_MAX_BYTES
    assert not re.search(r'[\x00-\x1f<>:"/\\|?*]', made)
    assert made[-1] not in ". "
    assert not re.match(r"(con|prn|aux|nul|(com|lpt)[\d\u00b9]|conin\$)\s*(\.|$)", made, re.IGNORECASE)
    assert host_name(name) == made


def test_two_names_stay_two() -> None:
    assert len({host_name(name) for name in ODD}) == len(ODD)


@pytest.mark.parametrize("name", ["main.py", "a b\u00fc.txt", ".hidden", "CONTENT", "a.tar.gz", "context.py"])
def test_a_name_that_is_fine_stays_as_it_is(name: str) -> None:
    assert host_name(name) == name


def test_a_name_that_is_cut_keeps_its_extension() -> None:
    assert host_name("x" * 250 + ".dup").endswith(".dup")
