"""A board farm on 127.0.0.1: labgrid's coordinator and exporter, each a program of its own (fleet.md 1, 6, 8)."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import pytest

from tests.conftest import ALSO_IN, TOOLS_ARE_A_MUST

LIMIT_S = 60.0
T = TypeVar("T")
#: labgrid's listens on all interfaces, and has no option for it: a program of this name in front of it on the PATH.
SER2NET_ON_LOOPBACK = """#!/bin/bash
a=(); for x in "$@"; do a+=("${x//,tcp,/,tcp,127.0.0.1,}"); done; exec SER2NET "${a[@]}"
"""


def labgrid_bin() -> Path:
    """Where labgrid's programs are: `make test-fleet` puts them beside our own environment. Skips, or fails in CI."""
    given = os.environ.get("FIPY_DOCTOR_LABGRID_PYTHON")
    folder = Path(given).parent if given else Path(sys.prefix) / "labgrid" / "bin"
    if not (folder / "labgrid-coordinator").exists():
        lacking = pytest.fail if os.environ.get(TOOLS_ARE_A_MUST) else pytest.skip
        lacking("labgrid is not installed: make test-fleet")
    return folder


def until(look: Callable[[], T | None], what: str, limit_s: float = LIMIT_S) -> T:
    """What ``look`` returns as soon as it is something."""
    end = time.monotonic() + limit_s
    while not (found := look()):
        assert time.monotonic() < end, f"never: {what}"
        time.sleep(0.05)
    return found


class Loopback:
    """A coordinator and an exporter ``exp1``; ``export`` names its ports before ``start``."""

    def __init__(self, folder: Path) -> None:
        self.bin = labgrid_bin()
        self.folder = folder
        with socket.create_server(("127.0.0.1", 0)) as door:
            self.address = f"127.0.0.1:{door.getsockname()[1]}"
        self._yaml: list[str] = []
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def export(self, group: str, kind: str, **params: str | int) -> None:
        """A port of the exporter. ``kind``: RawSerialPort (``port``: a device) or NetworkSerialPort (host, port)."""
        if not any(line == f"{group}:" for line in self._yaml):
            self._yaml.append(f"{group}:")
        rows = {"speed": 115200, **params}
        self._yaml += [f"  {kind}:", *(f"    {name}: {value}" for name, value in rows.items())]

    def start(self) -> None:
        """Start both, in their order."""
        shim = self.folder / "bin" / "ser2net"
        shim.parent.mkdir(parents=True, exist_ok=True)
        real = shutil.which("ser2net") or shutil.which("ser2net", path=ALSO_IN) or "ser2net"
        shim.write_text(SER2NET_ON_LOOPBACK.replace("SER2NET", real))
        shim.chmod(0o755)
        self.start_coordinator()
        self.start_exporter()

    def start_coordinator(self) -> None:
        """Start the coordinator: it knows its places again, not who held them."""
        self._run("coordinator", "Coordinator ready", "-l", self.address)

    def start_exporter(self) -> None:
        """Start the exporter."""
        (self.folder / "exp.yaml").write_text("\n".join(self._yaml) + "\n")
        words = ("-c", self.address, "-n", "exp1", "--hostname", "localhost", str(self.folder / "exp.yaml"))
        self._run("exporter", "creating poll task", *words)

    def _run(self, name: str, ready: str, *words: str) -> None:
        log = self.folder / f"{name}.log"
        path = f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
        with log.open("wb") as out:
            self._running[name] = subprocess.Popen(
                [str(self.bin / f"labgrid-{name}"), *words], cwd=self.folder, stdin=subprocess.DEVNULL,
                stdout=out, stderr=out, env={**os.environ, "PATH": path, "PYTHONUNBUFFERED": "1"},
            )  # fmt: skip
        until(lambda: ready in log.read_text(errors="replace"), f"{name} is ready")

    def kill(self, name: str) -> None:
        """Kill -9; the ser2nets of an exporter go on."""
        self._running[name].kill()
        self._running.pop(name).wait()

    def stop(self) -> None:
        """End all that runs: exporter first, which ends its ser2nets."""
        for name in ("exporter", "coordinator"):
            if name in self._running:
                self._running[name].send_signal(signal.SIGTERM)
                self._running.pop(name).wait(LIMIT_S)

    def client(self, *words: str, user: str = "somebody", fails: bool = False) -> str:
        """What labgrid's own client prints."""
        env = {**os.environ, "LG_COORDINATOR": self.address, "LG_USERNAME": user, "LG_HOSTNAME": "elsewhere"}
        done = subprocess.run(
            [str(self.bin / "labgrid-client"), *words], env=env, capture_output=True, text=True, timeout=LIMIT_S
        )
        assert fails or done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def place(self, name: str, *matches: str) -> None:
        """Make a place with these matches."""
        self.client("-p", name, "create")
        for match in matches:
            self.client("-p", name, "add-match", match)

    def held(self) -> dict[str, str]:
        """Places that somebody has, and who, without the host."""
        rows = [line.split() for line in self.client("who").splitlines()[1:]]
        return {row[2]: row[0] for row in rows}

    def ser2nets(self, devices: Sequence[str]) -> list[int]:
        """Process ids of ser2nets that have one of these devices."""
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                words = (process / "cmdline").read_text(errors="replace")
            except OSError:
                continue
            if "ser2net" in words.split("\0")[0] and any(f"{device}," in words for device in devices):
                found.append(int(process.name))
        return found
