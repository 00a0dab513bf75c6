"""Simulated boards, each a program of its own, on a pseudo terminal and on RFC 2217."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import psutil

from doctor.sim.urlhandler.protocol_sim import Serial
from tests.fleet.loopback import LIMIT_S, until

ROOT = Path(__file__).parents[2]
DOCTOR = (sys.executable, "-m", "doctor")


def environment(**more: str) -> dict[str, str]:
    """The environment in which our own program runs from the sources."""
    return {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", "TERM": "dumb", **more}


@dataclass
class Served:
    """One board; ``device`` and ``address`` are its two names."""

    url: str
    device: str = ""
    address: str = ""
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def start(self, log: Path) -> None:
        """Begin to serve it; ``ready`` waits until it is."""
        with log.open("wb") as out:
            words = (*DOCTOR, "sim", "--listen", "--tcp-port", "0", "--port", self.url)
            self._process = subprocess.Popen(words, stdout=out, stderr=out, env=environment())

    def ready(self, log: Path) -> None:
        """Return as soon as both names are known."""
        found = until(lambda: re.search(r"^rfc2217://\S+", log.read_text(), re.M), f"{self.url} is served")
        self.address = found[0]
        device = re.search(r"^/dev/\S+", log.read_text(), re.M)
        self.device = device[0] if device else ""

    def stop(self) -> None:
        """End it; a kept bench is saved."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(LIMIT_S)
            self._process = None

    @property
    def build(self) -> int:
        """What the modem of a kept bench runs, asked of the bench itself once it is served no more."""
        port = Serial(None, baudrate=115200, timeout=0)
        port.port = self.url
        port.open()
        try:
            return int(port.bench.modem.build)
        finally:
            port.close()


def hands(url: str, what: str) -> None:
    """Somebody does this at a kept bench that nobody serves."""
    words = (*DOCTOR, "sim", "--hands", what, "--port", url)
    subprocess.run(words, check=True, capture_output=True, env=environment())


def served(folder: Path, *urls: str) -> list[Served]:
    """Boards of these benches, each served by a program of its own."""
    boards = [Served(url) for url in urls]
    for number, board in enumerate(boards):
        board.start(folder / f"board{number}.log")
    for number, board in enumerate(boards):
        board.ready(folder / f"board{number}.log")
    return boards


class Run:
    """A run of our program, whose lines can be waited for."""

    def __init__(self, log: Path, *words: str, program: Sequence[str] = DOCTOR, **env: str) -> None:
        self._log = log
        out: IO[bytes]
        with log.open("wb") as out:
            self.process = subprocess.Popen(
                (*program, *words), stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=environment(**env)
            )

    @property
    def said(self) -> str:
        """All that it printed so far."""
        return self._log.read_text(errors="replace")

    def until(self, pattern: str, limit_s: float = 180.0) -> re.Match[str]:
        """The first match in what it prints. Fails if the run ends without one."""

        def look() -> re.Match[str] | None:
            ended = self.process.poll() is not None
            found = re.search(pattern, self.said, re.MULTILINE)
            assert found or not ended, f"ended without {pattern}:\n{self.said}"
            return found

        return until(look, pattern, limit_s)

    def end(self, limit_s: float = 240.0) -> int:
        """Its exit code."""
        return self.process.wait(limit_s)

    def kill(self) -> list[psutil.Process]:
        """Kill it in the middle of its work; the processes of its boards, which go on."""
        children = psutil.Process(self.process.pid).children()
        self.process.kill()
        self.process.wait()
        return children


def flashes(process: psutil.Process) -> bool:
    """Whether it is still at work on a flash."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE and "flash" in process.cmdline()
    except psutil.NoSuchProcess:
        return False


def until_flashed(children: Sequence[psutil.Process]) -> None:
    """Return once none of them is at work on a flash any more."""
    until(lambda: not any(map(flashes, children)), "the flashes end by themselves", 180.0)
