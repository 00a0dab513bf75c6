"""Firmware files made by hand for the tests, from the tables of modem-protocol.md 6, not with the code under test."""

from __future__ import annotations

import struct
import zlib
from typing import Literal


def fletcher32_by_the_book(data: bytes, order: Literal["big", "little"]) -> int:
    """The sum as modem-protocol.md 6.1 words it, one word after the other."""
    words = [int.from_bytes(data[place : place + 2], order) for place in range(0, len(data) - 1, 2)]
    first = second = 0xFFFF
    for start in range(0, len(words), 360):
        for word in words[start : start + 360]:
            first += word
            second += first
        first = (first & 0xFFFF) + (first >> 16)
        second = (second & 0xFFFF) + (second >> 16)
    if len(data) % 2:
        first += data[-1] << 8
        second += first
        first = (first & 0xFFFF) + (first >> 16)
        second = (second & 0xFFFF) + (second >> 16)
    first = (first & 0xFFFF) + (first >> 16)
    second = (second & 0xFFFF) + (second >> 16)
    return second << 16 | first


def container(magic: bytes, data: bytes, *, text: str = "", version: int = 3, signature: int = 4) -> bytes:
    """A CABA container of version 2 or 3 with a right signature of type 1 or 4, or a made-up one of type 2 or 3."""
    description = text.encode() + b"\x00" if text else b""
    signature_size = {0: 0, 1: 4, 2: 64, 3: 256, 4: 4}[signature]
    head = struct.pack("<4sHHIHH", magic, version, 0, len(data), signature, signature_size)
    if version == 3:
        head += struct.pack("<H", len(description)) + description
    body = head + data
    if signature == 1:
        return body + struct.pack("<I", fletcher32_by_the_book(body, "big"))
    if signature == 4:
        return body + struct.pack("<I", zlib.crc32(body))
    return body + b"\xa5" * signature_size


def container_v1(magic: bytes, data: bytes) -> bytes:
    """A CABA container of version 1: checksums of data and header stand in the header."""
    blank = struct.pack("<4sHHIII", magic, 1, 0, len(data), fletcher32_by_the_book(data, "big"), 0)
    return blank[:-4] + struct.pack("<I", fletcher32_by_the_book(blank, "big")) + data


def slim_image(body: bytes) -> bytes:
    """An FFF! image with its Fletcher sum over little-endian words."""
    image = struct.pack("<4sII4IIHHHH", b"FFF!", 0, 1, 0, 0, 0, 0, len(body), 0, 0, 1, 4) + body
    return image + struct.pack("<I", fletcher32_by_the_book(image, "little"))


def boot_package(parts: tuple[bytes, bytes, bytes] = (b"A" * 400, b"B" * 30, b"C" * 20)) -> bytes:
    lengths = struct.pack(">III", *(len(part) for part in parts))
    return b"toob" + struct.pack("<II", 0, 1) + b"sbpk" + lengths + b"".join(parts)


def upgrade(partition: int, body: bytes, signature: int = 4, text: str = "fff upgrade package") -> bytes:
    return container(b"UPGR", struct.pack("<I", partition) + slim_image(body), text=text, signature=signature)


def full_image(version: bytes = b"5.1.1.0 [41065]", words: bytes = b"SQN3330", signature: int = 4) -> bytes:
    """A small bundle such as we expect for an SQN3330: boot package, updater, main firmware."""
    main = b"IELF" + struct.pack("<II", 32, 500) + b"\xff" * 20 + bytes(range(256)) * 2 + version + b" " + words
    boot = container(b"UPGR", boot_package(), text="bootrom upgrade package", signature=signature)
    updater = upgrade(8, b"\x7fELF updater 1.0.0.0 [12345]", signature, "updater upgrade package")
    return container(
        b"PACK", boot + updater + upgrade(2, main, signature), text="Packed dup files", signature=signature
    )


def practice_image(lines: str = "", signature: int = 4) -> bytes:
    text = lines or "PRACTICE\nradio=CATM1\nbuild=41065\nversion=LR5.1.1.0-41065\nue=UE5.0.0.0d\n"
    data = struct.pack("<I", 0x50524143) + text.encode() + b"\n" + bytes(2000)
    return container(b"PRAC", data, text="practice image", signature=signature)


def elf(size: int = 60_000, words: bytes = b"") -> bytes:
    """A 32-bit little-endian ELF with one segment and a section table at its end."""
    sections = 2
    table_at = size - sections * 40
    ident = b"\x7fELF" + bytes([1, 1, 1]) + bytes(9)
    head = struct.pack("<HHIIIIIHHHHHH", 2, 167, 1, 0, 52, table_at, 0, 52, 32, 1, 40, sections, 0)
    segment = struct.pack("<IIIIIIII", 1, 84, 0, 0, table_at - 84, table_at - 84, 5, 4)
    body = (words + bytes(table_at - 84))[: table_at - 84]
    rows = bytes(40) + struct.pack("<IIIIIIIIII", 1, 1, 0, 0, 84, table_at - 84, 0, 0, 4, 0)
    return ident + head + segment + body + rows
