r"""Which program of this user has a port open on Windows.

Windows has no list of who holds a port. It tells every user which handles all programs have open, and lets them ask
for the names of those of their own programs; an open port has the name of its device, such as ``\Device\USBSER000``.
Calls and shapes: phnt, ntexapi.h and ntobapi.h, of which Microsoft documents a part. Not run on a real Windows yet;
Wine runs all of it, but gives ports other names than Windows.
"""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterator
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Thread

from doctor.computer import kernel32, ntdll

_EXTENDED_HANDLE_INFORMATION, _OBJECT_NAME_INFORMATION = 64, 1
_LENGTH_MISMATCH = 0xC0000004
_DUPLICATE_HANDLE, _SAME_ACCESS = 0x40, 2
_READ_AND_WRITE = 0x0012019F  #: what a program gets that opens a port (FILE_GENERIC_READ | FILE_GENERIC_WRITE)
_HEAD, _ENTRY = "@PP", "@PPPIHHII"  #: count; object, process, handle, access, creator, type, attributes
_UNICODE_STRING = "@HHP"  #: bytes, room, where; the name itself lies behind it
_NAME_BYTES, _LEAST_ROOM, _MOST_ROOM = 2048, 1 << 20, 1 << 28
_LIMIT_S = 2.0
_LOOKERS = 8  #: a pipe that its program is reading does not tell its name before that ends, and holds up who asks


def pid_of_holder(device: str) -> int | None:
    """The process of this user that has ``device`` (``COM25``) open; None if that is not to be seen."""
    behind = ctypes.create_unicode_buffer(_NAME_BYTES)
    if not kernel32().QueryDosDeviceW(device, behind, len(behind)):
        return None
    left, said = iter(_handles()), SimpleQueue[int | None]()
    for _ in range(_LOOKERS):
        Thread(target=_look, name=f"who holds {device}", args=(left, behind.value, said), daemon=True).start()
    with suppress(Empty):
        for _ in range(_LOOKERS):
            if (pid := said.get(timeout=_LIMIT_S)) is not None:
                return pid
    return None


def _look(left: Iterator[tuple[int, int]], wanted: str, said: SimpleQueue[int | None]) -> None:
    said.put(next((pid for pid, handle in left if _name_of(pid, handle) == wanted), None))


def _handles() -> list[tuple[int, int]]:
    """The process and the number of each handle of others that may be a port's."""
    room, status = _LEAST_ROOM, _LENGTH_MISMATCH
    while status == _LENGTH_MISMATCH and room <= _MOST_ROOM:
        table, got = ctypes.create_string_buffer(room), ctypes.c_uint32()
        status = ntdll().NtQuerySystemInformation(_EXTENDED_HANDLE_INFORMATION, table, room, ctypes.byref(got))
        status, room = status & 0xFFFFFFFF, room * 2
    if status:
        return []
    count, _ = struct.unpack_from(_HEAD, table)
    start, each = struct.calcsize(_HEAD), struct.calcsize(_ENTRY)
    rows = struct.iter_unpack(_ENTRY, memoryview(table)[start : start + count * each])
    return [(row[1], row[2]) for row in rows if row[3] == _READ_AND_WRITE and row[1] != os.getpid()]


def _name_of(pid: int, handle: int) -> str:
    """What the handle of another process is open on; "" if this user may not know."""
    kernel, copy, name = kernel32(), ctypes.c_void_p(), ctypes.create_string_buffer(_NAME_BYTES)
    process = ctypes.c_void_p(kernel.OpenProcess(_DUPLICATE_HANDLE, False, pid))
    try:
        here = ctypes.c_void_p(kernel.GetCurrentProcess())
        theirs = ctypes.c_void_p(handle)
        if not process or not kernel.DuplicateHandle(process, theirs, here, ctypes.byref(copy), 0, False, _SAME_ACCESS):
            return ""
        if ntdll().NtQueryObject(copy, _OBJECT_NAME_INFORMATION, name, _NAME_BYTES, None):
            return ""
        start = struct.calcsize(_UNICODE_STRING)
        return name.raw[start : start + struct.unpack_from(_UNICODE_STRING, name)[0]].decode("utf-16-le", "replace")
    finally:
        for taken in (copy, process):
            if taken:
                kernel.CloseHandle(taken)
