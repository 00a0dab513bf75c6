"""Cards of 4 to 128 GB, full of old bytes from end to end; in memory, where only what is written takes room."""

from __future__ import annotations

import random

import pytest

from doctor.card.judge import judge
from doctor.fat.directory import walk
from doctor.fat.edit import VolumeEditor
from doctor.fat.format import format_card
from doctor.fat.reader import read_file
from doctor.fat.writer import best_layout, new_file, write_files
from tests.card.images import DUP, DUP_NAME
from tests.card.media import SEED, UsedMedium

GB = 10**9
TREE = {
    f"sd/{DUP_NAME}": DUP,
    "EMPTY.BIN": b"",
    "a/folder/that is/deep/and holds one file.txt": b"deep" * 999,
    **{f"many/small file number {number}.bin": bytes([number]) * number for number in range(100)},
    **{f"漢字 {number} {'長' * 60}.dat": b"n" * 600 for number in range(20)},
}
_TABLE_OF_32_GB = "sd-exfat-or-over-32gb"


def contents(medium: UsedMedium) -> dict[str, bytes]:
    """Every file of a card without a fault."""
    verdict = judge(medium)
    assert verdict.volume is not None
    assert verdict.board_reads
    assert {problem.catalogue for problem in verdict.problems} <= {_TABLE_OF_32_GB}
    volume = verdict.volume
    return {
        step.entry.path: b"".join(read_file(volume, step.entry))
        for step in walk(volume.view, volume.fat, volume.root())
        if not step.entry.is_dir
    }


@pytest.mark.sampled(2, "long")
@pytest.mark.medium
@pytest.mark.parametrize("size", [4 * GB, 32 * GB, 64 * GB, 128 * GB])
def test_large_used_card_is_formatted_filled_and_edited(size: int) -> None:
    medium = UsedMedium(size)
    layout = best_layout(size, [new_file(name, data) for name, data in TREE.items()])
    format_card(medium, layout.plan, serial=1)
    assert contents(medium) == {}
    write_files(medium, layout)
    assert contents(medium) == TREE
    editor = VolumeEditor(medium)
    model = dict(TREE)
    rng = random.Random(SEED)
    for number in range(12):
        name = f"{rng.choice(['', 'many/', 'a/folder/'])}{'another long name ' * 13}{number}.dup"
        model[name] = rng.randbytes(rng.choice([0, 1, 512, 70_000]))
        editor.add(new_file(name, model[name]))
    editor.rename(f"sd/{DUP_NAME}", DUP_NAME)
    model[DUP_NAME] = model.pop(f"sd/{DUP_NAME}")
    editor.delete("EMPTY.BIN")
    del model["EMPTY.BIN"]
    assert contents(medium) == model
