"""What the simulated modem makes of the bytes it was sent: containers walked, checksums verified, versions found.

Container layout and checksums: modem-protocol.md 6.1 and 6.2.
"""

from __future__ import annotations

import hashlib
import re
import struct
import zlib
from dataclasses import dataclass

from doctor.firmware.bootrom import BUILD_OF_SHA256
from doctor.firmware.checksums import fletcher32
from doctor.sim.practice.image import MAGIC as PRACTICE_MAGIC
from doctor.sim.practice.image import PARTITION_ID as PRACTICE_PARTITION

HEAD_BYTES = 64
"""From the head of an image its whole length is known."""

PRACTICE_TEXT_BYTES = 1024  # the ASCII lines of a practice image lie within this much of its data

WRITTEN_MAGICS = (b"PACK", b"UPGR", b"SFFF", b"DIFF", PRACTICE_MAGIC)
"""Of images that the updater starts to write."""
KNOWN_MAGICS = (*WRITTEN_MAGICS, b"SUFF", b"RASR", b"TEST")

SIGNATURE_FLETCHER = 1
SIGNATURE_ZCRC = 4
_SIGNATURE_BYTES = {0: 0, SIGNATURE_FLETCHER: 4, 2: None, 3: None, SIGNATURE_ZCRC: 4}

BOOTROM_DESCRIPTION = "bootrom upgrade package"
_RELEASE = re.compile(rb"(\d{1,2}\.\d{1,2}\.\d{1,2}\.\d{1,2})(?: \[(\d{5})\]|-(\d{5}))")
_FAMILY_MARKS = ((b"SQN3330", "SQN3330"), (b"SQN34", "MONARCH2"), (b"GM02S", "MONARCH2"))


class Damaged(Exception):
    """The bytes are no whole image; the text says why."""


@dataclass(frozen=True)
class Container:
    """One CABA container, its checksum verified if it has one."""

    magic: bytes
    description: str
    data: bytes


@dataclass(frozen=True)
class Judged:
    """What a finished image is.

    kind    ``application``, ``diff``, ``bootrom``, ``practice``, ``elf`` or ``unknown``
    family  ``SQN3330``, ``MONARCH2``, ``practice`` or ``unknown``
    problem empty if it is whole
    base    for differentials the build they need, 0 if it is not said
    ue      of practice images; empty if it is not said
    """

    kind: str
    family: str = "unknown"
    problem: str = ""
    version: str = ""
    build: int = 0
    base: int = 0
    radio: str = ""
    ue: str = ""


def total_bytes(head: bytes) -> int | None:
    """Length of the whole image as its first bytes tell it; None if they do not."""
    header = _header(head)
    if header is None:
        return None
    header_bytes, description_bytes, size, _, signature_bytes = header
    return header_bytes + description_bytes + size + signature_bytes


def judge(data: bytes) -> Judged:
    """Say what a finished image is; never raises."""
    if data[:4] == b"\x7fELF":
        return _judge_elf(data)
    try:
        containers = walk(data)
    except Damaged as error:
        return Judged("unknown", _family(data), str(error))
    outer = containers[0]
    if len(containers) > 1 and any(item.magic == b"PACK" for item in containers):
        return Judged("unknown", _family(data), "a PACK is not alone")
    if outer.magic == PRACTICE_MAGIC:
        return _judge_practice(outer)
    if any(item.magic not in KNOWN_MAGICS for item in containers):
        return Judged("unknown", _family(data), "unknown magic")
    try:
        inner = walk(outer.data) if outer.magic == b"PACK" else containers
    except Damaged as error:
        return Judged("unknown", _family(data), f"in the PACK: {error}")
    if len(inner) == 1 and inner[0].description == BOOTROM_DESCRIPTION:
        return _judge_bootrom(data)
    version, build = _version(data)
    kind = "diff" if any(item.magic == b"DIFF" for item in inner) else "application"
    return Judged(kind, _family(data, version), "", version, build, 0, _radio(version))


def walk(data: bytes) -> list[Container]:
    """The containers that follow each other in ``data`` and fill it exactly. Raises Damaged."""
    found: list[Container] = []
    at = 0
    while at < len(data) or not found:
        header = _header(data[at : at + HEAD_BYTES])
        if header is None:
            raise Damaged(f"no container at offset {at}")
        header_bytes, description_bytes, size, kind, signature_bytes = header
        start = at + header_bytes + description_bytes
        end = start + size
        if end + signature_bytes > len(data):
            raise Damaged(f"cut: the container at offset {at} needs {end + signature_bytes - len(data)} bytes more")
        _verify(data[at:end], data[end : end + signature_bytes], kind, at)
        description = data[at + header_bytes : start].rstrip(b"\0").decode("latin-1")
        found.append(Container(bytes(data[at : at + 4]), description, data[start:end]))
        at = end + signature_bytes
    return found


def _header(head: bytes) -> tuple[int, int, int, int, int] | None:
    """(header length, description length, data size, signature type, signature length), or None."""
    if len(head) < 20 or not head[:4].isalnum():
        return None
    version = int.from_bytes(head[4:6], "little")
    size = int.from_bytes(head[8:12], "little")
    if version == 1:
        return (20, 0, size, 0, 0)
    kind, signature_bytes = struct.unpack_from("<HH", head, 12)
    if version == 2:
        return (16, 0, size, kind, signature_bytes)
    if version == 3:
        return (18, int.from_bytes(head[16:18], "little"), size, kind, signature_bytes)
    return None


def _verify(covered: bytes, signature: bytes, kind: int, at: int) -> None:
    if kind not in _SIGNATURE_BYTES or _SIGNATURE_BYTES[kind] not in (None, len(signature)):
        raise Damaged(f"the container at offset {at} has an impossible signature")
    told = int.from_bytes(signature, "little")
    if kind == SIGNATURE_ZCRC and told != zlib.crc32(covered):
        raise Damaged(f"the CRC of the container at offset {at} is wrong")
    if kind == SIGNATURE_FLETCHER and told != fletcher32(covered, "big"):
        raise Damaged(f"the checksum of the container at offset {at} is wrong")


def _judge_practice(container: Container) -> Judged:
    data = container.data
    if len(data) < 4 or int.from_bytes(data[:4], "little") != PRACTICE_PARTITION:
        return Judged("practice", "practice", "not the practice partition")
    lines = data[4 : 4 + PRACTICE_TEXT_BYTES].split(b"\n")
    if lines[0] != b"PRACTICE":
        return Judged("practice", "practice", "no PRACTICE line")
    told: dict[str, str] = {}
    for line in lines[1:]:
        name, equals, value = line.partition(b"=")
        if not equals or not line.isascii():
            break
        told[name.decode()] = value.decode()
    try:
        build, base = int(told.get("build", "")), int(told.get("base", "0"))
    except ValueError:
        return Judged("practice", "practice", "the build is not a number")
    if told.get("kind") == "bootrom":
        return Judged("bootrom", "practice", "", "", build)
    version = told.get("version", "").removeprefix("LR").split("-")[0]
    ue = told.get("ue", "").removeprefix("UE")
    return Judged("practice", "practice", "", version, build, base, told.get("radio", ""), ue)


def _judge_bootrom(data: bytes) -> Judged:
    build = BUILD_OF_SHA256.get(hashlib.sha256(data).hexdigest()) or _version(data)[1]
    return Judged("bootrom", _family(data), "", "", build)


def _judge_elf(data: bytes) -> Judged:
    if len(data) < 52:
        return Judged("elf", "unknown", "cut: shorter than an ELF header")
    order = ">" if data[5] == 2 else "<"
    (offset,) = struct.unpack_from(f"{order}I", data, 32)
    entry_bytes, entries = struct.unpack_from(f"{order}HH", data, 46)
    if offset + entry_bytes * entries > len(data):
        return Judged("elf", "unknown", "cut: the section table is missing")
    return Judged("elf", _family(data))


def _version(data: bytes) -> tuple[str, int]:
    match = _RELEASE.search(data)
    if match is None:
        return ("", 0)
    return (match.group(1).decode(), int(match.group(2) or match.group(3)))


def _family(data: bytes, version: str = "") -> str:
    major = version.partition(".")[0]
    if major in ("5", "6"):
        return "SQN3330"
    if major == "8":
        return "MONARCH2"
    for mark, family in _FAMILY_MARKS:
        if mark in data:
            return family
    return "unknown"


def _radio(version: str) -> str:
    return {"5": "CATM1", "6": "NB1"}.get(version.partition(".")[0], "")
