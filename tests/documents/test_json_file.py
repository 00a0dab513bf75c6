from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import IO

import pytest

from doctor.documents import json_file
from doctor.documents.json_file import (
    count_in,
    draft_beside,
    lock,
    make_folder,
    open_ours,
    read_bounded,
    read_json,
    text_in,
    write_synced,
    write_whole,
)

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no modes, no pipes, and links need a right")


@pytest.mark.parametrize("content", [b"{", b" " * 2000])
def test_a_file_that_holds_no_document_is_a_value_error(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(ValueError):
        read_json(tmp_path / "x", 1000)


@pytest.mark.parametrize("value", [None, 1, "\ud800", "a\0b", "x" * 20_000])
def test_what_is_no_text_is_none(value: object) -> None:
    with pytest.raises(ValueError):
        text_in(value)


@pytest.mark.parametrize("value", [None, True, -1, 1.0, "1"])
def test_what_counts_nothing_is_no_number(value: object) -> None:
    with pytest.raises(ValueError):
        count_in(value)


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    write_whole(tmp_path / "a/b.json", b'{"x": 1.5}')
    assert read_json(tmp_path / "a/b.json", 100) == {"x": 1.5}
    (tmp_path / "a/b.json").unlink()
    (tmp_path / "a/b.json").mkdir()
    with pytest.raises(OSError):
        write_whole(tmp_path / "a/b.json", b"{}")
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["b.json"]


def test_what_has_the_name_of_a_folder_and_is_none_is_said(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"")
    for path in (tmp_path / "a", tmp_path / "a/b"):
        with pytest.raises(NotADirectoryError, match="what has its name is no folder"):
            make_folder(path)


@posix
def test_what_is_written_is_for_this_user_only(tmp_path: Path) -> None:
    umask = os.umask(0)
    try:
        write_whole(tmp_path / "a/b/c.json", b"{}")
        (tmp_path / "a/old").write_bytes(b"x")
        write_synced(tmp_path / "a/old", b"y")
    finally:
        os.umask(umask)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.rglob("*")}
    assert modes == {"a": 0o700, "b": 0o700, "c.json": 0o600, "old": 0o600}


@posix
@pytest.mark.parametrize("mode", ["rb", "wb", "xb", "ab", "a+b"])
@pytest.mark.parametrize("kind", ["link", "link to nothing", "pipe", "folder", "device"])
def test_what_is_no_file_is_not_opened(kind: str, mode: str, tmp_path: Path) -> None:
    place, victim = tmp_path / "x", tmp_path / "victim"
    if kind == "link":
        victim.write_bytes(b"secret")
    make = {"pipe": os.mkfifo, "folder": os.mkdir}.get(kind)
    if make is not None:
        make(place)
    else:
        place.symlink_to(Path("/dev/zero") if kind == "device" else victim)
    with pytest.raises(OSError):
        open_ours(place, mode)
    if kind == "link":
        assert victim.read_bytes() == b"secret" and read_bounded(place, 10, follow=True) == b"secret"
    else:
        assert not victim.exists()


_WRITER = """
import sys
from pathlib import Path
from doctor.documents.json_file import lock, open_ours
with open_ours(Path(sys.argv[1]), "xb") as draft:
    lock(draft)
    draft.write(b"half")
    draft.flush()
    print("writes", flush=True)
    sys.stdin.read()
"""


def test_the_draft_of_a_killed_run_goes_and_that_of_a_living_one_stays(tmp_path: Path) -> None:
    draft = draft_beside(tmp_path / "a.json")
    run = subprocess.Popen([sys.executable, "-c", _WRITER, str(draft)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with run:
        assert run.stdout is not None and run.stdout.readline().strip() == b"writes"
        write_whole(tmp_path / "b.json", b"{}")
        assert draft.exists()
        run.kill()
    write_whole(tmp_path / "b.json", b"{}")
    assert [path.name for path in tmp_path.iterdir()] == ["b.json"]


@posix
def test_only_files_that_are_drafts_are_swept(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"secret")
    link, pipe, folder = (tmp_path / f"b.json.0123456{n}.part" for n in "789")
    link.symlink_to(victim)
    os.mkfifo(pipe)
    folder.mkdir()
    others = tmp_path / "thesis.part"
    others.write_bytes(b"mine")
    write_whole(tmp_path / "b.json", b"{}")
    assert link.is_symlink() and pipe.is_fifo() and folder.is_dir()
    assert (victim.read_bytes(), others.read_bytes()) == (b"secret", b"mine")


def test_a_draft_that_another_run_sweeps_before_it_is_locked_is_written_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    swept: list[object] = []

    def lock_late(file: IO[bytes]) -> None:
        if not swept:
            swept.append(file)
            (other,) = tmp_path.iterdir()
            draft_beside(tmp_path / "b.json")
            assert not other.exists()
        lock(file)

    monkeypatch.setattr(json_file, "lock", lambda file: lock_late(file) if file.writable() else lock(file))
    write_whole(tmp_path / "a.json", b"{}")
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"] and swept
