"""Which program has a serial port open, and whether that is another run of this one, which may be flashing."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path, PurePath

from doctor.computer import is_windows
from doctor.link.port_url import real_device

_ASK_LIMIT_S = 5.0  #: lsof on a machine with many open files takes 1-2 s
_PROGRAM = re.compile(r"fipy-doctor(?:\.exe|\.pyz|-script\.py)?", re.IGNORECASE)
_PROC = Path("/proc")
#: jobs/memory/lock.py; open in any process of ours that flashes.
_LOCK_OF_OURS = re.compile(r"/locks/[0-9a-f]{24}\.lock$")


@dataclass(frozen=True)
class Holder:
    """A program that has a port open; ``ours``: it is a run of fipy-doctor, whoever started it."""

    name: str
    pid: int
    ours: bool = False

    def __str__(self) -> str:
        return f"{'fipy-doctor' if self.ours else self.name or 'a program'} (pid {self.pid})"


def who_holds(device: str) -> Holder | None:
    """The program that has the device open; None if there is none, or if it is not known.

    On Linux the system's own list of locks is asked first: every user may read it, and we lock each port that we open.
    If nobody else's files can be seen, a run of ours that names the port, or names none, is taken for the holder.
    """
    target = real_device(device)
    if (_PROC / "locks").exists():
        return _locker(target) or _holder_in_proc(target)
    held = None
    if is_windows():
        held = _holder_on_windows(device)
    elif shutil.which("lsof") is not None:
        held = _holder_by_lsof(target)
    return held or _run_of_ours(device)


def modemmanager_running(proc: Path = _PROC) -> bool:
    """Whether ModemManager runs, which sends AT commands to every new port (modemmanager-grabs-port)."""
    return any(_name_of(process) == "ModemManager" for process in _processes(proc))


def is_ours(words: Sequence[str]) -> bool:
    """Whether a command line starts this program: ``fipy-doctor …`` or ``python -m doctor …``, installed or not."""
    for number, word in enumerate(words[:4]):  # behind an interpreter and its options; further on it is an argument
        path = PurePath(word.replace("\\", "/"))
        if _PROGRAM.fullmatch(path.name) or path.parts[-2:] == ("doctor", "__main__.py"):
            return True
        if word == "-m" and list(words[number + 1 : number + 2]) == ["doctor"]:
            return True
    return False


def _locker(target: str) -> Holder | None:
    """Who locks the device, by ``/proc/locks``: ``1: FLOCK ADVISORY WRITE PID MAJOR:MINOR:INODE 0 EOF``."""
    with contextlib.suppress(OSError, ValueError):
        found = Path(target).stat()
        name = f"{os.major(found.st_dev):02x}:{os.minor(found.st_dev):02x}:{found.st_ino}"
        for line in (_PROC / "locks").read_text(errors="replace").splitlines():
            words = line.split()
            if "->" not in words and len(words) > 5 and words[1] == "FLOCK" and words[5] == name:
                pid = int(words[4])
                if pid > 0 and pid != os.getpid():
                    return _holder(_PROC / str(pid))
    return None


def _holder(process: Path) -> Holder:
    return Holder(_name_of(process), int(process.name), is_ours(_command_of(process)) or _flashes(process))


def _processes(proc: Path) -> list[Path]:
    try:
        return [entry for entry in proc.iterdir() if entry.name.isdigit()]
    except OSError:
        return []


def _name_of(process: Path) -> str:
    try:
        return (process / "comm").read_text(errors="replace").strip()
    except OSError:
        return ""


def _command_of(process: Path) -> list[str]:
    try:
        return (process / "cmdline").read_text(errors="replace").split("\0")[:-1]
    except OSError:
        return []


def _flashes(process: Path) -> bool:
    """Whether it holds a lock of our flashes open, wherever its state lies, as a program does that imports us."""
    return any(_LOCK_OF_OURS.search(target) for target in _open_files(process))


def _open_files(process: Path) -> Iterable[str]:
    with contextlib.suppress(OSError):  # other users' processes, and those that just ended
        for descriptor in (process / "fd").iterdir():
            with contextlib.suppress(OSError):
                yield str(descriptor.readlink())


def _holder_in_proc(target: str) -> Holder | None:
    for process in _processes(_PROC):
        if process.name != str(os.getpid()) and target in _open_files(process):
            return _holder(process)
    return None


def _holder_by_lsof(target: str) -> Holder | None:
    names = {target, target.replace("/dev/cu.", "/dev/tty.")}  # macOS: one port; each keeps the other shut
    try:
        done = subprocess.run(
            ["lsof", "-Fpc", *sorted(names)], capture_output=True, text=True, timeout=_ASK_LIMIT_S, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return None
    pid = ""
    for line in done.stdout.splitlines():
        if line.startswith("p"):
            pid = line[1:]
        elif line.startswith("c") and pid.isdigit() and pid != str(os.getpid()):
            return Holder(line[1:], int(pid), is_ours(_command_by_psutil(int(pid))))
    return None


def _holder_on_windows(device: str) -> Holder | None:
    import psutil

    from doctor.link.holders_windows import pid_of_holder

    pid, name = pid_of_holder(device), ""
    if pid is None:
        return None
    with contextlib.suppress(psutil.Error, OSError):
        name = psutil.Process(pid).name()
    return Holder(name, pid, is_ours(_command_by_psutil(pid)))


def _command_by_psutil(pid: int) -> list[str]:
    import psutil

    with contextlib.suppress(psutil.Error, OSError):
        return list(psutil.Process(pid).cmdline())
    return []


def _run_of_ours(device: str) -> Holder | None:
    import psutil

    with contextlib.suppress(psutil.Error, OSError):
        me = psutil.Process()
        family = {me.pid, *(parent.pid for parent in me.parents())}  # a launcher has our own command line
        for process in psutil.process_iter(["cmdline"]):
            words = process.info["cmdline"] or []
            if process.pid not in family and is_ours(words) and _may_hold(words, device):
                return Holder("fipy-doctor", process.pid, True)
    return None


def _may_hold(words: Sequence[str], device: str) -> bool:
    """Whether a run with this command line uses ``device``: it names it, or names no port at all."""
    named = [value for flag, value in pairwise(words) if flag in ("--port", "-p")]
    named += [word.partition("=")[2] for word in words if word.startswith("--port=")]
    return not named or any(real_device(name) == real_device(device) for name in named)
