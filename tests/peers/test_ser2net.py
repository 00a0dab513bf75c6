"""ser2net between this program and a pseudo terminal, as a labgrid exporter starts it (fleet.md 1)."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from doctor.sim.practice.image import make_practice_image
from tests.peers.served import LIMIT_S, doctor, served

pytestmark = [
    pytest.mark.needs_tool("ser2net"),
    pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo terminals"),
]


@contextmanager
def ser2net(terminal: str, folder: Path) -> Iterator[str]:
    """The rfc2217 address of a ser2net in front of ``terminal``."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
    settings = folder / "ser2net.yaml"
    settings.write_text(
        f"connection: &one\n  accepter: telnet(rfc2217),tcp,127.0.0.1,{port}\n"
        f"  connector: serialdev,{terminal},115200n81,local\n"
    )
    words = [shutil.which("ser2net") or "/usr/sbin/ser2net", "-n", "-u", "-c", str(settings), "-P", str(folder / "pid")]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            _wait_for(port)
            yield f"rfc2217://127.0.0.1:{port}"
        finally:
            server.terminate()


def _wait_for(port: int) -> None:
    end = time.monotonic() + LIMIT_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            assert time.monotonic() < end
            time.sleep(0.02)


def test_without_ign_set_control_the_cure_is_its_name(tmp_path: Path) -> None:
    with served("sim://fipy") as listener, ser2net(listener.names[0], tmp_path) as address:
        code, document = doctor(tmp_path, "check", "--select", "port-opens", "--port", f"{address}?timeout=1")
    assert code == 1
    assert "ign_set_control" in str(document["findings"]) and "plug-in" not in str(document["findings"])


def test_with_it_all_is_examined(tmp_path: Path) -> None:
    with served("sim://fipy") as listener, ser2net(listener.names[0], tmp_path) as address:
        code, document = doctor(tmp_path, "check", "--port", f"{address}?ign_set_control&timeout=3")
    assert code == 0, document
    assert {found["check"] for found in document["findings"] if found["status"] == "pass"} >= {
        "port-opens", "repl-answers", "modem-answers", "boot-switch-answers",
    }  # fmt: skip


@pytest.mark.table
def test_with_it_a_modem_is_flashed_and_proved(tmp_path: Path) -> None:
    image = make_practice_image(tmp_path, build=41065, size_bytes=60_000)
    with served("sim://fipy") as listener, ser2net(listener.names[0], tmp_path) as address:
        port = f"{address}?ign_set_control&timeout=3"
        words = ("--port", port, "--via", "usb", "--yes", "--accept", "jumpers-removed")
        code, document = doctor(tmp_path, "flash", str(image), *words)
        assert (code, listener.serial.bench.modem.build) == (0, 41065), document
