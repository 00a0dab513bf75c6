"""Running programs as somebody does who has no checkout: own folder, own state, nothing of ours on any path."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
LIMIT_S = 300.0
BIN = "Scripts" if os.name == "nt" else "bin"
_KEPT = (
    "PATH",
    "HOME",
    "LANG",
    "TMPDIR",
    "TMP",
    "TEMP",
    "SYSTEMROOT",
    "PIP_",
    "HTTP_",
    "HTTPS_",
    "http",
    "SSL_",
    "REQUESTS_",
)


Words = list[str | Path]  #: a command line


class Wrong(Exception):
    """Something is not as people need it."""


class Place:
    """A folder in which programs are run; it is made by whoever calls, and thrown away by them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environ = {k: v for k, v in os.environ.items() if k.startswith(_KEPT)}
        self.environ |= {"FIPY_DOCTOR_STATE_DIR": str(folder / "state"), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}

    def run(self, command: Sequence[str | Path], code: int = 0, stdin: str = "", **more: str) -> str:
        """Both outputs of a program. Raises Wrong if it ends with another code."""
        done = subprocess.run(
            list(map(str, command)), cwd=self.folder, env={**self.environ, **more}, input=stdin, timeout=LIMIT_S,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", errors="replace", check=False,
        )  # fmt: skip
        if done.returncode != code:
            raise Wrong(f"{' '.join(map(str, command))}: code {done.returncode}, not {code}\n{done.stdout[-3000:]}")
        return done.stdout

    def venv(self, name: str, *packages: str | Path) -> Path:
        """A new venv with these packages from PyPI or the disk; its folder of programs."""
        self.run([sys.executable, "-m", "venv", name])
        bin_folder = self.folder / name / BIN
        self.run([bin_folder / "python", "-m", "pip", "install", "-q", *packages])
        return bin_folder


def need(holds: object, what: str) -> None:
    """Raises Wrong if something does not hold."""
    if not holds:
        raise Wrong(what)


def told(what: str, work: Callable[[], object]) -> None:
    """Do one part, and say how long it took."""
    begun = time.monotonic()
    work()
    print(f"  ok  {what} ({time.monotonic() - begun:.1f} s)", flush=True)
