"""The stub module `os`, with the functions and error texts of its release.

Source: board-and-repl.md 2.1 and 4.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

from doctor.sim.board.errors import EINVAL, ENODEV, IMPOSSIBLE, BoardOSError, file_errors
from doctor.sim.board.flashfs import FlashFs
from doctor.sim.board.modules.machine import SdCard, Uart0Or1
from doctor.sim.board.modules.misc import module
from doctor.sim.board.text import PYBYTES
from doctor.sim.board.vm import Vm
from doctor.sim.card.image import CardFault

_DIR_MODE, _FILE_MODE = 0x4000, 0x8000
_ALL_RELEASES = (
    "uname", "listdir", "chdir", "getcwd", "mkdir", "remove", "rename", "stat", "mount", "dupterm", "getfree", "sync",
    "urandom",
)  # fmt: skip
_SINCE_1_20 = ("ilistdir", "statvfs", "umount", "fsformat", "mkfat")
_BEFORE_1_20 = ("unmount", "mkfs")
CHANGE_MS = 20
"""Changing a folder: some sectors or blocks are written."""
LORAWAN, SIGFOX = "1.0.2", "1.0.1"


class AttrTuple(tuple[str, ...]):
    """MicroPython's tuple with named fields; prints ``(name='value', …)``."""

    names: tuple[str, ...]

    def __new__(cls, fields: dict[str, str]) -> AttrTuple:
        """The tuple for these fields, in their order."""
        made = super().__new__(cls, fields.values())
        made.names = tuple(fields)
        return made

    def __getattr__(self, name: str) -> str:
        if name == "names" or name not in self.names:
            raise AttributeError(f"'attrtuple' object has no attribute '{name}'")
        return self[self.names.index(name)]

    def __repr__(self) -> str:
        return "(" + ", ".join(f"{name}={value!r}" for name, value in zip(self.names, self, strict=True)) + ")"

    __str__ = __repr__


def uname_fields(vm: Vm) -> dict[str, str]:
    """Fields of `os.uname()`, in order."""
    board, era = vm.board, vm.board.era
    fields = {
        "sysname": board.kind,
        "nodename": board.kind,
        "release": era.release,
        "version": era.version,
        "machine": f"{board.kind} with ESP32",
    }
    if board.kind == "FiPy":
        if not era.since("1.12.0.b1"):
            fields["lpwan"] = LORAWAN
        else:
            fields["lorawan"], fields["sigfox"] = LORAWAN, SIGFOX
    if board.pybytes:
        fields["pybytes"] = PYBYTES
    return fields


class _Os:
    """Functions of `os`; ``members`` picks those that the release has."""

    def __init__(self, vm: Vm) -> None:
        self._vm = vm
        self._vfs = vm.vfs
        self._new = vm.board.era.vfs

    def members(self) -> dict[str, Any]:
        """Name to function."""
        names = _ALL_RELEASES + (_SINCE_1_20 if self._new else _BEFORE_1_20)
        found = {name: getattr(self, name) for name in names}
        found["unlink"] = found["rmdir"] = self.remove
        return found

    def uname(self) -> AttrTuple:
        if self._vm.board.kind == "FiPy" and self._vm.board.era.release == "1.12.0.b1":
            self._vm.board.panic()  # #118, #119
        return AttrTuple(uname_fields(self._vm))

    # -- looking ----------------------------------------------------------------------------------------------

    def listdir(self, path: str = "") -> list[str]:
        return [entry.name for entry in self._entries(path)]

    def ilistdir(self, path: str = "") -> Any:
        sized = self._vm.board.era.since("1.20.1")
        for entry in self._entries(path):
            line = (entry.name, _DIR_MODE if entry.is_dir else _FILE_MODE, 0)
            yield (*line, entry.size_bytes) if sized else line

    def _entries(self, path: str) -> Any:
        self._vm.charge(500)
        with file_errors(errno_style=self._new, old_missing=f"no such file or directory: '{path}'"):
            return self._vfs.entries(path)

    def stat(self, path: str) -> tuple[int, ...]:
        self._vm.charge(500)
        with file_errors():
            entry = self._vfs.entry(path)
        return (_DIR_MODE if entry.is_dir else _FILE_MODE, 0, 0, 0, 0, 0, entry.size_bytes, 0, 0, 0)

    def chdir(self, path: str) -> None:
        with file_errors(errno_style=self._new, old_text=f"no such file or directory: '{path}'"):
            if not self._vfs.is_dir(path):
                raise CardFault("not-found")
        self._vfs.cwd = self._vfs.absolute(path)

    def getcwd(self) -> str:
        return self._vfs.cwd

    def getfree(self, path: str) -> int:
        self._vm.charge(2000)
        with file_errors():
            return self._vfs.volume_of(path).free_bytes() // 1024

    def statvfs(self, path: str) -> tuple[int, ...]:
        volume = self._vfs.volume_of(path)
        block = 4096
        free = volume.free_bytes() // block
        return (block, block, volume.size_bytes // block, free, free, 0, 0, 0, 0, 255)

    # -- changing ---------------------------------------------------------------------------------------------

    def mkdir(self, path: str) -> None:
        exists = self._vfs.is_dir(path) or self._vfs.is_file(path)
        text = f"file exists: '{path}'" if exists else f"error creating directory '{path}'"
        self._change(path, "mkdir", text)

    def remove(self, path: str) -> None:
        self._change(path, "remove", f"error removing file '{path}'")

    def rename(self, old: str, new: str) -> None:
        with file_errors(errno_style=self._new, old_text=f"error renaming file '{old}' to '{new}'"):
            volume, inner = self._vfs.locate(old)
            other, new_inner = self._vfs.locate(new)
            if other is not volume:
                raise CardFault("not-found", new)
            self._vfs.change("rename", old, lambda: volume.rename(inner, new_inner))
        self._takes(CHANGE_MS)

    def _change(self, path: str, what: str, text: str) -> None:
        with file_errors(errno_style=self._new, old_text=text):
            volume, inner = self._vfs.locate(path)
            self._vfs.change(what, path, lambda: getattr(volume, what)(inner))
        self._takes(CHANGE_MS)

    def _takes(self, ms: float) -> None:
        """A change takes its time, and a Ctrl-C that comes in that time is raised once it is made."""
        self._vm.board.wait_holding(ms, None)

    # -- mounting and formatting ------------------------------------------------------------------------------

    def mount(self, device: Any, path: str, **_keywords: object) -> None:
        self._vm.wait(30)
        if not isinstance(device, SdCard):
            raise TypeError("invalid argument(s) value") if self._new else BoardOSError(IMPOSSIBLE)
        self._vfs.mount(device.card(), path)

    def umount(self, path: str) -> None:
        self._vfs.unmount(path)

    unmount = umount

    def mkfat(self, device: SdCard) -> SdCard:
        return device

    def mkfs(self, target: str | SdCard) -> None:
        if isinstance(target, SdCard):
            self._format("/sd", target.card().format, f"error while attempting to format {target}")
        elif not target.startswith("/"):
            raise BoardOSError(f"{target} is not an absolute path")
        else:
            self._format_path(target, f"error while attempting to format {target}")

    def fsformat(self, path: str) -> None:
        if path == "/":
            raise BoardOSError("Cannot format root dir")
        if path.strip("/") not in self._vfs.mounts or not path.startswith("/"):
            raise BoardOSError("please specify correct fs mount path")
        self._format_path(path, None)

    def _format_path(self, path: str, text: str | None) -> None:
        name = path.strip("/")
        volume = self._vfs.mounts.get(name)
        if isinstance(volume, FlashFs):
            self._format(path, volume.erase, text)
            return
        card = self._vm.board.card
        if name not in self._vfs.mounts:
            raise BoardOSError(text or ENODEV)
        self._format(path, card.format, text)
        self._vfs.mounts[name] = card.mount()

    def _format(self, path: str, make: Callable[[], object], text: str | None) -> None:
        try:
            self._vfs.change("format", path, make)
        except CardFault:
            raise BoardOSError(text or ENODEV) from None
        self._takes(self._vm.board.file_faults.erase_ms)

    # -- the rest ---------------------------------------------------------------------------------------------

    def dupterm(self, *stream: object) -> object:
        board = self._vm.board
        if not stream:
            return Uart0Or1(self._vm, 0, keep=True) if board.dupterm else None
        if stream[0] is not None and not (isinstance(stream[0], Uart0Or1) and stream[0].number == 0):
            raise BoardOSError(EINVAL)
        board.dupterm = stream[0] is not None
        return None

    def sync(self) -> None:
        self._vm.charge(1000)

    def urandom(self, count: int) -> bytes:
        return self._vm.board.world.rng.randbytes(count)


def make_os(vm: Vm) -> ModuleType:
    """`os`, `uos`."""
    return module("uos", **_Os(vm).members())
