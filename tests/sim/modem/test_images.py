from __future__ import annotations

import struct

import pytest

from doctor.firmware.checksums import fletcher32
from doctor.sim.modem.images import Damaged, judge, total_bytes, walk
from tests.sim.modem.host import container, practice, tiny_elf


def test_practice_image_is_taken_at_its_word() -> None:
    image = judge(practice(build=41065))
    assert (image.kind, image.build, image.radio, image.version, image.problem) == (
        "practice",
        41065,
        "CATM1",
        "5.1.1.0",
        "",
    )


def test_practice_differential_has_a_base() -> None:
    assert judge(practice(base=38638)).base == 38638


def test_practice_image_of_another_partition_is_none() -> None:
    image = bytearray(container(b"PRAC", "x", struct.pack("<I", 3) + b"PRACTICE\nbuild=1\n"))
    assert judge(bytes(image)).problem == "not the practice partition"


def test_any_flipped_bit_is_noticed() -> None:
    image = practice(size=900)
    for at in range(len(image)):
        damaged = bytearray(image)
        damaged[at] ^= 0x10
        assert judge(bytes(damaged)).problem, at


def test_any_cut_is_noticed() -> None:
    image = practice(size=900)
    assert all(judge(image[:length]).problem for length in range(len(image)))


def test_bytes_behind_the_end_are_noticed() -> None:
    assert judge(practice() + b"\0").problem


def test_length_is_known_from_the_head() -> None:
    image = practice()
    assert total_bytes(image[:64]) == len(image)
    assert total_bytes(b"<!DOCTYPE html><html lang") is None


def test_packed_application_tells_version_and_family() -> None:
    inner = container(b"UPGR", "fff upgrade package", b"\x02\0\0\0 SQN3330 6.0.0.0 [41019] by robot-soft at")
    image = judge(container(b"PACK", "Packed dup files", inner))
    assert (image.kind, image.family, image.build, image.radio) == ("application", "SQN3330", 41019, "NB1")


def test_differential_in_a_pack_is_one() -> None:
    inner = container(b"DIFF", "diff", b"5.1.1.0-41065")
    assert judge(container(b"PACK", "Packed dup files", inner)).kind == "diff"


def test_a_pack_must_be_alone() -> None:
    inner = container(b"UPGR", "fff upgrade package", b"x")
    assert judge(container(b"PACK", "p", inner) + inner).problem == "a PACK is not alone"


def test_boot_rom_package_is_known_by_its_description() -> None:
    assert judge(container(b"UPGR", "bootrom upgrade package", b"toob SQN3330")).kind == "bootrom"


def test_elf_and_its_end() -> None:
    assert judge(tiny_elf()).problem == ""
    cut = bytearray(tiny_elf())
    cut[32:36] = struct.pack("<I", 5000)
    cut[48:50] = struct.pack("<H", 1)
    assert judge(bytes(cut)).problem.startswith("cut")


def test_version_1_container_has_no_trailer() -> None:
    image = struct.pack("<4sHHIII", b"UPGR", 1, 0, 4, 0, 0) + b"data"
    assert walk(image)[0].data == b"data"


def test_type_1_signature_is_verified() -> None:
    covered = struct.pack("<4sHHIHH", b"UPGR", 2, 0, 5, 1, 4) + b"abcde"
    assert walk(covered + struct.pack("<I", fletcher32(covered, "big")))
    with pytest.raises(Damaged, match="checksum"):
        walk(covered + struct.pack("<I", fletcher32(covered, "big") ^ 1))


def test_fletcher_of_little_is_what_it_is_by_hand() -> None:
    # 0xFFFF + 0x6162 = 0x16161, then second = 0xFFFF + 0x16161 = 0x26160; folds give 0x6162 and 0x6162
    assert fletcher32(b"ab", "big") == 0x61626162
    assert fletcher32(b"ba", "little") == 0x61626162
