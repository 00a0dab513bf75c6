"""Another system than the one that the tests run on: what the program asks of Windows, answered where it asks."""

from __future__ import annotations

import base64
import ctypes
import errno
import os
import struct
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any

import pytest

from doctor import computer

with suppress(ImportError):  # where the tests run on Windows itself
    import fcntl

ACCESS_DENIED = 5  #: winerror.h
SECTOR_BYTES = 512


def on(monkeypatch: pytest.MonkeyPatch, system: str) -> None:
    """From now on the program runs on ``system``: linux, darwin or win32."""
    monkeypatch.setattr(computer, "SYSTEM", system)


def powershell_says(text: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put Windows PowerShell 5.1 in the path, as it is when PowerShell 7 has started us.

    It finds no command while it looks among the modules of 7 (PowerShell #27774), and prints in the code page of a
    German console.
    """
    folder.mkdir()
    (folder / "said").write_bytes(text.encode("cp850"))
    program = folder / "powershell.exe"
    program.write_text(
        "#!/bin/sh\n"
        """case "$*" in *'$env:PSModulePath = $PSHOME'*) ;; *) test -z "$PSModulePath" || exit 1;; esac\n"""
        f"""case "$*" in *ToBase64String*) printf %s {base64.b64encode(text.encode()).decode()};; """
        f"""*) cat '{folder}/said';; esac\n"""
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    monkeypatch.setenv("PSModulePath", r"C:\Program Files\PowerShell\7\Modules")


class _Stat:
    """What Windows tells of an open file; until Python 3.12 that has no ``st_rdev``."""

    def __init__(self, told: os.stat_result) -> None:
        self._told = told

    def __getattr__(self, name: str) -> Any:
        if name == "st_rdev":
            raise AttributeError(name)
        return getattr(self._told, name)


@dataclass
class Handle:
    """What another program has open.

    name     of what it is open on, as Windows' kernel has it
    access   what the program may do with it
    foreign  the program is another user's, or runs as administrator
    waits    its name comes when this is set, as that of a pipe which the program reads
    """

    pid: int
    name: str
    access: int = 0x0012019F
    foreign: bool = False
    waits: Event | None = None


@dataclass
class Windows:
    """The calls of Windows that the program makes, and what it asked them for.

    named       what stands behind names that only Windows knows: ``\\\\.\\PhysicalDrive2``, ``\\\\?\\Volume{…}``
    in_use      names of volumes that a program has a file on open: they cannot be locked
    refuses     numbers of the errors with which drives and volumes answer everything
    systems     the file system of each drive
    calls       what was asked of which name, in order
    awake       the flags of SetThreadExecutionState, in order
    devices     the device behind each name of a port: ``\\Device\\USBSER000`` behind COM25
    handles     what other programs have open
    """

    named: dict[str, Path] = field(default_factory=dict)
    in_use: set[str] = field(default_factory=set)
    refuses: Mapping[str, int] = field(default_factory=dict)
    failed: int = 0
    systems: Mapping[str, str] = field(default_factory=dict)
    calls: list[tuple[str, int]] = field(default_factory=list)
    awake: list[int] = field(default_factory=list)
    devices: dict[str, str] = field(default_factory=dict)
    handles: list[Handle] = field(default_factory=list)
    _copies: dict[int, Handle] = field(default_factory=dict)
    _open: dict[int, str] = field(default_factory=dict)

    @classmethod
    def installed(cls, monkeypatch: pytest.MonkeyPatch) -> Windows:
        """Windows, from now on."""
        windows = cls()
        on(monkeypatch, "win32")
        opens = os.open

        def opened(path: Any, *how: Any, **more: Any) -> int:
            name = os.fspath(path)
            handle = opens(windows.named.get(name, path), *how, **more)
            windows._open[handle] = name
            return handle

        library = SimpleNamespace(LK_NBLCK=2, LK_NBRLCK=4, locking=_locking, get_osfhandle=lambda handle: handle)
        tells = os.fstat
        monkeypatch.setattr("os.open", opened)
        monkeypatch.setattr("os.fstat", lambda handle: _Stat(tells(handle)))
        monkeypatch.setitem(sys.modules, "msvcrt", library)
        monkeypatch.setattr(ctypes, "windll", SimpleNamespace(kernel32=windows, ntdll=windows), raising=False)
        monkeypatch.setattr(ctypes, "WinError", windows._error, raising=False)
        return windows

    def DeviceIoControl(
        self, device: ctypes.c_void_p, call: int, _in: Any, _size: int, answer: Any, most: int, got: Any, _late: Any
    ) -> int:
        """Sizes of a device; locks of a volume."""
        handle = device.value or 0
        name = self._open[handle]
        self.calls.append((name, call))
        self.failed = ACCESS_DENIED if call == 0x00090018 and name in self.in_use else self.refuses.get(name, 0)
        if self.failed:
            return 0
        said = {
            0x0007405C: struct.pack("<q", os.fstat(handle).st_size),
            0x00070000: struct.pack("<qIIII", 0, 12, 255, 63, SECTOR_BYTES),
        }.get(call, b"")
        assert len(said) <= most
        answer[: len(said)] = said
        got._obj.value = len(said)
        return 1

    def _error(self) -> OSError:
        """The last one as Python has it: those from 19 to 36 are permissions to it, whatever they say."""
        number = errno.EACCES if self.failed == ACCESS_DENIED or 19 <= self.failed <= 36 else errno.EINVAL
        error = OSError(number, f"error {self.failed}")
        error.winerror = self.failed  # type: ignore[attr-defined,unused-ignore]
        return error

    def GetVolumeInformationW(self, root: str, *rest: Any) -> int:
        """The file system of a drive."""
        if root not in self.systems:
            return 0
        rest[-2].value = self.systems[root]
        return 1

    def SetThreadExecutionState(self, flags: int) -> int:
        """Remembers what it was asked; away mode is not to be had."""
        self.awake.append(flags)
        return 0 if flags & 0x40 else 1

    def QueryDosDeviceW(self, name: str, answer: Any, _most: int) -> int:
        """The device behind a name."""
        answer.value = self.devices.get(name, "")
        return len(answer.value)

    def NtQuerySystemInformation(self, what: int, answer: Any, room: int, _got: Any) -> int:
        """The handles of all programs; their number is their place in the list."""
        rows = [(0, one.pid, number, one.access, 0, 37, 0, 0) for number, one in enumerate(self.handles, 1)]
        table = struct.pack("@PP", len(rows), 0) + b"".join(struct.pack("@PPPIHHII", *row) for row in rows)
        if what != 64 or room < len(table):
            return 0xC0000004 - (1 << 32)
        ctypes.memmove(answer, table, len(table))
        return 0

    def OpenProcess(self, access: int, _inherit: bool, pid: int) -> int:
        """A handle of a process, whose number stands in for it."""
        assert access == 0x40
        return 0 if any(one.foreign for one in self.handles if one.pid == pid) else pid

    def GetCurrentProcess(self) -> int:
        """This one."""
        return -1

    def DuplicateHandle(self, process: Any, theirs: Any, here: Any, copy: Any, *how: int) -> int:
        """A handle of ours on what another program has open."""
        one = self.handles[theirs.value - 1]
        assert (process.value, ctypes.c_ssize_t(here.value).value, how) == (one.pid, -1, (0, False, 2))
        copy._obj.value = 0x10000 + theirs.value
        self._copies[copy._obj.value] = one
        return 1

    def NtQueryObject(self, copy: Any, what: int, answer: Any, most: int, _got: Any) -> int:
        """The name of what a handle is open on."""
        one = self._copies[copy.value]
        if one.waits is not None:
            one.waits.wait()
        name = one.name.encode("utf-16-le")
        said = struct.pack("@HHP", len(name), len(name) + 2, 1) + name
        assert what == 1 and len(said) <= most
        ctypes.memmove(answer, said, len(said))
        return 0

    def CloseHandle(self, handle: Any) -> int:
        """Copies are counted; those of processes are their numbers."""
        self._copies.pop(handle.value, None)
        return 1


def _locking(handle: int, how: int, _bytes: int) -> None:
    """Windows' own: one byte, for one process; a second lock of it is refused, whoever asks."""
    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
