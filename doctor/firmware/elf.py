"""An updater image (updater.elf) examined: an ELF whose tables and parts all lie inside the file.

No checksum exists in it, so "whole" means: nothing that its headers speak of is missing.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from pathlib import Path

from doctor.firmware import caba, clear_text, sizes
from doctor.firmware.content import Content, sniff
from doctor.firmware.problems import Problem
from doctor.firmware.reading import read_whole
from doctor.firmware.wrong_file import wrong_content, wrong_name
from doctor.text.escape import hex_bytes

#: Sizes that an updater may have, in bytes: the two known ones have 306 076 and 371 307.
PLAUSIBLE_BYTES = (50_000, 2_000_000)
#: How the simulator's practice updater begins behind its headers.
PRACTICE_MARK = b"PRACTICE updater image"
MARK_WITHIN_BYTES = 512
_CUT = "firmware-file-truncated"
_IDENT_BYTES = 16
#: Section of type NOBITS has a size but no bytes in the file.
_SHT_NOBITS = 8


@dataclass(frozen=True)
class _Layout:
    """Where the fields of one ELF class lie: header after e_ident, program header, section header."""

    header: str
    program: str
    program_offset: int
    program_size: int
    section: str


#: ELF32 and ELF64 (System V ABI); the numbers are indices into the unpacked program header.
_LAYOUTS = {
    1: _Layout("HHIIIIIHHHHHH", "IIIIIIII", 1, 4, "IIIIIIIIII"),
    2: _Layout("HHIQQQIHHHHHH", "IIQQQQQQ", 2, 5, "IIQQQQIIQQ"),
}


@dataclass(frozen=True)
class ElfImage:
    """One updater image, examined.

    path          where it lies
    size_bytes    all of it
    sha256        of all of it, lower-case hex
    problems      what is wrong, worst first; those with damages=False are worth a warning only
    machine       ELF machine number, 0 if it is no ELF
    little_endian byte order that its header claims
    family        modem family whose names stand in it, practice, or unknown
    package       packages that came with an updater of this size, empty if no log knows it
    """

    path: Path
    size_bytes: int
    sha256: str
    problems: tuple[Problem, ...]
    machine: int = 0
    little_endian: bool = True
    family: str = "unknown"
    package: str = ""

    @property
    def damaged(self) -> bool:
        """Whether it must not be sent."""
        return any(problem.damages for problem in self.problems)


def examine_elf(path: Path) -> ElfImage:
    """Examine the updater image at ``path``; it is read once, whole and bounded.

    Raises UsageError if there is no such file, FirmwareError if it cannot be read.
    """
    return examine_elf_bytes(read_whole(path, id="updater-image-is-elf", what="updater image"), path)


def examine_elf_bytes(data: bytes, path: Path) -> ElfImage:
    """Examine ``data`` as the content of a file at ``path``; only its name is used."""
    problems: list[Problem] = []
    machine, little = 0, True
    content = sniff(data)
    if content is Content.ELF:
        try:
            machine, little = _walk_elf(data)
        except _Broken as broken:
            problems.append(Problem(_CUT, str(broken), broken.offset))
        low, high = PLAUSIBLE_BYTES
        if not problems and not low <= len(data) <= high:
            text = f"has {len(data)} bytes; known updater images have 306076 and 371307"
            problems.append(Problem("updater-elf-from-other-package", text, damages=False))
    else:
        problems.append(_not_elf(content, data))
    name_problem = wrong_name(path.name)
    if name_problem is not None:
        problems.append(name_problem)
    return ElfImage(
        path=path,
        size_bytes=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        problems=tuple(problems),
        machine=machine,
        little_endian=little,
        family=_family(data) if content is Content.ELF else "unknown",
        package=sizes.UPDATER_ELF_PACKAGES.get(len(data), ""),
    )


def _family(data: bytes) -> str:
    return "practice" if PRACTICE_MARK in data[:MARK_WITHIN_BYTES] else clear_text.family(data)


def _not_elf(content: Content, data: bytes) -> Problem:
    if data[:4] in caba.KNOWN_MAGICS or data[:4] == b"FFF!":
        return Problem("files-swapped", "is a firmware image (.dup), not an updater: the two files were swapped")
    wrong = wrong_content(content, data)
    if wrong is not None:
        return wrong
    text = f"is not an ELF program: it starts with {hex_bytes(data)} instead of 7F 45 4C 46"
    return Problem("updater-elf-from-other-package", text)


class _Broken(Exception):
    """The headers speak of something that is not there."""

    def __init__(self, text: str, offset: int = 0) -> None:
        super().__init__(text)
        self.offset = offset


def _walk_elf(data: bytes) -> tuple[int, bool]:
    """(machine, little-endian) of an ELF whose parts are all there. Raises _Broken."""
    if len(data) < _IDENT_BYTES:
        raise _Broken(f"is cut short inside its ELF header ({len(data)} bytes)")
    layout = _LAYOUTS.get(data[4])
    if layout is None or data[5] not in (1, 2):
        raise _Broken(f"has a broken ELF header: class {data[4]}, byte order {data[5]}", 4)
    order = "<" if data[5] == 1 else ">"
    header = struct.Struct(order + layout.header)
    if len(data) < _IDENT_BYTES + header.size:
        raise _Broken(f"is cut short inside its ELF header ({len(data)} bytes)")
    fields = header.unpack_from(data, _IDENT_BYTES)
    machine, programs_at, sections_at = fields[1], fields[4], fields[5]
    program_bytes, program_count, section_bytes, section_count = fields[8], fields[9], fields[10], fields[11]
    if not program_count and not section_count:
        raise _Broken("is an ELF with nothing in it: neither segments nor sections")
    program = struct.Struct(order + layout.program)
    for row in _table(data, "segment", programs_at, program_bytes, program_count, program):
        _inside(data, "segment", row[layout.program_offset], row[layout.program_size])
    section = struct.Struct(order + layout.section)
    for row in _table(data, "section", sections_at, section_bytes, section_count, section):
        if row[1] not in (0, _SHT_NOBITS):
            _inside(data, "section", row[4], row[5])
    return machine, order == "<"


def _table(
    data: bytes, what: str, offset: int, entry_bytes: int, count: int, entry: struct.Struct
) -> list[tuple[int, ...]]:
    if not count:
        return []
    if entry_bytes < entry.size:
        raise _Broken(f"has a broken ELF header: {what} entries of {entry_bytes} bytes", offset)
    _inside(data, f"{what} table", offset, entry_bytes * count)
    return [entry.unpack_from(data, offset + index * entry_bytes) for index in range(count)]


def _inside(data: bytes, what: str, offset: int, size: int) -> None:
    if offset + size > len(data):
        raise _Broken(f"is cut short: its ELF {what} ends at byte {offset + size}, the file at {len(data)}", len(data))
