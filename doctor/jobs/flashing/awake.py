"""Keeping the computer awake while a modem is flashed."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from doctor.computer import is_linux, is_mac, is_windows, kernel32

_ES_CONTINUOUS = 0x80000000
_ES_SYSTEM_REQUIRED = 0x00000001
_ES_AWAYMODE_REQUIRED = 0x00000040


def inhibitor(pid: int | None = None) -> list[str] | None:
    """The program that keeps this system awake as long as it runs; None if there is none to start.

    Both end with us, however we end: one reads from a pipe that closes, the other watches our process.
    """
    if is_mac() and shutil.which("caffeinate"):
        return ["caffeinate", "-i", "-m", "-s", "-w", str(pid or os.getpid())]
    if is_linux() and shutil.which("systemd-inhibit"):
        return [
            "systemd-inhibit",
            "--what=sleep:idle:handle-lid-switch:shutdown",
            "--who=fipy-doctor",
            "--why=a modem is being flashed",
            "--mode=block",
            "cat",
        ]
    return None


@contextmanager
def awake() -> Iterator[str]:
    """Keep the computer awake within the block; gives a word of warning if that cannot be had, else "".

    Never raises: sleep that cannot be inhibited is no reason not to flash.
    """
    if is_windows():
        with _windows() as warning:
            yield warning
        return
    command = inhibitor()
    process = _start(command) if command is not None else None
    try:
        yield "" if process is not None else "this program cannot keep the computer awake: do not let it sleep"
    finally:
        if process is not None:
            _end(process)


def _start(command: list[str]) -> subprocess.Popen[bytes] | None:
    """The inhibitor, in a session of its own so that Ctrl-C does not reach it; None if it ends at once."""
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError:
        return None
    try:
        process.wait(0.3)
    except subprocess.TimeoutExpired:
        return process
    _end(process)
    return None


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None:
        process.stdin.close()
    process.terminate()
    try:
        process.wait(2)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextmanager
def _windows() -> Iterator[str]:
    kernel = kernel32()
    wanted = _ES_CONTINUOUS | _ES_SYSTEM_REQUIRED
    done = kernel.SetThreadExecutionState(wanted | _ES_AWAYMODE_REQUIRED) or kernel.SetThreadExecutionState(wanted)
    try:
        yield "" if done else "this program cannot keep the computer awake: do not let it sleep"
    finally:
        kernel.SetThreadExecutionState(_ES_CONTINUOUS)
