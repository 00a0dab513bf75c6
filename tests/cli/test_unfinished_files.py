"""What a command that was cut left of the board's files: check, status and the next command lead to its end."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

from doctor.bench import Bench, BenchOptions
from doctor.board.storage import files
from doctor.board.storage.kept_files import MANIFEST
from doctor.sim.bench import SimBench
from doctor.text.command import Command

from .terminal import Terminal

FILES = {"main.py": b"print('mine')\n", "lib/own.py": b"own = 1\n"}
PAGE = b"<!DOCTYPE html><html></html>"


def test_a_restore_that_was_cut_is_led_to_its_end(terminal: Terminal, tmp_path: Path) -> None:
    port = f"sim://gpy?release=1.17.3.b1&state={tmp_path / 'bench'}"
    folder = tmp_path / "my files"
    (folder / "lib").mkdir(parents=True)
    for name, data in FILES.items():
        (folder / name).write_bytes(data)
    sim = SimBench.from_url(port)
    sim.release()
    copies = ("--backup", str(tmp_path / "copies"))
    said = terminal.type("restore", str(folder), "--clean", "--yes", "--port", f"{port}&files=dip@2", *copies)
    assert said.code == 1
    said = terminal.type("status", "--port", port)
    assert said.code == 1
    assert f"fipy-doctor restore '{folder}' --clean --port '{port}'" in " ".join(said.out.split())
    said = terminal.type("check", "--port", port)
    assert "✗ board-files-complete" in said.out
    assert said.next == ["restore", str(folder), "--clean", "--port", port]
    assert terminal.type(*said.next, "--yes", *copies).code == 0
    assert "board-files-complete" in terminal.type("check", "-v", "--port", port).out
    assert terminal.type("status", "--port", port).code == 0
    with Bench(BenchOptions(port=port)) as bench:
        assert files.read(bench.board, "/flash/lib/own.py") == FILES["lib/own.py"]


def cut(terminal: Terminal, tmp_path: Path, *words: str, dip: int = 2) -> str:
    """The URL of a kept board on which the power dipped while these words wrote FILES out of ``folder``."""
    port = f"sim://gpy?release=1.17.3.b1&state={tmp_path / 'bench'}"
    for name, data in FILES.items():
        (tmp_path / "folder" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "folder" / name).write_bytes(data)
    sim = SimBench.from_url(port)
    assert sim.board is not None
    sim.board.flash.lay({"lib/own.py": PAGE} if words[0] == "fix" else {})
    sim.release()
    copies = ("--backup", str(tmp_path / "copies"))
    assert terminal.type(*words, "--yes", "--port", f"{port}&files=dip@{dip}", *copies).code
    return port


def spoil(folder: Path, how: str) -> None:
    """What a user may do to a folder whose files were not all brought to the board."""
    if how == "gone":
        shutil.rmtree(folder)
    elif how == "empty":
        shutil.rmtree(folder)
        folder.mkdir()
    else:
        (folder / MANIFEST).write_text("{}")


@pytest.mark.sampled(6, "long")
@pytest.mark.parametrize("how", ["gone", "empty", "damaged"])
@pytest.mark.parametrize("clean", [(), ("--clean",)])
def test_a_restore_whose_folder_cannot_be_used_any_more_is_ended_by_another(
    terminal: Terminal, tmp_path: Path, how: str, clean: tuple[str, ...]
) -> None:
    folder = tmp_path / "folder"
    port = cut(terminal, tmp_path, "restore", str(folder), *clean)
    assert terminal.type("check", "--port", port).next == ["restore", str(folder), *clean, "--port", port]
    spoil(folder, how)
    for verb in ("status", "check"):
        said = terminal.type(verb, "--port", port)
        assert said.code == 1
        assert f"restore DIR --port '{port}'" in said.out
        assert "DIR stands for a folder" in said.out
        assert str(folder) not in said.out
    assert terminal.type("status", "--json", "--port", port).document["begun"][0]["command"] == ["restore", "DIR"]
    (tmp_path / "other").mkdir()
    (tmp_path / "other/new.py").write_bytes(b"new = 1\n")
    said = terminal.type("restore", str(tmp_path / "other"), "--yes", "--port", port)
    assert said.code == (0 if how == "damaged" else 2)  # the files themselves are there, or their loss is told
    assert terminal.type("restore", str(tmp_path / "other"), "--yes", "--port", port).code == 0
    assert terminal.type("status", "--port", port).code == 0
    assert "✗ board-files-complete" not in terminal.type("check", "--port", port).out


@pytest.mark.long
def test_an_upload_whose_folder_is_gone_is_ended_from_another(terminal: Terminal, tmp_path: Path) -> None:
    scripts = tmp_path / "folder/lib"
    port = cut(terminal, tmp_path, "fix", "--upload-scripts", "--scripts", str(scripts), dip=4)
    assert terminal.type("check", "--port", port).next[3] == str(scripts)
    shutil.rmtree(scripts)
    (tmp_path / "other").mkdir()
    (tmp_path / "other/own.py").write_bytes(b"own = 1\n")
    assert terminal.type("check", "--port", port).next[:4] == ["fix", "--upload-scripts", "--scripts", "DIR"]
    again = ("fix", "--upload-scripts", "--scripts", str(tmp_path / "other"), "--yes", "--port", port)
    terminal.type(*again)
    assert terminal.type(*again).code == 0
    assert terminal.type("status", "--port", port).code == 0


def test_a_program_that_was_stopped_is_told_of_at_the_end(terminal: Terminal, tmp_path: Path) -> None:
    port = f"sim://fipy?state={tmp_path / 'bench'}"
    with Bench(BenchOptions(port=port)) as bench:
        files.write(bench.board, "/flash/main.py", b"import time\nwhile True:\n time.sleep(1)\n")
    assert terminal.type("sim", "--hands", "press-reset", "--port", port).code == 0
    said = terminal.type("backup", str(tmp_path / "b"), "--interrupt", "--port", port)
    assert said.code == 0
    assert "the program on the board was stopped" in said.err
    assert "starts it again" in said.err
    assert "was stopped" not in terminal.type("backup", str(tmp_path / "c"), "--port", port).err


@pytest.mark.long
@pytest.mark.parametrize("release", ["1.17.3.b1", "1.20.2.r4"])
def test_a_thread_that_spoils_every_line_is_stopped_by_the_command_that_is_named(
    terminal: Terminal, tmp_path: Path, release: str
) -> None:
    port = f"sim://gpy?release={release}&files=word-every@1&state={tmp_path / 'bench'}"
    assert "fix --stop-program" in terminal.type("check", "--port", port).out
    said = terminal.type("backup", str(tmp_path / "b"), "--port", port)
    assert said.code == 1
    assert "fix --stop-program" in said.err
    said = terminal.type("fix", "--stop-program", "--yes", "--port", port)
    assert said.code == 0
    assert "restarted without it (safe boot)" in said.out
    assert "stop-program: nothing to do" in terminal.type("fix", "--stop-program", "--yes", "--port", port).out
    assert terminal.type("backup", str(tmp_path / "b"), "--port", port).code == 0


@pytest.mark.parametrize(
    "bench", ["gpy?release=1.20.2.r4&files=log-every@1", "gpy?release=1.14.0.b1&files=word-every@1"]
)
def test_what_no_restart_silences_is_not_said_to_be_stopped(terminal: Terminal, tmp_path: Path, bench: str) -> None:
    said = terminal.type("fix", "--stop-program", "--yes", "--port", f"sim://{bench}&state={tmp_path / 'bench'}")
    assert said.code == 1
    assert "--stop-program" not in said.next


def test_a_backup_that_left_something_out_says_what_and_why(terminal: Terminal, tmp_path: Path) -> None:
    port = "sim://fipy?files=eio:main.py,grows:boot.py"
    said = terminal.type("backup", str(tmp_path / "b"), "--json", "--port", port)
    assert said.code == 1
    assert said.document["unreadable"] == ["/flash/main.py"]
    assert said.document["growing"] == ["/flash/boot.py"]
    assert "EIO" in said.document["error"]["cause"]


@pytest.mark.long
def test_a_cure_that_failed_is_not_the_next_command(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"no folder")
    words = ("fix", "--upload-scripts", "--yes", "--backup", str(tmp_path / "file" / "x"))
    said = terminal.type(*words, "--port", "sim://fipy?scenario=html-scripts")
    assert said.code == 1
    assert "--upload-scripts" not in said.next


@pytest.mark.sampled(4, "long")
@pytest.mark.skipif(os.name == "nt", reason="Windows takes no such names")
@pytest.mark.parametrize("name", ["two\nlines", "red \x1b[31m", os.fsdecode(b"latin \xe9"), "-dash"])
def test_a_restore_from_a_folder_of_any_name_is_ended_by_its_own_command(
    terminal: Terminal, tmp_path: Path, name: str
) -> None:
    folder = tmp_path / name
    try:
        folder.mkdir()
    except OSError as err:
        pytest.skip(f"the disk takes no such name: {err}")
    (tmp_path / "folder").symlink_to(folder)
    port = cut(terminal, tmp_path, "restore", str(folder))
    said = terminal.type("check", "--port", port)
    assert "✗ board-files-complete" in said.out
    shown = re.search(r"^Next:\n  (fipy-doctor .*)$", said.out, re.MULTILINE)
    assert shown
    words = Command.parse(shown[1]).words()[1:]
    assert words == ("restore", str(folder), "--port", port)
    assert terminal.type(*words, "--yes", "--backup", str(tmp_path / "copies")).code == 0
    assert terminal.type("status", "--port", port).code == 0
