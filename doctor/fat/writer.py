"""Puts files onto a freshly formatted volume: folders, long names, data, each file in one piece.

Only for volumes that hold nothing yet. ``lay_out`` says whether a set of files fits, and where all of it will lie,
without a medium; ``write_files`` does what it said, and assumes nothing of what the medium held before.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from doctor.errors import CardError
from doctor.fat.boot_sector import DIR_ENTRY_BYTES, Geometry
from doctor.fat.directory import ATTR_ARCHIVE, ATTR_DIRECTORY, MOST_DIR_BYTES
from doctor.fat.format import DEFAULT_LABEL, FormatPlan, fat_head, format_plans, fs_info, label_entry
from doctor.fat.names import LONGEST_NAME_UNITS, Aliases, long_name_slots, plain_short_name, short_entry
from doctor.fat.overlay import Medium
from doctor.fat.source import SECTOR_BYTES
from doctor.text.escape import shown

LARGEST_FILE_BYTES = 0xFFFFFFFF  #: FAT counts bytes of a file in 32 bits


@dataclass(frozen=True)
class NewFile:
    """A file or folder to be put onto the volume.

    path        parts joined by "/", such as ``sd/x.dup``; folders in between are made
    content     yields the bytes, ``size_bytes`` in all; not called for folders
    attributes  of the directory entry; the bit for folders makes it one
    """

    path: str
    size_bytes: int
    content: Callable[[], Iterable[bytes]]
    attributes: int = ATTR_ARCHIVE
    stamps: bytes = b""

    @property
    def is_dir(self) -> bool:
        """Whether it is a folder."""
        return bool(self.attributes & ATTR_DIRECTORY)

    def pieces(self) -> Iterator[bytes]:
        """The content. Raises CardError as soon as it is not as long as it was said to be."""
        left = self.size_bytes
        for piece in self.content():
            left -= len(piece)
            if left < 0:
                raise CardError("card-is-fat", "became longer while it was copied", on=shown(self.path))
            yield piece
        if left:
            raise CardError("card-is-fat", f"ended {left} bytes early while it was copied", on=shown(self.path))


def new_file(path: str, data: bytes) -> NewFile:
    """A file with content from memory."""
    return NewFile(path, len(data), lambda: (data,))


@dataclass
class _Node:
    """A file or folder while it is laid out.

    short       its 8.3 name
    cluster     its first; 0 for an empty file, and for the fixed root of FAT16
    room_bytes  of a folder: all that its entries may fill, whole clusters
    """

    name: str
    file: NewFile | None
    short: bytes = b""
    cluster: int = 0
    room_bytes: int = 0
    children: dict[str, _Node] = field(default_factory=dict)

    @property
    def is_dir(self) -> bool:
        return self.file is None or self.file.is_dir

    @property
    def size_bytes(self) -> int:
        return 0 if self.file is None or self.is_dir else self.file.size_bytes


@dataclass(frozen=True)
class TreeLayout:
    """Where everything will lie on a new volume: clusters, folders and names, all known before a byte is written.

    chains  (first cluster, count) of every file and folder, each in one piece
    next    the first cluster that stays free
    """

    plan: FormatPlan
    root: _Node
    chains: tuple[tuple[int, int], ...]
    next: int

    @property
    def free_bytes(self) -> int:
        """Room that is left on the volume."""
        return (self.plan.geometry.clusters + 2 - self.next) * self.plan.geometry.cluster_bytes


def lay_out(plan: FormatPlan, files: Iterable[NewFile]) -> TreeLayout:
    """Lay files out on a volume; no content is asked for.

    Raises CardError if they do not fit, two have the same name, or FAT cannot hold a name or size.
    """
    return _Planner(plan).lay_out(_tree(files))


def best_layout(size_bytes: int, files: Sequence[NewFile], label: str = DEFAULT_LABEL) -> TreeLayout:
    """The layout for a card of this size: the usual one, else the first with other clusters into which the files fit.

    Raises CardError for a size that cannot be formatted; and for files that fit into no layout, with what the usual
    one lacks.
    """
    why: CardError | None = None
    for plan in format_plans(size_bytes, label):
        try:
            return lay_out(plan, files)
        except CardError as err:
            why = why or err
    assert why is not None, "format_plans yields one at least"
    raise why


class _Planner:
    def __init__(self, plan: FormatPlan) -> None:
        self._plan = plan
        self._geometry: Geometry = plan.geometry
        self._next = 2
        self._chains: list[tuple[int, int]] = []

    def lay_out(self, root: _Node) -> TreeLayout:
        nodes = list(_below(root))
        self._lay_out_folder(root, is_root=True)
        for node in nodes:
            if node.is_dir:
                self._lay_out_folder(node, is_root=False)
        for node in nodes:
            if not node.is_dir and node.size_bytes:
                node.cluster = self._take(node.size_bytes)
        missing = self._next - (self._geometry.clusters + 2)
        if missing > 0:
            raise CardError(
                "flash-filesystem-full",
                f"the files do not fit on the newly formatted card: {missing * self._geometry.cluster_bytes} bytes "
                f"are missing, with clusters of {self._geometry.cluster_bytes} bytes",
            )
        return TreeLayout(self._plan, root, tuple(self._chains), self._next)

    def _take(self, size_bytes: int) -> int:
        """Reserve clusters in one piece; the first of them."""
        count = -(-size_bytes // self._geometry.cluster_bytes)
        first = self._next
        self._next += count
        self._chains.append((first, count))
        return first

    def _lay_out_folder(self, node: _Node, *, is_root: bool) -> None:
        _give_short_names(node)
        size = sum(len(_slots(child)) for child in node.children.values()) + (1 if is_root else 2) * DIR_ENTRY_BYTES
        if size > MOST_DIR_BYTES:
            raise CardError("flash-filesystem-full", "more names than a folder can hold", on=shown(node.name or "/sd"))
        node.room_bytes = -(-size // self._geometry.cluster_bytes) * self._geometry.cluster_bytes
        if is_root and self._geometry.width != 32:
            node.room_bytes = self._geometry.root_sectors * SECTOR_BYTES
            if size > node.room_bytes:
                raise CardError("flash-filesystem-full", "more files than the root of a FAT16 card can hold")
            return
        node.cluster = self._take(size)


def write_files(target: Medium, layout: TreeLayout) -> None:
    """Write files onto the volume that ``format_card`` has just made: contents, FATs, folders, the root last.

    Raises CardError if a content is not as long as it was laid out, or the target refuses a write.
    """
    _Writer(target, layout).write()


class _Writer:
    def __init__(self, target: Medium, layout: TreeLayout) -> None:
        self._target = target
        self._layout = layout
        self._geometry: Geometry = layout.plan.geometry
        self._start = layout.plan.start_sector * SECTOR_BYTES

    def write(self) -> None:
        for node in _below(self._layout.root):
            if node.file is not None and not node.is_dir:
                self._write_content(node, node.file)
        self._target.sync()
        self._write_fats()
        self._target.sync()
        self._write_folders()
        self._target.sync()
        self._write_free_space()
        self._target.sync()

    def _write_content(self, node: _Node, file: NewFile) -> None:
        at = self._start + self._geometry.cluster_offset(node.cluster) if node.cluster else 0
        for piece in file.pieces():
            if piece:
                self._target.write_at(at, piece)
            at += len(piece)

    def _write_folders(self) -> None:
        """Every folder's entries, those of the root last."""
        root = self._layout.root
        waiting = [(root, 0)]
        order = []
        while waiting:
            node, parent = waiting.pop()
            order.append((node, parent))
            inner = 0 if node is root else node.cluster
            waiting += [(child, inner) for child in node.children.values() if child.is_dir]
        for node, parent in reversed(order):
            if node is root:
                head = label_entry(self._geometry.label)
                at = self._offset(node) if node.cluster else self._geometry.root_sector * SECTOR_BYTES
            else:
                dots = ((b".".ljust(11), node.cluster), (b"..".ljust(11), parent))
                head = b"".join(short_entry(name, ATTR_DIRECTORY, cluster, 0, b"") for name, cluster in dots)
                at = self._offset(node)
            entries = head + b"".join(_slots(child) for child in node.children.values())
            # A folder ends where its clusters do: what an earlier use of the medium left there would be entries.
            self._target.write_at(self._start + at, entries.ljust(node.room_bytes, b"\0"))

    def _offset(self, node: _Node) -> int:
        return self._geometry.cluster_offset(node.cluster)

    def _write_fats(self) -> None:
        geometry = self._geometry
        wide = geometry.width == 32
        end = 0x0FFFFFFF if wide else 0xFFFF
        used = array("I" if wide else "H", range(3, self._layout.next + 1))
        for first, count in self._layout.chains:
            used[first + count - 3] = end
        body = struct.pack(f"<{len(used)}{'I' if wide else 'H'}", *used)
        head = fat_head(geometry)[: 8 if wide else 4]
        for copy in reversed(range(geometry.fats)):
            self._target.write_at(self._start + geometry.fat_offset(copy), head + body)
            self._target.sync()

    def _write_free_space(self) -> None:
        geometry = self._geometry
        if geometry.width == 32:
            used = self._layout.next - 2
            info = fs_info(geometry.clusters - used, min(self._layout.next, geometry.clusters + 1))
            for sector in (geometry.fsinfo_sector, geometry.backup_sector + geometry.fsinfo_sector):
                self._target.write_at(self._start + sector * SECTOR_BYTES, info)


def _tree(files: Iterable[NewFile]) -> _Node:
    root = _Node("", None)
    for file in files:
        *parents, name = file.path.split("/")
        node = root
        for part in parents:
            node = node.children.setdefault(part.lower(), _Node(part, None))
            if not node.is_dir:
                raise _twice(file)
        known = node.children.get(name.lower())
        if known is not None and known.is_dir and file.is_dir:
            known.file = file
            continue
        if known is not None:
            raise _twice(file)
        units = name.encode("utf-16-le", "replace")
        reads_back = "\0" not in name and units.decode("utf-16-le") == name
        if len(units) > 2 * LONGEST_NAME_UNITS or not name or not reads_back:
            raise CardError("card-is-fat", "is not a name that a card can hold", on=shown(file.path))
        if file.size_bytes > LARGEST_FILE_BYTES:
            raise CardError("card-is-fat", "is larger than FAT allows (4 GiB)", on=shown(file.path))
        node.children[name.lower()] = _Node(name, file)
    return root


def _twice(file: NewFile) -> CardError:
    return CardError("card-is-fat", "would be on the card twice", on=shown(file.path))


def _below(root: _Node) -> Iterator[_Node]:
    waiting = list(root.children.values())
    while waiting:
        node = waiting.pop(0)
        yield node
        waiting += node.children.values()


def _give_short_names(folder: _Node) -> None:
    for node in folder.children.values():
        node.short = plain_short_name(node.name) or b""
    names = [node.name for node in folder.children.values()]
    aliases = Aliases({node.short for node in folder.children.values()}, names)
    for node in folder.children.values():
        if not node.short:
            node.short = aliases.give(node.name)


def _slots(node: _Node) -> bytes:
    """All slots of an entry."""
    long = b"" if plain_short_name(node.name) == node.short else long_name_slots(node.name, node.short)
    attributes = node.file.attributes if node.file is not None else ATTR_DIRECTORY
    stamps = node.file.stamps if node.file is not None else b""
    return long + short_entry(node.short, attributes, node.cluster, node.size_bytes, stamps)
