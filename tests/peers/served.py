"""A served bench, and programs of others that are pointed at it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from doctor.sim.served.listen import Listener
from doctor.sim.served.wifi import WifiListener

SPEED = 100  #: simulated seconds in one; a boot takes two of them
LIMIT_S = 120.0

#: Where pip put the Python programs: beside this Python.
HERE = Path(sys.executable).parent


@contextmanager
def served(url: str, *, wifi: bool = False, speed: int = SPEED) -> Iterator[Listener]:
    """The bench on a pseudo terminal, its first name; with ``wifi`` its telnet and FTP servers, too."""
    kind = WifiListener if wifi else Listener
    with kind(f"{url}{'&' if '?' in url else '?'}speed={speed}", tcp_port=None) as listener:
        yield listener
    assert listener.error is None


def run(words: Sequence[str], where: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a program in ``where``; ``more`` goes into its environment. Raises TimeoutExpired."""
    path = os.pathsep.join((str(HERE), os.environ["PATH"], "/usr/sbin"))
    return subprocess.run(
        words, cwd=where, capture_output=True, text=True, timeout=LIMIT_S, check=False, stdin=subprocess.DEVNULL,
        env={**os.environ, "PATH": path, "TERM": "dumb", **more},
    )  # fmt: skip


def said(words: Sequence[str], where: Path, **more: str) -> str:
    """What a program prints that ends well."""
    done = run(words, where, **more)
    assert done.returncode == 0, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def doctor(where: Path, *words: str) -> tuple[int, dict[str, Any]]:
    """Our own program, started as one: its exit code and its JSON document."""
    done = run(("python", "-m", "doctor", "--json", *words), where, PYTHONPATH=str(Path(__file__).parents[2]))
    return done.returncode, json.loads(done.stdout)
