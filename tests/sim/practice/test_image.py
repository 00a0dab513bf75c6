from __future__ import annotations

import struct
import zlib
from pathlib import Path

import pytest

from doctor.sim.practice.image import make_practice_image, practice_image, practice_name


def test_image_has_the_genuine_size_and_a_right_checksum() -> None:
    image = practice_image()
    assert len(image) == 6_160_982
    assert zlib.crc32(image[:-4]) == struct.unpack("<I", image[-4:])[0]


def test_header_is_caba_3_with_a_magic_that_no_modem_knows() -> None:
    magic, version, flags, size, kind, signature, description = struct.unpack_from("<4sHHIHHH", practice_image())
    assert (magic, version, flags, kind, signature) == (b"PRAC", 3, 0, 4, 4)
    assert 18 + description + size + signature == len(practice_image())


def test_text_says_radio_build_and_version() -> None:
    text = practice_image("NB1", 41019, 5000)[18 + 38 :]
    assert text[:4] == b"CARP"
    lines = text[4:].split(b"\n")[:5]
    assert lines == [b"PRACTICE", b"radio=NB1", b"build=41019", b"version=LR6.0.0.0-41019", b"ue=UE6.0.0.0"]


def test_differential_names_its_base_and_fits_the_store_method() -> None:
    image = practice_image(base=38638)
    assert b"\nbase=38638\n" in image[:400]
    assert len(image) < 4 * 1024 * 1024


def test_no_two_blocks_are_equal() -> None:
    image = practice_image(size_bytes=200_000)
    blocks = [image[at : at + 512] for at in range(0, len(image), 512)]
    assert len(set(blocks)) == len(blocks)


def test_folder_gets_the_proper_name(tmp_path: Path) -> None:
    path = make_practice_image(tmp_path, size_bytes=4096)
    assert path.name == "PRACTICE-CATM1-41065.dup"
    assert path.read_bytes() == practice_image(size_bytes=4096)
    assert practice_name(build=41065, base=38638) == "PRACTICE-upgdiff_38638-to-41065.dup"


def test_other_names_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="PRACTICE-"):
        make_practice_image(tmp_path / "CATM1-41065.dup")


@pytest.mark.parametrize("size", [10, 65 * 1024 * 1024])
def test_absurd_sizes_are_refused(size: int) -> None:
    with pytest.raises(ValueError, match="64 MiB"):
        practice_image(size_bytes=size)
