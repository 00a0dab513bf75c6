from __future__ import annotations

import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from doctor.sim.card.blocks import FileBlocks, MemoryBlocks
from doctor.sim.card.image import CardDevice, CardFault, CardLayout, build_card

BIG = bytes(range(251)) * 1000
FILES = {"PRACTICE-CATM1-41065.dup": BIG, "sd/CATM1-41065.dup": b"short", "main.py": b"x" * 3000}
LAYOUTS = [CardLayout.PC, CardLayout.BOARD, CardLayout.SUPER_FLOPPY]


def names(card: CardDevice, path: str = "/") -> list[str]:
    return [entry.name for entry in card.mount().listdir(path)]


def volumes(image: Path) -> list[tuple[int, int]]:
    with image.open("rb") as card:
        sector = card.read(512)
    if sector[54:57] == b"FAT" or sector[82:85] == b"FAT":
        return [(0, image.stat().st_size // 512)]
    slots = [struct.unpack_from("<4xB3xII", sector, 446 + 16 * slot) for slot in range(4)]
    return [(lba, count) for kind, lba, count in slots if kind]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_files_come_back_as_they_went_in(layout: CardLayout) -> None:
    card = CardDevice(build_card(FILES, layout))
    assert names(card) == ["PRACTICE-CATM1-41065.dup", "sd", "main.py"]
    assert card.mount().read("/practice-catm1-41065.dup") == BIG
    assert card.mount().read("/sd/CATM1-41065.dup", 1, 3) == b"hor"


def test_leftover_partition_hides_the_users_files_from_the_board() -> None:
    card = CardDevice(build_card(FILES, CardLayout.LEFTOVER_PARTITION))
    volume = card.mount()
    assert volume.listdir("/") == []
    assert volume.size_bytes - volume.free_bytes() > 3_000_000


def test_writing_to_one_copy_leaves_the_other() -> None:
    one, two = build_card({}), build_card({})
    CardDevice(one).mount().write("a.txt", b"a")
    assert names(CardDevice(two)) == []


def test_replacing_and_removing_give_the_room_back() -> None:
    card = CardDevice(build_card({}))
    free = card.mount().free_bytes()
    for size in (70_000, 5, 0, 140_000):
        card.mount().write("x.bin", b"z" * size)
        assert card.mount().stat("x.bin").size_bytes == size
    card.mount().remove("x.bin")
    assert card.mount().free_bytes() == free


def test_a_full_card_refuses_and_keeps_the_old_file() -> None:
    card = CardDevice(build_card({"old.bin": b"old"}, size_mib=40))
    with pytest.raises(CardFault, match="full"):
        card.mount().write("old.bin", bytes(41 * 1024 * 1024))
    assert card.mount().read("old.bin") == b"old"


def test_many_files_grow_a_folder() -> None:
    card = CardDevice(build_card({f"logs/a long log name {n:03}.txt": b"%d" % n for n in range(60)}))
    assert len(names(card, "/logs")) == 60
    assert card.mount().read("/logs/a long log name 041.txt") == b"41"


def test_rename_moves_out_of_a_folder() -> None:
    card = CardDevice(build_card({"sd/x.dup": BIG}))
    card.mount().rename("/sd/x.dup", "/x.dup")
    card.mount().remove("/sd")
    assert names(card) == ["x.dup"]
    assert card.mount().read("/x.dup") == BIG


def test_board_formats_one_fat_at_lba_63() -> None:
    card = CardDevice(build_card(FILES))
    volume = card.format()
    assert (volume.geometry.lba, volume.geometry.fat_count, volume.geometry.fat_type) == (63, 1, 32)
    assert card.mount().listdir("/") == []


def test_board_cannot_format_24_mib() -> None:
    with pytest.raises(CardFault, match="format-failed"):
        CardDevice(MemoryBlocks(24 * 2048)).format()


@pytest.mark.parametrize(
    ("card", "kind"),
    [
        (CardDevice(None), "absent"),
        (CardDevice(build_card({}), dead=True), "dead"),
        (CardDevice(build_card({}, CardLayout.BLANK)), "no-filesystem"),
    ],
)
def test_faults_have_their_kind(card: CardDevice, kind: str) -> None:
    with pytest.raises(CardFault) as caught:
        card.mount()
    assert caught.value.kind == kind


def test_missing_type_string_is_no_filesystem() -> None:
    blocks = build_card({}, CardLayout.SUPER_FLOPPY)
    boot = bytearray(blocks.read(0))
    boot[54:62] = b"        "
    blocks.write(0, bytes(boot))
    with pytest.raises(CardFault, match="no-filesystem"):
        CardDevice(blocks).mount()


def test_looping_chain_is_damage_not_a_hang() -> None:
    blocks = build_card({"loop.bin": bytes(5000)})
    geometry = CardDevice(blocks).mount().geometry
    table = bytearray(blocks.read(geometry.fat_lba))
    struct.pack_into("<I", table, 4 * 4, 3)
    blocks.write(geometry.fat_lba, bytes(table))
    with pytest.raises(CardFault, match="damaged"):
        CardDevice(blocks).mount().read("loop.bin")


def test_image_file_may_be_replaced_while_in_the_slot(tmp_path: Path) -> None:
    image = tmp_path / "card.img"
    build_card({"one.txt": b"1"}).save(image)
    card = CardDevice(FileBlocks(image))
    assert names(card) == ["one.txt"]
    build_card({"two.txt": b"2"}).save(image)
    assert names(card) == ["two.txt"]
    card.mount().write("three.txt", b"3")
    assert names(CardDevice(FileBlocks(image))) == ["two.txt", "three.txt"]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.needs_tool("fsck.fat")
def test_fsck_finds_nothing(layout: CardLayout, tmp_path: Path) -> None:
    tool = shutil.which("fsck.fat") or shutil.which("fsck.fat", path="/usr/sbin:/sbin")
    if tool is None:
        pytest.skip("fsck.fat is not installed")
    blocks = build_card(FILES, layout)
    volume = CardDevice(blocks).mount()
    volume.write("more.bin", b"m" * 9000)
    volume.rename("/sd/CATM1-41065.dup", "/CATM1-41065.dup")
    volume.remove("/main.py")
    image, part = tmp_path / "card.img", tmp_path / "volume.img"
    blocks.save(image)
    ((lba, count),) = volumes(image)
    with image.open("rb") as card:
        card.seek(lba * 512)
        part.write_bytes(card.read(count * 512))
    done = subprocess.run([tool, "-n", str(part)], capture_output=True, text=True, check=False, timeout=20)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("layout", [*LAYOUTS, CardLayout.LEFTOVER_PARTITION])
@pytest.mark.needs_tool("mdir")
def test_mtools_read_the_same_names(layout: CardLayout, tmp_path: Path) -> None:
    if shutil.which("mdir") is None:
        pytest.skip("mdir is not installed")
    image = tmp_path / "card.img"
    build_card(FILES, layout).save(image)
    lba, _ = volumes(image)[-1]
    done = subprocess.run(
        ["mdir", "-b", "-i", f"{image}@@{lba * 512}", "::"], capture_output=True, text=True, check=False, timeout=20
    )
    assert sorted(done.stdout.split()) == ["::/PRACTICE-CATM1-41065.dup", "::/main.py", "::/sd/"]
