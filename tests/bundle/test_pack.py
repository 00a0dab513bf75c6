"""A zip that is read: whoever made it, it costs what it may cost, and nothing of it is written."""

from __future__ import annotations

import random
import zipfile
from datetime import datetime, timezone
from pathlib import Path

import pytest

from doctor.bundle.pack import ABOUT, MOST_TOLD, Entry, packed, telling

AT = datetime(1970, 1, 1, tzinfo=timezone.utc)  #: before any zip could be made: a computer without a clock
MOST = 1 << 20


def made(path: Path, files: dict[str, bytes]) -> Path:
    """A zip with these files."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as one:
        for name, data in files.items():
            one.writestr(name, data)
    return path


def test_of_a_bundle_the_newest_log_and_what_was_given_tell(tmp_path: Path) -> None:
    names = (ABOUT, "log/2.log", "log/1.log", "journal/1.json", "record/tried.json", "given/t.jsonl")
    (tmp_path / "z").write_bytes(packed([Entry(name, "", name.encode(), 1) for name in names], AT))
    assert list(telling(tmp_path / "z", MOST)) == [(name, name.encode()) for name in ("log/2.log", "given/t.jsonl")]


def test_a_bomb_is_read_as_far_as_it_may_be(tmp_path: Path) -> None:
    bomb = made(tmp_path / "z", {f"{number}.txt": b"x" * (1 << 20) for number in range(9)})
    assert bomb.stat().st_size < MOST / 50
    assert sum(len(text) for _, text in telling(bomb, MOST)) == MOST


def test_names_are_only_names(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("link")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "z", "w") as one:
        one.writestr("../../evil.txt", "a log")
        one.writestr("/etc/evil", "another")
        one.writestr(link, "/etc/passwd")
        one.writestr("C:\\evil.bin", bytes(range(256)))
    found = dict(telling(tmp_path / "z", MOST))
    assert set(found.values()) == {b"a log", b"another", b"/etc/passwd"}
    assert list(tmp_path.iterdir()) == [tmp_path / "z"] and not (tmp_path.parent.parent / "evil.txt").exists()


def test_many_files_are_not_all_told(tmp_path: Path) -> None:
    few = made(tmp_path / "few", {f"{number}": b"log" for number in range(100)})
    assert len(list(telling(few, MOST))) == MOST_TOLD
    with pytest.raises(ValueError, match="more files than"):
        list(telling(made(tmp_path / "many", {f"{number:0200}": b"" for number in range(1500)}), MOST))


def test_whatever_its_bytes_nothing_but_a_value_error_comes(tmp_path: Path) -> None:
    sound = made(tmp_path / "sound", {"a.log": b"AT+SMOD? -> 4\n" * 50, "b/c.txt": b"x"}).read_bytes()
    dice = random.Random(7)
    for number in range(150):
        data = bytearray(sound[: dice.randrange(30, len(sound) + 1)] if number % 3 else sound)
        for _ in range(dice.randrange(1, 9)):
            data[dice.randrange(len(data))] = dice.choice((0, 1, 0xFF, dice.randrange(256)))
        (tmp_path / "z").write_bytes(data)
        try:
            assert sum(len(text) for _, text in telling(tmp_path / "z", 5000)) <= 5000
        except ValueError:
            continue
