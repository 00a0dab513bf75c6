"""Cards as they come from their last owner, brought back whole by the command line on loop devices."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.card.images import MIB
from tests.card.used_cards import UsedCard, play


@pytest.mark.long
@pytest.mark.sampled(3)
@pytest.mark.needs_tool("mkfs.fat", "mcopy", "mdel", "fsck.fat", "losetup")
@pytest.mark.parametrize(
    "card",
    [
        UsedCard(64 * MIB, 0, 16, 4),
        UsedCard(64 * MIB, 0, 32, 1),
        UsedCard(64 * MIB, 2048, 16, 4),
        pytest.param(UsedCard(64 * MIB, 2048, 32, 1), marks=pytest.mark.medium),
    ],
    ids=str,
)
def test_used_card_comes_back_whole(card: UsedCard, tmp_path: Path) -> None:
    play(card, tmp_path, times=2 if card.start and card.width == 32 else 1)
