"""A board farm on 127.0.0.1: labgrid's coordinator and exporter, each a program of its own (fleet.md 1, 6, 8)."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

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
    """A coordinator and its exporters; ``export`` names the ports of one before ``start``."""

    def __init__(self, folder: Path) -> None:
        self.bin = labgrid_bin()
        self.folder = folder
        with socket.create_server(("127.0.0.1", 0)) as door:
            self.address = f"127.0.0.1:{door.getsockname()[1]}"
        self._yaml: dict[str, list[str]] = {}
        self._places: dict[str, dict[str, Any]] = {}
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def export(self, exporter: str, group: str, kind: str, **params: str | int) -> None:
        """A port of an exporter. ``kind``: RawSerialPort (``port``: a device) or NetworkSerialPort (host, port)."""
        rows = {"speed": 115200, **params}
        told = self._yaml.setdefault(exporter, [])
        told += [f"{group}:", f"  {kind}:", *(f"    {name}: {value}" for name, value in rows.items())]

    def place(self, name: str, *matches: str) -> None:
        """A place with these matches: EXPORTER/GROUP. In the coordinator's own file, which it reads at its start."""
        split = (match.split("/") for match in matches)
        fits = [{"exporter": at, "group": group, "cls": "*", "name": None, "rename": None} for at, group in split]
        self._places[name] = {
            "aliases": [], "comment": "", "tags": {}, "matches": fits, "created": 0.0, "changed": 0.0
        }  # fmt: skip

    def start(self) -> None:
        """Start all, in their order."""
        shim = self.folder / "bin" / "ser2net"
        shim.parent.mkdir(parents=True, exist_ok=True)
        real = shutil.which("ser2net") or shutil.which("ser2net", path=ALSO_IN) or "ser2net"
        shim.write_text(SER2NET_ON_LOOPBACK.replace("SER2NET", real))
        shim.chmod(0o755)
        self.start_coordinator()
        for exporter in self._yaml:
            self.start_exporter(exporter)

    def start_coordinator(self) -> None:
        """Start the coordinator: it knows its places again, not who held them."""
        (self.folder / "places.yaml").write_text(json.dumps(self._places))  # JSON is YAML, too
        self._run("coordinator", "Coordinator ready", "-l", self.address)
        self._run("client", "", "-x", self.address, "monitor", name="monitor")
        log = self.folder / "coordinator.log"
        until(lambda: "client connected" in log.read_text(errors="replace"), "the monitor is connected")

    def start_exporter(self, name: str) -> None:
        """Start an exporter."""
        ports = self.folder / f"{name}.yaml"
        ports.write_text("\n".join(self._yaml[name]) + "\n")
        words = ("-c", self.address, "-n", name, "--hostname", "localhost", str(ports))
        self._run("exporter", "creating poll task", *words, name=name)

    def _run(self, program: str, ready: str, *words: str, name: str = "") -> None:
        name = name or program
        log = self.folder / f"{name}.log"
        path = f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
        with log.open("wb") as out:
            self._running[name] = subprocess.Popen(
                [str(self.bin / f"labgrid-{program}"), *words], cwd=self.folder, stdin=subprocess.DEVNULL,
                stdout=out, stderr=out, env={**os.environ, "PATH": path, "PYTHONUNBUFFERED": "1"},
            )  # fmt: skip
        until(lambda: ready in log.read_text(errors="replace"), f"{name} is ready")

    def kill(self, name: str) -> None:
        """Kill -9 the coordinator or an exporter, whose ser2nets go on."""
        for one in (name, "monitor") if name == "coordinator" else (name,):
            self._running[one].kill()
            self._running.pop(one).wait()

    def stop(self) -> None:
        """End all that runs: exporters first, which end their ser2nets."""
        last = ("monitor", "coordinator")
        for name in sorted(self._running, key=lambda name: last.index(name) if name in last else -1):
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

    def held(self) -> dict[str, str]:
        """Places that somebody has, and who, without the host, as far as the monitor of labgrid was told."""
        log, place = (self.folder / "monitor.log").read_text(errors="replace"), ""
        holders: dict[str, str] = {}
        for line in log.splitlines():
            if not line.startswith(" "):  # resources are told of, too
                place = found[1] if (found := re.match(r"Place (\S+) changed:", line)) else ""
            elif place and (found := re.match(r"  acquired: .* -> (\S+)$", line)):
                holders[place] = found[1].rpartition("/")[2]
        return {place: user for place, user in holders.items() if user != "None"}

    def until_held(self, *places: str) -> dict[str, str]:
        """Return as soon as exactly these places are held: who has them."""
        until(lambda: set(self.held()) == set(places), f"held: {places}, and not {self.held()}")
        return self.held()

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
