"""``fipy-doctor report OUT.zip``."""

from __future__ import annotations

import errno
import json
import os
import zipfile
from pathlib import Path
from typing import Any

import pytest

from doctor.documents import json_file
from tests.bundle.planted import TELLING
from tests.cli.terminal import Terminal


@pytest.fixture
def kept(state_of_its_own: Path) -> Path:
    """A state folder as it is after some runs, with names that tell something."""
    for folder in ("logs", "journal", "begun"):
        (state_of_its_own / folder).mkdir()
    (state_of_its_own / "logs/flash-20261130-174210-377483.log").write_text("AT+CGSN -> 354346090175109\n")
    (state_of_its_own / "logs/of PYB1D0A1.log").write_text("serial:PYB1D0A1\n")
    (state_of_its_own / "journal/45c9ede21f6e19ea4f3c1de2.json").write_text('{"ids": {"imei": "354346090175109"}}')
    (state_of_its_own / "begun/240ac49f1b7e-restore.json").write_text('{"board": "240ac49f1b7e"}')
    return state_of_its_own


def inside(path: Path) -> dict[str, str]:
    with zipfile.ZipFile(path) as bundle:
        assert bundle.testzip() is None
        return {name: bundle.read(name).decode() for name in bundle.namelist()}


def test_it_holds_what_is_kept_and_nothing_private(terminal: Terminal, tmp_path: Path, kept: Path) -> None:
    (tmp_path / "of PYB1D0A1.txt").write_text(TELLING)
    said = terminal.type("report", str(tmp_path / "out.zip"), str(tmp_path / "of PYB1D0A1.txt"), "--yes")
    assert said.code == 0, said.err
    files = inside(tmp_path / "out.zip")
    assert next(iter(files)) == "about.json" and "log/flash-20261130-174210-377483.log" in files
    assert {name.partition("/")[0] for name in files} == {"about.json", "log", "journal", "record", "given"}
    whole = "\n".join([*files, *files.values()])
    for secret in ("354346090175109", "PYB1D0A1", "240ac49f1b7e", "45c9ede21f6e19ea4f3c1de2", "Limonadenbaum"):
        assert secret not in whole and secret not in said.out + said.err.partition("Masked")[0]
    imei = json.loads(files["journal/1.json"])["ids"]["imei"]
    assert len(imei) == 15 and imei in files["log/flash-20261130-174210-377483.log"]
    assert all(name in said.err for name in files)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_log_goes_in_as_utf8_however_it_was_saved(terminal: Terminal, tmp_path: Path, encoding: str) -> None:
    (tmp_path / "console.log").write_text("AT+CGSN -> 354346090175109\n", encoding=encoding)
    said = terminal.type("report", str(tmp_path / "out.zip"), str(tmp_path / "console.log"), "--yes")
    assert said.code == 0, said.err
    log = inside(tmp_path / "out.zip")["given/console.log"]
    assert log.startswith("AT+CGSN -> ") and "354346090175109" not in log


def test_files_of_one_name_are_two(terminal: Terminal, tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).mkdir()
        (tmp_path / name / "t.jsonl").write_text(f'{{"t": 0, "dir": "trace", "command": "{name * 3}"}}\n')
    said = terminal.type("report", str(tmp_path / "out.zip"), *(f"{tmp_path / n / 't.jsonl'}" for n in "ab"), "--yes")
    files = inside(tmp_path / "out.zip")
    assert said.code == 0 and list(files) == ["about.json", "given/t.jsonl", "given/t-2.jsonl"]
    assert "aaa" in files["given/t.jsonl"] and "bbb" in files["given/t-2.jsonl"]


def test_the_names_of_this_computer_and_its_user_go(
    terminal: Terminal, tmp_path: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("USER", "annegret")
    monkeypatch.setattr("platform.node", lambda: "villa-pc.lan")
    (kept / "logs/check-20261130-174210-377483.log").write_text("by annegret at villa-pc, VILLA-PC.lan\n")
    said = terminal.type("report", str(tmp_path / "out.zip"), "--yes")
    now = inside(tmp_path / "out.zip")["log/check-20261130-174210-377483.log"].lower()
    assert said.code == 0 and "annegret" not in now and "villa" not in now


def test_unmasked_means_that(terminal: Terminal, tmp_path: Path, kept: Path) -> None:
    said = terminal.type("report", str(tmp_path / "out.zip"), "--yes", "--unmasked")
    assert "354346090175109" in inside(tmp_path / "out.zip")["journal/1.json"]
    assert "NOTHING IS MASKED" in said.err


def test_in_json_it_is_one_document(terminal: Terminal, tmp_path: Path, kept: Path) -> None:
    said = terminal.type("report", str(tmp_path / "out.zip"), "--yes", "--json").document
    assert said["bundle"] == str(tmp_path / "out.zip") and said["masked"]
    assert said["size_bytes"] == (tmp_path / "out.zip").stat().st_size
    assert [one["name"] for one in said["files"]] == list(inside(tmp_path / "out.zip"))


@pytest.mark.parametrize(("words", "code"), [((), 1), (("--dry-run",), 0)])
def test_nothing_is_written_unasked(
    terminal: Terminal, tmp_path: Path, kept: Path, words: tuple[str, ...], code: int
) -> None:
    said = terminal.type("report", str(tmp_path / "out.zip"), *words)
    assert said.code == code and "journal/1.json" in said.err and not list(tmp_path.iterdir())


def what_is_wrong(place: Path, kind: str) -> tuple[list[str], str]:
    """Words behind ``report``, and what is said of them."""
    (place / "there.zip").write_bytes(b"mine")
    (place / "fw.dup").write_bytes(b"\x00\x01" * 900)
    return {
        "there": ([f"{place / 'there.zip'}", "--yes"], "is there already"),
        "no folder": ([f"{place / 'no' / 'x.zip'}", "--yes"], "its folder does not exist"),
        "firmware": ([f"{place / 'x.zip'}", f"{place / 'fw.dup'}", "--yes"], "it is not text"),
    }[kind]


@pytest.mark.parametrize("kind", ["there", "no folder", "firmware"])
def test_what_cannot_be_is_refused_and_nothing_touched(
    terminal: Terminal, tmp_path: Path, kept: Path, kind: str
) -> None:
    words, why = what_is_wrong(tmp_path, kind)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    said = terminal.type("report", *words)
    assert said.code == 2 and why in said.err
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_an_empty_state_folder_is_said(terminal: Terminal, tmp_path: Path) -> None:
    said = terminal.type("report", str(tmp_path / "out.zip"), "--yes")
    assert said.code == 2 and "kept nothing" in said.err and "check --trace t.jsonl" in said.err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("fault", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
def test_nothing_half_written_is_left(
    terminal: Terminal, tmp_path: Path, kept: Path, monkeypatch: pytest.MonkeyPatch, fault: BaseException
) -> None:
    class Full:
        def __init__(self, file: Any) -> None:
            self._file = file

        def __enter__(self) -> Full:
            return self

        def __exit__(self, *_error: object) -> None:
            self._file.close()

        def __getattr__(self, name: str) -> Any:
            return getattr(self._file, name)

        def write(self, data: bytes) -> int:
            self._file.write(data[: len(data) // 2])
            raise fault

    really = json_file.open_ours

    def opened(path: Path, mode: str, **how: Any) -> Any:
        file = really(path, mode, **how)
        return Full(file) if tmp_path in path.parents and mode == "xb" and kept not in path.parents else file

    monkeypatch.setattr(json_file, "open_ours", opened)
    said = terminal.type("report", str(tmp_path / "out.zip"), "--yes")
    assert said.code == (130 if isinstance(fault, KeyboardInterrupt) else 1)
    assert not [path for path in tmp_path.iterdir() if path != kept]


def test_of_a_long_log_the_end_is_taken(terminal: Terminal, tmp_path: Path, kept: Path) -> None:
    log = kept / "logs/check-20261130-174210-377483.log"
    with log.open("wb") as file:
        file.truncate(1 << 30)  # with a hole: no file of a card, and nobody reads its beginning
        file.seek(0, os.SEEK_END)
        file.write(b"half of a line\n" * 20_000 + b"the end\n")
    said = terminal.type("report", str(tmp_path / "out.zip"), "--yes", "--json").document
    entry = next(one for one in said["files"] if one["name"].endswith(log.name))
    assert entry["cut"] and entry["size_bytes"] > 1 << 30
    now = inside(tmp_path / "out.zip")[entry["name"]]
    assert now.endswith("the end\n") and now.startswith("half of a line") and len(now) <= 1 << 18


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="no links here")
def test_links_and_pipes_of_the_state_folder_are_left_out(terminal: Terminal, tmp_path: Path, kept: Path) -> None:
    secret = tmp_path / "other"
    secret.write_text("of somebody else")
    (kept / "logs/x.log").symlink_to(secret)
    os.mkfifo(kept / "logs/y.log")
    said = terminal.type("report", str(tmp_path / "out.zip"), "--yes", "--json").document
    assert {one["why"] for one in said["left_out"]} == {"it is a link", "it is not a file"}
    assert "of somebody else" not in "".join(inside(tmp_path / "out.zip").values())


def test_the_zip_of_report_is_explained(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "console.log").write_text("AT+SMSWBOOT=3,0 failed!\n")
    bundle = tmp_path / "out.zip"
    assert terminal.type("report", str(bundle), str(tmp_path / "console.log"), "--yes").code == 0
    said = terminal.type("explain", str(bundle), "--json").document
    assert [match["id"] for match in said["matches"]] == ["smswboot-30-failed"]
    assert said["sources"][0]["name"] == f"{bundle}: given/console.log"
    bundle.write_bytes(bundle.read_bytes()[:-30])
    error = terminal.type("explain", str(bundle), "--json").document["error"]
    assert error["id"] == "file-unreadable" and "damaged zip" in error["cause"]
