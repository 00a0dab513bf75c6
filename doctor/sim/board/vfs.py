"""The board's tree of mounted volumes, and its file objects.

Source: board-and-repl.md 4.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from doctor.sim.board.errors import EINVAL, ENODEV, EPERM, IMPOSSIBLE, REFUSED, BoardOSError, file_errors
from doctor.sim.board.flashfs import FlashFs
from doctor.sim.board.hardware import Hardware
from doctor.sim.card.image import CardFault, DirEntry, FatVolume

READ_US_PER_BYTE = 2.0
"""Reading a file into MicroPython: some 500 kB/s from a card on one data line."""

WRITE_MS_PER_SECTOR = 5.0
"""Writing 512 bytes to the flash chip; erasing is in it."""

_WINDOW_BYTES = 256 * 1024  # one look into the image serves many small reads


Volume = FatVolume | FlashFs
"""What can be mounted; both have the same face, and everything in them raises CardFault."""


def absolute(path: str, cwd: str) -> str:
    """``path``, if it does not start with a slash within ``cwd``, without ``.``, ``..`` and doubled slashes."""
    parts: list[str] = []
    for part in (path if path.startswith("/") else f"{cwd}/{path}").split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    return "/" + "/".join(parts)


class Vfs:
    """Mount points and paths of one interpreter life. Methods raise the board's OSError.

    charge  called with the microseconds that a call took
    """

    def __init__(self, board: Hardware, charge: Callable[[float], None]) -> None:
        self.board = board
        self.charge = charge
        self.mounts: dict[str, Volume | None] = {"flash": board.flash}
        """Volumes by mount point without its slash; None: mounted, and no file system was found (1.20)."""
        self.cwd = "/flash"
        self.errno_style = board.era.vfs

    # -- paths ------------------------------------------------------------------------------------------------

    def absolute(self, path: str) -> str:
        """``path`` from the root, without ``.``, ``..`` and doubled slashes."""
        return absolute(path, self.cwd)

    def locate(self, path: str) -> tuple[Volume, str]:
        """(volume, path within it). Raises CardFault 'not-found' and 'no-filesystem'."""
        mount, _, inner = self.absolute(path)[1:].partition("/")
        if mount not in self.mounts:
            raise CardFault("not-found", path)
        volume = self.mounts[mount]
        if volume is None:
            raise CardFault("no-filesystem", path)
        return volume, "/" + inner

    def entry(self, path: str) -> DirEntry:
        """The entry of a path. Raises CardFault."""
        if self.absolute(path) == "/":
            return DirEntry("", True, 0)
        volume, inner = self.locate(path)
        return volume.stat(inner)

    def entries(self, path: str) -> list[DirEntry]:
        """A listing. Raises CardFault."""
        if self.absolute(path) == "/":
            return [DirEntry(name, True, 0) for name in self.mounts]
        volume, inner = self.locate(path)
        return volume.listdir(inner)

    def is_dir(self, path: str) -> bool:
        """True for a folder."""
        try:
            return self.entry(path).is_dir
        except CardFault:
            return False

    def is_file(self, path: str) -> bool:
        """True for a file."""
        try:
            return not self.entry(path).is_dir
        except CardFault:
            return False

    def read_text(self, path: str) -> str:
        """A whole file as source code; bytes that are not UTF-8 become something that no parser takes."""
        volume, inner = self.locate(path)
        return volume.read(inner).decode("utf-8", "replace")

    # -- mounting ---------------------------------------------------------------------------------------------

    def mount(self, card: Any, path: str) -> None:
        """Mount a card (``mount()`` gives the volume or raises CardFault)."""
        name = path.strip("/")
        if not path.startswith("/") or not name or "/" in name:
            raise BoardOSError(EPERM if self.errno_style else f"invalid mount point {path}")
        if name in self.mounts or len(self.mounts) > 1:
            raise BoardOSError(EPERM if self.errno_style else IMPOSSIBLE)
        try:
            self.mounts[name] = card.mount()
        except CardFault as fault:
            if not self.errno_style or fault.kind != "no-filesystem":
                raise BoardOSError(REFUSED) from None
            self.mounts[name] = None

    def unmount(self, path: str) -> None:
        """Forget a mount point."""
        name = path.strip("/")
        if name not in self.mounts or name == "flash":
            raise BoardOSError(EINVAL if self.errno_style else IMPOSSIBLE)
        del self.mounts[name]
        if (self.cwd + "/").startswith(f"/{name}/"):
            self.cwd = "/flash"

    def volume_of(self, path: str) -> Volume:
        """The volume mounted at ``path``. Raises OSError."""
        try:
            return self.locate(path)[0]
        except CardFault as fault:
            in_words = fault.kind == "not-found" and not self.errno_style
            raise BoardOSError(f"no such file or directory: '{path}'" if in_words else ENODEV) from None

    # -- changes ----------------------------------------------------------------------------------------------

    def change(self, kind: str, path: str, do: Callable[[], object], half: Callable[[], object] | None = None) -> None:
        """Change a file or folder: board code that does so passes here, is counted, refused, or cut by a dip.

        kind  ``create``, ``write``, ``remove``, ``rename``, ``mkdir``, ``format``
        half  what is done of it when the power dips inside it; None: all of it, and nobody is told

        Raises CardFault.
        """
        board = self.board
        if board.process.killed:
            return  # no finally clause of board code outlives a reset
        if kind in ("create", "write", "remove"):
            board.file_faults.refuse_changing(self.absolute(path), writes=kind != "remove")
        if not board.file_faults.dips_in(kind, self.absolute(path)):
            do()
            return
        (do if half is None else half)()
        board.reset_from_code("PWRON")

    # -- files ------------------------------------------------------------------------------------------------

    def open(self, path: str, mode: str) -> BoardFile:
        """`open()`. Raises OSError with an errno in every release."""
        with file_errors():
            volume, inner = self.locate(path)
            exists = self._exists(volume, inner)
            if exists and volume.stat(inner).is_dir:
                raise CardFault("is-a-directory")
            if not exists and "w" not in mode and "a" not in mode:
                raise CardFault("not-found")
            if "x" in mode:
                raise CardFault("exists")
            if not exists or ("w" in mode and not volume.is_atomic):
                self.change("create", path, lambda: volume.write(inner, b""))
            elif "w" in mode or "a" in mode or "+" in mode:
                self.board.file_faults.refuse_changing(self.absolute(path), writes=True)
            return BoardFile(self, self.absolute(path), volume, inner, mode)

    @staticmethod
    def _exists(volume: Volume, inner: str) -> bool:
        try:
            volume.stat(inner)
        except CardFault as fault:
            if fault.kind not in ("not-found", "not-a-directory"):
                raise
            return False
        return True


class BoardFile:
    """A file that board code has open. What was written reaches the volume at ``flush`` and ``close``."""

    def __init__(self, vfs: Vfs, name: str, volume: Volume, path: str, mode: str) -> None:
        self._vfs = vfs
        self._name = name
        self._volume = volume
        self._path = path
        self._text = "b" not in mode
        self._writes = any(letter in mode for letter in "wa+")
        self._size = volume.stat(path).size_bytes
        self._at = self._size if "a" in mode else 0
        self._window_at, self._window = 0, b""
        kept = volume.read(path) if self._writes and "w" not in mode else b""
        self._content: bytearray | None = bytearray(kept) if self._writes else None
        self._dirty = "w" in mode and self._size > 0
        self._closed = False

    def _read_raw(self, size: int) -> bytes:
        self._check_open()
        end = self._length() if size < 0 else min(self._length(), self._at + size)
        out = bytearray()
        while self._at < end:
            piece = self._piece(end)
            if not piece:
                break
            out += piece
            self._at += len(piece)
        self._vfs.charge(len(out) * READ_US_PER_BYTE)
        return bytes(out)

    def _piece(self, end: int) -> bytes:
        if self._content is not None:
            return bytes(self._content[self._at : end])
        start = self._at - self._window_at
        if not 0 <= start < len(self._window):
            with file_errors():
                self._window = self._look()
            self._window_at, start = self._at, 0
        return self._window[start : start + end - self._at]

    def _look(self) -> bytes:
        faults = self._vfs.board.file_faults
        faults.refuse_reading(self._name)
        found = self._volume.read(self._path, self._at, _WINDOW_BYTES)
        if more := faults.growth(self._name):
            self._volume.write(self._path, self._volume.read(self._path) + more)
        return found

    def _length(self) -> int:
        return self._size if self._content is None else len(self._content)

    def _check_open(self) -> None:
        if self._closed:
            raise BoardOSError(EINVAL)

    def read(self, size: int = -1) -> str | bytes:
        """Up to ``size`` bytes or characters."""
        data = self._read_raw(size)
        return data.decode("utf-8", "replace") if self._text else data

    def readinto(self, buffer: bytearray, size: int = -1) -> int:
        """Fill a buffer; the number of bytes."""
        data = self._read_raw(len(buffer) if size < 0 else min(size, len(buffer)))
        buffer[: len(data)] = data
        return len(data)

    def readline(self, size: int = -1) -> str | bytes:
        """One line with its end."""
        out = bytearray()
        while size < 0 or len(out) < size:
            start = self._at
            piece = self._read_raw(256 if size < 0 else min(256, size - len(out)))
            if not piece:
                break
            cut = piece.find(b"\n")
            if cut >= 0:
                out += piece[: cut + 1]
                self._at = start + cut + 1
                break
            out += piece
        return out.decode("utf-8", "replace") if self._text else bytes(out)

    def readlines(self) -> list[str | bytes]:
        """All lines that are left."""
        return list(self)

    def write(self, data: str | bytes | bytearray | memoryview) -> int:
        """Add bytes or text; how much was taken."""
        self._check_open()
        if self._content is None:
            raise BoardOSError(9)
        raw = data.encode() if isinstance(data, str) else bytes(data)
        with file_errors():
            self._volume.refuse_without_room(self._path, max(len(self._content), self._at + len(raw)))
        self._content[self._at : self._at + len(raw)] = raw
        self._at += len(raw)
        self._dirty = True
        return len(data) if isinstance(data, str) else len(raw)

    def seek(self, offset: int, whence: int = 0) -> int:
        """Move; the new position."""
        base = (0, self._at, self._length())[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        """Where the next byte is read or written."""
        return self._at

    def flush(self) -> None:
        """Put what was written onto the volume."""
        if not self._dirty or self._content is None:
            return
        content = bytes(self._content)
        cut = None if self._volume.is_atomic else content[: len(content) // 2]
        with file_errors():
            self._vfs.change(
                "write",
                self._name,
                lambda: self._volume.write(self._path, content),
                lambda: None if cut is None else self._volume.write(self._path, cut),
            )
        self._dirty = False
        self._vfs.board.stall_uart0(WRITE_MS_PER_SECTOR * (1 + len(self._content) // 512 % 8))

    def close(self) -> None:
        """Flush, then refuse everything."""
        if not self._closed:
            self.flush()
        self._closed = True

    def __enter__(self) -> BoardFile:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[str | bytes]:
        return iter(self.readline, "" if self._text else b"")
