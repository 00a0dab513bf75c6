"""Practice firmware: images that only a simulated modem takes, to learn flashing on.

The container is CABA version 3 (modem-protocol.md 6.1) with a magic and a partition id that no modem knows,
so that a real one refuses it at the first bytes; the file name starts ``PRACTICE-``.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from functools import lru_cache
from pathlib import Path

MAGIC = b"PRAC"
"""None of the magics that the modem knows (PACK, UPGR, SFFF …)."""
PARTITION_ID = 0x50524143
"""None of the partition ids that the modem knows (2, 3, 8, 16)."""
VERSION = 3
SIGNATURE_ZCRC32 = 4
SIGNATURE_BYTES = 4
DESCRIPTION = b"practice firmware, no modem runs this\0"
FULL_SIZE_BYTES = 6_160_982
"""As the genuine CATM1-41065.dup: over 4 MiB, so that it travels ON_THE_FLY."""
DIFF_SIZE_BYTES = 1_658_508
"""As a genuine upgdiff to 41065: under 4 MiB, so that it travels by the store method."""
PART_SIZE_BYTES = (416_448, 5_950_000)
"""Of the two files of 48829: the first as in a public report, under 4 MiB all the same; the second is a guess."""
BOOTROM_SIZE_BYTES = 55_570
"""As the genuine boot ROM package of 41065."""
HIGHEST_SIZE_BYTES = 64 * 1024 * 1024
_HEADER = struct.Struct("<4sHHIHHH")

_RELEASES = {"CATM1": ("LR5.1.1.0", "UE5.0.0.0d"), "NB1": ("LR6.0.0.0", "UE6.0.0.0")}
"""First part of the version string and UE by radio (modem-protocol.md 7)."""
PAIR_BUILD, BETWEEN_BUILD = 48829, 39529
"""The build that comes as two files, and what a modem reports between them (modem-protocol.md 7)."""
_PAIR_RELEASE = ("LR5.2.1.0", "UE5.2.0.3")

ELF_NAME = "PRACTICE-updater.elf"
ELF_MARK = b"PRACTICE updater image, no modem runs this\0"
ELF_SIZE_BYTES = 371_307
"""As the genuine updater.elf that came with 41019 and 41065 (modem-protocol.md 6.4)."""
MACHINE = 0
"""EM_NONE: no machine."""
_ELF = struct.Struct("<16sHHIIIIIHHHHHH")
_PROGRAM = struct.Struct("<IIIIIIII")
_SECTION_BYTES = 40


def practice_name(radio: str = "CATM1", build: int = 41065, base: int | None = None) -> str:
    """The file name that says what is inside, as the genuine ones do."""
    if base is not None:
        return f"PRACTICE-upgdiff_{base}-to-{build}.dup"
    return f"PRACTICE-{radio}-{build}.dup"


@lru_cache(maxsize=4)
def practice_image(
    radio: str = "CATM1", build: int = 41065, size_bytes: int | None = None, base: int | None = None
) -> bytes:
    """The bytes of a practice image; the same arguments always give the same bytes.

    radio       "CATM1" or "NB1"
    build       what ATI1 tells after it was flashed
    size_bytes  of the whole file; None = that of the genuine counterpart
    base        makes it differential: it applies to a modem that runs exactly this build

    Raises ValueError for an unknown radio or a size that is too small or over 64 MiB.
    """
    if radio not in _RELEASES:
        raise ValueError(f"unknown radio {radio!r}: one of {', '.join(sorted(_RELEASES))}")
    if size_bytes is None:
        size_bytes = FULL_SIZE_BYTES if base is None else DIFF_SIZE_BYTES
    release, ue = _RELEASES[radio]
    lines = [f"radio={radio}", f"build={build}", f"version={release}-{build}", f"ue={ue}"]
    if base is not None:
        lines.append(f"base={base}")
    return _packed(lines, size_bytes)


def _packed(lines: list[str], size_bytes: int) -> bytes:
    """The container around the lines and filler."""
    lines = ["PRACTICE", *lines]
    text = struct.pack("<I", PARTITION_ID) + "".join(line + "\n" for line in lines).encode("ascii")
    data_size = size_bytes - _HEADER.size - len(DESCRIPTION) - SIGNATURE_BYTES
    if data_size < len(text) or size_bytes > HIGHEST_SIZE_BYTES:
        raise ValueError(f"a practice image has {size_bytes - data_size + len(text)} bytes to 64 MiB, not {size_bytes}")
    filler = hashlib.shake_128(text).digest(data_size - len(text))
    header = _HEADER.pack(MAGIC, VERSION, 0, data_size, SIGNATURE_ZCRC32, SIGNATURE_BYTES, len(DESCRIPTION))
    body = header + DESCRIPTION + text + filler
    return body + struct.pack("<I", zlib.crc32(body))


def practice_part(part: int, size_bytes: int | None = None) -> bytes:
    """One of the two files of a practice 48829, ``part`` 1 or 2; ``size_bytes``: None = about the genuine size."""
    build = BETWEEN_BUILD if part == 1 else PAIR_BUILD
    release, ue = _RELEASES["CATM1"] if part == 1 else _PAIR_RELEASE
    return _packed(
        ["radio=CATM1", f"build={build}", f"version={release}-{build}", f"ue={ue}", f"part={part}"],
        size_bytes or PART_SIZE_BYTES[part - 1],
    )


def practice_bootrom(build: int = 41065) -> bytes:
    """A practice boot ROM package: only the simulator's boot copies change by it."""
    return _packed(["kind=bootrom", f"build={build}"], BOOTROM_SIZE_BYTES)


def make_practice_part(folder: Path, part: int, size_bytes: int | None = None) -> Path:
    """Write one file of the practice 48829 into ``folder`` and return its path. Raises OSError."""
    return _write(folder / f"PRACTICE-CATM1-{PAIR_BUILD}-{part}.dup", practice_part(part, size_bytes))


def make_practice_bootrom(folder: Path, build: int = 41065) -> Path:
    """Write a practice boot ROM package into ``folder`` and return its path. Raises OSError."""
    return _write(folder / f"PRACTICE-bootrom-{build}.dup", practice_bootrom(build))


def make_practice_image(
    out: Path,
    radio: str = "CATM1",
    build: int = 41065,
    size_bytes: int | None = None,
    base: int | None = None,
) -> Path:
    """Write a practice image and return its path.

    out  a folder (the file gets its proper name there) or a file path, whose name must start with ``PRACTICE-``

    The file appears whole or not at all. Raises ValueError for another name, OSError if it cannot be written.
    """
    path = _place(out, practice_name(radio, build, base), "image")
    return _write(path, practice_image(radio, build, size_bytes, base))


def _place(out: Path, name: str, what: str) -> Path:
    path = out / name if out.is_dir() else out
    if not path.name.startswith("PRACTICE-"):
        raise ValueError(f"the name of a practice {what} starts with PRACTICE-, not {path.name!r}")
    return path


def _write(path: Path, image: bytes) -> Path:
    draft = path.with_name(path.name + ".part")
    try:
        draft.write_bytes(image)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return path


def practice_elf(size_bytes: int = ELF_SIZE_BYTES) -> bytes:
    """The bytes of a practice updater image; always the same."""
    ident = b"\x7fELF" + bytes((1, 1, 1)) + bytes(9)
    sections_at = size_bytes - _SECTION_BYTES
    body_at = _ELF.size + _PROGRAM.size
    body_bytes = sections_at - body_at
    header = _ELF.pack(
        ident, 2, MACHINE, 1, 0, _ELF.size, sections_at, 0, _ELF.size, _PROGRAM.size, 1, _SECTION_BYTES, 1, 0
    )
    program = _PROGRAM.pack(1, body_at, 0, 0, body_bytes, body_bytes, 4, 4)
    filler = hashlib.shake_128(ELF_MARK).digest(body_bytes - len(ELF_MARK))
    return header + program + ELF_MARK + filler + bytes(_SECTION_BYTES)


def make_practice_elf(out: Path) -> Path:
    """Write a practice updater image as ``make_practice_image`` does, and return its path."""
    return _write(_place(out, ELF_NAME, "updater"), practice_elf())
