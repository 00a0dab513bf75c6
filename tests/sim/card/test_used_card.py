"""The simulated board formats and fills cards that were full of old bytes, and our own reader finds the same files."""

from __future__ import annotations

from pathlib import Path

import pytest

from doctor.card.image import ImageCard
from doctor.sim.card.blocks import FileBlocks
from doctor.sim.card.image import CardDevice, FatVolume, put_files
from doctor.sim.card.layout import PC_PARTITION_LBA, partition_table, pc_layout, write_layout
from tests.card.images import MIB
from tests.card.media import used

FILES = {
    "a/b/c/deep.bin": b"deep" * 999,
    "EMPTY.BIN": b"",
    **{f"many/long file name {number}.txt": b"%d" % number * number for number in range(40)},
}


def pc_format(blocks: FileBlocks, fat_type: int) -> FatVolume:
    layout = pc_layout(PC_PARTITION_LBA, blocks.sector_count - PC_PARTITION_LBA, fat_type=fat_type)
    blocks.write(0, partition_table([(0x0C, layout.lba, layout.total_sectors)]))
    return FatVolume(blocks, write_layout(blocks, layout))


@pytest.mark.sampled(4, "long")
@pytest.mark.parametrize(("size_mib", "by"), [(12, "board"), (40, "board"), (12, "pc 16"), (48, "pc 32")])
def test_card_that_the_simulator_formats_holds_nothing_old(tmp_path: Path, size_mib: int, by: str) -> None:
    image = used(tmp_path / "card.img", size_mib * MIB)
    blocks = FileBlocks(image)
    volume = CardDevice(blocks).format() if by == "board" else pc_format(blocks, int(by[3:]))
    assert ImageCard(image).files() == ()
    put_files(volume, FILES)
    volume.write("EMPTY.BIN", b"no more")
    volume.remove("many/long file name 7.txt")
    card = ImageCard(image)
    assert card.volume().problems == ()
    wanted = {**FILES, "EMPTY.BIN": b"no more"}
    del wanted["many/long file name 7.txt"]
    assert {name: b"".join(card.read(f"/sd/{name}")) for name in wanted} == wanted
    assert "long file name 7.txt" not in {file.name for file in card.files()}
