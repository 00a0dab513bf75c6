"""curl, lftp and ftplib at the board's FTP server (board-and-repl.md 3.7)."""

from __future__ import annotations

import ftplib
import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from doctor.sim.served.wifi import WifiListener
from tests.peers.served import run, said, served

DATA = bytes(range(256)) * 80


@pytest.fixture(scope="module")
def board() -> Iterator[WifiListener]:
    with served("sim://fipy", wifi=True) as listener:
        assert isinstance(listener, WifiListener)
        yield listener


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "there.bin").write_bytes(DATA)
    return tmp_path


def stored(board: WifiListener, name: str) -> bytes | None:
    assert board.serial.bench.board is not None
    return board.serial.bench.board.flash.files.get(name)


@pytest.mark.needs_tool("curl")
def test_curl_goes_on_behind_a_refused_transfer(board: WifiListener, folder: Path) -> None:
    flash = f"ftp://127.0.0.1:{board.ftp.tcp_port}/flash"
    curl = ("curl", "-sS", "--max-time", "20", "-u", "micro:python")
    assert run((*curl, f"{flash}/nowhere.py"), folder).returncode == 78
    assert run((*curl, "--list-only", f"{flash}/"), folder).returncode == 19  # NLST: 502
    said((*curl, "-T", "there.bin", f"{flash}/curl.bin"), folder)
    assert stored(board, "curl.bin") == DATA
    said((*curl, "-o", "back.bin", f"{flash}/curl.bin"), folder)
    assert (folder / "back.bin").read_bytes() == DATA
    assert "main.py" in said((*curl, f"{flash}/"), folder)


@pytest.mark.needs_tool("lftp")
def test_lftp_lists_where_it_stands_whatever_it_asks_for(board: WifiListener, folder: Path) -> None:
    steps = (
        "set net:max-retries 1; set net:timeout 20; cd /flash; cat nowhere.py; mkdir x; put there.bin -o x/a.bin; "
        "mv x/a.bin b.bin; get b.bin -o back.bin; ls x; rmdir x; bye"
    )
    done = run(("lftp", "-u", "micro,python", "-p", str(board.ftp.tcp_port), "-e", steps, "127.0.0.1"), folder)
    assert "550" in done.stderr
    assert stored(board, "b.bin") == (folder / "back.bin").read_bytes() == DATA
    assert "main.py" in done.stdout


def test_ftplib_goes_on_behind_a_refused_listing(board: WifiListener) -> None:
    got = io.BytesIO()
    with ftplib.FTP() as ftp:
        ftp.connect("127.0.0.1", board.ftp.tcp_port, 20)
        ftp.login("micro", "python")
        with pytest.raises(ftplib.error_perm, match="502"):
            ftp.nlst("/flash")
        ftp.storbinary("STOR /flash/lib.bin", io.BytesIO(DATA))
        ftp.retrbinary("RETR /flash/lib.bin", got.write)
    assert stored(board, "lib.bin") == got.getvalue() == DATA
