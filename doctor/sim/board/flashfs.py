"""The board's internal file system: what lies under /flash, as names and bytes.

Source: board-and-repl.md 3.4 (what is created at boot) and 4 (size).
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from doctor.sim.card.image import CardFault, DirEntry
from doctor.sim.card.names import fatfs_name, folded

FLASH_BYTES = 4 * 1024 * 1024
"""/flash of FiPy and GPy with their 8 MB chips (board-and-repl.md 4)."""

CLUSTER_BYTES = 4096
"""What files and folders are counted in: an erase block of the flash chip."""
LITTLEFS_FOLDER_BLOCKS = 2
"""A folder of LittleFS is a pair of blocks, so that one of them is whole at every moment."""

BOOT_PY = b"# boot.py -- run on boot-up\n"
MAIN_PY = b"# main.py -- put your code here!\n"
_DIRS = ("sys", "lib", "cert")


class FlashFs:
    """A small file system in memory with the face of ``FatVolume``: paths within the volume, CardFault for refusals."""

    def __init__(self, files: Mapping[str, bytes] | None = None) -> None:
        self.size_bytes = FLASH_BYTES
        self.is_fat = False
        """Names are FatFs' names, and case makes no difference; else LittleFS."""
        self._files: dict[str, bytes] = {}
        self._dirs: set[str] = set()
        self.lay(files or {})

    def lay(self, files: Mapping[str, bytes]) -> None:
        """Have these files there, by path, with their folders; ``/flash/`` may stand in front. Raises CardFault."""
        for name, data in files.items():
            path = name.strip("/").removeprefix("flash/")
            self._dirs.update(str(folder) for folder in PurePosixPath(path).parents[:-1])
            self.write(path, data)

    def prepare(self) -> None:
        """What the firmware creates when it mounts /flash: boot.py, main.py and three folders."""
        self._files.setdefault("boot.py", BOOT_PY)
        self._files.setdefault("main.py", MAIN_PY)
        self._dirs.update(_DIRS)

    def erase(self) -> None:
        """Format, then prepare."""
        self._files.clear()
        self._dirs.clear()
        self.prepare()

    @property
    def files(self) -> dict[str, bytes]:
        """A copy of all files by path."""
        return dict(self._files)

    @property
    def is_atomic(self) -> bool:
        """LittleFS: a file that is written stays what it was until all of it is there."""
        return not self.is_fat

    def free_bytes(self) -> int:
        """Room that is left, in whole clusters."""
        used = sum(_on_flash(len(data)) for data in self._files.values()) + len(self._dirs) * self._folder_bytes
        return max(0, self.size_bytes - used)

    @property
    def _folder_bytes(self) -> int:
        return CLUSTER_BYTES * (1 if self.is_fat else LITTLEFS_FOLDER_BLOCKS)

    def refuse_without_room(self, path: str, size_bytes: int) -> None:
        """Raise CardFault 'full' where a file has no place at that size; LittleFS keeps its old blocks until then."""
        given_up = _on_flash(len(self._files.get(self._spelt(path), b""))) if self.is_fat else 0
        if _on_flash(size_bytes) > self.free_bytes() + given_up:
            raise CardFault("full", path)

    def listdir(self, path: str = "/") -> list[DirEntry]:
        """Entries of a folder: folders, then files in the order of their making."""
        folder = self._spelt(path)
        if folder and folder not in self._dirs:
            raise CardFault("not-a-directory" if folder in self._files else "not-found", path)
        prefix = folder + "/" if folder else ""
        inside = [(name, True, 0) for name in sorted(self._dirs)]
        inside += [(name, False, len(data)) for name, data in self._files.items()]
        return [
            DirEntry(name[len(prefix) :], is_dir, size)
            for name, is_dir, size in inside
            if name.startswith(prefix) and "/" not in name[len(prefix) :]
        ]

    def stat(self, path: str) -> DirEntry:
        """The entry of one path."""
        name = self._spelt(path)
        if not name or name in self._dirs:
            return DirEntry(name.rpartition("/")[2], True, 0)
        if name in self._files:
            return DirEntry(name.rpartition("/")[2], False, len(self._files[name]))
        raise CardFault("not-found", path)

    def read(self, path: str, offset: int = 0, size: int = -1) -> bytes:
        """Bytes of a file from ``offset``; all that follow if ``size`` is negative."""
        name = self._spelt(path)
        if self.stat(path).is_dir:
            raise CardFault("is-a-directory", path)
        data = self._files[name]
        return data[offset:] if size < 0 else data[offset : offset + size]

    def write(self, path: str, data: bytes) -> None:
        """Replace or create a file."""
        name = self._spelt(path)
        if name in self._dirs or not name:
            raise CardFault("is-a-directory", path)
        self._needs_parent(name)
        self.refuse_without_room(path, len(data))
        self._files[name] = bytes(data)

    def remove(self, path: str) -> None:
        """Delete a file or an empty folder."""
        name = self._spelt(path)
        if not self.stat(path).is_dir:
            del self._files[name]
            return
        if self.listdir(path):
            raise CardFault("not-empty", path)
        self._dirs.discard(name)

    def mkdir(self, path: str) -> None:
        """Make a folder."""
        name = self._spelt(path)
        if not name or name in self._dirs or name in self._files:
            raise CardFault("exists", path)
        self._needs_parent(name)
        if self._folder_bytes > self.free_bytes():
            raise CardFault("full", path)
        self._dirs.add(name)

    def rename(self, old_path: str, new_path: str) -> None:
        """Give a file, or a folder with its content, another name; LittleFS puts a file in another's place at once."""
        old, new = self._spelt(old_path), self._spelt(new_path)
        is_dir = self.stat(old_path).is_dir
        if old == new:
            return
        if new in self._dirs or (new in self._files and (self.is_fat or is_dir)):
            raise CardFault("exists", new_path)
        self._needs_parent(new)
        if not is_dir:
            self._files[new] = self._files.pop(old)
            return
        self._dirs = {new + name[len(old) :] if (name + "/").startswith(old + "/") else name for name in self._dirs}
        for name in [name for name in self._files if name.startswith(old + "/")]:
            self._files[new + name[len(old) :]] = self._files.pop(name)

    def state(self) -> dict[str, Any]:
        """All of it as plain data, contents in base64."""
        files = {name: base64.b64encode(data).decode("ascii") for name, data in self._files.items()}
        return {"files": files, "dirs": sorted(self._dirs)}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Become what ``state`` says."""
        self._files = {name: base64.b64decode(text) for name, text in state["files"].items()}
        self._dirs = set(state["dirs"])

    def _spelt(self, path: str) -> str:
        """``path`` as it stands here, or would: FAT finds a name whatever its case. Raises CardFault 'bad-name'."""
        name = path.strip("/")
        if not self.is_fat or not name:
            return name
        found = ""
        for part in name.replace("\\", "/").split("/"):
            try:
                wanted = f"{found}/{fatfs_name(part)}".lstrip("/")
            except ValueError as error:
                raise CardFault("bad-name", path) from error
            there = (known for known in (*self._dirs, *self._files) if folded(known) == folded(wanted))
            found = next(there, wanted)
        return found

    def _needs_parent(self, name: str) -> None:
        parent = name.rpartition("/")[0]
        if parent and parent not in self._dirs:
            raise CardFault("not-found", name)


def _on_flash(size_bytes: int) -> int:
    return -(-size_bytes // CLUSTER_BYTES) * CLUSTER_BYTES
