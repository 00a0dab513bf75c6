"""dosfstools and mtools on cards that this program changed: it formats them, they judge and read them."""

from __future__ import annotations

from pathlib import Path

import pytest

from doctor.sim.practice.image import make_practice_image
from tests.card.images import START, mkfs_fat, tool, volume_of
from tests.card.media import MIB
from tests.peers.served import doctor

pytestmark = pytest.mark.needs_tool("mkfs.fat", "fsck.fat", "mcopy", "mmd")

SIZES = (64, pytest.param(300, marks=pytest.mark.table), pytest.param(2000, marks=pytest.mark.table))


def card(folder: Path, mib: int) -> tuple[Path, bytes]:
    """A card as a camera leaves one, by dosfstools and mtools, and the firmware in a folder of it."""
    image = make_practice_image(folder, build=41065, size_bytes=200_000)
    made = mkfs_fat(folder / "card.img", mib * MIB)
    tool("mmd", "-i", made, "::DCIM")
    tool("mcopy", "-i", made, image, "::DCIM/")
    return made, image.read_bytes()


def read_back(card: Path, name: str, start: int) -> bytes:
    out = card.with_name("back.bin")
    tool("mcopy", "-n", "-i", f"{card}@@{start}", f"::{name}", out)
    return out.read_bytes()


@pytest.mark.parametrize("mib", SIZES)
def test_a_card_that_was_formatted_again(tmp_path: Path, mib: int) -> None:
    made, data = card(tmp_path, mib)
    code, document = doctor(
        tmp_path, "fix", "--reformat-sd", "--sd", str(made), "--backup", str(tmp_path / "kept"), "--yes"
    )
    assert code == 0, document
    tool("fsck.fat", "-n", volume_of(made))
    assert read_back(made, "PRACTICE-CATM1-41065.dup", START) == data


@pytest.mark.parametrize("mib", SIZES[:2])
def test_a_firmware_file_that_was_moved_to_the_root(tmp_path: Path, mib: int) -> None:
    made, data = card(tmp_path, mib)
    code, document = doctor(tmp_path, "fix", "--move-dup", "--sd", str(made), "--yes")
    assert code == 0, document
    tool("fsck.fat", "-n", made)
    assert read_back(made, "PRACTICE-CATM1-41065.dup", 0) == data


def test_a_second_fat_that_was_made_the_first_again(tmp_path: Path) -> None:
    made, data = card(tmp_path, 64)
    boot = made.read_bytes()[:512]
    reserved, fat = int.from_bytes(boot[14:16], "little"), int.from_bytes(boot[22:24], "little") * 512
    assert fat, "FAT16"
    with made.open("r+b") as file:
        file.seek(reserved * 512 + fat + 8)
        file.write(b"\x55" * 600)
    code, document = doctor(
        tmp_path, "fix", "--repair-sd", "--sd", str(made), "--backup", str(tmp_path / "kept"), "--yes"
    )
    assert code == 0, document
    tool("fsck.fat", "-n", made)
    assert read_back(made, "DCIM/PRACTICE-CATM1-41065.dup", 0) == data
