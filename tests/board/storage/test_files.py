from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from doctor.board.board import Board
from doctor.board.storage import files
from doctor.board.storage.proof import LineSpoils
from doctor.errors import BoardError
from tests.board.old_repl import OldRepl

EVERY_BYTE = bytes(range(256)) * 9
DRAFT = "main.py.fd-new"


def writes(code: str) -> bool:
    return code.startswith("print('@@FD', _fd_w(")


@pytest.fixture
def fake(tmp_path: Path) -> OldRepl:
    (tmp_path / "lib").mkdir()
    (tmp_path / "main.py").write_bytes(b"print(1)\n")
    (tmp_path / "lib" / "a b.py").write_bytes(EVERY_BYTE)
    return OldRepl(tmp_path)


@pytest.fixture
def board(fake: OldRepl) -> Board:
    return Board(fake.wire.link())


def test_a_folder_is_listed_with_kinds_and_sizes(board: Board) -> None:
    found = [(f.path, f.is_dir) for f in files.walk(board, "/flash")]
    assert found == [("/flash/lib", True), ("/flash/lib/a b.py", False), ("/flash/main.py", False)]
    assert files.stat(board, "/flash/main.py").size_bytes == 9


def test_a_file_is_read_byte_for_byte(board: Board) -> None:
    assert files.read(board, "/flash/lib/a b.py") == EVERY_BYTE


def test_a_file_is_written_byte_for_byte(board: Board, fake: OldRepl, tmp_path: Path) -> None:
    files.write(board, "/flash/main.py", EVERY_BYTE)
    assert (tmp_path / "main.py").read_bytes() == EVERY_BYTE
    assert sorted(path.name for path in tmp_path.iterdir()) == ["lib", "main.py"]
    assert b"\x03" not in fake.wire.written
    assert b"\x06" not in fake.wire.written


def test_an_empty_file_is_written(board: Board, tmp_path: Path) -> None:
    files.write(board, "/flash/main.py", b"")
    assert (tmp_path / "main.py").read_bytes() == b""


def test_pieces_halve_where_the_line_damages_them(board: Board, fake: OldRepl, tmp_path: Path) -> None:
    run = fake.run

    def damage(code: str) -> tuple[bytes, bytes]:
        return (b"", b"ValueError: incorrect padding\r\n") if len(code) > 400 and writes(code) else run(code)

    fake.run = damage  # type: ignore[method-assign]
    files.write(board, "/flash/new.py", EVERY_BYTE)
    assert (tmp_path / "new.py").read_bytes() == EVERY_BYTE
    sizes = [len(code) for code in fake.runs if writes(code)]
    assert sizes[0] > 700
    assert sizes[-2] < 400


def test_a_line_that_damages_everything_is_given_up(board: Board, fake: OldRepl, tmp_path: Path) -> None:
    run = fake.run
    fake.run = lambda code: (b"", b"SyntaxError\r\n") if writes(code) else run(code)  # type: ignore[method-assign]
    with pytest.raises(LineSpoils, match="did not reach"):
        files.write(board, "/flash/main.py", EVERY_BYTE)
    assert (tmp_path / "main.py").read_bytes() == b"print(1)\n"
    assert not (tmp_path / DRAFT).exists()


def test_a_full_flash_keeps_the_old_file(board: Board, fake: OldRepl, tmp_path: Path) -> None:
    run = fake.run
    fake.run = lambda code: (b"@@FD 7\r\n", b"") if writes(code) else run(code)  # type: ignore[method-assign]
    with pytest.raises(BoardError) as caught:
        files.write(board, "/flash/main.py", EVERY_BYTE)
    assert caught.value.id == "flash-filesystem-full"
    assert (tmp_path / "main.py").read_bytes() == b"print(1)\n"


def test_what_the_board_holds_must_be_what_was_sent(board: Board, fake: OldRepl, tmp_path: Path) -> None:
    run = fake.run

    def spoil(code: str) -> tuple[bytes, bytes]:
        result = run(code)
        if "_fd_f.close" in code:
            (tmp_path / DRAFT).write_bytes(bytes(len(EVERY_BYTE)))
        return result

    fake.run = spoil  # type: ignore[method-assign]
    with pytest.raises(BoardError) as caught:
        files.write(board, "/flash/main.py", EVERY_BYTE)
    assert "not what was sent" in caught.value.what
    assert (tmp_path / "main.py").read_bytes() == b"print(1)\n"


def unpacks_badly(data: bytes) -> bytes:
    return zlib.decompress(data)[:-1]


def refuses(data: bytes) -> bytes:
    raise ValueError(data)


def is_out_of_memory(data: bytes) -> bytes:
    raise MemoryError(f"memory allocation failed, allocating {len(data)} bytes")


@pytest.mark.parametrize("decompress", [zlib.decompress, unpacks_badly, refuses, is_out_of_memory])
def test_what_packs_well_goes_packed_and_plain_if_the_release_cannot_unpack(
    board: Board, fake: OldRepl, tmp_path: Path, decompress: Callable[[bytes], bytes]
) -> None:
    fake.features = {"uzlib": SimpleNamespace(decompress=decompress)}
    files.write(board, "/flash/main.py", EVERY_BYTE)
    assert (tmp_path / "main.py").read_bytes() == EVERY_BYTE
    pieces = [code for code in fake.runs if writes(code)]
    packed = [code for code in pieces if ", '-" in code]
    assert packed == (pieces if decompress is zlib.decompress else pieces[:1])
    assert max(map(len, pieces)) < 750


@pytest.mark.parametrize(
    "decompress",
    [lambda data: bytes(len(zlib.decompress(data))), lambda data: zlib.decompress(data) + b"more"],
    ids=["other-bytes", "too-many"],
)
def test_what_was_unpacked_wrongly_is_written_again_as_it_is(
    board: Board, fake: OldRepl, tmp_path: Path, decompress: Callable[[bytes], bytes]
) -> None:
    fake.features = {"uzlib": SimpleNamespace(decompress=decompress)}
    files.write(board, "/flash/main.py", EVERY_BYTE[: files.PACKED_PIECE_BYTES])
    assert (tmp_path / "main.py").read_bytes() == EVERY_BYTE[: files.PACKED_PIECE_BYTES]
    assert len([code for code in fake.runs if writes(code) and ", '-" in code]) == 1


@pytest.mark.parametrize("features", [{}, {"uhashlib": SimpleNamespace()}])
def test_the_hash_is_right_with_and_without_uhashlib(board: Board, fake: OldRepl, features: dict[str, object]) -> None:
    fake.features = features
    assert files.sha256(board, "/flash/main.py") == hashlib.sha256(b"print(1)\n").hexdigest()


@pytest.mark.parametrize(
    "wording",
    [
        "OSError: [Errno 2] ENOENT",
        "OSError: no such file or directory: '/flash/x'",
        "OSError: error removing file '/flash/x'",
    ],
)
def test_a_missing_file_is_recognised_in_every_wording(board: Board, fake: OldRepl, wording: str) -> None:
    fake.run = lambda code: (b"", wording.encode() + b"\r\n")  # type: ignore[method-assign]
    for work in (files.read, files.listdir, files.sha256):
        with pytest.raises(files.BoardFileMissing, match="/flash/x"):
            work(board, "/flash/x")
    assert not files.exists(board, "/flash/x")


def test_a_removed_file_is_gone(board: Board, tmp_path: Path) -> None:
    files.remove(board, "/flash/main.py")
    files.remove(board, "/flash/main.py")
    assert not (tmp_path / "main.py").exists()


def test_a_file_that_is_too_large_is_not_read(board: Board) -> None:
    with pytest.raises(BoardError, match="too many"):
        files.read(board, "/flash/lib/a b.py", max_bytes=100)


def test_a_line_lost_while_reading_is_asked_for_again(board: Board, fake: OldRepl) -> None:
    run = fake.run
    damaged: list[str] = []

    def damage(code: str) -> tuple[bytes, bytes]:
        printed, error = run(code)
        if "f.seek(0)" in code and not damaged:
            damaged.append(code)
            printed = printed[200:]
        return printed, error

    fake.run = damage  # type: ignore[method-assign]
    assert files.read(board, "/flash/lib/a b.py") == EVERY_BYTE
