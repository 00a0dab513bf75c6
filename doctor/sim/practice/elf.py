"""A practice updater image: an ELF that is whole, and that no processor runs."""

from __future__ import annotations

import hashlib
import struct
from pathlib import Path

NAME = "PRACTICE-updater.elf"
MARK = b"PRACTICE updater image, no modem runs this\0"
SIZE_BYTES = 371_307
"""As the genuine updater.elf that came with 41019 and 41065 (modem-protocol.md 6.4)."""
MACHINE = 0
"""EM_NONE: no machine."""
_HEADER = struct.Struct("<16sHHIIIIIHHHHHH")
_PROGRAM = struct.Struct("<IIIIIIII")
_SECTION_BYTES = 40


def practice_elf(size_bytes: int = SIZE_BYTES) -> bytes:
    """The bytes of a practice updater image; always the same."""
    ident = b"\x7fELF" + bytes((1, 1, 1)) + bytes(9)
    sections_at = size_bytes - _SECTION_BYTES
    body_at = _HEADER.size + _PROGRAM.size
    body_bytes = sections_at - body_at
    header = _HEADER.pack(
        ident, 2, MACHINE, 1, 0, _HEADER.size, sections_at, 0, _HEADER.size, _PROGRAM.size, 1, _SECTION_BYTES, 1, 0
    )
    program = _PROGRAM.pack(1, body_at, 0, 0, body_bytes, body_bytes, 4, 4)
    filler = hashlib.shake_128(MARK).digest(body_bytes - len(MARK))
    return header + program + MARK + filler + bytes(_SECTION_BYTES)


def make_practice_elf(out: Path) -> Path:
    """Write it to a folder, or to a file whose name starts with ``PRACTICE-``; returns its path.

    Raises ValueError for another name, OSError if it cannot be written.
    """
    path = out / NAME if out.is_dir() else out
    if not path.name.startswith("PRACTICE-"):
        raise ValueError(f"the name of a practice updater starts with PRACTICE-, not {path.name!r}")
    path.write_bytes(practice_elf())
    return path
