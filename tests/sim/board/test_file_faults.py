"""``files=…``: a small, bad, interrupted file system on the simulated board."""

from __future__ import annotations

from pathlib import Path

import pytest

from doctor.sim.bench import SimBench
from doctor.sim.board.file_faults import parse_files
from tests.sim.board.desk import Desk

OLD, NEW = "1.17.3.b1", "1.20.2.r4"
BOTH = pytest.mark.parametrize("release", [OLD, NEW], ids=["fat", "littlefs"])


def desk(words: str, release: str = NEW, flash: dict[str, bytes] | None = None) -> Desk:
    return Desk(release, file_faults=parse_files([words]), flash={"a.txt": b"old", "b.txt": b"other", **(flash or {})})


def written(path: str, text: str) -> str:
    return f"f = open({path!r}, 'w')\nf.write({text!r})\nf.close()\n"


@pytest.mark.parametrize("words", ["5x", "dip@", "dip@0", "eio", "eio:x@3", "word@one", "fat,,", "EIO:x"])
def test_words_that_mean_nothing_name_those_that_do(words: str) -> None:
    with pytest.raises(ValueError, match="littlefs"):
        parse_files([words])


def test_a_url_may_say_it_in_parts() -> None:
    faults = parse_files(["504k,fat,eio:lib/x.py", "dip@3,dip@9,log-every@5,grows:/sd/log.txt@2"])
    assert (faults.size_bytes, faults.is_fat, faults.eio) == (504 * 1024, True, {"/flash/lib/x.py"})
    assert (faults.dips, list(faults.every), faults.grows) == ({3, 9}, [5], {"/sd/log.txt": 2})


@BOTH
def test_room_is_counted_in_blocks_and_ends(release: str) -> None:
    board = desk("64k", release)
    folder = 4 if release == OLD else 8
    free = "import os\nprint(os.getfree('/flash'))"
    assert int(board.ask(free)) == 64 - 4 * 4 - 3 * folder  # four files, three folders
    board.ask("import os\nos.mkdir('/flash/d')\n" + written("/flash/n", "x" * 4097))
    assert int(board.ask(free)) == 64 - 6 * 4 - 4 * folder
    assert "28" in board.ask("f = open('/flash/big', 'wb')\nfor n in range(99):\n f.write(bytes(1024))\n")
    assert board.board.flash.files["a.txt"] == b"old"


def test_littlefs_needs_room_for_old_and_new() -> None:
    for release, fits in ((OLD, True), (NEW, False)):
        board = desk("64k", release, {"big.txt": bytes(20_000)})
        error = board.ask(written("/flash/big.txt", "x" * 19_000))
        assert ("28" not in error) is fits


def test_bad_places_are_bad_for_reading_or_for_writing() -> None:
    board = desk("eio:a.txt,eio-write:b.txt,read-only:c.txt", flash={"c.txt": b"kept"})
    assert "EIO" in board.ask("open('/flash/a.txt').read()")
    assert board.ask("import os\nprint(os.stat('/flash/a.txt')[6])") == "3\r\n"
    assert board.ask("print(open('/flash/b.txt').read())") == "other\r\n"
    assert "EIO" in board.ask(written("/flash/b.txt", "x"))
    assert "EACCES" in board.ask(written("/flash/c.txt", "x"))
    assert "EACCES" in board.ask("import os\nos.remove('/flash/c.txt')")
    assert board.board.flash.files["b.txt"] == b"other"


@BOTH
def test_a_rename_onto_a_file(release: str) -> None:
    board = desk("4m", release)
    error = board.ask("import os\nos.rename('/flash/a.txt', '/flash/b.txt')")
    files = board.board.flash.files
    if release == OLD:
        assert "error renaming" in error
        assert (files["a.txt"], files["b.txt"]) == (b"old", b"other")
    else:
        assert error == ""
        assert files["b.txt"] == b"old"
        assert "a.txt" not in files


@BOTH
@pytest.mark.parametrize(
    ("code", "after"),
    [
        ("import os\nos.remove('/flash/a.txt')", {"b.txt": b"other"}),
        ("import os\nos.rename('/flash/a.txt', '/flash/c.txt')", {"b.txt": b"other", "c.txt": b"old"}),
        ("import os\n(getattr(os, 'fsformat', None) or os.mkfs)('/flash')", {}),
        (written("/flash/c.txt", "123456"), {"a.txt": b"old", "b.txt": b"other", "c.txt": b""}),
    ],
    ids=["remove", "rename", "format", "create"],
)
def test_a_dip_inside_a_change_leaves_it_done_and_unanswered(code: str, after: dict[str, bytes], release: str) -> None:
    board = desk("dip@1", release)
    board.raw()
    board.send(code.encode() + b"\x04")
    board.until(b"OK")
    assert b"rst:0x1 (POWERON_RESET)" in board.until(b">>> ")
    files = board.board.flash.files
    assert {name: files[name] for name in files if name not in ("boot.py", "main.py")} == after


@BOTH
def test_half_a_write_is_half_a_file_on_fat_and_the_old_one_on_littlefs(release: str) -> None:
    board = desk("dip@2" if release == OLD else "dip@1", release)  # on FAT opening it has emptied it
    board.raw()
    board.send(written("/flash/a.txt", "123456").encode() + b"\x04")
    board.until(b"POWERON_RESET")
    assert board.board.flash.files["a.txt"] == (b"123" if release == OLD else b"old")


def test_nothing_that_cleans_up_outlives_a_dip() -> None:
    board = desk("dip@1")
    code = "import os\nwith open('/flash/a.txt', 'w') as f:\n f.write('half')\n os.remove('/flash/b.txt')\n"
    board.raw()
    board.send(code.encode() + b"\x04")
    board.until(b"POWERON_RESET")
    board.board.settle()
    assert board.board.flash.files["a.txt"] == b"old"


def test_ctrl_c_in_a_change_is_raised_when_it_is_made() -> None:
    board = desk("4m")
    board.raw()
    board.send(b"import os\nos.remove('/flash/a.txt')\nos.remove('/flash/b.txt')\n\x04")
    board.until(b"OK")
    board.send(b"\x03")
    assert b"KeyboardInterrupt" in board.until(b"\x04>")
    assert "a.txt" not in board.board.flash.files
    assert "b.txt" in board.board.flash.files


def test_other_threads_print_into_lines() -> None:
    rows = "for n in range(4):\n print('[row]')\n"
    assert desk("word@2").ask(rows) == "[row]\r\n[rotick\r\nw]\r\n[row]\r\n[row]\r\n"
    assert desk("log-every@3").ask(rows).count("wifi: state") == 1
    ticking = desk("tick@100")
    assert "tick" in ticking.ask("import time\ntime.sleep(1)\n")


def test_a_file_grows_while_it_is_read() -> None:
    board = desk("grows:log.txt@2", flash={"log.txt": b"1\n"})
    sizes = [len(eval(board.ask("print(repr(open('/flash/log.txt').read()))"))) for _ in range(4)]
    assert sizes[0] == 2
    assert sizes[0] < sizes[1] < sizes[2] == sizes[3]


def test_a_slow_erase_holds_the_board() -> None:
    board = desk("erase@90000")
    board.raw()
    board.send(b"import os\nos.fsformat('/flash')\n\x04")
    board.until(b"OK")
    assert board.quiet(85_000) == b""
    board.until(b"\x04\x04>")


def test_a_bench_that_is_kept_counts_on_after_a_dip(tmp_path: Path) -> None:
    url = f"sim://fipy?state={tmp_path}&files=504k,dip@2,word@2"
    for expected in ("dip", "no dip"):
        bench = SimBench.from_url(url)
        assert bench.board is not None
        heard = bytearray()
        bench.board.transmit = lambda data, baud, heard=heard: heard.extend(data)  # type: ignore[misc]
        bench.board.receive(b"\r\x03\x01", 115200)
        bench.world.sleep_ms(100)
        code = f"import os\nos.mkdir('/flash/{expected[:2]}1')\nos.mkdir('/flash/{expected[:2]}2')\nprint('end')\n"
        bench.board.receive(code.encode() + b"\x04", 115200)
        bench.world.sleep_ms(5000)
        assert (b"POWERON" in heard) is (expected == "dip")
        assert bench.board.flash.size_bytes == 504 * 1024
        bench.release()
    bench = SimBench.from_url(url)
    assert bench.board is not None
    assert {"di1", "di2", "no1", "no2"} <= {entry.name for entry in bench.board.flash.listdir()}
    assert bench.board.file_faults.changes == 4
    bench.release()


def test_what_was_written_is_kept_though_the_program_is_killed(tmp_path: Path) -> None:
    url = f"sim://fipy?state={tmp_path}"
    bench = SimBench.from_url(url)
    assert bench.board is not None
    bench.board.receive(b"\r\x03\x01", 115200)
    bench.world.sleep_ms(100)
    bench.board.receive(b"import os\nos.mkdir('/flash/kept')\n\x04", 115200)
    bench.world.sleep_ms(1500)
    assert '"kept"' in (tmp_path / "bench.json").read_text()
    bench.release()
