from __future__ import annotations

import base64
import hashlib
import zlib
from pathlib import Path

import click
import pytest

from doctor.bench import Bench, BenchOptions
from doctor.board.frozen_bootrom import read_bootrom
from doctor.board.storage import files
from doctor.cli import options
from doctor.errors import FirmwareError, UsageError
from doctor.firmware import bootrom
from doctor.firmware.bootrom import FROM_BOARD, from_attribute, load_bootrom
from doctor.sim.practice.image import practice_bootrom
from tests.firmware.test_bootrom import GOOD

PACKAGE = practice_bootrom()


def frozen(bench: Bench) -> dict[str, str]:
    modules: dict[str, str] = bench.link.serial.bench.board.frozen
    return modules


@pytest.mark.parametrize("release", ["1.18.1", "1.18.2.r7", "1.20.2.r4"])
def test_package_comes_off_the_board(release: str) -> None:
    with Bench(BenchOptions(port=f"sim://fipy?release={release}", bootrom=FROM_BOARD)) as bench:
        found = bench.bootrom
        assert found is not None
        assert (found.data, found.family, found.path) == (PACKAGE, "practice", FROM_BOARD)
        assert bench.board.repl.call("print('@@FD ' + str('_fd_b' in globals()).lower())") is False


def test_plain_script_is_read_too() -> None:
    with Bench(BenchOptions(port="sim://fipy")) as bench:
        modules = frozen(bench)
        del modules["sqnsbrz"]
        modules["sqnsbr"] = f"class bootrom:\n    BOOTROM = {base64.b64encode(PACKAGE)!r}\n"
        assert read_bootrom(bench.board).data == PACKAGE


def test_board_without_one() -> None:
    with (
        Bench(BenchOptions(port="sim://fipy?release=1.17.3.b1", bootrom=FROM_BOARD)) as bench,
        pytest.raises(FirmwareError, match="no boot ROM"),
    ):
        _ = bench.bootrom


def test_uploaded_copy_is_never_run() -> None:
    with Bench(BenchOptions(port="sim://fipy?release=1.17.3.b1")) as bench:
        evil = b"open('/flash/ran', 'w').close()\nclass bootrom:\n    BOOTROM = b'QUJD'\n"
        for folder in ("/flash", "/flash/lib"):
            files.write(bench.board, f"{folder}/sqnsbrz.py", evil)
        with pytest.raises(FirmwareError):
            read_bootrom(bench.board)
        assert not files.exists(bench.board, "/flash/ran")
        assert bench.board.repl.call("import sys, ujson\nprint('@@FD ' + ujson.dumps(sys.path))") == [
            "", "/flash", "/flash/lib",
        ]  # fmt: skip


def test_module_that_breaks_while_it_is_loaded() -> None:
    with Bench(BenchOptions(port="sim://fipy")) as bench:
        frozen(bench)["sqnsbrz"] = "raise MemoryError"
        with pytest.raises(FirmwareError, match="cannot load"):
            read_bootrom(bench.board)


def test_unknown_package_is_refused() -> None:
    with Bench(BenchOptions(port="sim://fipy")) as bench:
        frozen(bench)["sqnsbrz"] = f"class bootrom:\n    BOOTROM = {base64.b64encode(GOOD)!r}\n"
        with pytest.raises(FirmwareError, match="unknown"):
            read_bootrom(bench.board)


def test_bare_modem_has_no_board_to_read_from() -> None:
    with Bench(BenchOptions(port="sim://sqn3330", via_modem=True, bootrom=FROM_BOARD)) as bench:
        with pytest.raises(UsageError, match="only to the modem"):
            _ = bench.bootrom
        bench.use_mirror(0)
        with pytest.raises(UsageError) as caught:
            _ = bench.bootrom
    assert caught.value.next.startswith("press the board's reset button")


@pytest.mark.parametrize("value", [GOOD, base64.b64encode(GOOD), base64.encodebytes(zlib.compress(GOOD))])
def test_known_package_in_every_wrapping(value: bytes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(bootrom.BUILD_OF_SHA256, hashlib.sha256(GOOD).hexdigest(), 41065)
    assert from_attribute(value, "").data == GOOD
    script = tmp_path / "sqnsbrz.py"
    script.write_text(f"class bootrom:\n    BOOTROM = {value!r}\n")
    assert load_bootrom(script).data == GOOD


@pytest.mark.parametrize("value", [b"", b"\0", b"QUJD", base64.b64encode(zlib.compress(bytes(bootrom.MAX_BYTES + 1)))])
def test_attribute_that_is_no_package(value: bytes) -> None:
    with pytest.raises(FirmwareError):
        from_attribute(value, "")


def test_file_named_board_is_given_with_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "board").write_bytes(GOOD)
    parsed = [make_context([f"--bootrom={word}"]).params["bootrom"] for word in ("board", "./board")]
    assert parsed == [FROM_BOARD, tmp_path / "board"]
    with pytest.raises(UsageError, match="there is no file 'missing'"):
        make_context(["--bootrom=missing"])


def make_context(words: list[str]) -> click.Context:
    @click.command()
    @options.bench_without_firmware
    def command(**given: object) -> None:
        """Takes what every command with a bench takes."""

    return command.make_context("command", words)
