"""Files that somebody downloaded: .dup, updater.elf, boot ROM, side file, by their bytes and names."""

from __future__ import annotations

import binascii
import io
import zlib
from pathlib import Path

from doctor.errors import FirmwareError
from doctor.firmware.bootrom import extract, from_attribute
from doctor.firmware.elf import examine_elf_bytes
from doctor.firmware.image import examine_bytes
from doctor.firmware.names import parse_name
from doctor.updater import containers, image_file, side_file
from doctor.updater.shapes import ImageFacts
from tests.firmware import made
from tests.fuzz.parser import Parser, harmless

NAME = Path("CATM1-41065.dup")


def dup(data: bytes) -> None:
    """A firmware file; the PC and the board's own walk agree that what is whole is whole."""
    image = examine_bytes(data, NAME)
    assert all(harmless(problem.text) for problem in (*image.damage, *image.warnings))
    facts, _ = image_file.judge(NAME.name, len(data), data[: image_file.HEAD_BYTES])
    assert facts.size == len(data)

    def read_at(offset: int, length: int) -> bytes:
        return data[offset : offset + length]

    sums = containers.Walk(read_at, len(data)).sums
    wrong = containers.wrong_sum(io.BytesIO(data), sums)
    if not image.damage:
        assert not wrong


def elf(data: bytes) -> None:
    """An updater image."""
    examine_elf_bytes(data, Path("updater.elf"))


def bootrom(data: bytes) -> None:
    """The vendor's module, by its source or by what a board read from it."""
    for read in (extract, lambda data: from_attribute(data, "board").data):
        try:
            assert len(read(data)) <= 1 << 20
        except FirmwareError as refused:
            assert refused.what


def names(data: bytes) -> None:
    """Names of files."""
    text = data.decode("utf-8", "replace")
    parse_name(text)
    image_file.read_name(text)


def side(data: bytes) -> None:
    """A side file, as it is and with the checksum that its bytes should have."""
    for content in (data, data + binascii.crc_hqx(data, 0).to_bytes(2, "big")):
        try:
            found = side_file.parse(content)
        except ValueError:
            continue
        assert found.size > 0 and found.block_bytes > 0
        for offset in (0, found.block_bytes, found.size - 1):
            found.crc_of(offset, found.block_bytes)


FULL = made.full_image()
BOOT = made.upgrade(2, made.boot_package())
FACTS = ImageFacts(NAME.name, 5000, "full", "CATM1", 41065, 0, "SQN3330")
SIDE = side_file.build(bytes(5000), FACTS, "ab" * 32)
PARSERS = (
    Parser(
        "dup",
        dup,
        (
            FULL[:30_000],
            made.upgrade(3, made.slim_image(b"x" * 300)),
            made.container_v1(b"UPGR", b"\1\0\0\0" + b"y" * 90),
            made.practice_image(),
            BOOT,
        ),
    ),
    Parser("elf", elf, (made.elf(4000), made.elf(3000)[:80])),
    Parser(
        "bootrom",
        bootrom,
        (
            b"import ubinascii\nclass sqnsbr:\n    BOOTROM = "
            + repr(binascii.b2a_base64(zlib.compress(BOOT))).encode()
            + b"\n",
            b"BOOTROM = b'" + binascii.hexlify(BOOT[:200]) + b"'\n",
            zlib.compress(BOOT),
            zlib.compress(bytes(3 << 20)),
        ),
    ),
    Parser(
        "names",
        names,
        (
            b"CATM1-41065.dup",
            b"upgdiff_38638-to-41065.dup",
            b"NB1-48829-1.dup",
            b"/sd/PRACTICE-CATM1-41065.dup",
            b"updater.elf",
        ),
    ),
    Parser("side-file", side, (SIDE, SIDE[:-2], b'{"format": "fipy-doctor/side-file/1"}\n')),
)
